// A DCGAN on drawn digits-like strokes: 16x16 pixels, a bar that leans to the left or to the right. Writes a grid of samples as PNG.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// A bar through a random point at a random slant: [count, 1, 16, 16] in [-1, 1].
Tensor strokes(RandomSource& random, const char* name, std::int64_t count) {
  const Tensor numbers = random.uniform(name, {count, 2, 1, 1});
  const auto number = [&](std::int64_t i) { return slice(numbers, {Range::all(), Range(i, i + 1)}); };
  const Tensor rows = reshape(arange(16, DType::kFloat32), {1, 1, 16, 1}) - 7.5;
  const Tensor columns = reshape(arange(16, DType::kFloat32), {1, 1, 1, 16}) - 7.5;
  const Tensor slant = cast(less(number(0), 0.5), DType::kFloat32) * 1.4 - 0.7;
  const Tensor across = absolute(columns - rows * slant - (number(1) - 0.5) * 6);
  const Tensor inside = sigmoid((1.5 - across) * 4) * sigmoid((6 - absolute(rows)) * 4);
  return inside * 2 - 1;
}

void show(const Tensor& images, std::int64_t count) {
  for (std::int64_t y = 0; y < 16; y += 2) {  // every other row: letters are twice as high as wide
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t x = 0; x < 16; ++x)
        std::putchar(" .:-=+*#%@"[static_cast<int>((images.at<float>({i, 0, y, x}) + 1) * 4.99F)]);
    std::puts("|");
  }
}

int main() {
  use_default_backend();
  const models::DcganSettings settings{.image = {1, 16, 16}, .latent = 8, .channels = {16, 32}};
  models::DcganGenerator generator(settings);
  models::DcganDiscriminator discriminator(settings);
  RandomSource random(1);
  generator.initialize(random);
  discriminator.initialize(random);
  nn::Adam makes(generator.parameters(), {.beta1 = 0.5}), judges(discriminator.parameters(), {.beta1 = 0.5});
  std::puts("real");
  show(strokes(random, "shown", 5), 5);
  const Tensor noise = RandomSource(2).normal("shown", {36, 8});  // the same at every look
  for (std::uint64_t step = 1; step <= 500; ++step) {
    random.begin_step(step);
    const models::AdversarialNoise drawn = models::adversarial_noise(random, 32, {8});
    const models::AdversarialResult result =
        models::adversarial_step({generator, makes, 0.001}, {discriminator, judges, 0.0005},
                                 strokes(random, "real", 32), drawn, {}, random);
    if (step != 50 && step != 500) continue;
    std::printf("step %d: losses %.2f and %.2f\n", static_cast<int>(step), result.discriminator_loss,
                result.generator_loss.value());
    show(generator.evaluate(noise), 5);
  }
  const Tensor samples = (generator.evaluate(noise) + 1) * 0.5;
  generative::write_picture("samples.png", generative::image_grid(samples, 6));
}
