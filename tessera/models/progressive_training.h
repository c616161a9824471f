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
// Every step is a function of its number: growth.h says what grows, data::BatchPlan which images are shown, and latents are drawn from streams at the
// step. So a training that is stopped and resumed, also in the middle of a fade-in, has the bits of one that was not.
//
// Errors: images that are not float32 [N, colours, R, R] of the last stage's resolution, fewer than a batch, settings out of range. Thread-safety: one thread.
//
// ```cpp
// const models::ProgressiveSettings network{.latent = 4, .channels = {4, 4}, .colours = 1, .deviation_group = 2};
// models::ProgressiveGenerator generator(network);
// models::ProgressiveDiscriminator discriminator(network);
// RandomSource random(1);
// const Tensor images = random.uniform("images", {8, 1, 8, 8}) * 2 - 1;
// models::ProgressiveTrainer trainer(generator, discriminator, images, {.stages = {{0, 8}, {8, 8}}, .batch = 4});
// trainer.run();
// assert(trainer.schedule().steps() == 6);
// assert(trainer.samples(random.normal("latents", {2, 4}), 6).shape() == (Shape{2, 1, 8, 8}));
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/data/loader.h"
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
  std::uint64_t seed = 0;
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
  // Initialises both networks from the seed. All three must outlive the trainer.
  ProgressiveTrainer(ProgressiveGenerator& generator, ProgressiveDiscriminator& discriminator,
                     const Tensor& images, const ProgressiveTraining& settings);

  const GrowthSchedule& schedule() const { return schedule_; }
  // One step; they are to be done in order, from 1.
  ProgressiveLosses step(std::uint64_t number);
  // Steps done + 1, ..., the schedule's last or `last`; tells `observer` (may be null) of each with "discriminator", "generator", "gap", "penalty",
  // "resolution" and "alpha". Returns the last step done.
  std::uint64_t run(std::uint64_t done = 0, StepObserver* observer = nullptr, std::uint64_t last = 0);
  // What the averaged generator makes of latents [N, latent] after this step, [N, colours, R, R] with the R of its stage.
  Tensor samples(const Tensor& latents, std::uint64_t step);
  // Networks, optimisers and the average.
  void visit_state(StateVisitor& visitor) override;

 private:
  void train_discriminator(const Tensor& real, std::int64_t stage, ProgressiveLosses& losses);
  void train_generator(std::int64_t samples, std::int64_t stage, ProgressiveLosses& losses);
  Tensor latents(const char* name, std::int64_t samples);
  void update(std::vector<nn::Adam>& optimizers, const std::vector<Tensor>& gradients);

  ProgressiveGenerator& generator_;
  ProgressiveDiscriminator& discriminator_;
  Tensor images_;
  ProgressiveTraining settings_;
  GrowthSchedule schedule_;
  RandomSource random_;
  data::BatchPlan plan_;
  std::vector<nn::Adam> generator_optimizers_, discriminator_optimizers_;  // by stage
  nn::WeightAverage average_;
};

}  // namespace tessera::models
