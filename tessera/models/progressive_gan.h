// A generator and a discriminator that grow: from images of 4x4 to 8x8, 16x16, ... while they train. Karras, Aila, Laine & Lehtinen, "Progressive
// growing of GANs for improved quality, stability, and variation", ICLR 2018; the layers are those of its table 2.
//
//   generator      latent [N, L], normalised  -> 4x4: Conv 4x4, Conv 3x3          -> image: Conv 1x1
//                  each doubling              -> Upsample 2, Conv 3x3, Conv 3x3   -> image: Conv 1x1
//   discriminator  image: Conv 1x1 ->            each halving: Conv 3x3, Conv 3x3 to the channels of the stage below, AvgPool 2
//                  4x4: MinibatchDeviation, Conv 3x3, Conv 4x4, EqualizedLinear -> one score, [N, 1]
//
// Every convolution is equalised (progressive_layers.h) and, but for those to images, followed by LeakyReLU of slope 0.2; in the generator by
// PixelNorm (epsilon 1e-8) as well. Images are linear in the last layer (no tanh), about -1 to 1.
//
// Growing. Both networks have all layers of the largest stage from the start; set_growth (growth.h) says how much of them takes part: old weights stay
// where they are, and new layers hold their initial values until their stage. While a stage fades in,
//
//   generator      (1 - alpha) upsample(image of the stage before) + alpha image of the new stage
//   discriminator  (1 - alpha) from image of the stage before (halved image) + alpha block of the new stage
//
// At alpha = 0 only the network of the stage before is computed, at alpha = 1 only the new one, so that the other has no influence at all. How far a network
// has grown is no part of its state: whoever restores weights calls set_growth.
//
// A generated image does not depend on the batch that it sits in; a score does (MinibatchDeviation).
//
// Errors: settings out of range, inputs of another shape than the stage takes. Thread-safety: as every Module.
//
// ```cpp
// const models::ProgressiveSettings settings{.latent = 8, .channels = {8, 8, 4}, .colours = 1};
// models::ProgressiveGenerator generator(settings);
// models::ProgressiveDiscriminator discriminator(settings);
// RandomSource random(1);
// generator.initialize(random);
// discriminator.initialize(random);
// generator.set_growth({.stage = 1, .alpha = 0.25});
// discriminator.set_growth(generator.growth());
// const Tensor images = generator.evaluate(random.normal("latent", {4, 8}));
// assert(images.shape() == (Shape{4, 1, 8, 8}) && discriminator.evaluate(images).shape() == (Shape{4, 1}));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/models/growth.h"
#include "tessera/nn/layers.h"

namespace tessera::models {

struct ProgressiveSettings {
  std::int64_t latent = 64;
  std::vector<std::int64_t> channels = {64, 64, 32, 16};  // by stage: of images of 4x4, 8x8, 16x16, 32x32
  std::int64_t colours = 1;                               // channels of an image
  std::int64_t deviation_group = 4;                       // MinibatchDeviation's; 0: the whole batch
  DType dtype = DType::kFloat32;
};

class ProgressiveGenerator : public nn::Module {
 public:
  explicit ProgressiveGenerator(const ProgressiveSettings& settings = {}, std::string path = "generator");
  Tensor forward(const Tensor& latents, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

  void set_growth(const Growth& growth);
  const Growth& growth() const { return growth_; }  // at first the last stage, alpha 1
  const ProgressiveSettings& settings() const { return settings_; }
  // What came with a stage: its block and its layer to images.
  std::vector<nn::Parameter*> parameters_of(std::int64_t stage);

 private:
  Tensor features(const Tensor& latents, std::int64_t stage, nn::Context& context);
  ProgressiveSettings settings_;
  Growth growth_;
  std::vector<nn::Sequential*> blocks_;  // by stage
  std::vector<nn::Module*> to_image_;
};

class ProgressiveDiscriminator : public nn::Module {
 public:
  explicit ProgressiveDiscriminator(const ProgressiveSettings& settings = {},
                                    std::string path = "discriminator");
  Tensor forward(const Tensor& images, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

  void set_growth(const Growth& growth);
  const Growth& growth() const { return growth_; }
  const ProgressiveSettings& settings() const { return settings_; }
  std::vector<nn::Parameter*> parameters_of(std::int64_t stage);

 private:
  ProgressiveSettings settings_;
  Growth growth_;
  std::vector<nn::Sequential*> blocks_, from_image_;  // by stage
};

// Each image with twice as many pixels a side, every one repeated; and with half as many, the means of 2x2. [N, C, H, W].
Tensor double_images(const Tensor& images);
Tensor halve_images(const Tensor& images);

// Real images as the discriminator sees them at this growth: halved to the stage's resolution, and while it fades in mixed with what the stage before saw,
// (1 - alpha) double(halve(x)) + alpha x. From [N, C, R, R] with R = resolution_of(the stage or a later one).
Tensor images_at(const Tensor& images, const Growth& growth);

}  // namespace tessera::models
