// Shape rules of views, of the rows that move elements, and of those with an index.
#include "tessera/tensor/infer.h"

namespace tessera::shape_rules {
namespace {

// The shape that a slice of `full_shape` has.
Shape sliced_shape(const RuleCall& call, const SliceAttributes& slice) {
  if (slice.ranges.size() != static_cast<std::size_t>(slice.full_shape.rank()))
    fail("{}: found {} ranges for shape {}, expected {}", call.name(), slice.ranges.size(),
         slice.full_shape.to_string(), slice.full_shape.rank());
  Shape shape;
  for (std::size_t i = 0; i < slice.ranges.size(); ++i) {
    const Range::Resolved& range = slice.ranges[i];
    const std::int64_t length = slice.full_shape[static_cast<int>(i)];
    const std::int64_t last = range.start + (range.length - 1) * range.step;
    const bool inside = range.length == 0 || (range.length > 0 && range.start >= 0 && range.start < length &&
                                              last >= 0 && last < length);
    if (!inside || (range.removes_axis && range.length != 1))
      fail("{}: the range (start {}, length {}, step {}) leaves axis {} of {}", call.name(), range.start,
           range.length, range.step, i, slice.full_shape.to_string());
    if (!range.removes_axis) shape.append(range.length);
  }
  return shape;
}

void require_index(const RuleCall& call) {
  require_dtype(call, 1, "index", {DType::kInt64});
  require_rank(call, 1, "index", 1, "[n]");
}

// Of x's rank, and as long as x along every other axis.
void require_index_along(const RuleCall& call, int axis) {
  require_dtype(call, 1, "index", {DType::kInt64});
  const Shape &x = call.shape(0), &index = call.shape(1);
  bool fits = x.rank() == index.rank();
  for (int other = 0; fits && other < x.rank(); ++other) fits = other == axis || x[other] == index[other];
  if (!fits)
    fail("{}: index has shape {}, expected that of x {} but for axis {}", call.name(), index.to_string(),
         x.to_string(), axis);
}

void check_sort(const RuleCall& call) {
  checked_axis(call, call.shape(0), call.get<SortAttributes>().axis);
}

}  // namespace

TensorSpec reshape_rule(const RuleCall& call) {
  const Shape& shape = call.get<ShapeAttributes>().shape;
  require_lengths(call, shape);
  if (shape.elements() != call.input(0).elements())
    fail("reshape: {} has {} elements, {} has {}", call.shape(0).to_string(), call.input(0).elements(),
         shape.to_string(), shape.elements());
  return {shape, call.input(0).dtype()};
}

TensorSpec permute_rule(const RuleCall& call) {
  const std::vector<int>& axes = call.get<PermuteAttributes>().axes;
  const Shape& from = call.shape(0);
  Shape shape;
  unsigned seen = 0;
  for (const int axis : axes) {
    if (axis < 0 || axis >= from.rank() || (seen >> axis & 1u) != 0) break;
    seen |= 1u << axis;
    shape.append(from[axis]);
  }
  if (shape.rank() != from.rank() || axes.size() != static_cast<std::size_t>(from.rank()))
    fail("permute: the axes are [{}], expected each axis of {} once", fmt::join(axes, ", "),
         from.to_string());
  return {shape, call.input(0).dtype()};
}

TensorSpec slice_rule(const RuleCall& call) {
  const auto& slice = call.get<SliceAttributes>();
  if (slice.full_shape != call.shape(0))
    fail("slice: the ranges are for shape {}, x has shape {}", slice.full_shape.to_string(),
         call.shape(0).to_string());
  return {sliced_shape(call, slice), call.input(0).dtype()};
}

TensorSpec embed_rule(const RuleCall& call) {
  const auto& slice = call.get<SliceAttributes>();
  require_lengths(call, slice.full_shape);
  const Shape expected = sliced_shape(call, slice);
  if (call.shape(0) != expected)
    fail("embed: x has shape {}, but this slice of {} has shape {}", call.shape(0).to_string(),
         slice.full_shape.to_string(), expected.to_string());
  return {slice.full_shape, call.input(0).dtype()};
}

TensorSpec broadcast_to_rule(const RuleCall& call) {
  const Shape& shape = call.get<ShapeAttributes>().shape;
  const Shape& from = call.shape(0);
  require_lengths(call, shape);
  if (from.rank() > shape.rank())
    fail("broadcast_to: x of shape {} has more axes than {}", from.to_string(), shape.to_string());
  const int shift = shape.rank() - from.rank();
  for (int axis = 0; axis < from.rank(); ++axis)
    if (from[axis] != shape[axis + shift] && from[axis] != 1)
      fail(
          "broadcast_to: {} does not broadcast to {} (axis {} of the left is {}, axis {} of the right is {})",
          from.to_string(), shape.to_string(), axis, from[axis], axis + shift, shape[axis + shift]);
  return {shape, call.input(0).dtype()};
}

TensorSpec copy_rule(const RuleCall& call) {
  return {call.shape(0), call.input(0).dtype()};
}

TensorSpec concatenate_rule(const RuleCall& call) {
  Shape shape = call.shape(0);
  const int axis = checked_axis(call, shape);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    require_same_dtype(call, 0, i);
    const Shape& other = call.shape(i);
    if (other.rank() != shape.rank())
      fail("concatenate: {} and {} have different numbers of axes", call.shape(0).to_string(),
           other.to_string());
    for (int a = 0; a < shape.rank(); ++a)
      if (a != axis && other[a] != shape[a])
        fail("concatenate: {} and {} along axis {} differ in axis {} ({} and {})", call.shape(0).to_string(),
             other.to_string(), axis, a, shape[a], other[a]);
    if (__builtin_add_overflow(shape[axis], other[axis], &shape[axis]))
      fail("concatenate: axis {} is too long", axis);
  }
  return {shape, call.input(0).dtype()};
}

