// The parts of PointNet (pointnet.h): a layer shared by all points, the pooling over points, the transformation networks, and what
// stands before them in a network that is trained from a configuration.
//
// A cloud is [points, coordinates], a batch [clouds, points, coordinates]. The layers that follow one another inside a model hand on
// [channels, clouds, points] instead, "by channel": then a layer is one matrix product for all points of the batch, its statistics are
// those of contiguous rows, and the pooling runs along contiguous numbers. A layer shared by all points is a 1x1 convolution: nn::Linear of
// [clouds, points, channels] and nn::Conv1d of [clouds, channels, points] with a kernel of 1 give the same bits (contract rule 2).
//
// Order of the points: with max pooling the result is the same bits for every order of the points, since the largest of some numbers is. Mean, sum and
// attention add in the order in which the points stand (contract rule 3), so another order may change the last bits.
//
// Errors: inputs of another shape throw Error naming the layer. Thread-safety: as every Module.
//
// ```cpp
// models::PointLayer layer(3, 8, {.normalize = false});
// RandomSource random(1);
// layer.initialize(random);
// const Tensor clouds = random.normal("clouds", {2, 16, 3});
// assert(layer.evaluate(clouds).shape() == (Shape{2, 16, 8}));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/data/points.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/normalization.h"

namespace tessera::models {

struct PointLayerSettings {
  bool normalize =
      true;  // batch normalisation over all points of the batch, with its scale and shift; without it a bias
  bool activate = true;  // ReLU behind it
};

// The largest, the mean, the sum, or the sum with weights softmax(a . x + b) that are learned ("attention", Ilse, Tomczak and Welling, ICML 2018, without its
// hidden layer).
enum class PointPool : std::uint8_t { kMax, kMean, kSum, kAttention };
const char* point_pool_name(PointPool pool);
PointPool point_pool_of(
    const std::string& name);  // "max", "mean", "sum", "attention"; throws Error for others

// weight [out, in] without a bias, then nn::BatchNorm, then ReLU.
class PointLayer : public nn::Module {
 public:
  PointLayer(std::int64_t in_channels, std::int64_t out_channels, const PointLayerSettings& settings = {});
  Tensor forward(const Tensor& x,
                 nn::Context& context) override;  // [clouds, points, in] -> [clouds, points, out]
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

  Tensor product(const Tensor& x) const;  // [in, clouds, points] -> [out, clouds, points]
  Tensor finish(const Tensor& product, nn::Context& context);  // what follows the product, in the same layout
  // max(finish(product)) over the points, [out, clouds], bit for bit, for less: the maximum is taken before ReLU and, outside training, before the
  // normalisation (the minimum where its scale is negative). All of these are monotone, and rounding is.
  Tensor finish_largest(const Tensor& product, nn::Context& context);

  std::int64_t out_channels() const { return out_channels_; }
  nn::Parameter& weight() { return *weight_; }
  nn::Parameter* bias() { return bias_; }                    // nullptr with normalisation
  nn::BatchNorm* normalization() { return normalization_; }  // nullptr without

 private:
  void initialize_parameters(RandomSource& random) override;
  Tensor shifted(const Tensor& product, nn::Context& context);  // all but ReLU

  std::int64_t in_channels_, out_channels_;
  PointLayerSettings settings_;
  nn::Parameter *weight_ = nullptr, *bias_ = nullptr;
  nn::BatchNorm* normalization_ = nullptr;
};

// A stack of them with the pooling behind: [clouds, points, in] -> [clouds, widths.back()].
class PointEncoder : public nn::Module {
 public:
  PointEncoder(std::int64_t in_channels, const std::vector<std::int64_t>& widths, PointPool pool,
               bool normalize);
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Tensor pooled(const Tensor& by_channel, nn::Context& context);  // [in, clouds, points] -> [clouds, out]
  // Which point gives each pooled value, int64 [clouds, out], outside training; the first of several. Max pooling only.
  Tensor largest_points(const Tensor& by_channel);

 private:
  Tensor before_last(const Tensor& by_channel, nn::Context& context);
  void initialize_parameters(RandomSource& random) override;
  std::int64_t in_channels_, out_channels_;
  PointPool pool_;
  std::vector<PointLayer*> layers_;
  nn::Parameter *attention_weight_ = nullptr, *attention_bias_ = nullptr;
};

struct TransformNetSettings {
  std::vector<std::int64_t> widths = {64, 128, 1024};  // shared layers, then the largest over the points
  std::vector<std::int64_t> head = {512, 256};         // fully connected
  bool normalize = true;
};

// Looks at a whole cloud and gives the matrix by which its points are multiplied from the right: [clouds, points, size] ->
// [clouds, size, size], the identity plus what is learned, which begins at zero (Jaderberg et al., "Spatial transformer networks", NIPS
// 2015; Qi et al., CVPR 2017, supplement C).
class TransformNet : public nn::Module {
 public:
  explicit TransformNet(std::int64_t size, const TransformNetSettings& settings = {});
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Tensor matrices(const Tensor& by_channel, nn::Context& context);  // of [size, clouds, points]

 private:
  std::int64_t size_;
  PointEncoder* encoder_ = nullptr;
  nn::Sequential* head_ = nullptr;
  nn::Parameter *weight_ = nullptr, *bias_ = nullptr;
};

// [N, in] through Linear without bias, BatchNorm and ReLU for each width; without normalisation Linear with a bias and ReLU.
void add_dense_layers(nn::Sequential& network, std::int64_t in_features,
                      const std::vector<std::int64_t>& widths, bool normalize);

Tensor identity_matrix(std::int64_t size);
// From [clouds, points, coordinates] to by channel and back; contiguous.
Tensor by_channel(const Tensor& clouds);
Tensor by_cloud(const Tensor& channels);

// ---- What stands before a model in a configuration; [clouds, points, 3] all ----

// data::normalize_points.
class NormalizePoints : public nn::Module {
 public:
  explicit NormalizePoints(data::PointCentre centre = data::PointCentre::kMean) : centre_(centre) {}
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override { return "NormalizePoints"; }

 private:
  data::PointCentre centre_;
};

// `count` points of each cloud: while training chosen anew at random in each step, without repetition; otherwise the first ones.
class ChoosePoints : public nn::Module {
 public:
  explicit ChoosePoints(std::int64_t count);
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  std::int64_t count_;
};

// data::augment_points while training, else nothing.
class AugmentPoints : public nn::Module {
 public:
  explicit AugmentPoints(const data::PointAugmentation& augmentation) : augmentation_(augmentation) {}
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override { return "AugmentPoints"; }

 private:
  data::PointAugmentation augmentation_;
};

}  // namespace tessera::models
