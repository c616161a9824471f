// The target of a transformation, which is handed on as float64, as what it was. Internal to this room.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

inline void require_target(std::string_view owner, const Tensor& y) {
  if (!y.defined()) fail("{}: expected a target, one value per row of features, found none", owner);
}

// Classes from 0 on.
inline std::vector<std::int64_t> class_target(std::string_view owner, const Tensor& y) {
  require_target(owner, y);
  std::vector<std::int64_t> labels;
  for (const double value : y.to_vector<double>()) {
    if (!(value >= 0 && value <= 1e6) || value != std::floor(value))
      fail("{}: expected classes as whole numbers from 0 on, found {} in the target", owner, value);
    labels.push_back(static_cast<std::int64_t>(value));
  }
  return labels;
}

}  // namespace tessera::learn
