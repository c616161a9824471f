// Rows that make, move and pick elements.
#include <algorithm>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_exporter.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

constexpr std::int64_t kSpelledOut = 1024;  // elements; larger constants are made by a node

std::int64_t axis_of(const ExportStep& step) {
  return step.attributes<AxisAttributes>().axis;
}

std::string flattened_scalar(const ExportStep& step, const std::string& one_element) {
  return step.emit("Reshape", {one_element, step.exporter.integers({})});
}

FillAttributes fill_of(const RecordedOp& op) {
  return std::get<FillAttributes>(op.attributes);
}

// A number that is made of open lengths: only a whole one can be worked out.
std::string filled_with_lengths(const ExportStep& step, const Everywhere<double>& values) {
  if (step.op.output.dtype() != DType::kInt64)
    fail("export: {} with a number that depends on open lengths", op_info(step.op.op).name);
  Everywhere<Lengths> whole;
  for (const double value : values) whole.push_back({static_cast<std::int64_t>(value)});
  return step.emit("Expand", {step.exporter.lengths(whole), step.exporter.lengths(step.output_shapes())});
}

void fill_row(const ExportStep& step) {
  const Everywhere<Shape> shapes = step.output_shapes();
  const Everywhere<double> values =
      step.everywhere([](const RecordedOp& one) { return static_cast<double>(fill_of(one).value); });
  // NaN differs from itself, but is no length.
  if (!is_fixed(values) && values[0] == values[0]) return step.done(filled_with_lengths(step, values));
  if (is_fixed(shapes) && shapes[0].elements() <= kSpelledOut)
    return step.done(step.exporter.constant(step.op.output));
  const auto& fill = step.attributes<FillAttributes>();
  Attribute value{.name = "value", .type = Attribute::Type::kTensor};
  const Tensor element = full({1}, fill.value, fill.dtype);
  value.tensor = {"", element_type_of(fill.dtype), element};
  step.done(step.emit("ConstantOfShape", {step.exporter.lengths(shapes)}, {value}));
}

// start + i * step, the product and the sum as in the row.
void arange_row(const ExportStep& step) {
  const Everywhere<Shape> shapes = step.output_shapes();
  const auto& fill = step.attributes<FillAttributes>();
  if (!is_fixed(step.everywhere([](const RecordedOp& one) {
        return std::pair(double{fill_of(one).value}, double{fill_of(one).step});
      })))
    fail("export: arange whose start or step depends on open lengths");
  if (is_fixed(shapes)) return step.done(step.exporter.constant(step.op.output));
  Exporter& exporter = step.exporter;
  const std::string length = flattened_scalar(step, exporter.lengths(shapes));
  const auto integer = [&](std::int64_t value) { return exporter.constant(Tensor::scalar(value)); };
  std::string value = step.emit("Range", {integer(0), length, integer(1)});
  if (fill.dtype != DType::kInt64)
    value =
        step.emit("Cast", {value}, {attribute("to", static_cast<std::int64_t>(element_type_of(fill.dtype)))});
  if (fill.step != 1) value = step.emit("Mul", {value, exporter.constant(full({}, fill.step, fill.dtype))});
  if (fill.value != 0) value = step.emit("Add", {value, exporter.constant(full({}, fill.value, fill.dtype))});
  step.done(value);
}

// One length that varies can be left to the reader.
void reshape_row(const ExportStep& step) {
  const Everywhere<Shape> shapes = step.output_shapes();
  int varying = 0;
  std::vector<std::int64_t> shape;
  for (int axis = 0; axis < shapes[0].rank(); ++axis) {
    const bool same = std::all_of(shapes.begin(), shapes.end(),
                                  [&](const Shape& other) { return other[axis] == shapes[0][axis]; });
    varying += same ? 0 : 1;
    shape.push_back(same ? shapes[0][axis] : -1);
  }
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  const std::string target =
      varying == 1 && !empty ? step.exporter.integers(shape) : step.exporter.lengths(shapes);
  std::vector<Attribute> attributes;
  if (empty) attributes.push_back(attribute("allowzero", std::int64_t{1}));
  step.done(step.emit("Reshape", {step.in(0), target}, attributes));
}

