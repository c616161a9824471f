// A generator and a discriminator of fully connected layers. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014.
//
//   generator       noise [N, latent] -> Linear + ReLU for each number of `hidden` -> Linear -> tanh -> [N, sample...]
//   discriminator   [N, sample...] -> Linear + LeakyReLU (+ dropout) for each number, the last one first -> Linear -> score [N, 1]
//
// (The paper's generator ends in a sigmoid and its discriminator has maxout layers; tanh and LeakyReLU are what came to be used.) Scores are
// logits: above 0 the discriminator takes a sample for a real one. With `bounded` false the generator has no tanh, for samples that are
// no pictures. They are trained by adversarial_step (adversarial_training.h).
//
// Noise is standard normal. Their root paths are "generator" and "discriminator", so that both may draw from one RandomSource. A sample and a score
// do not depend by a bit on the others of their batch.
//
// Errors: inputs of another shape, settings out of range. Thread-safety: as every Module.
//
// ```cpp
// models::GanSettings settings{.sample = {1, 8, 8}, .latent = 3, .hidden = {16}};
// models::GanGenerator generator(settings);
// models::GanDiscriminator discriminator(settings);
// RandomSource random(1);
// generator.initialize(random);
// discriminator.initialize(random);
// const Tensor samples = generator.evaluate(random.normal("noise", {2, 3}));
// assert(samples.shape() == (Shape{2, 1, 8, 8}) && discriminator.evaluate(samples).shape() == (Shape{2, 1}));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/nn/layers.h"

namespace tessera::models {

struct GanSettings {
  Shape sample = {1, 28, 28};
  std::int64_t latent = 64;
  std::vector<std::int64_t> hidden = {
      256, 512};        // of the generator; the discriminator has them the other way round
  bool bounded = true;  // samples in (-1, 1)
  double leak = 0.2;    // slope of LeakyReLU below 0
  double drop = 0;      // dropout in the discriminator, in [0, 1)
  DType dtype = DType::kFloat32;
};

class GanGenerator : public nn::Module {
 public:
  explicit GanGenerator(const GanSettings& settings = {}, std::string path = "generator");
  Tensor forward(const Tensor& noise, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  Shape sample_;
  std::int64_t latent_;
  nn::Sequential* layers_ = nullptr;
};

class GanDiscriminator : public nn::Module {
 public:
  explicit GanDiscriminator(const GanSettings& settings = {}, std::string path = "discriminator");
  Tensor forward(const Tensor& samples, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  Shape sample_;
  nn::Sequential* layers_ = nullptr;
};

}  // namespace tessera::models
