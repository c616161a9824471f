// Products with weights, convolutions and poolings.
#include "tessera/base/error.h"
#include "tessera/interchange/onnx_exporter.h"

namespace tessera::onnx {
namespace {

// Gemm is for matrices only.
void linear_row(const ExportStep& step) {
  std::string value;
  if (step.shape(0).rank() == 2) {
    value = step.emit("Gemm", {step.in(0), step.in(1), step.in(2)}, {attribute("transB", std::int64_t{1})});
  } else {
    const std::string weight =
        step.emit("Transpose", {step.in(1)}, {attribute("perm", std::vector<std::int64_t>{1, 0})});
    value = step.emit("Add", {step.emit("MatMul", {step.in(0), weight}), step.in(2)});
  }
  step.done(activated(step, value, step.attributes<FinishAttributes>().activation));
}

std::vector<std::int64_t> first_axes(const std::int64_t* values, int axes) {
  return {values, values + axes};
}

std::vector<Attribute> window_attributes(const WindowAttributes& window) {
  std::vector<std::int64_t> pads = first_axes(window.padding, window.axes);
  pads.insert(pads.end(), window.padding, window.padding + window.axes);
  return {attribute("kernel_shape", first_axes(window.kernel, window.axes)),
          attribute("strides", first_axes(window.stride, window.axes)), attribute("pads", std::move(pads)),
          attribute("dilations", first_axes(window.dilation, window.axes))};
}

void convolution_row(const ExportStep& step) {
  std::vector<Attribute> attributes = window_attributes(step.attributes<WindowAttributes>());
  attributes.push_back(attribute("group", step.attributes<WindowAttributes>().groups));
  step.done(step.emit("Conv", {step.in(0), step.in(1)}, std::move(attributes)));
}

// The adjoint of a convolution in its input; what rounding down left out of the windows is output_padding.
void transposed_row(const ExportStep& step) {
  WindowAttributes window = step.attributes<WindowAttributes>();
  std::vector<std::int64_t> extra;
  for (int i = 0; i < window.axes; ++i) {
    window.kernel[i] = step.shape(1)[2 + i];
    const std::int64_t length = (step.shape(0)[2 + i] - 1) * window.stride[i] - 2 * window.padding[i] +
                                window.dilation[i] * (window.kernel[i] - 1) + 1;
    extra.push_back(window.input_shape[2 + i] - length);
  }
  std::vector<Attribute> attributes = window_attributes(window);
  attributes.push_back(attribute("group", window.groups));
  attributes.push_back(attribute("output_padding", std::move(extra)));
  step.done(step.emit("ConvTranspose", {step.in(0), step.in(1)}, std::move(attributes)));
}

void pool_row(const ExportStep& step) {
  const auto& window = step.attributes<WindowAttributes>();
  std::vector<Attribute> attributes = window_attributes(window);
  attributes.push_back(attribute("ceil_mode", std::int64_t{window.round_up ? 1 : 0}));
  if (step.op.op != Op::kAveragePool2d) {
    const bool positions = step.op.op == Op::kMaxPool2dIndices;
    const auto outputs =
        step.exporter.emit_several("MaxPool", {step.in(0)}, std::move(attributes), positions ? 2 : 1);
    return step.done(outputs.back());
  }
  std::erase_if(attributes,
                [](const Attribute& one) { return one.name == "dilations"; });  // since version 19 only
  attributes.push_back(attribute("count_include_pad", std::int64_t{window.count_padding ? 1 : 0}));
  step.done(step.emit("AveragePool", {step.in(0)}, std::move(attributes)));
}

}  // namespace

void add_product_translators(TranslatorTable& table) {
  at(table, Op::kLinear) = linear_row;
  at(table, Op::kConv2d) = convolution_row;
  at(table, Op::kConv3d) = convolution_row;
  at(table, Op::kConv2dInputGradient) = transposed_row;
  at(table, Op::kConv3dInputGradient) = transposed_row;
  at(table, Op::kMaxPool2d) = pool_row;
  at(table, Op::kMaxPool2dIndices) = pool_row;
  at(table, Op::kAveragePool2d) = pool_row;
}

}  // namespace tessera::onnx
