#include "tessera/models/point_layers.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/nn/initialisers.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/op_scope.h"

namespace tessera::models {
namespace {

using nn::parts::positive;

// What every module of this file expects; coordinates < 0: any number of them.
void expect_clouds(const std::string& where, const Shape& input, std::int64_t coordinates) {
  if (input.rank() == 3 && input[1] >= 1 && (coordinates < 0 || input[2] == coordinates)) return;
  fail("{}: the input has shape {}, expected [clouds, points, {}] with at least one point", where,
       input.to_string(), coordinates < 0 ? "coordinates" : std::to_string(coordinates));
}

bool any_negative(const Tensor& values) {
  const std::vector<double> all = cast(values, DType::kFloat64).to_vector<double>();
  return std::any_of(all.begin(), all.end(), [](double value) { return value < 0; });
}

// All axes but the first as one.
Tensor as_rows(const Tensor& x) {
  return reshape(x, {x.size(0), x.elements() / x.size(0)});
}

}  // namespace

Tensor identity_matrix(std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size * size));
  for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(size) + 1) values[i] = 1;
  return Tensor::from<float>(values, {size, size});
}

Tensor by_channel(const Tensor& clouds) {
  return contiguous(permute(clouds, {2, 0, 1}));
}

Tensor by_cloud(const Tensor& channels) {
  return contiguous(permute(channels, {1, 2, 0}));
}

const char* point_pool_name(PointPool pool) {
  switch (pool) {
    case PointPool::kMax:
      return "max";
    case PointPool::kMean:
      return "mean";
    case PointPool::kSum:
      return "sum";
    case PointPool::kAttention:
      return "attention";
  }
  return "";
}

PointPool point_pool_of(const std::string& name) {
  for (const PointPool pool : {PointPool::kMax, PointPool::kMean, PointPool::kSum, PointPool::kAttention})
    if (name == point_pool_name(pool)) return pool;
  fail("the pooling over points is '{}', expected max, mean, sum or attention", name);
}

// ---- PointLayer ----

PointLayer::PointLayer(std::int64_t in_channels, std::int64_t out_channels,
                       const PointLayerSettings& settings)
    : in_channels_(positive("PointLayer", "in_channels", in_channels)),
      out_channels_(positive("PointLayer", "out_channels", out_channels)),
      settings_(settings) {
  weight_ = &add_parameter("weight", {out_channels, in_channels}, DType::kFloat32);
  if (settings.normalize)
    normalization_ = static_cast<nn::BatchNorm*>(
        &add_child("normalization", std::make_unique<nn::BatchNorm>(out_channels)));
  else
    bias_ = &add_parameter("bias", {out_channels}, DType::kFloat32);
}

Tensor PointLayer::forward(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  return by_cloud(finish(product(by_channel(x)), context));
}

Tensor PointLayer::product(const Tensor& x) const {
  return reshape(matmul(weight_->value, as_rows(x)), {out_channels_, x.size(1), x.size(2)});
}

Tensor PointLayer::shifted(const Tensor& product, nn::Context& context) {
  const Tensor rows = as_rows(product);
  if (normalization_ == nullptr) return product + reshape(bias_->value, {out_channels_, 1, 1});
  const Tensor image = reshape(rows, {1, out_channels_, rows.size(1)});
  return reshape(normalization_->forward(image, context), product.shape());
}

Tensor PointLayer::finish(const Tensor& product, nn::Context& context) {
  if (normalization_ == nullptr)
    return tessera::finish(product,
                           {.bias = bias_->value,
                            .axis = 0,
                            .activation = settings_.activate ? Activation::kRelu : Activation::kNone});
  const Tensor y = shifted(product, context);
  return settings_.activate ? relu(y) : y;
}

Tensor PointLayer::finish_largest(const Tensor& product, nn::Context& context) {
  // The statistics of the batch need every point; the running ones do not.
  if (normalization_ != nullptr && context.training) {
    const Tensor largest = max(shifted(product, context), {2});
    return settings_.activate ? relu(largest) : largest;
  }
  Tensor chosen = max(product, {2}, true);
  if (normalization_ != nullptr && any_negative(normalization_->weight()->value)) {
    const Tensor negative = less(reshape(normalization_->weight()->value, {out_channels_, 1, 1}), 0);
    chosen = select(negative, min(product, {2}, true), chosen);
  }
  return reshape(finish(chosen, context), {out_channels_, product.size(1)});
}

