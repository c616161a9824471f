#include "tessera/autograd/critical_point.h"

#include <array>

#include "tessera/base/error.h"
#include "tessera/linalg/norms.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

CriticalKind kind_of(linalg::Definiteness definiteness) {
  switch (definiteness) {
    case linalg::Definiteness::kPositiveDefinite:
      return CriticalKind::kMinimum;
    case linalg::Definiteness::kNegativeDefinite:
      return CriticalKind::kMaximum;
    case linalg::Definiteness::kIndefinite:
      return CriticalKind::kSaddle;
    default:
      return CriticalKind::kInconclusive;
  }
}

}  // namespace

std::string_view critical_kind_name(CriticalKind kind) {
  constexpr std::array<std::string_view, 5> kNames = {"minimum", "maximum", "saddle", "inconclusive",
                                                      "not critical"};
  return kNames[static_cast<std::size_t>(kind)];
}

CriticalPoint critical_point(const TensorFunction& function, const Tensor& x, double tolerance) {
  if (x.dtype() != DType::kFloat64)
    fail("critical_point: x is of dtype {}, expected float64", dtype_name(x.dtype()));
  const std::int64_t n = x.elements();
  CriticalPoint point{
      CriticalKind::kNotCritical, grad(function, x), reshape(hessian(function, x), {n, n}), {}};
  point.eigenvalues = linalg::symmetric_eigenvalues(point.hessian);
  // Not `>`: a NaN is no zero.
  if (max(absolute(point.gradient)).item<double>() <= tolerance)
    point.kind = kind_of(linalg::definiteness_of_eigenvalues(point.eigenvalues));
  return point;
}

}  // namespace tessera
