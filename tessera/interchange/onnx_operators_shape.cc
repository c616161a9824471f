// Shapes, and parts of tensors at places that do not depend on values.
#include <algorithm>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {
namespace {

Tensor shape_node(const NodeCall& call) {
  const Shape& shape = call[0].shape();
  const std::int64_t rank = shape.rank();
  const auto position = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t first = position(call.integer("start", 0)), last = position(call.integer("end", rank));
  if (first >= last) return as_shape({});
  return as_shape(std::vector<std::int64_t>(shape.begin() + first, shape.begin() + last));
}

Tensor reshape_node(const NodeCall& call) {
  const auto wanted = call.integers("shape", 1);
  if (!wanted) fail("Reshape: there is no shape");
  std::vector<std::int64_t> lengths = *wanted;
  const bool zero_is_zero = call.integer("allowzero", 0) != 0;
  for (std::size_t i = 0; i < lengths.size() && !zero_is_zero; ++i) {
    if (lengths[i] != 0) continue;
    if (i >= static_cast<std::size_t>(call[0].rank()))
      fail("Reshape: 0 keeps the length of axis {}, which {} does not have", i, call[0].shape().to_string());
    lengths[i] = call[0].size(static_cast<std::int64_t>(i));
  }
  return reshape(call[0], Shape(std::span<const std::int64_t>(lengths)));
}

Tensor flatten(const NodeCall& call) {
  const Shape& shape = call[0].shape();
  std::int64_t axis = call.integer("axis", 1);
  if (axis < 0) axis += shape.rank();
  if (axis < 0 || axis > shape.rank()) fail("Flatten: axis {} of {}", axis, shape.to_string());
  std::int64_t rows = 1, columns = 1;
  for (int i = 0; i < shape.rank(); ++i) (i < axis ? rows : columns) *= shape[i];
  return reshape(call[0], {rows, columns});
}

std::vector<bool> marked(const std::vector<std::int64_t>& axes, int rank) {
  std::vector<bool> marks(static_cast<std::size_t>(rank), false);
  for (const std::int64_t axis : axes) {
    const std::int64_t place = axis < 0 ? axis + rank : axis;
    if (place < 0 || place >= rank) fail("axis {} of {} axes", axis, rank);
    marks[static_cast<std::size_t>(place)] = true;
  }
  return marks;
}

Tensor squeeze(const NodeCall& call) {
  const Shape& shape = call[0].shape();
  const auto axes = call.integers("axes", 1);
  const std::vector<bool> removed = marked(axes.value_or(std::vector<std::int64_t>{}), shape.rank());
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool asked = removed[static_cast<std::size_t>(axis)];
    if (asked && shape[axis] != 1) fail("Squeeze: axis {} of {} is not 1", axis, shape.to_string());
    if (!asked && (axes || shape[axis] != 1)) result.append(shape[axis]);
  }
  return reshape(call[0], result);
}

Tensor unsqueeze(const NodeCall& call) {
  const auto axes = call.integers("axes", 1);
  if (!axes) fail("Unsqueeze: there are no axes");
  const Shape& shape = call[0].shape();
  if (axes->size() > static_cast<std::size_t>(kMaxRank - shape.rank()))
    fail("Unsqueeze: {} axes more than {} are too many", axes->size(), shape.to_string());
  const std::vector<bool> added = marked(*axes, shape.rank() + static_cast<int>(axes->size()));
  Shape result;
  int next = 0;
  for (const bool is_new : added) result.append(is_new || next == shape.rank() ? 1 : shape[next++]);
  return reshape(call[0], result);
}

Tensor transpose_node(const NodeCall& call) {
  const auto order = call.integers("perm");
  if (!order) return call[0].transpose();
  return permute(call[0], std::vector<int>(order->begin(), order->end()));
}

Tensor concat(const NodeCall& call) {
  std::vector<Tensor> parts;
  parts.reserve(call.inputs());
  for (std::size_t i = 0; i < call.inputs(); ++i) parts.push_back(call[i]);
  return concatenate(parts, call.integer("axis", 1));
}

Tensor part_of(const Tensor& x, int axis, std::int64_t begin, std::int64_t end) {
  std::vector<Range> ranges(static_cast<std::size_t>(x.rank()), Range::all());
  ranges[static_cast<std::size_t>(axis)] = Range(begin, end);
  return slice(x, ranges);
}

// By lengths, or in equal parts of which the last may be smaller.
Outputs split(const NodeCall& call) {
  const int axis = normalize_axis(call.integer("axis", 0), call[0].shape());
  const std::int64_t length = call[0].size(axis);
  const auto parts = static_cast<std::int64_t>(call.outputs());
  if (parts == 0) fail("Split: there is no output, expected at least one");
  const auto lengths = call.integers("split", 1);
  const std::int64_t equal_part = (length + parts - 1) / parts;
  Outputs outputs;
  std::int64_t begin = 0;
  for (std::int64_t i = 0; i < parts; ++i) {
    if (lengths && lengths->size() != call.outputs())
      fail("Split: {} lengths for {} outputs", lengths->size(), call.outputs());
    const std::int64_t part =
        lengths ? (*lengths)[static_cast<std::size_t>(i)] : std::min(equal_part, length - begin);
    if (part < 0 || part > length - begin)
      fail("Split: a part of {} from {} of an axis of {}", part, begin, length);
    outputs.push_back(part_of(call[0], axis, begin, begin + part));
    begin += part;
  }
  if (begin != length) fail("Split: the parts are {} long together, the axis is {}", begin, length);
  return outputs;
}

Tensor expand(const NodeCall& call) {
  return copy(broadcast_to(call[0], broadcast_shapes(call[0].shape(), shape_from(call.input_integers(1)))));
}

