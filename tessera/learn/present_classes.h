// A target whose classes have gaps, for methods that need a row of every class: classes are counted anew among those that are there. Internal to this room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

// Ascending.
inline Tensor present_classes(const Tensor& y) {
  std::vector<std::int64_t> there = y.to_vector<std::int64_t>();
  std::ranges::sort(there);
  there.erase(std::unique(there.begin(), there.end()), there.end());
  return Tensor::from(there, {static_cast<std::int64_t>(there.size())});
}

// The place of each row's class among those that are present.
inline Tensor counted_among(const Tensor& present, const Tensor& y) {
  const auto there = present.values<std::int64_t>();
  std::vector<std::int64_t> places = y.to_vector<std::int64_t>();
  for (std::int64_t& place : places) place = std::ranges::lower_bound(there, place) - there.begin();
  return Tensor::from(places, y.shape());
}

// [N, present] among all classes [N, classes]: 0 for those that are not present.
inline Tensor among_all(const Tensor& present, const Tensor& values, std::int64_t classes) {
  if (present.size(0) == classes) return values;
  return index_add(zeros({values.size(0), classes}, DType::kFloat64), present, values, 1);
}

inline void require_present_classes(std::string_view owner, const Tensor& present, std::int64_t classes) {
  require_restored(owner, "present", present, DType::kInt64, {-1});
  require_below(owner, "present", present, classes);
  const auto there = present.values<std::int64_t>();
  for (std::size_t i = 1; i < there.size(); ++i)
    if (there[i] <= there[i - 1]) refuse_restored(owner, "'present' is not ascending");
  if (there.size() < 2) refuse_restored(owner, "'present' names one class");
}

}  // namespace tessera::learn
