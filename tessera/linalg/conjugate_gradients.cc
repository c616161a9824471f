#include "tessera/linalg/conjugate_gradients.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/matrix.h"

namespace tessera::linalg {
namespace {

using namespace internal;

std::vector<double> applied(const std::function<Tensor(const Tensor&)>& product,
                            const std::vector<double>& x) {
  const Tensor result = product(to_tensor(x));
  const Shape expected{static_cast<std::int64_t>(x.size())};
  if (!result.defined() || result.shape() != expected || result.dtype() != DType::kFloat64)
    fail("conjugate_gradients: the product gave {}, expected float64 {}",
         result.defined() ? fmt::format("{} {}", dtype_name(result.dtype()), result.shape().to_string())
                          : "an undefined tensor",
         expected.to_string());
  return result.to_vector<double>();
}

}  // namespace

ConjugateGradients conjugate_gradients(const std::function<Tensor(const Tensor&)>& product, const Tensor& b,
                                       const ConjugateGradientOptions& options) {
  const FloatEnvironment contract;
  if (b.defined() && b.rank() != 1)
    fail("conjugate_gradients: b has shape {}, expected [n]", b.shape().to_string());
  std::vector<double> r =
      read_right_side(b, b.defined() ? b.elements() : 0, "conjugate_gradients").elements();
  if (!(options.tolerance > 0))
    fail("conjugate_gradients: tolerance is {}, expected a positive number", options.tolerance);
  const auto n = static_cast<std::int64_t>(r.size());
  std::vector<double> x(r.size()), p = r;
  const double length = norm(r.data(), n);
  double square = dot(r.data(), r.data(), n);
  ConjugateGradients result;
  result.converged = length == 0;
  while (!result.converged && result.steps < options.most_steps) {
    const std::vector<double> ap = applied(product, p);
    const double curvature = dot(p.data(), ap.data(), n);
    if (!(curvature > 0))
      fail(
          "conjugate_gradients: found p . a p = {} at step {}, expected a positive number: the matrix is not "
          "positive definite",
          curvature, result.steps + 1);
    const double step = square / curvature;
    add_scaled(step, p.data(), x.data(), n);
    add_scaled(-step, ap.data(), r.data(), n);
    const double next = dot(r.data(), r.data(), n), keep = next / square;
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = __builtin_fma(keep, p[i], r[i]);
    square = next;
    ++result.steps;
    result.residual = norm(r.data(), n) / length;
    result.converged = result.residual <= options.tolerance;
  }
  result.solution = to_tensor(x);
  return result;
}

}  // namespace tessera::linalg