void permute_row(const ExportStep& step) {
  const std::vector<int>& axes = step.attributes<PermuteAttributes>().axes;
  step.done(step.emit("Transpose", {step.in(0)},
                      {attribute("perm", std::vector<std::int64_t>(axes.begin(), axes.end()))}));
}

void broadcast_row(const ExportStep& step) {
  step.done(step.emit("Expand", {step.in(0), step.exporter.lengths(step.output_shapes())}));
}

// ---- Slices ----

bool whole_axis(const Range::Resolved& range, std::int64_t length) {
  return range.start == 0 && range.length == length && range.step == 1 && !range.removes_axis;
}

// The axes of which a part is taken, in any recording.
std::vector<std::int64_t> cut_axes(const Everywhere<SliceAttributes>& slices) {
  std::vector<std::int64_t> axes;
  for (std::size_t axis = 0; axis < slices[0].ranges.size(); ++axis)
    if (!std::all_of(slices.begin(), slices.end(), [&](const SliceAttributes& slice) {
          return whole_axis(slice.ranges[axis], slice.full_shape[static_cast<int>(axis)]);
        }))
      axes.push_back(static_cast<std::int64_t>(axis));
  return axes;
}

// What `read` says of the range of each of these axes.
template <typename Read>
Everywhere<Lengths> of_ranges(const Everywhere<SliceAttributes>& slices, const Lengths& axes,
                              const Read& read) {
  Everywhere<Lengths> values;
  for (const SliceAttributes& slice : slices) {
    values.emplace_back();
    for (const std::int64_t axis : axes)
      values.back().push_back(
          read(slice.ranges[static_cast<std::size_t>(axis)], slice.full_shape[static_cast<int>(axis)]));
  }
  return values;
}

Lengths removed_axes(const SliceAttributes& slice) {
  Lengths removed;
  for (std::size_t axis = 0; axis < slice.ranges.size(); ++axis)
    if (slice.ranges[axis].removes_axis) removed.push_back(static_cast<std::int64_t>(axis));
  return removed;
}

// Backwards over the first element the end is before everything.
std::int64_t end_of(const Range::Resolved& range) {
  const std::int64_t end = range.start + range.step * range.length;
  return end < 0 ? std::numeric_limits<std::int64_t>::min() : end;
}

void slice_row(const ExportStep& step) {
  if (step.shape(0).rank() == 0) return step.done(step.in(0));
  if (recurrent_part(step)) return;
  const Everywhere<SliceAttributes> slices =
      step.everywhere([](const RecordedOp& one) { return std::get<SliceAttributes>(one.attributes); });
  const Lengths axes = cut_axes(slices);
  if (axes.empty()) return step.done(step.in(0));
  const auto of = [&](const auto& read) { return of_ranges(slices, axes, read); };
  const Everywhere<Lengths> steps = of([](const auto& range, std::int64_t) { return range.step; });
  if (!is_fixed(steps)) fail("export: a slice whose steps depend on open lengths");
  Exporter& exporter = step.exporter;
  std::vector<std::string> inputs = {
      step.in(0), exporter.lengths(of([](const auto& range, std::int64_t) { return range.start; })),
      exporter.lengths(of([](const auto& range, std::int64_t) { return end_of(range); })),
      exporter.integers(axes)};
  if (std::any_of(steps[0].begin(), steps[0].end(), [](std::int64_t value) { return value != 1; }))
    inputs.push_back(exporter.integers(steps[0]));
  std::string value = step.emit("Slice", inputs);
  const Lengths removed = removed_axes(slices[0]);
  if (!removed.empty()) value = step.emit("Squeeze", {value, exporter.integers(removed)});
  step.done(value);
}

