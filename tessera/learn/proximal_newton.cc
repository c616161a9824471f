#include "tessera/learn/proximal_newton.h"

#include <algorithm>
#include <cmath>

#include "tessera/learn/coordinate_descent.h"

namespace tessera::learn::internal {

namespace {

constexpr int kSweeps = 1000;
constexpr int kLineSearchTrials = 40;

double absolute_sum(const std::vector<double>& at, const std::vector<double>& l1) {
  double total = 0;
  for (std::size_t j = 0; j < at.size(); ++j) total += l1[j] * std::abs(at[j]);
  return total;
}

// The largest of the coordinates' smallest subgradients.
double violation(const std::vector<double>& at, const std::vector<double>& gradient,
                 const std::vector<double>& l1) {
  double most = 0;
  for (std::size_t j = 0; j < at.size(); ++j) {
    const double g = gradient[j];
    const double least = at[j] > 0   ? std::abs(g + l1[j])
                         : at[j] < 0 ? std::abs(g - l1[j])
                                     : std::max(std::abs(g) - l1[j], 0.0);
    most = std::max(most, least);
  }
  return most;
}

// Where the quadratic model with the penalty is least, to within `enough` of slope.
std::vector<double> model_minimum(LinearLoss& function, const std::vector<double>& at,
                                  const std::vector<double>& gradient, const std::vector<double>& l1,
                                  double enough) {
  const std::vector<double> matrix = function.second_derivatives().to_vector<double>();
  std::vector<double> rest(gradient.size());
  for (std::size_t j = 0; j < rest.size(); ++j) rest[j] = -gradient[j];  // c - H at, with c = H at - gradient
  CoordinateDescent descent(at, rest, matrix);
  const L1Penalty penalty{l1, 0, false};
  for (int i = 0; i < kSweeps; ++i)
    if (descent.sweep(penalty).slope <= enough) break;
  return descent.at();
}

}  // namespace

Minimum minimize_sparse(LinearLoss& function, std::vector<double>& at, const std::vector<double>& l1,
                        const MinimizeOptions& options) {
  std::vector<double> gradient(at.size());
  double value = function.evaluate(at, gradient) + absolute_sum(at, l1);
  Minimum result;
  for (bool going = true;;) {
    result.value = value;
    result.gradient = violation(at, gradient, l1);
    result.converged = result.gradient <= options.tolerance;
    if (result.converged || !going || result.iterations >= options.max_iterations) return result;
    const std::vector<double> target =
        model_minimum(function, at, gradient, l1, std::min(0.01, result.gradient) * result.gradient);
    std::vector<double> direction(at.size());
    for (std::size_t j = 0; j < at.size(); ++j) direction[j] = target[j] - at[j];
    const double promised = dot(gradient, direction) + absolute_sum(target, l1) - absolute_sum(at, l1);
    const std::vector<double> from = at;
    const double before = value;
    double length = 1;
    for (int trial = 0;; ++trial, length /= 2) {
      if (trial == kLineSearchTrials || !(promised < 0)) {  // rounding leaves nothing to gain
        at = from;
        result.converged = true;
        return result;
      }
      for (std::size_t j = 0; j < at.size(); ++j)
        at[j] = length == 1 ? target[j] : from[j] + length * direction[j];
      value = function.evaluate(at, gradient) + absolute_sum(at, l1);
      const double rounding = 1e-14 * std::abs(before);
      if (value <= before + 1e-4 * length * promised + rounding) break;
    }
    ++result.iterations;
    const StepScalar scalars[] = {{"loss", value}, {"gradient", violation(at, gradient, l1)}};
    going = options.observer == nullptr ||
            options.observer->on_step({static_cast<std::uint64_t>(result.iterations), scalars});
  }
}

}  // namespace tessera::learn::internal
