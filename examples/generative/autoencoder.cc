// An autoencoder that takes noise away: drawn rings of 16x16 pixels through a code of 6 numbers, from inputs of which a third is black.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// Rings of a random centre, radius and width: [count, 1, 16, 16] in [0, 1].
Tensor rings(RandomSource& random, const char* name, std::int64_t count) {
  const Tensor numbers = random.uniform(name, {count, 4, 1, 1});
  const auto number = [&](std::int64_t i) { return slice(numbers, {Range::all(), Range(i, i + 1)}); };
  const Tensor rows = reshape(arange(16, DType::kFloat32), {1, 1, 16, 1}) - 6 - number(0) * 3;
  const Tensor columns = reshape(arange(16, DType::kFloat32), {1, 1, 1, 16}) - 6 - number(1) * 3;
  const Tensor distance = absolute(sqrt(rows * rows + columns * columns) - 2 - number(2) * 3);
  return sigmoid((0.8 + number(3) - distance) * 4);
}

int main() {
  use_default_backend();
  RandomSource random(1);
  const Tensor images = rings(random, "train", 1024), others = rings(random, "test", 256);
  models::ConvolutionalAutoencoder network({.image = {1, 16, 16}, .code = 6, .channels = {8, 16}});
  network.initialize(random);
  nn::Adam adam(network.parameters());
  data::BatchPlan plan({.samples = 1024, .batch = 64, .seed = 1});
  const models::Corruption corruption{.masked = 1.0 / 3};
  const std::uint64_t steps = 480;
  for (const data::Batch& batch : plan.steps(1, steps)) {
    random.begin_step(batch.step);
    const Tensor clean = data::take_samples(images, batch.positions);
    const Tensor noisy = models::corrupted(clean, corruption, random);
    std::vector<Tensor> weights;
    for (const nn::Parameter* parameter : network.parameters()) weights.push_back(parameter->value);
    Tape tape;
    tape.watch(weights);
    nn::Context context{.training = true};
    const Tensor logits = network.logits(network.codes(noisy, context), context);
    const Tensor loss = models::reconstruction_loss(logits, clean, models::Reconstruction::kMse);
    tape.stop();
    adam.step(tape.gradient(loss, weights), 0.005);
    if (batch.step % 120 == 0)
      std::printf("step %3d   squared error %.4f\n", static_cast<int>(batch.step), loss.item_as_double());
  }

  random.begin_step(steps + 1);
  const Tensor noisy = models::corrupted(others, corruption, random), found = network.evaluate(noisy);
  std::printf("new rings: noisy %.4f, cleaned %.4f, without noise %.4f\n",
              nn::mse_loss(noisy, others).item_as_double(), nn::mse_loss(found, others).item_as_double(),
              nn::mse_loss(network.evaluate(others), others).item_as_double());
  // The first one: as it is, what the network is given, what it makes of it.
  const Tensor shown[] = {others, noisy, found};
  for (std::int64_t y = 0; y < 16; ++y) {
    for (const Tensor& picture : shown) {
      for (std::int64_t x = 0; x < 16; ++x)
        std::putchar(" .:-=+*#%@"[static_cast<int>(picture.at<float>({0, 0, y, x}) * 9.99F)]);
      std::fputs("  ", stdout);
    }
    std::puts("|");
  }
}
