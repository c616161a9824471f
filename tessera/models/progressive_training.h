// Training of a network that grows: Wasserstein loss with gradient penalty, one step of the discriminator and one of the generator at a time.
//
//   discriminator   mean D(fake) - mean D(real) + penalty mean (|dD/dx| - 1)^2 + drift mean D(real)^2,   x between real and fake
//   generator       -mean D(fake)
//
// as in Karras et al., ICLR 2018, appendix A (nn/adversarial.h has the losses; drift keeps the scores near 0). Both are trained by Adam, one per stage and
// network, which begins when the stage's layers do: the layers of earlier stages keep theirs. (The authors' program begins all of them anew at each
// stage; with beta1 = 0 what remains of an earlier stage is gone after some hundred steps.) Samples are taken from an exponential average of
// the generator's weights.
//
// Every step is a function of its number, which is that of the RandomSource: growth.h says what grows, and latents are drawn from streams at the step. So a
// training that is stopped and resumed, also in the middle of a fade-in, has the bits of one that was not.
//
// Errors: networks that do not fit each other or the schedule, images that are not a batch of the last stage's resolution, steps out of order, settings out of
// range. Thread-safety: one thread.
//
// ```cpp
// const models::ProgressiveSettings network{.latent = 4, .channels = {4, 4}, .colours = 1, .deviation_group = 2};
// models::ProgressiveGenerator generator(network);
// models::ProgressiveDiscriminator discriminator(network);
// RandomSource random(1);
// generator.initialize(random);
// discriminator.initialize(random);
// models::ProgressiveTrainer trainer(generator, discriminator, {.stages = {{0, 8}, {8, 8}}, .batch = 4});
// for (std::uint64_t step = 1; step <= trainer.schedule().steps(); ++step) {
//   random.begin_step(step);
//   trainer.step(random.uniform("images", {4, 1, 8, 8}) * 2 - 1, random);
// }
// assert(trainer.steps() == 6 && trainer.growth() == (models::Growth{.stage = 1, .alpha = 1}));
// assert(trainer.samples(random.normal("latents", {2, 4})).shape() == (Shape{2, 1, 8, 8}));
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/models/progressive_gan.h"
#include "tessera/nn/averaging.h"
#include "tessera/nn/optimizers.h"
#include "tessera/tensor/random.h"

namespace tessera::models {

struct ProgressiveTraining {
  std::vector<GrowthStage> stages = {};  // one per stage of the networks
  std::int64_t batch = 16;
  double learning_rate = 0.001;
  double beta1 = 0;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double penalty = 10;
  double drift = 0.001;
  double average_decay = 0.999;
};

// Of one step; the three parts of the discriminator's loss without their factors.
struct ProgressiveLosses {
  double discriminator = 0;
  double generator = 0;
  double gap = 0;  // mean D(real) - mean D(fake): the estimate of the Wasserstein distance
  double penalty = 0;
};

class ProgressiveTrainer : public Stateful {
 public:
  // Both networks are initialised before, and must outlive the trainer.
  ProgressiveTrainer(ProgressiveGenerator& generator, ProgressiveDiscriminator& discriminator,
                     const ProgressiveTraining& settings);

  const GrowthSchedule& schedule() const { return schedule_; }
  std::uint64_t steps() const { return static_cast<std::uint64_t>(steps_); }  // done so far
  Growth growth() const;  // of the last step done; before the first one, of that
  // Step random.step(), the one after steps(), with real images [batch, colours, R, R] of the last stage's R. After the schedule's last step it goes on as
  // in that one. Draws "latents/discriminator", "latents/generator" and "between".
  ProgressiveLosses step(const Tensor& images, RandomSource& random);
  // What the averaged generator makes of latents [N, latent]: [N, colours, R, R] with the R of growth().
  Tensor samples(const Tensor& latents);
  // Networks, optimisers, the average, and "steps".
  void visit_state(StateVisitor& visitor) override;

 private:
  void train_discriminator(const Tensor& real, RandomSource& random, ProgressiveLosses& losses);
  void train_generator(RandomSource& random, ProgressiveLosses& losses);
  Tensor latents(const char* name, RandomSource& random) const;
  void update(std::vector<nn::Adam>& optimizers, const std::vector<Tensor>& gradients) const;

  ProgressiveGenerator& generator_;
  ProgressiveDiscriminator& discriminator_;
  ProgressiveTraining settings_;
  GrowthSchedule schedule_;
  std::vector<nn::Adam> generator_optimizers_, discriminator_optimizers_;  // by stage
  nn::WeightAverage average_;
  std::int64_t steps_ = 0;
};

}  // namespace tessera::models
