// Which of some centers is certainly the nearest to each of many rows: what k-means asks in every iteration. The numbers, and the bounds of their errors, are
// those of distance_filter.h. There the points stand in lanes and most are to be left out; here the rows do, 32 at once, and one center is to be found: the
// least number of a row and the second least need no look across lanes, and each center that is read serves 32 rows.
//
// Let m be the center of the least number and c the nearest one, by the exact measure. As distance_filter.h has it,
//     chain(c)  <=  chain(m) + slack,   slack = 2 margin max |p'|^2 + margin |q'|^2 + 2^-98,
// so where the second least is above the least + slack, c is m, and no other center is as near. Rows where it is not are left to the caller.
//
// Errors: none. Thread-safety: constant functions may be called from several threads. Internal to k_means.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/learn/distance_filter.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn::internal {

inline constexpr std::int64_t kFilterRows = 32;  // of a group, that are compared at once

// Rows as the filter reads them, in groups of 32, feature after feature; the last group is filled up with the last row.
class FilterRows {
 public:
  FilterRows() = default;
  FilterRows(const FilterFrame& frame, std::span<const double> rows);  // [N, features], finite
  std::int64_t groups() const { return groups_; }

 private:
  friend class FilterCenters;
  std::int64_t groups_ = 0;
  Tensor values_;  // float32 [groups, features, 32], centred and scaled
  Tensor slacks_;  // float32 [groups, 32]: margin |q'|^2; infinite where the row cannot be filtered
};

class FilterCenters {
 public:
  FilterCenters(const FilterFrame& frame, std::span<const double> centers);
  // False: a center lies where float32 does not reach; nothing would be certain.
  bool usable() const;

  // For the rows of `count` groups from `first` on: where the nearest center is certain, it is put into `centers` [groups * 32, from the first group on], and
  // bit r of `certain` of its group is set. Says whether a number in `centers` changed.
  bool nearest(const FilterRows& rows, std::int64_t first, std::int64_t count, std::int32_t* centers,
               std::uint32_t* certain) const;

 private:
  std::int64_t features_, width_, tiles_;
  float slack_ = 0;            // of the centers
  std::vector<float> values_;  // [tiles, features, width], negated
  std::vector<float> starts_;  // [tiles, width]; infinite where a tile is filled up
};

}  // namespace tessera::learn::internal
