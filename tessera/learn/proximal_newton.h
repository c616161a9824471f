// The least value of a smooth function with an L1 penalty: proximal Newton steps. Internal to logistic_regression.cc.
//
// Each step minimises the function's quadratic model plus the penalty by coordinate descent, and goes as far towards that point as the sum becomes
// smaller by a share of what the model promises (Lee, Sun and Saunders, SIAM J. Optim. 24, 2014; Yuan, Ho and Lin, JMLR 13, 2012). Ends when
// no coordinate's smallest subgradient is above the tolerance. Thread-safety: as the function.
#pragma once

#include <vector>

#include "tessera/learn/linear_loss.h"
#include "tessera/learn/minimize.h"

namespace tessera::learn::internal {

// l1: one factor per coordinate, 0 where it is not penalised. The observer is told of "loss", penalties included, and "gradient".
Minimum minimize_sparse(LinearLoss& function, std::vector<double>& at, const std::vector<double>& l1,
                        const MinimizeOptions& options);

}  // namespace tessera::learn::internal
