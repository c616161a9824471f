// A nonlinear fit: growth y = b1 / (1 + exp(b2 - b3 x)) through nine measurements of a pasture (Ratkowsky, 1983; NIST's Rat42, whose certified values are
// printed beside). The Jacobian comes from the tape; standard deviations from its QR factorisation at the solution.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

struct Printer : StepObserver {
  bool on_step(const StepReport& report) override {
    std::printf("step %llu: sum of squares %.6f\n", static_cast<unsigned long long>(report.step),
                report.scalars[0].value);
    return true;
  }
};

int main() {
  use_default_backend();
  const Tensor x = Tensor::from<double>({9, 14, 21, 28, 42, 57, 63, 70, 79}, {9});
  const Tensor y = Tensor::from<double>({8.93, 10.80, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08}, {9});
  const auto residuals = [&](const Tensor& b) {
    const auto parameter = [&](std::int64_t i) { return slice(b, {Range(i, i + 1)}); };
    return parameter(0) / (exp(parameter(1) - parameter(2) * x) + 1.0) - y;
  };
  Printer printer;
  const linalg::NonlinearLeastSquares fit = linalg::nonlinear_least_squares(
      residuals, [&](const Tensor& b) { return jacobian(residuals, b); },
      Tensor::from<double>({100, 1, 0.1}, {3}), {}, &printer);

  const double certified[] = {72.462237576, 2.6180768402, 0.067359200066},
               deviations[] = {1.7340283401, 0.088295217536, 0.0034465663377};
  const double variance = fit.residual_squares / (9 - 3);
  for (std::int64_t i = 0; i < 3; ++i)
    std::printf("b%lld = %.10g (certified %.10g), standard deviation %.8g (%.8g)\n",
                static_cast<long long>(i + 1), fit.solution.at<double>({i}), certified[i],
                std::sqrt(variance * fit.covariance.at<double>({i, i})), deviations[i]);
  std::printf("converged: %s, rank %lld\n", fit.converged ? "yes" : "no", static_cast<long long>(fit.rank));
}
