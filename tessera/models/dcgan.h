// Deep convolutional GAN. Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
// networks", ICLR 2016.
//
//   generator      noise [N, latent] -> ConvTranspose2d of the coarsest grid's size -> BatchNorm -> ReLU
//                  -> for each finer grid ConvTranspose2d 4x4, stride 2 -> BatchNorm -> ReLU
//                  -> ConvTranspose2d 4x4, stride 2 -> tanh -> [N, channels, height, width]
//   discriminator  image -> Conv2d 4x4, stride 2 -> LeakyReLU -> for each coarser grid Conv2d 4x4, stride 2 -> BatchNorm -> LeakyReLU
//                  -> Conv2d of the coarsest grid's size -> score [N, 1]
//
// `channels` are those of the grids from fine to coarse, one for each halving of the image: {64, 128} makes of 28x28 pixels grids of 14x14 and
// 7x7, {64, 128, 256} of 32x32 grids down to 4x4. The networks obey the five rules of the paper (dcgan_rules.h says which, and checks any network). With
// `normalize_discriminator` false the discriminator has no batch normalisation, which a gradient penalty needs.
//
// Weights begin normal with deviation 0.02 (those of batch normalisation around 1), as in the paper. Scores are logits. Noise is standard normal. In
// training a sample depends on its batch through batch normalisation; outside training it does not depend by a bit on the others.
//
// discriminator_features: the representation of section 5 of the paper for a linear classifier: what each LeakyReLU gives, its maxima over a grid x
// grid division of its area, flattened and put one behind the other. Train linear_svm.h on it.
//
// Errors: inputs of another shape, sizes that cannot be halved so often. Thread-safety: as every Module.
//
// ```cpp
// const models::DcganSettings settings{.image = {1, 8, 8}, .latent = 3, .channels = {4, 6}};
// models::DcganGenerator generator(settings);
// models::DcganDiscriminator discriminator(settings);
// RandomSource random(1);
// generator.initialize(random);
// discriminator.initialize(random);
// const Tensor images = generator.evaluate(random.normal("noise", {2, 3}));
// assert(images.shape() == (Shape{2, 1, 8, 8}) && discriminator.evaluate(images).shape() == (Shape{2, 1}));
// assert(models::discriminator_features(discriminator, images, 2).shape() == (Shape{2, (4 + 6) * 4}));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/nn/layers.h"

namespace tessera::models {

struct DcganSettings {
  Shape image = {1, 28, 28};
  std::int64_t latent = 100;
  std::vector<std::int64_t> channels = {64, 128};
  double leak = 0.2;
  bool normalize_discriminator = true;
  DType dtype = DType::kFloat32;
};

class DcganGenerator : public nn::Module {
 public:
  explicit DcganGenerator(const DcganSettings& settings = {}, std::string path = "generator");
  Tensor forward(const Tensor& noise, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  Shape image_;
  std::int64_t latent_;
  nn::Sequential* layers_ = nullptr;
};

class DcganDiscriminator : public nn::Module {
 public:
  explicit DcganDiscriminator(const DcganSettings& settings = {}, std::string path = "discriminator");
  Tensor forward(const Tensor& images, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  // What each LeakyReLU gives, from fine to coarse, outside training.
  std::vector<Tensor> activations(const Tensor& images);

 private:
  Shape image_;
  nn::Sequential* layers_ = nullptr;
};

// [N, channels, height, width] -> [N, features]. `grid` at least 1; an activation smaller than it goes in as it is.
Tensor discriminator_features(DcganDiscriminator& discriminator, const Tensor& images, std::int64_t grid = 4);

// The maximum of each part of a division into grid x grid: part i of an axis of length L is [floor(i L / grid), ceil((i + 1) L / grid)).
Tensor grid_maxima(const Tensor& x, std::int64_t grid);

}  // namespace tessera::models
