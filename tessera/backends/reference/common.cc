#include "tessera/backends/reference/common.h"

namespace tessera::backends::reference {
namespace {

// Advances `position` to the next one of `shape` in row-major order, and the offset with it.
void advance(const Shape& shape, const Strides& strides, Shape& position, std::int64_t& offset) {
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    offset += strides[axis];
    if (++position[axis] < shape[axis]) return;
    offset -= strides[axis] * shape[axis];
    position[axis] = 0;
  }
}

template <typename Bits>
void copy_bits(const TensorView& from, const TensorView& to) {
  const Bits* source = from.as<const Bits>();
  Bits* target = to.as<Bits>();
  Shape from_position = Shape::filled(from.shape.rank(), 0), to_position = from_position;
  std::int64_t from_offset = 0, to_offset = 0;
  for (std::int64_t i = 0, n = from.elements(); i < n; ++i) {
    target[to_offset] = source[from_offset];
    advance(from.shape, from.strides, from_position, from_offset);
    advance(to.shape, to.strides, to_position, to_offset);
  }
}

}  // namespace

TensorView permute_view(const TensorView& view, std::span<const int> axes) {
  TensorView result = view;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    result.shape[static_cast<int>(i)] = view.shape[axes[i]];
    result.strides[static_cast<int>(i)] = view.strides[axes[i]];
  }
  return result;
}

void copy_elements(const TensorView& from, const TensorView& to) {
  switch (dtype_size(from.dtype)) {
    case 1:
      return copy_bits<std::uint8_t>(from, to);
    case 2:
      return copy_bits<std::uint16_t>(from, to);
    case 4:
      return copy_bits<std::uint32_t>(from, to);
    case 8:
      return copy_bits<std::uint64_t>(from, to);
  }
}

}  // namespace tessera::backends::reference