TensorSpec gather_rule(const RuleCall& call) {
  Shape shape = call.shape(0);
  const int axis = checked_axis(call, shape);
  require_index(call);
  shape[axis] = call.input(1).elements();
  return {shape, call.input(0).dtype()};
}

TensorSpec index_add_rule(const RuleCall& call) {
  Shape expected = call.shape(0);
  const int axis = checked_axis(call, expected);
  require_index(call);
  require_dtype(call, 0, "x", {DType::kFloat32, DType::kFloat64, DType::kBFloat16, DType::kInt64});
  require_same_dtype(call, 0, 2);
  expected[axis] = call.input(1).elements();
  if (call.shape(2) != expected)
    fail("index_add: source has shape {}, expected {} (x {} with axis {} as long as the index)",
         call.shape(2).to_string(), expected.to_string(), call.shape(0).to_string(), axis);
  return {call.shape(0), call.input(0).dtype()};
}

TensorSpec take_along_rule(const RuleCall& call) {
  require_index_along(call, checked_axis(call, call.shape(0)));
  return {call.shape(1), call.input(0).dtype()};
}

TensorSpec scatter_add_rule(const RuleCall& call) {
  require_index_along(call, checked_axis(call, call.shape(0)));
  require_dtype(call, 0, "x", {DType::kFloat32, DType::kFloat64, DType::kBFloat16, DType::kInt64});
  require_same_dtype(call, 0, 2);
  if (call.shape(2) != call.shape(1))
    fail("scatter_add: source has shape {}, expected that of the index {}", call.shape(2).to_string(),
         call.shape(1).to_string());
  return {call.shape(0), call.input(0).dtype()};
}

TensorSpec sort_rule(const RuleCall& call) {
  check_sort(call);
  return {call.shape(0), call.input(0).dtype()};
}

TensorSpec argsort_rule(const RuleCall& call) {
  check_sort(call);
  return {call.shape(0), DType::kInt64};
}

}  // namespace tessera::shape_rules
