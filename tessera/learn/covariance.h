// The covariance of the columns of a table: what PCA and factor analysis start from. Internal to this room (for two columns or with ranks: stats/moments.h).
//
// Products of the centred rows (centred_products.h): no digits cancel, however far from 0 the mean is.
//
// Shapes: x float64 [N, F], mean [F]; the result [F, F] is symmetric to the bit. Errors: none beyond those of operations. Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({1, 2, 3, 6}, {2, 2});
// assert(learn::covariance_of(x, mean(x, {0}), 1).to_vector<double>() == (std::vector<double>{2, 4, 4, 8}));
// ```
#pragma once

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

Tensor covariance_of(const Tensor& x, const Tensor& mean, double divisor);

}  // namespace tessera::learn
