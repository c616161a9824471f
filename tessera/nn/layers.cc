#include "tessera/nn/layers.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/nn/initialisers.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/op_scope.h"

namespace tessera::nn {
namespace {

std::string pair(const std::array<std::int64_t, 2>& values) {
  return values[0] == values[1] ? fmt::format("{}", values[0])
                                : fmt::format("({}, {})", values[0], values[1]);
}

std::array<std::int64_t, 2> pair_of(const std::int64_t (&values)[2]) {
  return {values[0], values[1]};
}

void copy_pair(const std::array<std::int64_t, 2>& from, std::int64_t* to) {
  std::copy(from.begin(), from.end(), to);
}

// Both shapes of a layer's input and weight, before an operation would complain without knowing the layer.
void require_dtype(const std::string& where, const Tensor& x, const Parameter& weight) {
  if (x.dtype() != weight.value.dtype())
    fail("{}: the input is {} {}, but the parameter {} is {} {}", where, dtype_name(x.dtype()),
         x.shape().to_string(), weight.name, dtype_name(weight.value.dtype()),
         weight.value.shape().to_string());
}

// Uniform on (-1/sqrt(fan_in), 1/sqrt(fan_in)), for the weight and the bias.
void initialize_as_pytorch(RandomSource& random, Parameter& weight, Parameter* bias) {
  const double bound =
      1 / numerics::sqrt(static_cast<double>(std::max<std::int64_t>(1, fans(weight.value.shape()).in)));
  for (Parameter* parameter : {&weight, bias})
    if (parameter != nullptr)
      parameter->value =
          uniform_init(random, parameter->name, parameter->value.shape(), bound, parameter->value.dtype());
}

std::int64_t positive(const char* layer, const char* what, std::int64_t value) {
  if (value < 1) fail("{}: {} is {}, expected at least 1", layer, what, value);
  return value;
}

}  // namespace

// ---- Linear ----

Linear::Linear(std::int64_t in_features, std::int64_t out_features, const LinearSettings& settings)
    : in_features_(positive("Linear", "in_features", in_features)),
      out_features_(positive("Linear", "out_features", out_features)) {
  weight_ = &add_parameter("weight", {out_features_, in_features_}, settings.dtype);
  if (settings.bias) bias_ = &add_parameter("bias", {out_features_}, settings.dtype);
}

Tensor Linear::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  require_dtype(where(), x, *weight_);
  return bias_ == nullptr ? matmul(x, transpose(weight_->value)) : linear(x, weight_->value, bias_->value);
}

Shape Linear::output_shape(const Shape& input) const {
  if (input.rank() < 1 || input[input.rank() - 1] != in_features_)
    fail("{}: the input has shape {}, but the weight {} takes {} on its last axis{}", where(),
         input.to_string(), weight_->value.shape().to_string(), in_features_,
         input.rank() < 1 ? "" : fmt::format(" (axis {} is {})", input.rank() - 1, input[input.rank() - 1]));
  Shape output = input;
  output[input.rank() - 1] = out_features_;
  return output;
}

std::string Linear::describe() const {
  return fmt::format("Linear({} -> {}{})", in_features_, out_features_, bias_ == nullptr ? ", no bias" : "");
}

void Linear::initialize_parameters(RandomSource& random) {
  initialize_as_pytorch(random, *weight_, bias_);
}

// ---- Conv2d ----

Conv2d::Conv2d(std::int64_t in_channels, std::int64_t out_channels, const Conv2dSettings& settings)
    : in_channels_(positive("Conv2d", "in_channels", in_channels)),
      out_channels_(positive("Conv2d", "out_channels", out_channels)),
      settings_(settings) {
  const std::int64_t groups = positive("Conv2d", "groups", settings.groups);
  if (in_channels % groups != 0 || out_channels % groups != 0)
    fail("Conv2d: {} input and {} output channels do not both divide into {} groups", in_channels,
         out_channels, groups);
  for (std::size_t i = 0; i < 2; ++i) {
    positive("Conv2d", "kernel", settings.kernel[i]);
    positive("Conv2d", "stride", settings.stride[i]);
    positive("Conv2d", "dilation", settings.dilation[i]);
    if (settings.padding[i] < 0) fail("Conv2d: padding is {}, expected at least 0", settings.padding[i]);
  }
  weight_ = &add_parameter(
      "weight", {out_channels, in_channels / groups, settings.kernel[0], settings.kernel[1]}, settings.dtype);
  if (settings.bias) bias_ = &add_parameter("bias", {out_channels}, settings.dtype);
}

