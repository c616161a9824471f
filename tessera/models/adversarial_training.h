// One step of a generator and a discriminator that are trained against each other. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014,
// algorithm 1; the losses and the gradient penalty are those of nn/adversarial.h.
//
//   discriminator   scores real samples and as many generated ones, each as a batch of its own (which matters to batch normalisation), and takes a
//                   step with its loss, plus `penalty` times the gradient penalty
//   generator       makes samples from other noise, which the new discriminator scores, and takes a step with its loss; only in every
//                   `discriminator_steps`-th step (Arjovsky et al. use 5 with the Wasserstein loss)
//
// The penalty with target 1 is taken between real and generated samples (Gulrajani et al., NeurIPS 2017), with target 0 at real ones and halved (R1;
// Mescheder et al., ICML 2018). It needs a discriminator whose score of a sample depends on that sample only: one with batch normalisation is refused.
//
// Noise is drawn by counter (adversarial_noise): it depends on the seed and the step, so a resumed training goes on with the noise of the
// uninterrupted one.
//
// Errors: shapes that do not fit, settings out of range. Thread-safety: as every Module.
//
// ```cpp
// const models::GanSettings settings{.sample = {2}, .latent = 2, .hidden = {8}, .bounded = false};
// models::GanGenerator generator(settings);
// models::GanDiscriminator discriminator(settings);
// RandomSource random(1);
// generator.initialize(random);
// discriminator.initialize(random);
// nn::Adam generator_optimizer(generator.parameters()), discriminator_optimizer(discriminator.parameters());
// random.begin_step(1);
// const models::AdversarialNoise noise = models::adversarial_noise(random, 4, {2});
// const models::AdversarialResult result = models::adversarial_step(
//     {generator, generator_optimizer, 0.001}, {discriminator, discriminator_optimizer, 0.001}, ones({4, 2}), noise, {}, random);
// assert(result.discriminator_loss > 0 && result.generator_loss > 0);
// ```
#pragma once

#include <cstdint>
#include <optional>

#include "tessera/nn/adversarial.h"
#include "tessera/nn/optimizers.h"
#include "tessera/tensor/random.h"

namespace tessera::models {

struct AdversarialSettings {
  nn::Adversarial loss = nn::Adversarial::kNonSaturating;
  double penalty = 0;                    // factor; 0: none
  double penalty_target = 1;             // 0 or 1
  std::int64_t discriminator_steps = 1;  // for each one of the generator
};

struct AdversarialPlayer {
  nn::Module& network;
  nn::Optimizer& optimizer;  // of the network's parameters
  double learning_rate;
};

struct AdversarialNoise {
  Tensor discriminator, generator;  // [N, latent...]
  Tensor between;                   // [N], uniform: where the penalty of target 1 is taken
};
// Drawn as "noise/discriminator", "noise/generator" and "noise/between" at the source's step.
AdversarialNoise adversarial_noise(RandomSource& random, std::int64_t samples, const Shape& latent,
                                   DType dtype = DType::kFloat32);

struct AdversarialResult {
  double discriminator_loss = 0;         // without the penalty
  double penalty = 0;                    // without its factor
  std::optional<double> generator_loss;  // none in a step without it
  double accuracy =
      0;  // share of real samples scored above 0 and generated ones scored below, before the discriminator's step
};
// `random` is for layers that draw, such as Dropout; its step counts from 1 and decides whether the generator takes a step.
AdversarialResult adversarial_step(const AdversarialPlayer& generator, const AdversarialPlayer& discriminator,
                                   const Tensor& real, const AdversarialNoise& noise,
                                   const AdversarialSettings& settings, RandomSource& random);

// The share of scores above 0.
double share_above_zero(const Tensor& scores);

}  // namespace tessera::models
