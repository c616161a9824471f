#include "tessera/learn/coordinate_descent.h"

#include <algorithm>
#include <cmath>

#include "tessera/linalg/matrix.h"
#include "tessera/numerics/contract.h"

namespace tessera::learn::internal {

namespace {

// The best value of a coordinate, by what is left of its slope and by its curvature.
double best(double at, double rest, double curvature, double l1, const L1Penalty& penalty) {
  const double all = curvature + penalty.l2;
  if (!(all > 0)) return at;
  const double slope = rest + curvature * at;
  if (penalty.positive && slope < 0) return 0;
  const double size = std::max(std::abs(slope) - l1, 0.0) / all;
  return slope < 0 ? -size : size;
}

TESSERA_FMA_CLONES void subtract_scaled(double factor, const double* x, double* y, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) y[k] -= factor * x[k];
}

}  // namespace

CoordinateDescent::Sweep CoordinateDescent::sweep(const L1Penalty& penalty, bool all) {
  Sweep result;
  for (std::size_t j = 0; j < at_.size(); ++j) {
    if (!all && at_[j] == 0) continue;
    const double change = best(at_[j], rest_[j], curvature(j), penalty.l1[j], penalty) - at_[j];
    if (change == 0) continue;
    at_[j] += change;
    subtract_scaled(change, matrix_.data() + j * at_.size(), rest_.data(), rest_.size());
    result.step = std::max(result.step, std::abs(change));
    result.slope = std::max(result.slope, std::abs(change) * curvature(j));
  }
  return result;
}

ResidualDescent::ResidualDescent(std::vector<double> start, std::vector<double> residuals,
                                 std::span<const double> lines, std::span<const std::size_t> which)
    : at_(std::move(start)), residuals_(std::move(residuals)), lines_(lines), which_(which) {
  const auto count = static_cast<std::int64_t>(residuals_.size());
  rows_ = static_cast<double>(count);
  for (std::size_t j = 0; j < at_.size(); ++j)
    curvatures_.push_back(linalg::internal::dot(line(j), line(j), count) / rows_);
}

double ResidualDescent::rest(std::size_t j) const {
  return linalg::internal::dot(line(j), residuals_.data(), static_cast<std::int64_t>(residuals_.size())) /
         rows_;
}

std::vector<double> ResidualDescent::rest() const {
  std::vector<double> all(at_.size());
  for (std::size_t j = 0; j < all.size(); ++j) all[j] = rest(j);
  return all;
}

CoordinateDescent::Sweep ResidualDescent::sweep(const L1Penalty& penalty, bool all) {
  CoordinateDescent::Sweep result;
  const auto count = static_cast<std::int64_t>(residuals_.size());
  for (std::size_t j = 0; j < at_.size(); ++j) {
    if (!all && at_[j] == 0) continue;
    const double change = best(at_[j], rest(j), curvatures_[j], penalty.l1[j], penalty) - at_[j];
    if (change == 0) continue;
    at_[j] += change;
    linalg::internal::add_scaled(-change, line(j), residuals_.data(), count);
    result.step = std::max(result.step, std::abs(change));
    result.slope = std::max(result.slope, std::abs(change) * curvatures_[j]);
  }
  return result;
}

}  // namespace tessera::learn::internal