Tensor tile(const NodeCall& call) {
  const std::vector<std::int64_t> repeats = call.input_integers(1);
  if (repeats.size() != static_cast<std::size_t>(call[0].rank()))
    fail("Tile: {} repeats for {}", repeats.size(), call[0].shape().to_string());
  Tensor result = call[0];
  for (int axis = 0; axis < result.rank(); ++axis) {
    const std::int64_t times = repeats[static_cast<std::size_t>(axis)];
    if (times < 0 || times > 1'000'000) fail("Tile: {} repeats", times);
    if (times == 0) result = part_of(result, axis, 0, 0);
    if (times > 1) result = concatenate(std::vector<Tensor>(static_cast<std::size_t>(times), result), axis);
  }
  return result;
}

// Axes and steps are optional; a bound far outside means the end.
Tensor slice_node(const NodeCall& call) {
  const auto starts = call.integers("starts", 1), ends = call.integers("ends", 2),
             axes = call.integers("axes", 3), steps = call.integers("steps", 4);
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size()))
    fail("Slice: starts, ends, axes and steps are to be equally many");
  const Shape& shape = call[0].shape();
  std::vector<Range> ranges(static_cast<std::size_t>(shape.rank()), Range::all());
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const int axis = normalize_axis(axes ? (*axes)[i] : static_cast<std::int64_t>(i), shape);
    const std::int64_t step = steps ? (*steps)[i] : 1, length = shape[axis];
    const std::int64_t start = std::clamp((*starts)[i], -length - 1, length);
    const std::int64_t end = std::clamp((*ends)[i], -length - 1, length);
    // A backwards slice down to -1 from far before the beginning takes the first element, too.
    const bool to_the_first = step < 0 && end == -length - 1;
    ranges[static_cast<std::size_t>(axis)] =
        Range(start, to_the_first ? std::nullopt : std::optional<std::int64_t>(end), step);
  }
  return slice(call[0], ranges);
}

// ---- Pad ----

// Where element i of an axis of `length` comes from when it lies outside.
std::int64_t source_of(std::int64_t i, std::int64_t length, const std::string& mode) {
  if (mode == "edge") return std::clamp<std::int64_t>(i, 0, length - 1);
  if (mode == "wrap") return ((i % length) + length) % length;
  const std::int64_t period =
      std::max<std::int64_t>(2 * (length - 1), 1);  // reflect: the border is not repeated
  const std::int64_t at = ((i % period) + period) % period;
  return at < length ? at : period - at;
}

Tensor pad_by_index(const Tensor& x, int axis, std::int64_t before, std::int64_t after,
                    const std::string& mode) {
  if (mode != "edge" && mode != "wrap" && mode != "reflect") fail("Pad: the mode is '{}'", mode);
  const std::int64_t length = x.size(axis);
  if (length == 0) fail("Pad: axis {} has no elements to pad with", axis);
  std::vector<std::int64_t> index;
  for (std::int64_t i = -before; i < length + after; ++i) index.push_back(source_of(i, length, mode));
  return gather(x, as_shape(index), axis);
}

Tensor pad(const NodeCall& call) {
  Tensor x = call[0];
  auto pads = call.integers("pads", 1);
  if (!pads) pads = call.integers("paddings");  // version 1
  std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  if (call.has(3)) axes = call.input_integers(3);
  if (!pads || pads->size() != 2 * axes.size())
    fail("Pad: expected two numbers for each of {} axes", axes.size());
  const std::string mode = call.text("mode", "constant");
  const double value = call.has(2) ? call[2].item_as_double() : call.real("value", 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis(axes[i], x.shape());
    const std::int64_t before = (*pads)[i], after = (*pads)[i + axes.size()], length = x.size(axis);
    const auto outside = [length](std::int64_t pad) { return pad < -length || pad > 100'000'000; };
    if (outside(before) || outside(after) ||
        length + std::min<std::int64_t>(before, 0) + std::min<std::int64_t>(after, 0) < 0)
      fail("Pad: {} before and {} after an axis of {}", before, after, length);
    if (before < 0 || after < 0)  // negative: taken away
      x = part_of(x, axis, std::max<std::int64_t>(-before, 0), length - std::max<std::int64_t>(-after, 0));
    std::vector<std::int64_t> in_front(static_cast<std::size_t>(x.rank()), 0), behind = in_front;
    in_front[static_cast<std::size_t>(axis)] = std::max<std::int64_t>(before, 0);
    behind[static_cast<std::size_t>(axis)] = std::max<std::int64_t>(after, 0);
    if (before <= 0 && after <= 0) continue;
    x = mode == "constant" ? padded(x, in_front, behind, value)
                           : pad_by_index(x, axis, std::max<std::int64_t>(before, 0),
                                          std::max<std::int64_t>(after, 0), mode);
  }
  return x;
}

}  // namespace

void add_shape_operators(OperatorTable& table) {
  add_operator(table, "Shape", shape_node);
  add_operator(table, "Size", [](const NodeCall& call) { return Tensor::scalar(call[0].elements()); });
  add_operator(table, "Identity", [](const NodeCall& call) { return call[0]; });
  add_operator(table, "Reshape", reshape_node);
  add_operator(table, "Flatten", flatten);
  add_operator(table, "Squeeze", squeeze);
  add_operator(table, "Unsqueeze", unsqueeze);
  add_operator(table, "Transpose", transpose_node);
  add_operator(table, "Concat", concat);
  table[{"", "Split"}] = split;
  add_operator(table, "Expand", expand);
  add_operator(table, "Tile", tile);
  add_operator(table, "Slice", slice_node);
  add_operator(table, "Pad", pad);
}

}  // namespace tessera::onnx
