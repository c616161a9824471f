// Softmax, the loss made of it, and what brings values to mean 0 and variance 1.
#include "tessera/interchange/onnx_exporter.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

void softmax_row(const ExportStep& step) {
  const char* name = step.op.op == Op::kSoftmax ? "Softmax" : "LogSoftmax";
  step.done(step.emit(name, {step.in(0)},
                      {attribute("axis", std::int64_t{step.attributes<AxisAttributes>().axis})}));
}

void cross_entropy_row(const ExportStep& step) {
  step.done(step.emit("SoftmaxCrossEntropyLoss", {step.in(0), step.in(1)},
                      {attribute("reduction", std::string("none"))}));
}

void layer_norm_row(const ExportStep& step) {
  const auto& attributes = step.attributes<LayerNormAttributes>();
  step.done(step.emit(
      "LayerNormalization", {step.in(0), step.in(1), step.in(2)},
      {attribute("axis", std::int64_t{-attributes.axes}), attribute("epsilon", attributes.epsilon)}));
}

// ---- Batch normalisation ----

Shape channels_first(const Shape& shape) {
  Shape turned = shape;
  turned[0] = shape[1];
  turned[1] = shape[0];
  return turned;
}

std::string channels_turned(const ExportStep& step, const std::string& x) {
  std::vector<std::int64_t> axes = {1, 0};
  for (int axis = 2; axis < step.op.output.rank(); ++axis) axes.push_back(axis);
  return step.emit("Transpose", {x}, {attribute("perm", axes)});
}

// By the statistics of x itself: the instance normalisation of one sample whose channels hold the elements of all samples.
std::string by_own_statistics(const ExportStep& step) {
  const Everywhere<Shape> shapes = step.input_shapes(0);
  const auto normalized = [&](const std::string& x) {
    return step.emit("InstanceNormalization", {x, step.in(2), step.in(3)},
                     {attribute("epsilon", step.attributes<BatchNormAttributes>().epsilon)});
  };
  const bool one_sample =
      std::all_of(shapes.begin(), shapes.end(), [](const Shape& shape) { return shape[0] == 1; });
  if (one_sample && step.shape(0).rank() > 2) return normalized(step.in(0));
  Everywhere<Shape> row_shapes, turned_shapes;
  for (const Shape& shape : shapes) {
    row_shapes.push_back({1, shape[1], shape[1] == 0 ? 0 : shape.elements() / shape[1]});
    turned_shapes.push_back(channels_first(shape));
  }
  const std::string rows =
      step.emit("Reshape", {channels_turned(step, step.in(0)), step.exporter.lengths(row_shapes)});
  const std::string turned = step.emit("Reshape", {normalized(rows), step.exporter.lengths(turned_shapes)});
  return channels_turned(step, turned);
}

void batch_norm_row(const ExportStep& step) {
  Exporter& exporter = step.exporter;
  const auto parts = statistics_parts(exporter.recording(), step.op);
  if (parts && parts->own) return step.done(by_own_statistics(step));
  std::vector<std::string> inputs = {step.in(0), step.in(2), step.in(3)};
  if (parts) {
    inputs.push_back(exporter.name_of(parts->mean));
    inputs.push_back(exporter.name_of(parts->variance));
  } else {
    for (const std::int64_t row : {0, 1})
      inputs.push_back(step.emit("Gather", {step.in(1), exporter.constant(Tensor::scalar(row))},
                                 {attribute("axis", std::int64_t{0})}));
  }
  step.done(step.emit("BatchNormalization", inputs,
                      {attribute("epsilon", step.attributes<BatchNormAttributes>().epsilon)}));
}

// ONNX has no variance: the mean of squares.
void batch_statistics_row(const ExportStep& step) {
  std::vector<std::int64_t> axes = {0};
  for (int axis = 2; axis < step.shape(0).rank(); ++axis) axes.push_back(axis);
  const auto mean_of = [&](const std::string& x) {
    return step.emit("ReduceMean", {x, step.exporter.integers(axes)},
                     {attribute("keepdims", std::int64_t{1})});
  };
  const auto as_row = [&](const std::string& values) {
    return step.emit("Reshape", {values, step.exporter.integers({1, step.shape(0)[1]})});
  };
  const std::string mean = mean_of(step.in(0)), apart = step.emit("Sub", {step.in(0), mean});
  const std::string variance = mean_of(step.emit("Mul", {apart, apart}));
  step.done(step.emit("Concat", {as_row(mean), as_row(variance)}, {attribute("axis", std::int64_t{0})}));
}

// The groups of a sample are the channels of an instance normalisation. (GroupNormalization takes a scale per channel only from version 21 on.)
void group_norm_row(const ExportStep& step) {
  const Everywhere<Shape> shapes = step.input_shapes(0);
  const auto& attributes = step.attributes<GroupNormAttributes>();
  const std::int64_t groups = attributes.groups;
  const DType dtype = step.op.output.dtype();
  Everywhere<Shape> row_shapes;
  for (const Shape& shape : shapes)
    row_shapes.push_back({shape[0], groups, shape[0] == 0 ? 0 : shape.elements() / (shape[0] * groups)});
  const std::string rows = step.emit("Reshape", {step.in(0), step.exporter.lengths(row_shapes)});
  const std::string normalized = step.emit(
      "InstanceNormalization",
      {rows, step.exporter.constant(ones({groups}, dtype)), step.exporter.constant(zeros({groups}, dtype))},
      {attribute("epsilon", attributes.epsilon)});
  std::vector<std::int64_t> along(static_cast<std::size_t>(step.shape(0).rank() - 1), 1);
  along[0] = step.shape(0)[1];
  const auto of_channels = [&](std::size_t i) {
    return step.emit("Reshape", {step.in(i), step.exporter.integers(along)});
  };
  const std::string back = step.emit("Reshape", {normalized, step.exporter.lengths(shapes)});
  step.done(step.emit("Add", {step.emit("Mul", {back, of_channels(1)}), of_channels(2)}));
}

}  // namespace

void add_normalization_translators(TranslatorTable& table) {
  at(table, Op::kSoftmax) = softmax_row;
  at(table, Op::kLogSoftmax) = softmax_row;
  at(table, Op::kCrossEntropy) = cross_entropy_row;
  at(table, Op::kLayerNorm) = layer_norm_row;
  at(table, Op::kBatchNorm) = batch_norm_row;
  at(table, Op::kGroupNorm) = group_norm_row;
  at(table, Op::kBatchStatistics) = batch_statistics_row;
}

}  // namespace tessera::onnx