// Zeros around; only for slices without gaps.
void embed_row(const ExportStep& step) {
  const Everywhere<SliceAttributes> slices =
      step.everywhere([](const RecordedOp& one) { return std::get<SliceAttributes>(one.attributes); });
  Lengths axes;
  for (std::size_t axis = 0; axis < slices[0].ranges.size(); ++axis) {
    axes.push_back(static_cast<std::int64_t>(axis));
    if (const std::int64_t by = slices[0].ranges[axis].step; by != 1)
      fail("export: embed: ONNX has no operator that puts elements at steps of {}", by);
  }
  Everywhere<Lengths> pads =
      of_ranges(slices, axes, [](const auto& range, std::int64_t) { return range.start; });
  const Everywhere<Lengths> after = of_ranges(slices, axes, [](const auto& range, std::int64_t length) {
    return length - range.start - range.length;
  });
  for (std::size_t i = 0; i < pads.size(); ++i)
    pads[i].insert(pads[i].end(), after[i].begin(), after[i].end());
  std::string value = step.in(0);
  const Lengths removed = removed_axes(slices[0]);
  if (!removed.empty()) value = step.emit("Unsqueeze", {value, step.exporter.integers(removed)});
  step.done(step.emit("Pad", {value, step.exporter.lengths(pads)}));
}

// ---- Index ----

std::string scattered(const ExportStep& step, const std::string& index) {
  return step.emit("ScatterElements", {step.in(0), index, step.in(2)},
                   {attribute("axis", axis_of(step)), attribute("reduction", std::string("add"))});
}

// The index of every element of the source.
void index_add_row(const ExportStep& step) {
  const Shape& source = step.shape(2);
  std::vector<std::int64_t> added;
  for (int axis = 0; axis < source.rank(); ++axis)
    if (axis != axis_of(step)) added.push_back(axis);
  std::string index = step.in(1);
  if (!added.empty()) index = step.emit("Unsqueeze", {index, step.exporter.integers(added)});
  index = step.emit("Expand", {index, step.exporter.lengths(step.input_shapes(2))});
  step.done(scattered(step, index));
}

// Sorting is the choice of all elements; equal ones keep their order.
void sort_row(const ExportStep& step) {
  const auto& sort = step.attributes<SortAttributes>();
  const std::string count = step.exporter.lengths(
      step.everywhere([&](const RecordedOp& one) { return Lengths{one.inputs[0].size(sort.axis)}; }));
  const std::vector<std::string> outputs =
      step.exporter.emit_several("TopK", {step.in(0), count},
                                 {attribute("axis", std::int64_t{sort.axis}),
                                  attribute("largest", std::int64_t{sort.descending ? 1 : 0})},
                                 2);
  step.done(outputs[step.op.op == Op::kSort ? 0 : 1]);
}

void along_axis(const ExportStep& step, const char* name) {
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < step.op.inputs.size(); ++i) inputs.push_back(step.in(i));
  step.done(step.emit(name, inputs, {attribute("axis", axis_of(step))}));
}

}  // namespace

void add_shape_translators(TranslatorTable& table) {
  at(table, Op::kFill) = fill_row;
  at(table, Op::kArange) = arange_row;
  at(table, Op::kReshape) = reshape_row;
  at(table, Op::kPermute) = permute_row;
  at(table, Op::kBroadcastTo) = broadcast_row;
  at(table, Op::kSlice) = slice_row;
  at(table, Op::kEmbed) = embed_row;
  at(table, Op::kCopy) = [](const ExportStep& step) { step.done(step.in(0)); };
  at(table, Op::kConcatenate) = [](const ExportStep& step) { along_axis(step, "Concat"); };
  at(table, Op::kGather) = [](const ExportStep& step) { along_axis(step, "Gather"); };
  at(table, Op::kTakeAlong) = [](const ExportStep& step) { along_axis(step, "GatherElements"); };
  at(table, Op::kScatterAdd) = [](const ExportStep& step) { step.done(scattered(step, step.in(1))); };
  at(table, Op::kIndexAdd) = index_add_row;
  at(table, Op::kSort) = sort_row;
  at(table, Op::kArgSort) = sort_row;
}

}  // namespace tessera::onnx
