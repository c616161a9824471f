// Anderson's extrapolation of an iteration that converges slowly: the combination of its last points, with weights that add up to 1, whose
// next step would be shortest. Bertrand and Massias, "Anderson acceleration of coordinate descent", AISTATS 2021. Internal to this room.
//
// Whether the point is better than the last one is the caller's to find out.
//
// Errors: none. Thread-safety: an object belongs to one thread.
//
// ```cpp
// learn::internal::Extrapolation points;  // x = x / 2 + 1
// for (double x = 0; !points.full(); x = x / 2 + 1) points.add({x}, {10 * x});
// const auto point = points.take();
// assert(std::abs(point.at[0] - 2) < 1e-6 && std::abs(point.linear[0] - 20) < 1e-5);
// ```
#pragma once

#include <vector>

namespace tessera::learn::internal {

class Extrapolation {
 public:
  struct Point {
    std::vector<double> at, linear;  // coordinates, and what is linear in them
  };

  void add(const std::vector<double>& at, const std::vector<double>& linear) {
    points_.push_back({at, linear});
  }
  bool full() const { return points_.size() > kSteps; }
  // The extrapolated point, of no coordinates where there is none. The points begin anew.
  Point take();

 private:
  static constexpr std::size_t kSteps = 5;
  std::vector<Point> points_;
};

}  // namespace tessera::learn::internal
