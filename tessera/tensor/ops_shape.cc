#include <array>
#include <numeric>

#include "tessera/tensor/ops_arguments.h"

namespace tessera {

using internal::apply_unary;
using internal::axis_argument;
using internal::tensor_argument;

Tensor full(const Shape& shape, double value, DType dtype, SourceLocation where) {
  internal::require_representable(value, dtype, "full");
  return apply(Op::kFill, {}, FillAttributes{shape, dtype, value, 0}, where);
}

Tensor zeros(const Shape& shape, DType dtype, SourceLocation where) {
  return full(shape, 0, dtype, where);
}
Tensor ones(const Shape& shape, DType dtype, SourceLocation where) {
  return full(shape, 1, dtype, where);
}

Tensor arange(std::int64_t n, DType dtype, SourceLocation where) {
  return apply(Op::kArange, {}, FillAttributes{Shape{n}, dtype, 0, 1}, where);
}

namespace {

// Replaces a length of -1 by what the other lengths leave.
Shape resolved_shape(const Shape& from, const Shape& shape) {
  int open = -1;
  Shape result = shape, others = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != -1) continue;
    if (open >= 0)
      fail("reshape: {} to {}: found two lengths of -1, expected at most one", from.to_string(),
           shape.to_string());
    open = axis;
  }
  if (open < 0) return result;
  others[open] = 1;
  const std::int64_t known = others.elements();
  if (known <= 0 || from.elements() % known != 0)
    fail("reshape: {} to {}: no length at axis {} keeps the {} elements", from.to_string(), shape.to_string(),
         open, from.elements());
  result[open] = from.elements() / known;
  return result;
}

}  // namespace

Tensor reshape(const Operand& x, const Shape& shape) {
  const Tensor& tensor = tensor_argument(Op::kReshape, x);
  return apply_unary(Op::kReshape, x, ShapeAttributes{resolved_shape(tensor.shape(), shape)});
}

Tensor permute(const Operand& x, const std::vector<int>& axes) {
  const Tensor& tensor = tensor_argument(Op::kPermute, x);
  PermuteAttributes attributes;
  for (const int axis : axes) attributes.axes.push_back(axis_argument(Op::kPermute, axis, tensor.shape()));
  return apply_unary(Op::kPermute, x, attributes);
}

Tensor transpose(const Operand& x) {
  const Tensor& tensor = tensor_argument(Op::kPermute, x);
  if (tensor.rank() < 2) fail("transpose: {} has no two axes to exchange", tensor.shape().to_string());
  return transpose(x, -2, -1);
}

Tensor transpose(const Operand& x, std::int64_t axis0, std::int64_t axis1) {
  const Tensor& tensor = tensor_argument(Op::kPermute, x);
  PermuteAttributes attributes;
  attributes.axes.resize(static_cast<std::size_t>(tensor.rank()));
  std::iota(attributes.axes.begin(), attributes.axes.end(), 0);
  std::swap(attributes.axes[static_cast<std::size_t>(axis_argument(Op::kPermute, axis0, tensor.shape()))],
            attributes.axes[static_cast<std::size_t>(axis_argument(Op::kPermute, axis1, tensor.shape()))]);
  return apply_unary(Op::kPermute, x, attributes);
}

Tensor slice(const Operand& x, const std::vector<Range>& ranges) {
  const Tensor& tensor = tensor_argument(Op::kSlice, x);
  if (ranges.size() > static_cast<std::size_t>(tensor.rank()))
    fail("slice: found {} ranges for shape {}, expected at most {}", ranges.size(),
         tensor.shape().to_string(), tensor.rank());
  SliceAttributes attributes;
  attributes.full_shape = tensor.shape();
  for (int axis = 0; axis < tensor.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const Range range = i < ranges.size() ? ranges[i] : Range::all();
    attributes.ranges.push_back(range.resolve(tensor.shape()[axis], axis));
  }
  return apply_unary(Op::kSlice, x, attributes);
}

Tensor broadcast_to(const Operand& x, const Shape& shape) {
  return apply_unary(Op::kBroadcastTo, x, ShapeAttributes{shape});
}

Tensor copy(const Operand& x) {
  return apply_unary(Op::kCopy, x);
}

Tensor contiguous(const Operand& x) {
  const Tensor& tensor = tensor_argument(Op::kCopy, x);
  return tensor.contiguous() ? tensor : copy(x);
}

Tensor embed(const Operand& x, const SliceAttributes& attributes) {
  return apply_unary(Op::kEmbed, x, attributes);
}

Tensor concatenate(const std::vector<Tensor>& tensors, std::int64_t axis, SourceLocation where) {
  if (tensors.empty()) fail("concatenate: found no tensors, expected at least one");
  if (!tensors[0].defined()) fail("concatenate: argument 1 is an undefined tensor");
  return apply(Op::kConcatenate, tensors,
               AxisAttributes{axis_argument(Op::kConcatenate, axis, tensors[0].shape())}, where);
}

Tensor gather(const Operand& x, const Tensor& index, std::int64_t axis) {
  const Tensor& tensor = tensor_argument(Op::kGather, x);
  const std::array<Tensor, 2> inputs = {tensor, index};
  return apply(Op::kGather, inputs, AxisAttributes{axis_argument(Op::kGather, axis, tensor.shape())},
               x.where());
}

Tensor index_add(const Operand& x, const Tensor& index, const Tensor& source, std::int64_t axis) {
  const Tensor& tensor = tensor_argument(Op::kIndexAdd, x);
  const std::array<Tensor, 3> inputs = {tensor, index, source};
  return apply(Op::kIndexAdd, inputs, AxisAttributes{axis_argument(Op::kIndexAdd, axis, tensor.shape())},
               x.where());
}

Tensor take_along(const Operand& x, const Tensor& index, std::int64_t axis) {
  const Tensor& tensor = tensor_argument(Op::kTakeAlong, x);
  const std::array<Tensor, 2> inputs = {tensor, index};
  return apply(Op::kTakeAlong, inputs, AxisAttributes{axis_argument(Op::kTakeAlong, axis, tensor.shape())},
               x.where());
}

Tensor scatter_add(const Operand& x, const Tensor& index, const Tensor& source, std::int64_t axis) {
  const Tensor& tensor = tensor_argument(Op::kScatterAdd, x);
  const std::array<Tensor, 3> inputs = {tensor, index, source};
  return apply(Op::kScatterAdd, inputs, AxisAttributes{axis_argument(Op::kScatterAdd, axis, tensor.shape())},
               x.where());
}

Tensor sort(const Operand& x, std::int64_t axis, bool descending) {
  const Shape& shape = tensor_argument(Op::kSort, x).shape();
  return apply_unary(Op::kSort, x, SortAttributes{axis_argument(Op::kSort, axis, shape), descending});
}

Tensor argsort(const Operand& x, std::int64_t axis, bool descending) {
  const Shape& shape = tensor_argument(Op::kArgSort, x).shape();
  return apply_unary(Op::kArgSort, x, SortAttributes{axis_argument(Op::kArgSort, axis, shape), descending});
}

}  // namespace tessera
