#include "tessera/tensor/views.h"

#include "tessera/base/error.h"

namespace tessera::internal {

// Both shapes are read from the back in groups of axes with equal products. Within a group, the old axes must lie like
// one long axis; the new axes then divide it.
std::optional<Strides> reshaped_strides(const Shape& from, const Strides& strides, const Shape& shape) {
  if (shape.elements() == 0) return row_major_strides(shape);
  Strides result = Strides::filled(shape.rank(), 0);
  int old_axis = from.rank() - 1, new_axis = shape.rank() - 1;
  while (old_axis >= 0) {
    if (from[old_axis] == 1) {
      --old_axis;
      continue;
    }
    const std::int64_t inner_stride = strides[old_axis];
    std::int64_t length = from[old_axis], span = inner_stride * length;
    --old_axis;
    // Old axes that continue this one without a gap.
    while (old_axis >= 0 && (from[old_axis] == 1 || strides[old_axis] == span)) {
      length *= from[old_axis];
      span *= from[old_axis];
      --old_axis;
    }
    std::int64_t taken = 1;
    for (; new_axis >= 0 && taken < length; --new_axis) {
      result[new_axis] = taken * inner_stride;
      taken *= shape[new_axis];
    }
    if (taken != length) return std::nullopt;
  }
  return result;  // new axes that are left have length 1
}

Strides broadcast_strides(const Shape& from, const Strides& strides, const Shape& shape) {
  Strides result = Strides::filled(shape.rank(), 0);
  const int shift = shape.rank() - from.rank();
  for (int axis = 0; axis < from.rank(); ++axis)
    result[axis + shift] = from[axis] == 1 && shape[axis + shift] != 1 ? 0 : strides[axis];
  return result;
}

namespace {

Tensor permuted(const Tensor& input, const Shape& shape, const PermuteAttributes& permute) {
  Strides strides;
  for (const int axis : permute.axes) strides.append(input.strides()[axis]);
  return Tensor::make_view(input, 0, shape, strides);
}

Tensor sliced(const Tensor& input, const Shape& shape, const SliceAttributes& slice) {
  Strides strides;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < slice.ranges.size(); ++i) {
    const std::int64_t stride = input.strides()[static_cast<int>(i)];
    if (shape.elements() > 0) offset += slice.ranges[i].start * stride;
    if (!slice.ranges[i].removes_axis) strides.append(slice.ranges[i].step * stride);
  }
  return Tensor::make_view(input, offset, shape, strides);
}

}  // namespace

std::optional<Tensor> make_view_of(Op op, const Tensor& input, const Shape& shape,
                                   const Attributes& attributes) {
  switch (op) {
    case Op::kReshape: {
      const auto strides = reshaped_strides(input.shape(), input.strides(), shape);
      if (!strides) return std::nullopt;
      return Tensor::make_view(input, 0, shape, *strides);
    }
    case Op::kPermute:
      return permuted(input, shape, std::get<PermuteAttributes>(attributes));
    case Op::kSlice:
      return sliced(input, shape, std::get<SliceAttributes>(attributes));
    case Op::kBroadcastTo:
      return Tensor::make_view(input, 0, shape, broadcast_strides(input.shape(), input.strides(), shape));
    default:
      TESSERA_CHECK(false, "{} is not a view", op_info(op).name);
  }
  return std::nullopt;
}

}  // namespace tessera::internal
