#include "tessera/learn/coordinate_descent.h"

#include <algorithm>
#include <cmath>

namespace tessera::learn::internal {

CoordinateDescent::CoordinateDescent(std::vector<double> linear, std::vector<double> diagonal,
                                     QuadraticColumns& columns)
    : CoordinateDescent(std::vector<double>(linear.size()), linear, std::move(diagonal), columns) {}

CoordinateDescent::CoordinateDescent(std::vector<double> start, std::vector<double> rest,
                                     std::vector<double> diagonal, QuadraticColumns& columns)
    : at_(std::move(start)), rest_(std::move(rest)), diagonal_(std::move(diagonal)), columns_(columns) {}

double CoordinateDescent::best(std::size_t j, const L1Penalty& penalty) const {
  const double l1 = penalty.l1[j], curvature = diagonal_[j] + penalty.l2;
  if (!(curvature > 0)) return at_[j];
  const double slope = rest_[j] + diagonal_[j] * at_[j];
  if (penalty.positive && slope < 0) return 0;
  const double size = std::max(std::abs(slope) - l1, 0.0) / curvature;
  return slope < 0 ? -size : size;
}

void CoordinateDescent::ask_for_columns(const L1Penalty& penalty) {
  std::vector<std::size_t> missing;
  for (std::size_t j = 0; j < at_.size(); ++j)
    if (columns_.column(j) == nullptr && best(j, penalty) != at_[j]) missing.push_back(j);
  if (missing.empty()) return;
  std::stable_sort(missing.begin(), missing.end(),
                   [&](std::size_t a, std::size_t b) { return std::abs(rest_[a]) > std::abs(rest_[b]); });
  columns_.need(missing);
}

CoordinateDescent::Sweep CoordinateDescent::sweep(const L1Penalty& penalty) {
  ask_for_columns(penalty);
  Sweep result;
  for (std::size_t j = 0; j < at_.size(); ++j) {
    const double change = best(j, penalty) - at_[j];
    const double* column = change == 0 ? nullptr : columns_.column(j);
    if (column == nullptr) continue;
    at_[j] += change;
    for (std::size_t k = 0; k < rest_.size(); ++k) rest_[k] -= change * column[k];
    result.step = std::max(result.step, std::abs(change));
    result.slope = std::max(result.slope, std::abs(change) * diagonal_[j]);
  }
  return result;
}

}  // namespace tessera::learn::internal
