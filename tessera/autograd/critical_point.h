// The second-derivative test: what kind of point a function has where its gradient vanishes.
//
// The Hessian's eigenvalues tell how the function curves along its principal directions: all positive, a minimum; all negative, a maximum; both
// signs, a saddle. Where one of them is zero (x^3, x^4) second derivatives do not decide.
//
// The function maps a float64 tensor to one element and must be a composition of table operations (functional.h). Errors: those of `hessian`;
// another dtype than float64. Thread-safety: as the function is.
//
// ```cpp
// auto saddle = [](const Tensor& x) { return sum(x * x * Tensor::from<double>({1, -1}, {2})); };
// CriticalPoint point = critical_point(saddle, Tensor::from<double>({0, 0}, {2}));
// assert(point.kind == CriticalKind::kSaddle && point.eigenvalues.to_vector<double>() == (std::vector<double>{-2, 2}));
// ```
#pragma once

#include <string_view>

#include "tessera/autograd/functional.h"

namespace tessera {

enum class CriticalKind {
  kMinimum,  // a strict local one
  kMaximum,
  kSaddle,
  kInconclusive,  // an eigenvalue is zero and the others have one sign
  kNotCritical,   // the gradient does not vanish
};
std::string_view critical_kind_name(CriticalKind kind);  // "minimum", ...

struct CriticalPoint {
  CriticalKind kind;
  Tensor gradient;     // of x's shape
  Tensor hessian;      // [n, n], n = x's elements
  Tensor eigenvalues;  // of the Hessian, ascending
};
// The gradient counts as zero where no |element| is above `tolerance`.
CriticalPoint critical_point(const TensorFunction& function, const Tensor& x, double tolerance = 1e-8);

}  // namespace tessera
