// Walking over the elements of a strided view in row-major order. Private to this room.
#pragma once

#include <cstdint>

#include "tessera/tensor/shape.h"

namespace tessera::internal {

// Calls body(offset in elements) for each element of the shape, in row-major order. The innermost axis is a plain loop.
template <typename Body>
void for_each_offset(const Shape& shape, const Strides& strides, Body&& body) {
  if (shape.elements() == 0) return;
  const int inner = shape.rank() - 1;
  if (inner < 0) return body(std::int64_t{0});
  Shape position = Shape::filled(shape.rank(), 0);
  std::int64_t offset = 0;
  while (true) {
    for (std::int64_t i = 0; i < shape[inner]; ++i) body(offset + i * strides[inner]);
    int axis = inner - 1;
    for (; axis >= 0; --axis) {
      offset += strides[axis];
      if (++position[axis] < shape[axis]) break;
      offset -= shape[axis] * strides[axis];
      position[axis] = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace tessera::internal
