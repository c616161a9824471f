// Networks that squeeze an image through a short code and paint it again. Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural
// networks", Science 313 (2006); denoising: Vincent, Larochelle, Bengio and Manzagol, "Extracting and composing robust features with denoising
// autoencoders", ICML 2008.
//
//   DenseAutoencoder           image -> Linear + ReLU for each number of `hidden` -> Linear -> code [N, code] -> the same backwards -> logits
//   ConvolutionalAutoencoder   image -> Conv2d 4x4, stride 2, + ReLU for each number of `channels` -> Linear -> code
//                              -> Linear + ReLU -> ConvTranspose2d 4x4, stride 2, + ReLU backwards -> logits
//
// Pixels are in [0, 1]: forward gives sigmoid(logits) of the input's shape. reconstruction_loss takes the logits, so that the cross entropy is exact
// where a pixel is black or white. corrupted() makes the input of a denoising autoencoder, whose target is the clean image.
//
// An image's code and reconstruction do not depend by a bit on the others of their batch. Errors: inputs of another shape, sizes that cannot be
// halved so often. Thread-safety: as every Module.
//
// ```cpp
// models::ConvolutionalAutoencoder network({.image = {1, 8, 8}, .code = 5, .channels = {4, 6}});
// RandomSource random(1);
// network.initialize(random);
// const Tensor images = random.uniform("images", {3, 1, 8, 8});
// assert(network.encode(images).shape() == (Shape{3, 5}) && network.decode(network.encode(images)).shape() == images.shape());
// assert(same_bits(network.evaluate(images), network.decode(network.encode(images))));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/nn/layers.h"

namespace tessera::models {

struct AutoencoderSettings {
  Shape image = {1, 28, 28};
  std::int64_t code = 32;
  std::vector<std::int64_t> hidden = {256};  // DenseAutoencoder
  std::vector<std::int64_t> channels = {16,
                                        32};  // ConvolutionalAutoencoder: of the grids, from fine to coarse
  DType dtype = DType::kFloat32;
};

class Autoencoder : public nn::Module {
 public:
  Tensor forward(const Tensor& images, nn::Context& context) override;  // reconstructions in (0, 1)
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

  Tensor codes(const Tensor& images, nn::Context& context);  // [N, code]
  Tensor logits(const Tensor& codes, nn::Context& context);  // [N, image...]
  // Outside training, not recorded by a tape.
  Tensor encode(const Tensor& images);
  Tensor decode(const Tensor& codes);

 protected:
  Autoencoder(const char* name, const AutoencoderSettings& settings, std::string path);
  const char* name_;
  Shape image_, grid_;  // what the decoder's last layers begin with: [width] or [channels, height, width]
  std::int64_t code_;
  nn::Sequential *encoder_ = nullptr, *decoder_ = nullptr, *painter_ = nullptr;  // painter: behind the grid
};

class DenseAutoencoder : public Autoencoder {
 public:
  explicit DenseAutoencoder(const AutoencoderSettings& settings = {}, std::string path = "");
};

class ConvolutionalAutoencoder : public Autoencoder {
 public:
  explicit ConvolutionalAutoencoder(const AutoencoderSettings& settings = {}, std::string path = "");
};

enum class Reconstruction : std::uint8_t { kMse, kCrossEntropy };
// Mean over all pixels. `images` in [0, 1]; `batch` as in nn/losses.h.
Tensor reconstruction_loss(const Tensor& logits, const Tensor& images, Reconstruction kind,
                           std::int64_t batch = 0);

struct Corruption {
  double deviation = 0;  // of normal noise that is added
  double masked = 0;     // share of pixels set to 0, in [0, 1)
};
// Draws "corruption/normal" and "corruption/mask" at the source's step.
Tensor corrupted(const Tensor& images, const Corruption& corruption, RandomSource& random);

}  // namespace tessera::models
