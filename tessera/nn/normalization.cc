#include "tessera/nn/normalization.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/tensor/batch_norm.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

using parts::positive;

void require_epsilon(const char* layer, double epsilon) {
  if (!(epsilon >= 0)) fail("{}: epsilon is {}, expected at least 0", layer, epsilon);
}

// bfloat16 has 8 bits, too few for a mean, or for a running mean that moves by a tenth: statistics, and what they make of the elements, are
// computed in float32, and the result is rounded once.
DType wide_dtype(DType dtype) {
  return dtype == DType::kBFloat16 ? DType::kFloat32 : dtype;
}
Tensor widened(const Tensor& x) {
  return x.to(wide_dtype(x.dtype()));
}

// Two vectors as the rows of a matrix.
Tensor stacked(const Tensor& first, const Tensor& second) {
  const Shape row{1, first.elements()};
  return concatenate({reshape(first, row), reshape(second, row)}, 0);
}

void begin_at_one_and_zero(Parameter* weight, Parameter* bias) {
  if (weight == nullptr) return;
  weight->value = ones(weight->value.shape(), weight->value.dtype());
  bias->value = zeros(bias->value.shape(), bias->value.dtype());
}

void require_channels(const std::string& where, const Shape& input, std::int64_t channels) {
  if (input.rank() < 2 || input[1] != channels)
    fail("{}: the input has shape {}, expected [N, {}, ...]{}", where, input.to_string(), channels,
         input.rank() < 2 ? "" : fmt::format(" (axis 1 is {})", input[1]));
}

}  // namespace

// ---- LayerNorm ----

LayerNorm::LayerNorm(const Shape& shape, const LayerNormSettings& settings) : settings_(settings) {
  if (shape.rank() < 1)
    fail("LayerNorm: the shape of a row is {}, expected at least one axis", shape.to_string());
  for (int axis = 0; axis < shape.rank(); ++axis) positive("LayerNorm", "a length of the row", shape[axis]);
  require_epsilon("LayerNorm", settings.epsilon);
  weight_ = &add_parameter("weight", shape, settings.dtype);
  bias_ = &add_parameter("bias", shape, settings.dtype);
}

Tensor LayerNorm::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  parts::require_dtype([this] { return where(); }, x, *weight_);
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
  begin_at_one_and_zero(weight_, bias_);
}

// ---- BatchNorm ----

BatchNorm::BatchNorm(std::int64_t channels, const BatchNormSettings& settings)
    : channels_(positive("BatchNorm", "channels", channels)), settings_(settings) {
  require_epsilon("BatchNorm", settings.epsilon);
  if (!(settings.momentum >= 0 && settings.momentum <= 1))
    fail("BatchNorm: momentum is {}, expected 0 to 1", settings.momentum);
  if (settings.affine) {
    weight_ = &add_parameter("weight", {channels}, settings.dtype);
    bias_ = &add_parameter("bias", {channels}, settings.dtype);
  }
  if (!settings.track_running_statistics) return;
  running_mean_ = &add_buffer("running_mean", zeros({channels}, wide_dtype(settings.dtype)));
  running_variance_ = &add_buffer("running_var", ones({channels}, wide_dtype(settings.dtype)));
  batches_ = &add_buffer("num_batches_tracked", zeros({}, DType::kInt64));
}

Tensor BatchNorm::forward(const Tensor& x, Context& context) {
  output_shape(x.shape());
  if (weight_ != nullptr) parts::require_dtype([this] { return where(); }, x, *weight_);
  const Tensor wide = widened(x);
  if (running_mean_ != nullptr) parts::require_dtype([this] { return where(); }, wide, *running_mean_);
  const bool own = context.training || running_mean_ == nullptr;
  const std::int64_t count = x.elements() / channels_;
  if (context.training && count < 2)
    fail("{}: the input has shape {}: training needs more than one element per channel", where(),
         x.shape().to_string());
  const Tensor statistics =
      own ? batch_statistics(wide) : stacked(running_mean_->value, running_variance_->value);
  if (context.training && running_mean_ != nullptr && context.first_sample == 0)
    update_running(statistics, count);
  const Tensor scale = weight_ != nullptr ? widened(weight_->value) : ones({channels_}, wide.dtype()),
               shift = bias_ != nullptr ? widened(bias_->value) : zeros({channels_}, wide.dtype());
  return batch_norm(wide, statistics, scale, shift, {.epsilon = settings_.epsilon, .own = own}).to(x.dtype());
}

void BatchNorm::update_running(const Tensor& statistics, std::int64_t count) {
  const NoTape not_trained;
  const Tensor found = slice(statistics, {0}), unbiased = slice(statistics, {1}) * count / (count - 1);
  const double momentum = settings_.momentum;
  running_mean_->value = running_mean_->value * (1 - momentum) + found * momentum;
  running_variance_->value = running_variance_->value * (1 - momentum) + unbiased * momentum;
  batches_->value = batches_->value + 1;
}

