// A wave with noise, learned by two methods in the space of one kernel: support vector regression, whose errors up to epsilon cost nothing, so that few rows
// are kept, and kernel ridge regression, which needs all rows. A wider epsilon keeps fewer.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(2);
  const Tensor x = random.uniform("x", {400, 1}, DType::kFloat64) * 6;
  const Tensor wave = reshape(sin(x * 2) + x * 0.3, {400});
  const Tensor y = wave + random.normal("noise", {400}, DType::kFloat64) * 0.2;
  const auto distance = [&](const learn::Estimator& model) {
    return std::sqrt(mean((model.predict(x) - wave) * (model.predict(x) - wave)).item<double>());
  };
  std::printf("method                     rows kept  from the wave  from the rows (R^2)\n");
  for (const double epsilon : {0.0, 0.1, 0.3, 0.6}) {
    learn::SVR model({.C = 10, .epsilon = epsilon, .kernel = {.gamma = "1"}, .tol = 1e-6});
    model.fit(x, y);
    std::printf("svr, epsilon %.1f %19lld %14.4f %14.4f\n", epsilon,
                static_cast<long long>(model.support().size(0)), distance(model), model.score(x, y));
  }
  for (const double alpha : {0.01, 1.0, 100.0}) {
    learn::KernelRidge model({.alpha = alpha, .kernel = {.kernel = learn::Kernel::kRbf, .gamma = "1"}});
    model.fit(x, y);
    std::printf("kernel ridge, alpha %-6g %9lld %14.4f %14.4f\n", alpha,
                static_cast<long long>(model.dual_coef().size(0)), distance(model), model.score(x, y));
  }
}
