#include "tessera/nn/convolution.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

using parts::positive;

void copy_to(std::span<const std::int64_t> from, std::int64_t* to) {
  std::copy(from.begin(), from.end(), to);
}

// One spatial axis as an image of one row: the operations have two spatial axes or three.
Shape with_one_row(const Shape& line) {
  return {line[0], line[1], 1, line[2]};
}
WindowAttributes with_one_row(WindowAttributes window) {
  if (window.axes != 1) return window;
  for (std::int64_t* values : {window.kernel, window.stride, window.padding, window.dilation})
    values[1] = values[0];
  window.kernel[0] = window.stride[0] = window.dilation[0] = 1;
  window.padding[0] = 0;
  window.axes = 2;
  return window;
}

}  // namespace

Convolution::Convolution(std::int64_t in_channels, std::int64_t out_channels, const Geometry& geometry)
    : name_(geometry.name),
      transposed_(geometry.transposed),
      in_channels_(positive(geometry.name, "in_channels", in_channels)),
      out_channels_(positive(geometry.name, "out_channels", out_channels)) {
  check_geometry(geometry);
  window_.axes = geometry.axes;
  window_.groups = geometry.groups;
  copy_to(geometry.kernel, window_.kernel);
  copy_to(geometry.stride, window_.stride);
  copy_to(geometry.padding, window_.padding);
  copy_to(geometry.dilation, window_.dilation);
  copy_to(geometry.output_padding, output_padding_);
  Shape weight = transposed_ ? Shape{in_channels, out_channels / geometry.groups}
                             : Shape{out_channels, in_channels / geometry.groups};
  for (const std::int64_t taps : geometry.kernel) weight.append(taps);
  weight_ = &add_parameter("weight", weight, geometry.dtype);
  if (geometry.bias) bias_ = &add_parameter("bias", {out_channels}, geometry.dtype);
}

void Convolution::check_geometry(const Geometry& geometry) const {
  const std::int64_t groups = positive(name_, "groups", geometry.groups);
  if (in_channels_ % groups != 0 || out_channels_ % groups != 0)
    fail("{}: {} input and {} output channels do not both divide into {} groups", name_, in_channels_,
         out_channels_, groups);
  for (std::size_t i = 0; i < geometry.kernel.size(); ++i) {
    positive(name_, "kernel", geometry.kernel[i]);
    positive(name_, "stride", geometry.stride[i]);
    positive(name_, "dilation", geometry.dilation[i]);
    if (geometry.padding[i] < 0) fail("{}: padding is {}, expected at least 0", name_, geometry.padding[i]);
    if (!transposed_) continue;
    const std::int64_t extra = geometry.output_padding[i], stride = geometry.stride[i];
    if (extra < 0 || extra >= stride)
      fail("{}: output_padding is {}, expected at least 0 and below the stride ({})", name_, extra, stride);
  }
}

Tensor Convolution::forward(const Tensor& x, Context& /*context*/) {
  const Shape output = output_shape(x.shape());
  parts::require_dtype([this] { return where(); }, x, *weight_);
  const Tensor y = product(x, output);
  if (bias_ == nullptr) return y;
  Shape per_channel{out_channels_};
  for (int i = 0; i < window_.axes; ++i) per_channel.append(1);
  return y + reshape(bias_->value, per_channel);
}

// Of other activations the second derivatives would add up in another order; bfloat16 would round once where the layers round twice.
Tensor Convolution::forward_with(Activation next, const Tensor& x, Context& /*context*/) {
  if (next != Activation::kRelu || bias_ == nullptr || x.dtype() == DType::kBFloat16) return {};
  const Shape output = output_shape(x.shape());
  parts::require_dtype([this] { return where(); }, x, *weight_);
  return finish(product(x, output), {.bias = bias_->value, .activation = next});
}

Tensor Convolution::product(const Tensor& x, const Shape& output) const {
  const bool line = window_.axes == 1, volume = window_.axes == 3;
  const Tensor image = line ? reshape(x, with_one_row(x.shape())) : x;
  const Tensor weight = line ? reshape(weight_->value, with_one_row(weight_->value.shape())) : weight_->value;
  WindowAttributes window = with_one_row(window_);
  Op op = volume ? Op::kConv3d : Op::kConv2d;
  if (transposed_) {
    op = volume ? Op::kConv3dInputGradient : Op::kConv2dInputGradient;
    window.input_shape = line ? with_one_row(output) : output;
  }
  const Tensor y = apply(op, std::array{image, weight}, window);
  return line ? reshape(y, output) : y;
}