Shape PointLayer::output_shape(const Shape& input) const {
  expect_clouds(where(), input, in_channels_);
  return {input[0], input[1], out_channels_};
}

std::string PointLayer::describe() const {
  return fmt::format("PointLayer({} -> {}{}{})", in_channels_, out_channels_,
                     settings_.normalize ? ", normalized" : "", settings_.activate ? ", ReLU" : "");
}

void PointLayer::initialize_parameters(RandomSource& random) {
  const double bound = 1 / numerics::sqrt(static_cast<double>(in_channels_));
  weight_->value = nn::uniform_init(random, weight_->name, weight_->value.shape(), bound, DType::kFloat32);
  if (bias_ != nullptr)
    bias_->value = nn::uniform_init(random, bias_->name, {out_channels_}, bound, DType::kFloat32);
}

// ---- PointEncoder ----

PointEncoder::PointEncoder(std::int64_t in_channels, const std::vector<std::int64_t>& widths, PointPool pool,
                           bool normalize)
    : in_channels_(in_channels), pool_(pool) {
  if (widths.empty()) fail("PointEncoder: there are no widths, expected at least one layer");
  std::int64_t channels = in_channels;
  for (const std::int64_t width : widths) {
    layers_.push_back(static_cast<PointLayer*>(&add_child(
        std::to_string(layers_.size()),
        std::make_unique<PointLayer>(channels, width, PointLayerSettings{.normalize = normalize}))));
    channels = width;
  }
  out_channels_ = channels;
  if (pool == PointPool::kAttention) {
    attention_weight_ = &add_parameter("attention_weight", {1, channels}, DType::kFloat32);
    attention_bias_ = &add_parameter("attention_bias", {1}, DType::kFloat32);
  }
}

Tensor PointEncoder::forward(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  return pooled(by_channel(x), context);
}

Tensor PointEncoder::before_last(const Tensor& by_channel, nn::Context& context) {
  Tensor x = by_channel;
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
    const OpScope scope("layer " + layers_[i]->path());
    x = layers_[i]->finish(layers_[i]->product(x), context);
  }
  return x;
}

Tensor PointEncoder::largest_points(const Tensor& by_channel) {
  if (pool_ != PointPool::kMax) fail("{}: points give the pooled values with max pooling only", where());
  nn::Context context;
  PointLayer& last = *layers_.back();
  const Tensor values = last.finish(last.product(before_last(by_channel, context)), context);
  return contiguous(transpose(argmax(values, 2)));
}

Tensor PointEncoder::pooled(const Tensor& by_channel, nn::Context& context) {
  Tensor x = before_last(by_channel, context);
  PointLayer& last = *layers_.back();
  const OpScope scope("layer " + last.path());
  x = last.product(x);
  if (pool_ == PointPool::kMax) return contiguous(transpose(last.finish_largest(x, context)));
  x = last.finish(x, context);
  switch (pool_) {
    case PointPool::kMean:
      return contiguous(transpose(mean(x, {2})));
    case PointPool::kSum:
      return contiguous(transpose(sum(x, {2})));
    default: {
      const Tensor rows = as_rows(x);
      const Tensor scores = matmul(attention_weight_->value, rows) + attention_bias_->value;
      const Tensor weights = softmax(reshape(scores, {1, x.size(1), x.size(2)}), 2);
      return contiguous(transpose(sum(x * weights, {2})));
    }
  }
}

Shape PointEncoder::output_shape(const Shape& input) const {
  expect_clouds(where(), input, in_channels_);
  return {input[0], out_channels_};
}

std::string PointEncoder::describe() const {
  std::string widths;
  for (const PointLayer* layer : layers_) widths += fmt::format(" -> {}", layer->out_channels());
  return fmt::format("PointEncoder({}{}, {})", in_channels_, widths, point_pool_name(pool_));
}

