// Conjugate gradients: the x of a x = b for a symmetric positive definite a of which only products with vectors are known.
//
// Hestenes and Stiefel, J. Res. NBS 49, 1952; Shewchuk, "An introduction to the conjugate gradient method without the agonizing pain",
// 1994. In exact arithmetic n steps suffice; the error shrinks by (sqrt(c) - 1) / (sqrt(c) + 1) a step, c the condition number.
//
// `product` gets a float64 vector [n] and gives a times it, [n]. Errors: b not a finite float64 vector, a product of another shape, or a
// direction p with p . a p <= 0 (a is not positive definite). Not converging is no error: the result says so.
// Thread-safety: as `product` is. Results: the same bits everywhere, if the product has them.
//
// ```cpp
// Tensor a = Tensor::from<double>({4, 1, 1, 3}, {2, 2});
// auto product = [&](const Tensor& x) { return matmul(a, x); };
// linalg::ConjugateGradients found = linalg::conjugate_gradients(product, Tensor::from<double>({1, 2}, {2}));
// assert(found.converged && found.steps == 2 && std::abs(found.solution.at<double>({0}) - 1.0 / 11) < 1e-15);
// ```
#pragma once

#include <functional>

#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

struct ConjugateGradientOptions {
  double tolerance = 1e-10;  // of ||b - a x|| / ||b||
  int most_steps = 1000;
};
struct ConjugateGradients {
  Tensor solution;
  int steps = 0;
  double residual = 0;  // ||b - a x|| / ||b||, as the recurrence has it
  bool converged = false;
};
ConjugateGradients conjugate_gradients(const std::function<Tensor(const Tensor&)>& product, const Tensor& b,
                                       const ConjugateGradientOptions& options = {});

}  // namespace tessera::linalg
