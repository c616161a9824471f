// What gather, index_add, take_along and scatter_add share: a tensor read as [outer, length, inner] around an axis, elements moved
// by their size whatever their type, and the addition of the two that add.
#pragma once

#include <cstdint>
#include <type_traits>

#include "tessera/tensor/tensor.h"

namespace tessera::backends {

struct AxisLines {
  std::int64_t outer = 1, length, inner = 1;

  AxisLines(const Shape& shape, int axis) : length(shape[axis]) {
    for (int i = 0; i < axis; ++i) outer *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
};

// body(a zero of the unsigned type that is as large as the elements).
template <typename Body>
bool with_bits(DType dtype, Body&& body) {
  switch (dtype_size(dtype)) {
    case 1:
      return body(std::uint8_t{0});
    case 2:
      return body(std::uint16_t{0});
    case 4:
      return body(std::uint32_t{0});
    default:
      return body(std::uint64_t{0});
  }
}

// body(a zero of the elements' type) if numbers of this type are added; else false.
template <typename Body>
bool with_summands(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::kFloat32:
      return body(0.0f);
    case DType::kFloat64:
      return body(0.0);
    case DType::kInt64:
      return body(std::int64_t{0});
    default:
      return false;
  }
}

}  // namespace tessera::backends