void PointEncoder::initialize_parameters(RandomSource& random) {
  if (attention_weight_ == nullptr) return;
  const double bound = 1 / numerics::sqrt(static_cast<double>(out_channels_));
  attention_weight_->value = nn::uniform_init(random, attention_weight_->name,
                                              attention_weight_->value.shape(), bound, DType::kFloat32);
  attention_bias_->value = zeros({1});
}

// ---- TransformNet ----

void add_dense_layers(nn::Sequential& network, std::int64_t in_features,
                      const std::vector<std::int64_t>& widths, bool normalize) {
  std::int64_t features = in_features;
  for (const std::int64_t width : widths) {
    network.add<nn::Linear>(features, width, nn::LinearSettings{.bias = !normalize});
    if (normalize) network.add<nn::BatchNorm>(width);
    network.add<nn::ReLU>();
    features = width;
  }
}

TransformNet::TransformNet(std::int64_t size, const TransformNetSettings& settings) : size_(size) {
  if (settings.head.empty()) fail("TransformNet: the head has no layers, expected at least one");
  encoder_ = static_cast<PointEncoder*>(&add_child(
      "encoder", std::make_unique<PointEncoder>(size, settings.widths, PointPool::kMax, settings.normalize)));
  head_ = static_cast<nn::Sequential*>(&add_child("head", std::make_unique<nn::Sequential>()));
  add_dense_layers(*head_, settings.widths.back(), settings.head, settings.normalize);
  weight_ = &add_parameter("weight", {size * size, settings.head.back()}, DType::kFloat32);
  bias_ = &add_parameter("bias", {size * size}, DType::kFloat32);
}

Tensor TransformNet::forward(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  return matrices(by_channel(x), context);
}

Tensor TransformNet::matrices(const Tensor& by_channel, nn::Context& context) {
  const Tensor features = head_->forward(encoder_->pooled(by_channel, context), context);
  const Tensor change = matmul(features, transpose(weight_->value)) + bias_->value;
  return reshape(change, {change.size(0), size_, size_}) + identity_matrix(size_);
}

Shape TransformNet::output_shape(const Shape& input) const {
  expect_clouds(where(), input, size_);
  return {input[0], size_, size_};
}

std::string TransformNet::describe() const {
  return fmt::format("TransformNet({}x{})", size_, size_);
}

// ---- Before a model ----

Tensor NormalizePoints::forward(const Tensor& x, nn::Context& /*context*/) {
  output_shape(x.shape());
  return data::normalize_points(x, centre_);
}

Shape NormalizePoints::output_shape(const Shape& input) const {
  expect_clouds(where(), input, 3);
  return input;
}

ChoosePoints::ChoosePoints(std::int64_t count) : count_(positive("ChoosePoints", "count", count)) {}

Tensor ChoosePoints::forward(const Tensor& x, nn::Context& context) {
  const Shape chosen = output_shape(x.shape());
  const std::int64_t points = x.size(1);
  if (!context.training) return contiguous(slice(x, {Range::all(), Range::to(count_)}));
  if (context.random == nullptr) fail("{}: training needs Context::random", where());
  const Tensor keys =
      context.random->uniform(context.stream_name(path()), {x.size(0), points}, DType::kFloat64,
                              context.first_sample * static_cast<std::uint64_t>(points));
  const Tensor order = slice(argsort(keys, 1), {Range::all(), Range::to(count_)});
  return take_along(x, contiguous(broadcast_to(reshape(order, {x.size(0), count_, 1}), chosen)), 1);
}

Shape ChoosePoints::output_shape(const Shape& input) const {
  expect_clouds(where(), input, -1);
  if (input[1] < count_)
    fail("{}: the input has shape {}, expected at least {} points", where(), input.to_string(), count_);
  return {input[0], count_, input[2]};
}

std::string ChoosePoints::describe() const {
  return fmt::format("ChoosePoints({})", count_);
}

Tensor AugmentPoints::forward(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  if (!context.training) return x;
  if (context.random == nullptr) fail("{}: training needs Context::random", where());
  return data::augment_points(x, augmentation_, *context.random, context.stream_name(path()),
                              context.first_sample);
}

Shape AugmentPoints::output_shape(const Shape& input) const {
  expect_clouds(where(), input, 3);
  return input;
}

}  // namespace tessera::models