Tensor Conv2d::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  require_dtype(where(), x, *weight_);
  Conv2dOptions options;
  copy_pair(settings_.stride, options.stride);
  copy_pair(settings_.padding, options.padding);
  copy_pair(settings_.dilation, options.dilation);
  options.groups = settings_.groups;
  const Tensor product = conv2d(x, weight_->value, options);
  return bias_ == nullptr ? product : product + reshape(bias_->value, {out_channels_, 1, 1});
}

Shape Conv2d::output_shape(const Shape& input) const {
  if (input.rank() != 4 || input[1] != in_channels_)
    fail("{}: the input has shape {}, but the weight {} takes [N, {}, H, W]{}", where(), input.to_string(),
         weight_->value.shape().to_string(), in_channels_,
         input.rank() != 4 ? "" : fmt::format(" (axis 1 is {})", input[1]));
  WindowAttributes window;
  copy_pair(settings_.kernel, window.kernel);
  copy_pair(settings_.stride, window.stride);
  copy_pair(settings_.padding, window.padding);
  copy_pair(settings_.dilation, window.dilation);
  Shape output{input[0], out_channels_, 0, 0};
  for (int i = 0; i < 2; ++i) {
    output[2 + i] = window_output_size(input[2 + i], window, i);
    if (output[2 + i] == 0)
      fail("{}: the weight {} does not fit the input {}: axis {} is too short", where(),
           weight_->value.shape().to_string(), input.to_string(), 2 + i);
  }
  return output;
}

std::string Conv2d::describe() const {
  std::string text =
      fmt::format("Conv2d({} -> {}, kernel {}", in_channels_, out_channels_, pair(settings_.kernel));
  if (settings_.stride != std::array<std::int64_t, 2>{1, 1})
    text += fmt::format(", stride {}", pair(settings_.stride));
  if (settings_.padding != std::array<std::int64_t, 2>{0, 0})
    text += fmt::format(", padding {}", pair(settings_.padding));
  if (settings_.dilation != std::array<std::int64_t, 2>{1, 1})
    text += fmt::format(", dilation {}", pair(settings_.dilation));
  if (settings_.groups != 1) text += fmt::format(", groups {}", settings_.groups);
  return text + (bias_ == nullptr ? ", no bias)" : ")");
}

void Conv2d::initialize_parameters(RandomSource& random) {
  initialize_as_pytorch(random, *weight_, bias_);
}

// ---- LayerNorm ----

LayerNorm::LayerNorm(const Shape& shape, const LayerNormSettings& settings) : settings_(settings) {
  if (shape.rank() < 1) fail("LayerNorm: the shape of a row is {}, expected at least one axis", shape.to_string());
  for (int axis = 0; axis < shape.rank(); ++axis) positive("LayerNorm", "a length of the row", shape[axis]);
  if (!(settings.epsilon >= 0)) fail("LayerNorm: epsilon is {}, expected at least 0", settings.epsilon);
  weight_ = &add_parameter("weight", shape, settings.dtype);
  bias_ = &add_parameter("bias", shape, settings.dtype);
}

Tensor LayerNorm::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  require_dtype(where(), x, *weight_);
  return layer_norm(x, weight_->value, bias_->value, settings_.epsilon);
}

Shape LayerNorm::output_shape(const Shape& input) const {
  const Shape& row = weight_->value.shape();
  const int leading = input.rank() - row.rank();
  bool fits = leading >= 0;
  for (int axis = 0; fits && axis < row.rank(); ++axis) fits = input[leading + axis] == row[axis];
  if (!fits)
    fail("{}: the input has shape {}, but the weight {} takes that shape on its last axes", where(),
         input.to_string(), row.to_string());
  return input;
}

std::string LayerNorm::describe() const {
  return fmt::format("LayerNorm({})", weight_->value.shape().to_string());
}

void LayerNorm::initialize_parameters(RandomSource& /*random*/) {
  weight_->value = ones(weight_->value.shape(), settings_.dtype);
  bias_->value = zeros(bias_->value.shape(), settings_.dtype);
}

// ---- Pooling ----

Pool2d::Pool2d(const Pool2dSettings& settings, const char* name) : name_(name) {
  for (std::size_t i = 0; i < 2; ++i) {
    options_.kernel[i] = positive(name, "kernel", settings.kernel[i]);
    options_.stride[i] =
        settings.stride[i] == 0 ? settings.kernel[i] : positive(name, "stride", settings.stride[i]);
    options_.padding[i] = settings.padding[i];
    if (settings.padding[i] < 0 || settings.padding[i] > settings.kernel[i] / 2)
      fail("{}: padding is {}, expected 0 to half the kernel ({})", name, settings.padding[i],
           settings.kernel[i] / 2);
  }
  options_.count_padding = settings.count_padding;
  options_.round_up = settings.round_up;
}

