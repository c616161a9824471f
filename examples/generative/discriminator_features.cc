// What a discriminator has learned without labels, used with few: its features (DCGAN, section 5) and the pixels themselves under the same linear SVM.
// Drawn shapes of 16x16 pixels; docs/generative.md has the numbers on Fashion-MNIST.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// Crosses, boxes, rings and corners in any place and size, under noise: [-1, 1].
Tensor shapes(RandomSource& random, const char* name, std::int64_t count, Tensor& labels) {
  const Tensor numbers = random.uniform(name, {count, 4, 1, 1});
  const auto number = [&](std::int64_t i) { return slice(numbers, {Range::all(), Range(i, i + 1)}); };
  const Tensor y = absolute(reshape(arange(16, DType::kFloat32), {1, 1, 16, 1}) - 5 - number(0) * 5);
  const Tensor x = absolute(reshape(arange(16, DType::kFloat32), {1, 1, 1, 16}) - 5 - number(1) * 5);
  const Tensor size = 2 + number(2) * 3, which = number(3) * 4;
  const Tensor forms[] = {maximum(minimum(x, y), maximum(x, y) - size), absolute(maximum(x, y) - size),
                          absolute(sqrt(x * x + y * y) - size), absolute(x + y - size)};
  Tensor edge = forms[3];
  for (int i = 2; i >= 0; --i) edge = select(less(which, i + 1), forms[i], edge);
  labels = reshape(cast(which, DType::kInt64), {count});
  const Tensor noise = random.normal(fmt::format("{}/noise", name), {count, 1, 16, 16}) * 0.3;
  return sigmoid((0.8 - edge) * 4) * 2 - 1 + noise;
}

int main() {
  use_default_backend();
  const models::DcganSettings settings{.image = {1, 16, 16}, .latent = 16, .channels = {24, 48}};
  models::DcganGenerator generator(settings);
  models::DcganDiscriminator discriminator(settings);
  RandomSource random(1);
  generator.initialize(random);
  discriminator.initialize(random);
  Tensor labels, test_labels, unused;
  const Tensor labelled = shapes(random, "labelled", 400, labels);
  const Tensor test = shapes(random, "test", 1000, test_labels);

  const auto compare = [&](const char* when) {
    const auto features = [&](const Tensor& x) {
      return models::discriminator_features(discriminator, x, 4);
    };
    for (const std::int64_t count : {100, 400}) {
      const Tensor few = slice(labelled, {Range(0, count)}), known = slice(labels, {Range(0, count)});
      const models::LinearSvm svm = models::train_linear_svm(features(few), known, 4, {.c = 0.001});
      std::printf("%-22s %3d labels: %4.1f %% of new shapes named\n", when, static_cast<int>(count),
                  100 * svm.accuracy(features(test), test_labels));
    }
  };
  for (const std::int64_t count : {100, 400}) {
    const auto flat = [&](const Tensor& x) { return reshape(x, {x.size(0), -1}); };
    const models::LinearSvm svm = models::train_linear_svm(flat(slice(labelled, {Range(0, count)})),
                                                           slice(labels, {Range(0, count)}), 4, {.c = 0.001});
    std::printf("%-22s %3d labels: %4.1f %% of new shapes named\n", "pixels", static_cast<int>(count),
                100 * svm.accuracy(flat(test), test_labels));
  }
  compare("features, untrained");
  nn::Adam makes(generator.parameters(), {.beta1 = 0.5}), judges(discriminator.parameters(), {.beta1 = 0.5});
  for (std::uint64_t step = 1; step <= 300; ++step) {
    random.begin_step(step);
    models::adversarial_step({generator, makes, 0.0005}, {discriminator, judges, 0.0005},
                             shapes(random, "real", 32, unused), models::adversarial_noise(random, 32, {16}),
                             {}, random);
  }
  compare("features, trained");
}
