#include "tessera/learn/coordinate_descent.h"

#include <algorithm>
#include <cmath>

namespace tessera::learn::internal {

double CoordinateDescent::best(std::size_t j, const L1Penalty& penalty) const {
  const double l1 = penalty.l1[j], all = curvature(j) + penalty.l2;
  if (!(all > 0)) return at_[j];
  const double slope = rest_[j] + curvature(j) * at_[j];
  if (penalty.positive && slope < 0) return 0;
  const double size = std::max(std::abs(slope) - l1, 0.0) / all;
  return slope < 0 ? -size : size;
}

CoordinateDescent::Sweep CoordinateDescent::sweep(const L1Penalty& penalty) {
  Sweep result;
  for (std::size_t j = 0; j < at_.size(); ++j) {
    const double change = best(j, penalty) - at_[j];
    if (change == 0) continue;
    const double* column = matrix_.data() + j * at_.size();
    at_[j] += change;
    for (std::size_t k = 0; k < rest_.size(); ++k) rest_[k] -= change * column[k];
    result.step = std::max(result.step, std::abs(change));
    result.slope = std::max(result.slope, std::abs(change) * curvature(j));
  }
  return result;
}

}  // namespace tessera::learn::internal
