// A GAN in the plane: eight heaps of points on a ring. How many of the heaps does the generator reach, and how many of its points lie in one?
// With the loss of the first paper, with a penalty on the discriminator's slope at real points besides (R1), and with least squares.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kHeaps = 8, kBatch = 128;
constexpr double kWidth = 0.1;

Tensor centres() {
  const Tensor angle = arange(kHeaps, DType::kFloat32) * (2 * 3.14159265358979 / kHeaps);
  return transpose(concatenate({reshape(cos(angle), {1, kHeaps}), reshape(sin(angle), {1, kHeaps})}, 0)) * 2;
}

Tensor heaps(RandomSource& random, const char* name, std::int64_t count) {
  const Tensor which = cast(random.uniform(fmt::format("{}/which", name), {count}) * kHeaps, DType::kInt64);
  return gather(centres(), which) + random.normal(name, {count, 2}) * kWidth;
}

// Heaps with at least 2 % of the points, and the share of points within four widths of a heap.
void judge(const char* what, const Tensor& points) {
  const Tensor apart = reshape(points, {-1, 1, 2}) - reshape(centres(), {1, kHeaps, 2});
  const std::vector<float> distances = sqrt(sum(apart * apart, {2})).to_vector<float>();
  std::vector<int> reached(kHeaps, 0);
  int inside = 0;
  for (std::size_t i = 0; i < distances.size(); ++i)
    if (distances[i] < 4 * kWidth) ++reached[i % kHeaps], ++inside;
  const auto count = static_cast<int>(points.size(0));
  int found = 0;
  for (const int points_there : reached) found += points_there * 50 >= count ? 1 : 0;
  std::printf("%-22s %d of %d heaps, %3.0f %% of the points in one\n", what, found, static_cast<int>(kHeaps),
              100.0 * inside / count);
}

int main() {
  use_default_backend();
  RandomSource fresh(7);
  judge("real", heaps(fresh, "points", 2000));
  struct Case {
    const char* name;
    models::AdversarialSettings settings;
  };
  for (const Case& kind : {Case{"non-saturating", {}}, Case{"with R1", {.penalty = 0.1, .penalty_target = 0}},
                           Case{"least squares", {.loss = nn::Adversarial::kLeastSquares}}}) {
    const models::GanSettings settings{.sample = {2}, .latent = 4, .hidden = {64, 64}, .bounded = false};
    models::GanGenerator generator(settings);
    models::GanDiscriminator discriminator(settings);
    RandomSource random(1);
    generator.initialize(random);
    discriminator.initialize(random);
    nn::Adam makes(generator.parameters(), {.beta1 = 0.5}),
        judges(discriminator.parameters(), {.beta1 = 0.5});
    std::printf("\n%s\n", kind.name);
    for (std::uint64_t step = 1; step <= 1500; ++step) {
      random.begin_step(step);
      const models::AdversarialNoise noise = models::adversarial_noise(random, kBatch, {4});
      const models::AdversarialResult result =
          models::adversarial_step({generator, makes, 0.002}, {discriminator, judges, 0.002},
                                   heaps(random, "real", kBatch), noise, kind.settings, random);
      if (step % 500 != 0) continue;
      std::printf("step %4d: losses %.3f and %.3f\n", static_cast<int>(step), result.discriminator_loss,
                  result.generator_loss.value());
      judge("", generator.evaluate(RandomSource(3).normal("noise", {2000, 4})));
    }
  }
}
