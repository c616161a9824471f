// PointNet: networks that read a set of points as it is. Qi, Su, Mo and Guibas, "PointNet: deep learning on point sets for 3D classification and
// segmentation", CVPR 2017.
//
//   clouds [N, P, 3] x input transform [N, 3, 3]      every cloud multiplied by the matrix that a TransformNet makes of it
//   shared layers 64, 64 -> [N, P, 64]
//   x feature transform [N, 64, 64]
//   shared layers 64, 128, 1024, pooled over the points -> [N, 1024]     max; mean, sum, attention are options
//   classification: fully connected 512, 256, dropout, classes -> [N, classes]
//   segmentation: the pooled vector pasted to each point's 64 features, shared layers 512, 256, 128, classes -> [N, P, classes]
//
// (The paper has two shared layers of 64 before the feature transform and 64, 128, 1024 behind it; `first` and `second` say others.) While training, the feature
// transform A adds orthogonality * |I - A A^T|^2 (squared Frobenius norm) of each cloud to the losses of the Context: with_added_losses
// (nn/losses.h) takes it into the loss.
//
// Order of the points: with max pooling the scores of a classifier are the same bits for every order of the points, outside training. With mean, sum
// and attention they are not (point_layers.h). A prediction never depends on the other clouds of its batch.
//
// The first layer of the segmentation head multiplies the pasted vector once for each cloud rather than for each point, and adds it: the product with
// the two parts of its weight [512, 64 + 1024], one rounding between them.
//
// Shapes: any number of points; P may differ from batch to batch. Errors: inputs of another shape, settings out of range throw Error.
// Thread-safety: as every Module.
//
// ```cpp
// models::PointNet network({.classes = 10, .second = {64, 128}, .head = {32}, .transform = {.widths = {16, 32}, .head = {16}}});
// RandomSource random(1);
// network.initialize(random);
// const Tensor clouds = random.normal("clouds", {2, 64, 3});
// const Tensor scores = network.evaluate(clouds);
// const Tensor backwards = slice(clouds, {Range::all(), Range::step(-1)});
// assert(scores.shape() == (Shape{2, 10}) && same_bits(scores, network.evaluate(backwards)));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/models/point_layers.h"

namespace tessera::models {

struct PointNetSettings {
  std::int64_t classes = 40;
  std::int64_t coordinates = 3;  // numbers per point
  bool input_transform = true;
  bool feature_transform = true;
  double orthogonality = 0.001;  // factor of the feature transform's penalty, at least 0
  std::vector<std::int64_t> first = {64, 64};
  std::vector<std::int64_t> second = {64, 128, 1024};
  PointPool pool = PointPool::kMax;
  std::vector<std::int64_t> head = {512, 256};
  double drop = 0.3;                    // dropout before the last layer of a classifier, in [0, 1)
  bool normalize = true;                // batch normalisation
  TransformNetSettings transform = {};  // of both transforms; its `normalize` is taken from here
};

// The part that both networks share.
class PointFeatures : public nn::Module {
 public:
  explicit PointFeatures(const PointNetSettings& settings);
  Tensor forward(const Tensor& x,
                 nn::Context& context) override;  // [N, P, coordinates] -> [N, second.back()]
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

  struct Stages {
    Tensor input_transform;    // [N, coordinates, coordinates]; undefined without
    Tensor feature_transform;  // [N, first.back(), first.back()]; undefined without
    Tensor local;              // [first.back(), N, P], by channel: each point's features behind the transform
    Tensor global;             // [N, second.back()]
  };
  Stages stages(const Tensor& x, nn::Context& context);

  // For each feature of the pooled vector the point that gave it (the first of several), int64 [N, second.back()]: the "critical points", without which
  // nothing changes (theorem 2 of the paper). Outside training, max pooling only.
  Tensor critical_points(const Tensor& x);

  std::int64_t local_width() const { return local_width_; }
  std::int64_t global_width() const { return global_width_; }

 private:
  Tensor local_features(const Tensor& x, nn::Context& context, Stages& stages);
  std::int64_t coordinates_, local_width_, global_width_;
  double orthogonality_;
  TransformNet *input_transform_ = nullptr, *feature_transform_ = nullptr;
  std::vector<PointLayer*> first_;
  PointEncoder* second_ = nullptr;
};

// [N, P, coordinates] -> scores [N, classes].
class PointNet : public nn::Module {
 public:
  explicit PointNet(const PointNetSettings& settings = {});
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  PointFeatures& features() { return *features_; }

 private:
  std::int64_t classes_;
  PointFeatures* features_ = nullptr;
  nn::Sequential* head_ = nullptr;
};

// [N, P, coordinates] -> scores of each point [N, P, classes]; `head` is then that of the points, for example {512, 256, 128}.
class PointNetSegmentation : public nn::Module {
 public:
  explicit PointNetSegmentation(const PointNetSettings& settings = {.head = {512, 256, 128}});
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  PointFeatures& features() { return *features_; }

 private:
  Tensor pasted(const PointFeatures::Stages& stages) const;
  std::int64_t classes_;
  PointFeatures* features_ = nullptr;
  std::vector<PointLayer*> head_;
};

}  // namespace tessera::models
