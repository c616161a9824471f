// Products of a table's columns, of which the means are taken off: what least squares, lasso and PCA need to know of many rows. Internal to this room.
//
// The bits of matmul(transpose(x - mean), x - mean), but the centred rows are never there as a whole: a chunk of 256 of them, which rule 2 of docs/numerics.md
// adds up by itself, is centred in a cache and multiplied there.
//
// Shapes: x float64 [N, F], mean [F], `constant` bool [F] or undefined (such a column counts as 0 in all rows), target [N] or undefined. `squares` [F, F] is symmetric to the
// bit; `with_target` is [F], undefined without a target. Errors: none beyond those of operations. Thread-safety: a pure function.
//
// ```cpp
// const Tensor x = Tensor::from<double>({1, 2, 3, 6}, {2, 2});
// const auto products = learn::internal::centred_products(x, mean(x, {0}), {}, Tensor::from<double>({-1, 1}, {2}));
// assert(products.squares.to_vector<double>() == (std::vector<double>{2, 4, 4, 8}));
// assert(products.with_target.to_vector<double>() == (std::vector<double>{2, 4}));
// ```
#pragma once

#include "tessera/tensor/tensor.h"

namespace tessera::learn::internal {

struct CentredProducts {
  Tensor squares, with_target;
};

CentredProducts centred_products(const Tensor& x, const Tensor& mean, const Tensor& constant,
                                 const Tensor& target);

// x less its means, constant columns 0.
Tensor centred_rows(const Tensor& x, const Tensor& mean, const Tensor& constant);

}  // namespace tessera::learn::internal
