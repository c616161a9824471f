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

void fill_row(const ExportStep& step) {
  const Shape &one = step.op.output.shape(), &more = step.more.output.shape();
  if (one == more && one.elements() <= kSpelledOut) return step.done(step.exporter.constant(step.op.output));
  const auto& fill = step.attributes<FillAttributes>();
  Attribute value{.name = "value", .type = Attribute::Type::kTensor};
  const Tensor element = full({1}, fill.value, fill.dtype);
  value.tensor = {"", element_type_of(fill.dtype), element};
  step.done(step.emit("ConstantOfShape", {step.exporter.lengths(one, more)}, {value}));
}

// start + i * step, the product and the sum as in the row.
void arange_row(const ExportStep& step) {
  const Shape &one = step.op.output.shape(), &more = step.more.output.shape();
  if (one == more) return step.done(step.exporter.constant(step.op.output));
  const auto& fill = step.attributes<FillAttributes>();
  Exporter& exporter = step.exporter;
  const std::string length = flattened_scalar(step, exporter.lengths(one, more));
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
  const Shape &one = step.op.output.shape(), &more = step.more.output.shape();
  int varying = 0;
  std::vector<std::int64_t> shape;
  for (int axis = 0; axis < one.rank(); ++axis) {
    varying += one[axis] != more[axis] ? 1 : 0;
    shape.push_back(one[axis] == more[axis] ? one[axis] : -1);
  }
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  const std::string target =
      varying == 1 && !empty ? step.exporter.integers(shape) : step.exporter.lengths(one, more);
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
  step.done(step.emit("Expand",
                      {step.in(0), step.exporter.lengths(step.op.output.shape(), step.more.output.shape())}));
}

// ---- Slices ----

struct SliceBounds {
  std::vector<std::int64_t> starts, ends, axes, steps, removed;
};

bool whole_axis(const Range::Resolved& range, std::int64_t length) {
  return range.start == 0 && range.length == length && range.step == 1 && !range.removes_axis;
}

// Of the axes that are not taken whole in both recordings.
SliceBounds bounds_of(const SliceAttributes& slice, const SliceAttributes& other) {
  SliceBounds bounds;
  for (std::size_t axis = 0; axis < slice.ranges.size(); ++axis) {
    const Range::Resolved& range = slice.ranges[axis];
    const int i = static_cast<int>(axis);
    if (whole_axis(range, slice.full_shape[i]) && whole_axis(other.ranges[axis], other.full_shape[i]))
      continue;
    const std::int64_t end = range.start + range.step * range.length;
    bounds.starts.push_back(range.start);
    bounds.ends.push_back(end < 0 ? std::numeric_limits<std::int64_t>::min()
                                  : end);  // backwards over the first one
    bounds.axes.push_back(i);
    bounds.steps.push_back(range.step);
    if (range.removes_axis) bounds.removed.push_back(i);
  }
  return bounds;
}

// The parts of a recurrent row's output are outputs of ONNX's operator; nothing else of it is.
bool recurrent_part(const ExportStep& step) {
  Exporter& exporter = step.exporter;
  const Range::Resolved& first = step.attributes<SliceAttributes>().ranges[0];
  const void* base = step.op.inputs[0].identity();
  if (const auto cells = exporter.last_cells.find(base); cells != exporter.last_cells.end()) {
    if (!first.removes_axis || first.start != step.shape(0)[0] - 1)
      fail("export: ONNX's LSTM gives the cell state after the last time only");
    step.done(step.emit("Squeeze", {cells->second, exporter.integers({0})}));
    return true;
  }
  const auto part = exporter.recurrent.find(base);
  if (part == exporter.recurrent.end()) return false;
  if (!first.removes_axis || first.start > 1 || (first.start == 1 && part->second.last_c.empty()))
    fail("export: ONNX's recurrent operators give the states only, not the gates");
  if (first.start == 0) step.done(part->second.h);
  if (first.start == 1) exporter.last_cells[step.op.output.identity()] = part->second.last_c;
  return true;
}

void slice_row(const ExportStep& step) {
  if (step.shape(0).rank() == 0) return step.done(step.in(0));
  if (recurrent_part(step)) return;
  const auto &attributes = step.attributes<SliceAttributes>(),
             &more = std::get<SliceAttributes>(step.more.attributes);
  const SliceBounds one = bounds_of(attributes, more), other = bounds_of(more, attributes);
  Exporter& exporter = step.exporter;
  if (one.axes != other.axes || one.steps != other.steps)
    fail("export: a slice whose axes depend on the number of samples");
  if (one.axes.empty()) return step.done(step.in(0));
  std::vector<std::string> inputs = {step.in(0), exporter.lengths(one.starts, other.starts),
                                     exporter.lengths(one.ends, other.ends), exporter.integers(one.axes)};
  if (std::any_of(one.steps.begin(), one.steps.end(), [](std::int64_t value) { return value != 1; }))
    inputs.push_back(exporter.integers(one.steps));
  std::string value = step.emit("Slice", inputs);
  if (!one.removed.empty()) value = step.emit("Squeeze", {value, exporter.integers(one.removed)});
  step.done(value);
}

// Zeros around; only for slices without gaps.
void embed_row(const ExportStep& step) {
  const auto& slice = step.attributes<SliceAttributes>();
  const auto& more = std::get<SliceAttributes>(step.more.attributes);
  std::vector<std::int64_t> before, after, before_more, after_more, removed;
  for (std::size_t axis = 0; axis < slice.ranges.size(); ++axis) {
    const int i = static_cast<int>(axis);
    const Range::Resolved &range = slice.ranges[axis], &other = more.ranges[axis];
    if (range.step != 1)
      fail("export: embed: ONNX has no operator that puts elements at steps of {}", range.step);
    if (range.removes_axis) removed.push_back(i);
    before.push_back(range.start);
    after.push_back(slice.full_shape[i] - range.start - range.length);
    before_more.push_back(other.start);
    after_more.push_back(more.full_shape[i] - other.start - other.length);
  }
  before.insert(before.end(), after.begin(), after.end());
  before_more.insert(before_more.end(), after_more.begin(), after_more.end());
  std::string value = step.in(0);
  if (!removed.empty()) value = step.emit("Unsqueeze", {value, step.exporter.integers(removed)});
  step.done(step.emit("Pad", {value, step.exporter.lengths(before, before_more)}));
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
  index = step.emit("Expand", {index, step.exporter.lengths(source, step.more.inputs[2].shape())});
  step.done(scattered(step, index));
}

// Sorting is the choice of all elements; equal ones keep their order.
void sort_row(const ExportStep& step) {
  const auto& sort = step.attributes<SortAttributes>();
  const std::string count = step.exporter.lengths(std::vector{step.shape(0)[sort.axis]},
                                                  std::vector{step.more.inputs[0].shape()[sort.axis]});
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
