// Layers of progressive growing (progressive_gan.h): equalised learning rate and minibatch deviation. Karras, Aila, Laine & Lehtinen,
// "Progressive growing of GANs for improved quality, stability, and variation", ICLR 2018, sections 3 and 4.1.
//
// Equalised learning rate. A weight begins as N(0, 1), and the constant of He's initialiser, gain / sqrt(fan_in), is applied whenever the
// layer is: y = x * (weight c) + bias. An optimiser such as Adam takes steps of one size whatever the gradient's scale; with the constant
// inside the layer all weights have the same range, so the same step means the same everywhere. Biases begin at 0.
//
// MinibatchDeviation lets a discriminator see variety. The samples are taken in groups; for each element the standard deviation over the group
// (divided by n, with 1e-8 under the root) is found, and its mean over all elements becomes one more channel, the same number everywhere:
// [N, C, H, W] -> [N, C + 1, H, W]. A score thus depends on the group that its sample sits in. With a group of g, N = g m, sample i is in group i mod m.
//
// Errors: settings out of range; inputs that do not fit; a batch that the group does not divide. Thread-safety: as every Module.
//
// ```cpp
// models::EqualizedConv2d layer(3, 8, {.kernel = 3, .padding = 1});
// assert(layer.scale() == std::sqrt(2.0) / std::sqrt(27.0));
// assert(layer.output_shape({2, 3, 4, 4}) == (Shape{2, 8, 4, 4}));
// const Tensor x = Tensor::from<float>({1, 3, 2, 4}, {4, 1, 1, 1});
// const Tensor y = models::MinibatchDeviation(2).evaluate(x);  // groups (1, 2) and (3, 4)
// assert(y.shape() == (Shape{4, 2, 1, 1}) && y.at<float>({0, 1, 0, 0}) == 0.5F && y.at<float>({3, 1, 0, 0}) == 0.5F);
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/initialisers.h"
#include "tessera/nn/module.h"

namespace tessera::models {

struct EqualizedConv2dSettings {
  std::int64_t kernel = 3;  // rows and columns
  std::int64_t padding = 0;
  double gain = nn::kReluGain;
  DType dtype = DType::kFloat32;
};

// x [N, in, H, W]; weight [out, in, kernel, kernel], bias [out].
class EqualizedConv2d : public nn::Module {
 public:
  EqualizedConv2d(std::int64_t in_channels, std::int64_t out_channels,
                  const EqualizedConv2dSettings& settings = {});
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  nn::Parameter& weight() { return *weight_; }
  nn::Parameter& bias() { return *bias_; }
  double scale() const { return scale_; }  // the constant at the weight

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t in_channels_, out_channels_;
  EqualizedConv2dSettings settings_;
  double scale_;
  nn::Parameter *weight_, *bias_;
};

struct EqualizedLinearSettings {
  double gain = nn::kReluGain;
  DType dtype = DType::kFloat32;
};

// x [..., in]; weight [out, in], bias [out].
class EqualizedLinear : public nn::Module {
 public:
  EqualizedLinear(std::int64_t in_features, std::int64_t out_features,
                  const EqualizedLinearSettings& settings = {});
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  nn::Parameter& weight() { return *weight_; }
  nn::Parameter& bias() { return *bias_; }
  double scale() const { return scale_; }

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t in_features_, out_features_;
  double scale_;
  nn::Parameter *weight_, *bias_;
};

class MinibatchDeviation : public nn::Module {
 public:
  // Samples per group; a smaller batch is one group. 0: the whole batch, as the paper describes it; its authors trained with 4.
  explicit MinibatchDeviation(std::int64_t group = 4);
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  std::int64_t group_of(std::int64_t samples) const;
  std::int64_t group_;
};

}  // namespace tessera::models
