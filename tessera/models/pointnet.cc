#include "tessera/models/pointnet.h"

#include "tessera/base/error.h"
#include "tessera/tensor/op_scope.h"

namespace tessera::models {
namespace {

// |I - A A^T|^2 of each matrix, [N].
Tensor distance_from_orthogonal(const Tensor& matrices) {
  const Tensor product = matmul(matrices, transpose(matrices));
  return sum_squares(identity_matrix(matrices.size(1)) - product, {1, 2});
}

// [C, N, P] by the matrices [N, C, C], from the right of each point's row.
Tensor transformed(const Tensor& by_channel, const Tensor& matrices) {
  const Tensor each = matmul(transpose(matrices), permute(by_channel, {1, 0, 2}));
  return contiguous(permute(each, {1, 0, 2}));
}

TransformNetSettings transform_settings(const PointNetSettings& settings) {
  TransformNetSettings transform = settings.transform;
  transform.normalize = settings.normalize;
  return transform;
}

}  // namespace

// ---- PointFeatures ----

PointFeatures::PointFeatures(const PointNetSettings& settings)
    : coordinates_(settings.coordinates), orthogonality_(settings.orthogonality) {
  if (settings.first.empty() || settings.second.empty())
    fail("PointNet: `first` has {} layers and `second` {}, expected at least one each", settings.first.size(),
         settings.second.size());
  if (!(settings.orthogonality >= 0))
    fail("PointNet: orthogonality is {}, expected at least 0", settings.orthogonality);
  if (settings.input_transform)
    input_transform_ = static_cast<TransformNet*>(&add_child(
        "input_transform", std::make_unique<TransformNet>(coordinates_, transform_settings(settings))));
  std::int64_t channels = coordinates_;
  for (const std::int64_t width : settings.first) {
    first_.push_back(static_cast<PointLayer*>(&add_child(
        fmt::format("first_{}", first_.size()),
        std::make_unique<PointLayer>(channels, width, PointLayerSettings{.normalize = settings.normalize}))));
    channels = width;
  }
  local_width_ = channels;
  if (settings.feature_transform)
    feature_transform_ = static_cast<TransformNet*>(&add_child(
        "feature_transform", std::make_unique<TransformNet>(channels, transform_settings(settings))));
  second_ = static_cast<PointEncoder*>(&add_child(
      "second",
      std::make_unique<PointEncoder>(channels, settings.second, settings.pool, settings.normalize)));
  global_width_ = settings.second.back();
}

Tensor PointFeatures::forward(const Tensor& x, nn::Context& context) {
  return stages(x, context).global;
}

PointFeatures::Stages PointFeatures::stages(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  Stages stages;
  stages.local = local_features(x, context, stages);
  stages.global = second_->pooled(stages.local, context);
  return stages;
}

Tensor PointFeatures::local_features(const Tensor& x, nn::Context& context, Stages& stages) {
  Tensor points = by_channel(x);
  if (input_transform_ != nullptr) {
    stages.input_transform = input_transform_->matrices(points, context);
    points = transformed(points, stages.input_transform);
  }
  for (PointLayer* layer : first_) {
    const OpScope scope("layer " + layer->path());
    points = layer->finish(layer->product(points), context);
  }
  if (feature_transform_ == nullptr) return points;
  stages.feature_transform = feature_transform_->matrices(points, context);
  if (context.training && orthogonality_ > 0)
    context.add_loss(distance_from_orthogonal(stages.feature_transform) * orthogonality_);
  return transformed(points, stages.feature_transform);
}

Tensor PointFeatures::critical_points(const Tensor& x) {
  output_shape(x.shape());
  nn::Context context;
  Stages stages;
  return second_->largest_points(local_features(x, context, stages));
}

Shape PointFeatures::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[1] < 1 || input[2] != coordinates_)
    fail("{}: the input has shape {}, expected [clouds, points, {}] with at least one point", where(),
         input.to_string(), coordinates_);
  return {input[0], global_width_};
}

std::string PointFeatures::describe() const {
  return fmt::format("PointFeatures({} -> {})", coordinates_, global_width_);
}

// ---- PointNet ----

PointNet::PointNet(const PointNetSettings& settings) : classes_(settings.classes) {
  if (settings.classes < 1) fail("PointNet: classes is {}, expected at least 1", settings.classes);
  features_ = static_cast<PointFeatures*>(&add_child("features", std::make_unique<PointFeatures>(settings)));
  head_ = static_cast<nn::Sequential*>(&add_child("head", std::make_unique<nn::Sequential>()));
  add_dense_layers(*head_, features_->global_width(), settings.head, settings.normalize);
  if (settings.drop > 0) head_->add<nn::Dropout>(settings.drop);
  head_->add<nn::Linear>(settings.head.empty() ? features_->global_width() : settings.head.back(), classes_);
}

Tensor PointNet::forward(const Tensor& x, nn::Context& context) {
  return head_->forward(features_->forward(x, context), context);
}

Shape PointNet::output_shape(const Shape& input) const {
  return {features_->output_shape(input)[0], classes_};
}

std::string PointNet::describe() const {
  return fmt::format("PointNet({} -> {} classes)", features_->describe(), classes_);
}

// ---- PointNetSegmentation ----

PointNetSegmentation::PointNetSegmentation(const PointNetSettings& settings) : classes_(settings.classes) {
  if (settings.classes < 1)
    fail("PointNetSegmentation: classes is {}, expected at least 1", settings.classes);
  if (settings.head.empty()) fail("PointNetSegmentation: the head has no layers, expected at least one");
  features_ = static_cast<PointFeatures*>(&add_child("features", std::make_unique<PointFeatures>(settings)));
  std::int64_t channels = features_->local_width() + features_->global_width();
  std::vector<std::int64_t> widths = settings.head;
  widths.push_back(classes_);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const bool last = i + 1 == widths.size();
    head_.push_back(static_cast<PointLayer*>(
        &add_child(fmt::format("head_{}", i),
                   std::make_unique<PointLayer>(
                       channels, widths[i],
                       PointLayerSettings{.normalize = settings.normalize && !last, .activate = !last}))));
    channels = widths[i];
  }
}

Tensor PointNetSegmentation::pasted(const PointFeatures::Stages& stages) const {
  const Tensor& weight = head_[0]->weight().value;
  const std::int64_t width = weight.size(0), local = features_->local_width(), clouds = stages.local.size(1),
                     points = stages.local.size(2);
  const Tensor own = matmul(slice(weight, {Range::all(), Range::to(local)}),
                            reshape(stages.local, {local, clouds * points}));
  const Tensor shared = matmul(slice(weight, {Range::all(), Range::from(local)}), transpose(stages.global));
  return reshape(own, {width, clouds, points}) + reshape(shared, {width, clouds, 1});
}

Tensor PointNetSegmentation::forward(const Tensor& x, nn::Context& context) {
  Tensor y = pasted(features_->stages(x, context));
  for (std::size_t i = 0; i < head_.size(); ++i) {
    const OpScope scope("layer " + head_[i]->path());
    y = head_[i]->finish(i == 0 ? y : head_[i]->product(y), context);
  }
  return by_cloud(y);
}

Shape PointNetSegmentation::output_shape(const Shape& input) const {
  return {features_->output_shape(input)[0], input[1], classes_};
}

std::string PointNetSegmentation::describe() const {
  return fmt::format("PointNetSegmentation({} -> {} classes)", features_->describe(), classes_);
}

}  // namespace tessera::models
