// Operations that move elements without computing anything.
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"

namespace tessera::backends::reference {
namespace {

// The part of `whole` that starts at `start` along `axis` and has the shape of `part`.
TensorView part_of(const TensorView& whole, const Shape& shape, int axis, std::int64_t start) {
  TensorView part = whole;
  part.shape = shape;
  part.data = whole.as<std::byte>() + start * whole.strides[axis] * dtype_size(whole.dtype);
  return part;
}

}  // namespace

void copy_kernel(const KernelCall& call) {
  copy_elements(call.inputs[0], call.output);
}

// Zeros of the unsliced shape, then the input's elements where the slice would have found them.
void embed_kernel(const KernelCall& call) {
  const auto& ranges = attributes_of<SliceAttributes>(call).ranges;
  TensorView target = call.output;
  std::fill_n(target.as<std::byte>(), target.elements() * dtype_size(target.dtype), std::byte{0});

  target.shape = Shape();
  target.strides = Strides();
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::int64_t stride = call.output.strides[static_cast<int>(i)];
    offset += ranges[i].start * stride;
    if (ranges[i].removes_axis) continue;
    target.shape.append(ranges[i].length);
    target.strides.append(ranges[i].step * stride);
  }
  target.data = call.output.as<std::byte>() + offset * dtype_size(target.dtype);
  if (target.elements() > 0) copy_elements(call.inputs[0], target);
}

void concatenate_kernel(const KernelCall& call) {
  const int axis = attributes_of<AxisAttributes>(call).axis;
  std::int64_t start = 0;
  for (const TensorView& input : call.inputs) {
    copy_elements(input, part_of(call.output, input.shape, axis, start));
    start += input.shape[axis];
  }
}

}  // namespace tessera::backends::reference
