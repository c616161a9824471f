#include "tessera/models/progressive_layers.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

using nn::parts::positive;

constexpr double kDeviationEpsilon = 1e-8;

double he_constant(const char* layer, double gain, std::int64_t fan_in) {
  const FloatEnvironment contract;
  if (!(gain > 0)) fail("{}: gain is {}, expected above 0", layer, gain);
  return gain / numerics::sqrt(static_cast<double>(fan_in));
}

void initialize_equalized(RandomSource& random, nn::Parameter& weight, nn::Parameter& bias) {
  weight.value = nn::normal_init(random, weight.name, weight.value.shape(), 1, weight.value.dtype());
  bias.value = zeros(bias.value.shape(), bias.value.dtype());
}

}  // namespace

EqualizedConv2d::EqualizedConv2d(std::int64_t in_channels, std::int64_t out_channels,
                                 const EqualizedConv2dSettings& settings)
    : in_channels_(positive("EqualizedConv2d", "in_channels", in_channels)),
      out_channels_(positive("EqualizedConv2d", "out_channels", out_channels)),
      settings_(settings) {
  const std::int64_t kernel = positive("EqualizedConv2d", "kernel", settings.kernel);
  if (settings.padding < 0) fail("EqualizedConv2d: padding is {}, expected at least 0", settings.padding);
  scale_ = he_constant("EqualizedConv2d", settings.gain, in_channels * kernel * kernel);
  weight_ = &add_parameter("weight", {out_channels, in_channels, kernel, kernel}, settings.dtype);
  bias_ = &add_parameter("bias", {out_channels}, settings.dtype);
}

Tensor EqualizedConv2d::forward(const Tensor& x, nn::Context& /*context*/) {
  output_shape(x.shape());
  nn::parts::require_dtype([this] { return where(); }, x, *weight_);
  const std::int64_t padding = settings_.padding;
  const Tensor y = conv2d(x, weight_->value * scale_, {.padding = {padding, padding}});
  return y + reshape(bias_->value, {out_channels_, 1, 1});
}

Shape EqualizedConv2d::output_shape(const Shape& input) const {
  if (input.rank() != 4 || input[1] != in_channels_)
    fail("{}: the input has shape {}, expected [N, {}, H, W]", where(), input.to_string(), in_channels_);
  const std::int64_t less = settings_.kernel - 1 - 2 * settings_.padding;
  if (input[2] <= less || input[3] <= less)
    fail("{}: the kernel of {} does not fit the input {} with a padding of {}", where(), settings_.kernel,
         input.to_string(), settings_.padding);
  return {input[0], out_channels_, input[2] - less, input[3] - less};
}

std::string EqualizedConv2d::describe() const {
  return fmt::format("EqualizedConv2d({} -> {}, kernel {})", in_channels_, out_channels_, settings_.kernel);
}

void EqualizedConv2d::initialize_parameters(RandomSource& random) {
  initialize_equalized(random, *weight_, *bias_);
}

EqualizedLinear::EqualizedLinear(std::int64_t in_features, std::int64_t out_features,
                                 const EqualizedLinearSettings& settings)
    : in_features_(positive("EqualizedLinear", "in_features", in_features)),
      out_features_(positive("EqualizedLinear", "out_features", out_features)),
      scale_(he_constant("EqualizedLinear", settings.gain, in_features)),
      weight_(&add_parameter("weight", {out_features, in_features}, settings.dtype)),
      bias_(&add_parameter("bias", {out_features}, settings.dtype)) {}

Tensor EqualizedLinear::forward(const Tensor& x, nn::Context& /*context*/) {
  output_shape(x.shape());
  nn::parts::require_dtype([this] { return where(); }, x, *weight_);
  return linear(x, weight_->value * scale_, bias_->value);
}

Shape EqualizedLinear::output_shape(const Shape& input) const {
  if (input.rank() < 1 || input[input.rank() - 1] != in_features_)
    fail("{}: the input has shape {}, expected [..., {}]", where(), input.to_string(), in_features_);
  Shape output = input;
  output[input.rank() - 1] = out_features_;
  return output;
}

std::string EqualizedLinear::describe() const {
  return fmt::format("EqualizedLinear({} -> {})", in_features_, out_features_);
}

void EqualizedLinear::initialize_parameters(RandomSource& random) {
  initialize_equalized(random, *weight_, *bias_);
}

MinibatchDeviation::MinibatchDeviation(std::int64_t group) : group_(group) {
  if (group < 0) fail("MinibatchDeviation: group is {}, expected at least 0", group);
}

Tensor MinibatchDeviation::forward(const Tensor& x, nn::Context& /*context*/) {
  output_shape(x.shape());
  const std::int64_t samples = x.size(0), group = group_of(samples), groups = samples / group;
  const std::int64_t rows = x.size(2), columns = x.size(3);
  const Tensor grouped = reshape(x, {group, groups, x.size(1), rows, columns});
  const Tensor deviation = sqrt(variance(grouped, {0}) + kDeviationEpsilon);
  const Tensor averaged = reshape(mean(deviation, {1, 2, 3}), {1, groups, 1, 1, 1});
  const Tensor map = broadcast_to(averaged, {group, groups, 1, rows, columns});
  return concatenate({x, reshape(map, {samples, 1, rows, columns})}, 1);
}

std::int64_t MinibatchDeviation::group_of(std::int64_t samples) const {
  return group_ == 0 ? samples : std::min(group_, samples);
}

Shape MinibatchDeviation::output_shape(const Shape& input) const {
  if (input.rank() != 4 || input[0] < 1)
    fail("{}: the input has shape {}, expected [N, C, H, W] with at least one sample", where(),
         input.to_string());
  if (input[0] % group_of(input[0]) != 0)
    fail("{}: a batch of {} does not divide into groups of {}", where(), input[0], group_);
  return {input[0], input[1] + 1, input[2], input[3]};
}

std::string MinibatchDeviation::describe() const {
  return group_ == 0 ? "MinibatchDeviation(whole batch)"
                     : fmt::format("MinibatchDeviation(groups of {})", group_);
}

}  // namespace tessera::models