Shape Pool2d::output_shape(const Shape& input) const {
  if (input.rank() != 4)
    fail("{}: the input has shape {}, expected [N, C, H, W]", where(), input.to_string());
  WindowAttributes window;
  copy_pair(pair_of(options_.kernel), window.kernel);
  copy_pair(pair_of(options_.stride), window.stride);
  copy_pair(pair_of(options_.padding), window.padding);
  window.round_up = options_.round_up;
  Shape output = input;
  for (int i = 0; i < 2; ++i) {
    output[2 + i] = window_output_size(input[2 + i], window, i);
    if (output[2 + i] == 0)
      fail("{}: the window does not fit the input {}: axis {} is shorter than {}", where(), input.to_string(),
           2 + i, options_.kernel[i]);
  }
  return output;
}

std::string Pool2d::describe() const {
  std::string text = fmt::format("{}(kernel {}", name_, pair(pair_of(options_.kernel)));
  if (pair_of(options_.stride) != pair_of(options_.kernel))
    text += fmt::format(", stride {}", pair(pair_of(options_.stride)));
  if (options_.padding[0] != 0 || options_.padding[1] != 0)
    text += fmt::format(", padding {}", pair(pair_of(options_.padding)));
  return text + ")";
}

Tensor MaxPool2d::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  return max_pool2d(x, options_);
}

Tensor AvgPool2d::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  return average_pool2d(x, options_);
}

// ---- Activations, Flatten ----

Tensor ReLU::forward(const Tensor& x, Context& /*context*/) {
  return relu(x);
}
Tensor Tanh::forward(const Tensor& x, Context& /*context*/) {
  return tanh(x);
}
Tensor Sigmoid::forward(const Tensor& x, Context& /*context*/) {
  return sigmoid(x);
}

Tensor Flatten::forward(const Tensor& x, Context& /*context*/) {
  return reshape(x, output_shape(x.shape()));
}

Shape Flatten::output_shape(const Shape& input) const {
  if (input.rank() < 1)
    fail("{}: the input has shape {}, expected an axis of samples", where(), input.to_string());
  std::int64_t features = 1;
  for (int axis = 1; axis < input.rank(); ++axis) features *= input[axis];
  return {input[0], features};
}

// ---- Dropout ----

Dropout::Dropout(double drop) : drop_(drop) {
  if (!(drop >= 0 && drop < 1)) fail("Dropout: drop is {}, expected at least 0 and below 1", drop);
}

Tensor Dropout::forward(const Tensor& x, Context& context) {
  if (!context.training || drop_ == 0 || x.elements() == 0) return x;
  if (context.random == nullptr) fail("{}: training needs Context::random", where());
  if (x.rank() < 1)
    fail("{}: the input has shape {}, expected an axis of samples", where(), x.shape().to_string());
  const auto per_sample = static_cast<std::uint64_t>(x.elements() / x.size(0));
  // The mask is float32 for every dtype, so that a network drops the same values in both precisions.
  const Tensor u = context.random->uniform(context.stream_name(path()), x.shape(), DType::kFloat32,
                                           context.first_sample * per_sample);
  const FloatEnvironment contract;
  return finish(x, {.draws = u, .drop = drop_, .scale = 1 / (1 - drop_)});
}

std::string Dropout::describe() const {
  return fmt::format("Dropout(drop {})", drop_);
}

// ---- Sequential ----

Module& Sequential::add(std::unique_ptr<Module> layer, std::string name) {
  return add_child(name.empty() ? std::to_string(children().size()) : name, std::move(layer));
}

Tensor Sequential::forward(const Tensor& x, Context& context) {
  Tensor y = x;
  for (const auto& layer : children()) {
    const OpScope scope("layer " + layer->path());
    y = layer->forward(y, context);
  }
  return y;
}

Shape Sequential::output_shape(const Shape& input) const {
  Shape shape = input;
  for (const auto& layer : children()) shape = layer->output_shape(shape);
  return shape;
}

std::string Sequential::describe() const {
  std::string text = "Sequential";
  for (const auto& layer : children()) text += fmt::format("\n  {}: {}", layer->path(), layer->describe());
  return text;
}

}  // namespace tessera::nn
