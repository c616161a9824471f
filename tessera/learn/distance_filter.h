// Which of many points may be near a query: squared distances in float32, as a matrix product, with an error that is bounded by proof. What it leaves out
// is certainly farther than asked; what it keeps is then measured exactly (distance_kernels.h). So results keep their bits, in a fraction of the time.
//
// With c near the points' mean, p' = p - c and q' = q - c, half of |q - p|^2 - |q'|^2 is A(p) = |p'|^2 / 2 - q' . p'. Everything is scaled by one power of two
// to elements below 1. In float32 (u = 2^-24) p', q', |p'|^2 / 2 and a chain of F fused steps are off by at most
//     (F + 4) u (1 + small) (|p'|^2 / 2 + |q'| |p'|)  <=  margin (|p'|^2 + |q'|^2 / 2),   margin = (F + 16) 2^-23,
// which also covers the roundings of the exact measure, that are 2^-29 of these. The kernel's chain starts from (1/2 - margin) |p'|^2, so that
//     chain(p)  <=  A(p) + margin |q'|^2 / 2 + 2^-100    and    A(p)  <=  chain(p) + 2 margin |p'|^2 + margin |q'|^2 / 2 + 2^-100
// (2^-100: what underflows). A query whose scaled elements are above 2^40, and points whose exponents are extreme, are not filtered: everything is kept.
//
// Errors: none. Thread-safety: constant functions may be called from several threads. Internal to nearest.cc and center_filter.h.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn::internal {

inline constexpr std::int64_t kFilterPoints = 16;  // of a block, as in distance_kernels.h
inline constexpr std::int64_t kFilterQueries = 8;  // that are compared at once

// True where this processor has vectors for it.
bool filter_is_fast();

// Queries as the filter reads them: [groups, features, 8] float32, centred and scaled.
struct FilterQueries {
  std::vector<float> values;
  std::vector<double> squares;  // [groups * 8] |q'|^2, scaled; infinite where the query cannot be filtered

  const float* group(std::int64_t g, std::int64_t features) const {
    return values.data() + g * features * kFilterQueries;
  }
};

// The centre and the scale of a filter.
class FilterFrame {
 public:
  FilterFrame() = default;
  // Of finite points [N, features].
  FilterFrame(std::span<const double> points, std::int64_t features);
  // Of some of the rows, where others may lie outside: a frame for those who ask whether it holds a point (place_point).
  static FilterFrame of_sample(std::span<const double> rows, std::int64_t features);
  bool usable() const { return usable_; }
  std::int64_t features() const { return static_cast<std::int64_t>(centre_.size()); }
  double margin() const { return static_cast<double>(features() + 16) * 0x1p-23; }
  std::span<const double> centre() const { return centre_; }
  double scale() const { return scale_; }
  double square_scale() const { return scale_ * scale_; }
  FilterQueries queries(std::span<const double> rows) const;  // [N, features], finite; filled up with zeros
  // Writes -p' of a point, its elements `stride` apart; gives |p'|^2, infinite where the frame does not hold it.
  double place_point(const double* point, float* place, std::int64_t stride) const;
  // Where the point's chain starts.
  float start_of(double square) const;

 private:
  void measure_scale(std::span<const double> points, std::int64_t apart);
  std::vector<double> centre_;
  double scale_ = 1;
  bool usable_ = false;
};

// Points in blocks of 16, feature after feature, in their order; the last block is filled up with points that are infinitely far.
class FilterPoints {
 public:
  FilterPoints() = default;
  FilterPoints(const FilterFrame& frame, std::span<const double> points);
  std::int64_t blocks() const { return static_cast<std::int64_t>(starts_.size()) / kFilterPoints; }

  // masks[b * 8 + i], bit p: chain(point p of block first + b) <= limits[i] for query i of the group.
  void below(const float* group, std::int64_t first, std::int64_t count, const float* limits,
             std::uint16_t* masks) const;

 private:
  std::int64_t features_ = 0;
  Tensor values_;                 // float32 [blocks, features, 16], negated
  const float* first_ = nullptr;  // of them
  std::vector<float> starts_;     // [blocks, 16]
};

// A float32 that is hardly more than x and at least x - 2^-149.
inline float rounded_up(double x) {
  return static_cast<float>(x + std::fabs(x) * 0x1p-23);
}

}  // namespace tessera::learn::internal
