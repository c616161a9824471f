// The covariance of the columns of a table: what PCA and factor analysis start from. Internal to this room (for two columns or with ranks: stats/moments.h).
//
// Up to 128 columns: sums of products of differences from the mean, in lanes of rows (mixture_kernels.h), half a matrix product in one pass over the rows.
// More columns: the product of the rows with themselves less that of the means, unless more than four digits would cancel; then of centered rows.
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