std::int64_t Convolution::output_length(std::int64_t input, int axis) const {
  if (!transposed_) return window_output_size(input, window_, axis);
  if (input < 1) return 0;
  return (input - 1) * window_.stride[axis] - 2 * window_.padding[axis] +
         window_.dilation[axis] * (window_.kernel[axis] - 1) + output_padding_[axis] + 1;
}

Shape Convolution::output_shape(const Shape& input) const {
  const auto weight = [this] { return weight_->value.shape().to_string(); };  // for messages
  const int rank = 2 + window_.axes;
  if (input.rank() != rank || input[1] != in_channels_)
    fail("{}: the input has shape {}, but the weight {} takes {}{}", where(), input.to_string(), weight(),
         parts::image_text(in_channels_, window_.axes),
         input.rank() != rank ? "" : fmt::format(" (axis 1 is {})", input[1]));
  Shape output{input[0], out_channels_};
  for (int i = 0; i < window_.axes; ++i) {
    output.append(output_length(input[2 + i], i));
    if (output[2 + i] < 1)
      fail("{}: the weight {} does not fit the input {}: axis {} is too short", where(), weight(),
           input.to_string(), 2 + i);
  }
  return output;
}

std::span<const std::int64_t> Convolution::axes_of(const std::int64_t* values) const {
  return {values, static_cast<std::size_t>(window_.axes)};
}

std::string Convolution::describe() const {
  std::string text = fmt::format("{}({} -> {}, kernel {}", name_, in_channels_, out_channels_,
                                 parts::sizes_text(axes_of(window_.kernel)));
  const auto mention = [&](const char* what, const std::int64_t* values, std::int64_t usual) {
    const auto given = axes_of(values);
    if (std::any_of(given.begin(), given.end(), [&](std::int64_t v) { return v != usual; }))
      text += fmt::format(", {} {}", what, parts::sizes_text(given));
  };
  mention("stride", window_.stride, 1);
  mention("padding", window_.padding, 0);
  mention("output padding", output_padding_, 0);
  mention("dilation", window_.dilation, 1);
  if (window_.groups != 1) text += fmt::format(", groups {}", window_.groups);
  return text + (bias_ == nullptr ? ", no bias)" : ")");
}

void Convolution::initialize_parameters(RandomSource& random) {
  parts::initialize_as_pytorch(random, *weight_, bias_);
}

#define TESSERA_DEFINE_CONVOLUTION(kAxes)                                                                 \
  Conv##kAxes##d::Conv##kAxes##d(std::int64_t in_channels, std::int64_t out_channels,                     \
                                 const ConvSettings<kAxes>& settings)                                     \
      : Convolution(in_channels, out_channels,                                                            \
                    {"Conv" #kAxes "d",                                                                   \
                     kAxes,                                                                               \
                     false,                                                                               \
                     settings.kernel,                                                                     \
                     settings.stride,                                                                     \
                     settings.padding,                                                                    \
                     settings.dilation,                                                                   \
                     {},                                                                                  \
                     settings.groups,                                                                     \
                     settings.bias,                                                                       \
                     settings.dtype}) {}                                                                  \
  ConvTranspose##kAxes##d::ConvTranspose##kAxes##d(std::int64_t in_channels, std::int64_t out_channels,   \
                                                   const ConvTransposeSettings<kAxes>& settings)          \
      : Convolution(                                                                                      \
            in_channels, out_channels,                                                                    \
            {"ConvTranspose" #kAxes "d", kAxes, true, settings.kernel, settings.stride, settings.padding, \
             settings.dilation, settings.output_padding, settings.groups, settings.bias, settings.dtype}) {}
TESSERA_DEFINE_CONVOLUTION(1)
TESSERA_DEFINE_CONVOLUTION(2)
TESSERA_DEFINE_CONVOLUTION(3)
#undef TESSERA_DEFINE_CONVOLUTION

}  // namespace tessera::nn
