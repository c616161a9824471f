// Progressive growing beside training at full resolution from the start: the same network, the same images (docs/progressive_growing.md).
//
//   tessera_bench_progressive time IMAGES.idx.gz             milliseconds per step, by stage
//   tessera_bench_progressive quality IMAGES.idx.gz N [0]    trains with N images ("0": at full resolution from the start) and prints how far samples are
//                                                            from images that were held out; writes progressive.png or full.png
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "tessera/backends/backends.h"
#include "tessera/data/loader.h"
#include "tessera/generative/images.h"
#include "tessera/metrics/image_similarity.h"
#include "tessera/metrics/sliced_wasserstein.h"
#include "tessera/models/progressive_training.h"
#include "tessera/tensor/ops.h"

using namespace tessera;

namespace {

constexpr std::int64_t kBatch = 16, kHeldOut = 1000;
constexpr std::uint64_t kSeed = 1;
const models::ProgressiveSettings kNetwork{.latent = 64, .channels = {64, 64, 32, 16}};

struct Training {
  explicit Training(const std::vector<models::GrowthStage>& stages)
      : generator(kNetwork), discriminator(kNetwork) {
    generator.initialize(random);
    discriminator.initialize(random);
    trainer.emplace(generator, discriminator,
                    models::ProgressiveTraining{
                        .stages = stages, .batch = kBatch, .learning_rate = 0.002, .average_decay = 0.99});
  }
  RandomSource random{kSeed};
  models::ProgressiveGenerator generator;
  models::ProgressiveDiscriminator discriminator;
  std::optional<models::ProgressiveTrainer> trainer;
};

double milliseconds(Training& training, const Tensor& images, int steps) {
  double best = 1e9;
  for (int i = 0; i < steps; ++i) {
    training.random.begin_step(training.trainer->steps() + 1);
    const auto start = std::chrono::steady_clock::now();
    training.trainer->step(images, training.random);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

int time_stages(const Tensor& images) {
  const Tensor batch = slice(images, {Range(0, kBatch)});
  for (std::size_t stage = 0; stage < 4; ++stage)
    for (const bool fading : {true, false}) {
      if (stage == 0 && fading) continue;
      std::vector<models::GrowthStage> stages(4);
      if (fading) stages[stage - 1].stable_images = 1;
      stages[stage] = {fading ? 1000000 : 0, 1};
      Training training(stages);
      if (fading) milliseconds(training, batch, 1);
      const auto side = static_cast<int>(models::resolution_of(static_cast<std::int64_t>(stage)));
      std::printf("%2dx%-2d %-6s %7.1f ms\n", side, side, fading ? "fading" : "",
                  milliseconds(training, batch, 40));
    }
  return 0;
}

Tensor samples(Training& training, std::int64_t count) {
  Tensor made = training.trainer->samples(RandomSource(0).normal("samples", {count, kNetwork.latent}));
  while (made.size(2) < 32) made = models::double_images(made);
  return made;
}

void print_quality(const Tensor& held_out, const Tensor& made) {
  const auto levels = metrics::patch_distances(held_out, made, {.patches_per_image = 32, .projections = 128});
  std::printf("   distance x1000 at 32: %6.1f   16: %6.1f   ms-ssim of pairs %.3f\n",
              1000 * levels[0].distance, 1000 * levels[1].distance,
              metrics::similarity_of_pairs(made, 500, 2));
  std::fflush(stdout);
}

int train(const Tensor& images, std::int64_t shown, bool progressive) {
  // As in the paper each fade-in is as long as what follows it, but for the last stage, which goes on: a tenth for 4x4, two tenths for 8x8 and 16x16, half
  // of all images for 32x32.
  const std::int64_t part = shown / 10;
  std::vector<models::GrowthStage> stages = {{0, part}, {part, part}, {part, part}, {part, shown - 6 * part}};
  if (!progressive) stages = {{}, {}, {}, {0, shown}};
  Training training(stages);
  const Tensor held_out = slice(images, {Range(0, kHeldOut)}), rest = slice(images, {Range::from(kHeldOut)});
  data::BatchPlan plan({.samples = rest.size(0), .batch = kBatch, .seed = kSeed, .drop_last = true});
  const std::uint64_t steps = training.trainer->schedule().steps();
  for (const data::Batch& batch : plan.steps(1, steps)) {
    training.random.begin_step(batch.step);
    training.trainer->step(data::take_samples(rest, batch.positions), training.random);
    if (batch.step % (steps / 10) != 0) continue;
    const models::Growth growth = training.trainer->growth();
    std::printf("images %6lld   %2lld pixels, alpha %.2f", static_cast<long long>(batch.step) * kBatch,
                static_cast<long long>(models::resolution_of(growth.stage)), growth.alpha);
    print_quality(held_out, samples(training, kHeldOut));
  }
  std::printf("other real images                 ");
  print_quality(held_out, slice(rest, {Range(0, kHeldOut)}));
  generative::write_picture(progressive ? "progressive.png" : "full.png",
                            generative::image_grid((samples(training, 64) + 1) * 0.5, 8));
  return 0;
}

}  // namespace

int main(int count, char** words) {
  use_default_backend();
  const std::string_view task = count >= 3 ? words[1] : "";
  const std::int64_t shown = task == "quality" && count >= 4 ? std::atoll(words[3]) : 0;
  if (task != "time" && shown < 10 * kBatch) {
    std::fprintf(stderr, "usage: %s time IMAGES, or quality IMAGES N [0] with N from %d on\n", words[0],
                 static_cast<int>(10 * kBatch));
    return 2;
  }
  const generative::Images read = generative::read_images({.path = words[2], .pad = 2});
  const Tensor images = read.values * 2 - 1;
  return task == "time" ? time_stages(images) : train(images, shown, count < 5);
}
