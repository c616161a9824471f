// Positions as a tensor.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::models {

// As int64 [values.size()], for take and scatter.
inline Tensor indices(const std::vector<std::int64_t>& values) {
  return Tensor::from<std::int64_t>(values, {static_cast<std::int64_t>(values.size())});
}

}  // namespace tessera::models
