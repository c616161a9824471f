// A network that learns to draw while it grows: disks of any place and size, first as 4x4 pixels, then 8x8, then 16x16. Karras et al., ICLR 2018.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kSide = 16, kBatch = 16;

// [count, 1, 16, 16], -1 outside and 1 inside.
Tensor disks(RandomSource& random, std::int64_t count) {
  const auto draw = [&](const char* name, double low, double high) {
    return random.uniform(name, {count, 1, 1, 1}) * (high - low) + low;
  };
  const Tensor radius = draw("radius", 2, 5), at = arange(kSide, DType::kFloat32) + 0.5;
  const Tensor x = at - draw("x", 5, 11), y = reshape(at, {kSide, 1}) - draw("y", 5, 11);
  return tanh(radius - sqrt(x * x + y * y));
}

void print_row(const Tensor& images) {
  const char kGreys[] = " .:-=+*#%@";
  for (std::int64_t row = 0; row<images.size(2); row += images.size(2) / 8> 1 ? 2 : 1) {  // letters are tall
    for (std::int64_t image = 0; image < images.size(0); ++image) {
      for (std::int64_t column = 0; column < images.size(3); ++column) {
        const float value = images.at<float>({image, 0, row, column});
        std::putchar(kGreys[value <= -1 ? 0 : value >= 1 ? 9 : static_cast<int>((value + 1) * 5)]);
      }
      std::printf("  ");
    }
    std::printf("\n");
  }
}

int main() {
  use_default_backend();
  const models::ProgressiveSettings network{.latent = 8, .channels = {16, 16, 8}};
  models::ProgressiveGenerator generator(network);
  models::ProgressiveDiscriminator discriminator(network);
  RandomSource random(1);
  generator.initialize(random);
  discriminator.initialize(random);
  // Images that each stage fades in over, and trains with after that.
  models::ProgressiveTrainer trainer(generator, discriminator,
                                     {.stages = {{0, 1600}, {1600, 1600}, {1600, 6400}},
                                      .batch = kBatch,
                                      .learning_rate = 0.002,
                                      .average_decay = 0.97});

  RandomSource other(2);
  const Tensor real = disks(other, 200), latents = other.normal("latents", {200, network.latent});
  std::uint64_t step = 0;
  for (const std::uint64_t end : {100, 150, 200, 300, 400, 500, 800}) {
    models::ProgressiveLosses losses;
    while (step < end) {
      random.begin_step(++step);
      losses = trainer.step(disks(random, kBatch), random);
    }
    Tensor made = trainer.samples(latents);
    const models::Growth growth = trainer.growth();
    while (made.size(2) < kSide) made = models::double_images(made);
    const auto levels = metrics::patch_distances(real, made, {.patches_per_image = 32, .projections = 64});
    std::printf("step %3d   stage %d, alpha %.2f   gap %5.2f   distance to real disks %.3f\n",
                static_cast<int>(step), static_cast<int>(growth.stage), growth.alpha, losses.gap,
                levels[0].distance);
  }
  std::printf("\nreal\n");
  print_row(slice(real, {Range(0, 5)}));
  std::printf("generated\n");
  print_row(slice(trainer.samples(latents), {Range(0, 5)}));
}
