// Kernels: products of two rows in a space of features that is never built. Schoelkopf and Smola, "Learning with Kernels" (2002), chapter 2.
//
//   linear    x.y                              poly      (gamma x.y + coef0)^degree
//   rbf       exp(-gamma |x - y|^2)            sigmoid   tanh(gamma x.y + coef0)
//
// gamma is a number above 0, "auto" (1 / F), or "scale" (1 / (F * variance of all the numbers of the table)), as in scikit-learn. |x - y|^2 is computed as
// x.x + y.y - 2 x.y with products by contract rule 2, and counts as 0 where rounding makes it negative: features that are large beside their
// differences (years, amounts) should be standardised first, which the method needs anyway.
//
// Shapes: x float64 [N, F], y float64 [M, F], both contiguous. An element depends on its two rows only. Errors: a gamma that is none of the three.
// Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 0, 3, 4}, {2, 2});
// const learn::KernelFunction squares{.kernel = learn::Kernel::kPoly, .degree = 2, .gamma = 1, .coef0 = 1};
// assert(learn::kernel_matrix(squares, x, x).to_vector<double>() == (std::vector<double>{1, 1, 1, 676}));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tessera/learn/parameters.h"
#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

enum class Kernel : std::uint8_t { kLinear, kPoly, kRbf, kSigmoid };

// As somebody sets them.
struct KernelSettings {
  Kernel kernel = Kernel::kRbf;
  std::int64_t degree = 3;
  std::string gamma = "scale";
  double coef0 = 0;
};
void visit_kernel(ParameterVisitor& visitor, std::string_view owner, KernelSettings& settings);

// As they are computed with.
struct KernelFunction {
  Kernel kernel = Kernel::kRbf;
  std::int64_t degree = 3;
  double gamma = 1;
  double coef0 = 0;
};
// What the settings mean for an estimator that learns from x.
KernelFunction kernel_function(const KernelSettings& settings, const Tensor& x);
// The same with the gamma that was learned from others.
KernelFunction kernel_function(const KernelSettings& settings, double gamma);

Tensor kernel_matrix(const KernelFunction& function, const Tensor& x, const Tensor& y);  // [N, M]
// The lower triangle of kernel_matrix(function, x, x) + alpha I, with zeros above it: what Cholesky's factorisation reads. Undefined where
// a value is not finite.
Tensor kernel_triangle(const KernelFunction& function, const Tensor& x, double alpha);
// kernel_matrix(function, x, y) times `weights` [M, K], a few rows of x at a time, so that the matrix is never there as a whole.
Tensor kernel_product(const KernelFunction& function, const Tensor& x, const Tensor& y,
                      const Tensor& weights);

}  // namespace tessera::learn