Shape BatchNorm::output_shape(const Shape& input) const {
  require_channels(where(), input, channels_);
  return input;
}

std::string BatchNorm::describe() const {
  return fmt::format("BatchNorm({}{}{})", channels_, settings_.affine ? "" : ", not affine",
                     settings_.track_running_statistics ? "" : ", no running statistics");
}

void BatchNorm::initialize_parameters(RandomSource& /*random*/) {
  begin_at_one_and_zero(weight_, bias_);
}

// ---- GroupNorm ----

GroupNorm::GroupNorm(std::int64_t groups, std::int64_t channels, const GroupNormSettings& settings)
    : groups_(positive("GroupNorm", "groups", groups)),
      channels_(positive("GroupNorm", "channels", channels)),
      settings_(settings) {
  if (channels % groups != 0) fail("GroupNorm: {} channels do not divide into {} groups", channels, groups);
  require_epsilon("GroupNorm", settings.epsilon);
  if (!settings.affine) return;
  weight_ = &add_parameter("weight", {channels}, settings.dtype);
  bias_ = &add_parameter("bias", {channels}, settings.dtype);
}

// Where each channel is a group, or nothing is scaled, the groups of all samples are the channels of one sample's batch normalisation.
Tensor GroupNorm::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  if (weight_ != nullptr) parts::require_dtype([this] { return where(); }, x, *weight_);
  if (x.elements() == 0) return x;
  const bool each = groups_ == channels_;
  if (weight_ != nullptr && !each)
    return group_norm(widened(x), groups_, widened(weight_->value), widened(bias_->value), settings_.epsilon)
        .to(x.dtype());
  const std::int64_t rows = x.size(0) * groups_;
  const auto repeated = [&](const Parameter* vector, double otherwise) {
    if (vector == nullptr) return full({rows}, otherwise, wide_dtype(x.dtype()));
    return reshape(broadcast_to(widened(vector->value), {x.size(0), channels_}), {rows});
  };
  const Tensor lists = reshape(widened(x), {1, rows, x.elements() / rows});
  const Tensor normal = batch_norm(lists, batch_statistics(lists), repeated(weight_, 1), repeated(bias_, 0),
                                   {.epsilon = settings_.epsilon});
  return reshape(normal, x.shape()).to(x.dtype());
}

Shape GroupNorm::output_shape(const Shape& input) const {
  require_channels(where(), input, channels_);
  return input;
}

std::string GroupNorm::describe() const {
  const std::string affine = settings_.affine ? "" : ", not affine";
  if (groups_ == channels_) return fmt::format("InstanceNorm({}{})", channels_, affine);
  return fmt::format("GroupNorm({} groups of {}{})", groups_, channels_ / groups_, affine);
}

void GroupNorm::initialize_parameters(RandomSource& /*random*/) {
  begin_at_one_and_zero(weight_, bias_);
}

// ---- PixelNorm ----

PixelNorm::PixelNorm(double epsilon) : epsilon_(epsilon) {
  require_epsilon("PixelNorm", epsilon);
}

Tensor PixelNorm::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  return x * (1 / sqrt(sum_squares(x, {1}, true) / x.size(1) + epsilon_));
}

Shape PixelNorm::output_shape(const Shape& input) const {
  if (input.rank() < 2 || input[1] < 1)
    fail("{}: the input has shape {}, expected [N, C, ...] with at least one channel", where(),
         input.to_string());
  return input;
}

// ---- LocalResponseNorm ----

LocalResponseNorm::LocalResponseNorm(std::int64_t size, const LocalResponseNormSettings& settings)
    : size_(positive("LocalResponseNorm", "size", size)), settings_(settings) {}

// The mean over neighbouring channels is an average pooling of an image whose rows are the channels. An even size has one window too
// many, whose channels end beyond the last.
Tensor LocalResponseNorm::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  if (x.elements() == 0) return x;
  const std::int64_t n = x.size(0), c = x.size(1);
  const Tensor squares = reshape(x * x, {n, 1, c, x.elements() / (n * c)});
  const Tensor means =
      average_pool2d(squares, {.kernel = {size_, 1}, .stride = {1, 1}, .padding = {size_ / 2, 0}});
  const Tensor own = reshape(slice(means, {Range::all(), Range::all(), Range(0, c)}), x.shape());
  return x / pow(own * settings_.alpha + settings_.k, settings_.beta);
}

Shape LocalResponseNorm::output_shape(const Shape& input) const {
  if (input.rank() < 2) fail("{}: the input has shape {}, expected [N, C, ...]", where(), input.to_string());
  return input;
}

std::string LocalResponseNorm::describe() const {
  return fmt::format("LocalResponseNorm(size {})", size_);
}

}  // namespace tessera::nn
