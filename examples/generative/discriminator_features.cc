// What a discriminator has learned without labels, used with few: its features (DCGAN, section 5) and the pixels themselves under the same linear SVM.
// On drawn shapes of 16x16 pixels; with RUN IMAGES.idx LABELS.idx on a finished run of kind dcgan (or the codes of an autoencoder).
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;
using Features = std::function<Tensor(const Tensor&)>;

// Crosses, boxes, rings and diamonds in any place and size, a little noise: [-1, 1].
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
  const Tensor noise = random.normal(fmt::format("{}/noise", name), {count, 1, 16, 16}) * 0.05;
  return sigmoid((0.8 - edge) * 4) * 2 - 1 + noise;
}

// Learns with the first `count` samples, chooses C by the last 500, and is measured on the 1,000 or more between 1,000 and those.
void judge(const char* what, const Features& features, const Tensor& samples, const Tensor& labels) {
  const std::int64_t all = samples.size(0), classes = max(labels).item<std::int64_t>() + 1;
  const Range first(1000, all - 500), last(all - 500, all);
  const Tensor tuning = features(samples.slice({last})), tested = features(samples.slice({first}));
  for (const std::int64_t count : {100, 300, 1000}) {
    const Tensor known = features(samples.slice({Range(0, count)})), names = labels.slice({Range(0, count)});
    double best = -1, found = 0;
    for (const double c : {1e-4, 1e-3, 1e-2}) {
      const models::LinearSvm svm =
          models::train_linear_svm(known, names, classes, {.c = c, .iterations = 100});
      const double tuned = svm.accuracy(tuning, labels.slice({last}));
      if (tuned <= best) continue;
      best = tuned;
      found = svm.accuracy(tested, labels.slice({first}));
    }
    std::printf("%-20s %4d labels: %4.1f %% named rightly\n", what, static_cast<int>(count), 100 * found);
  }
}

int main(int count, char** arguments) {
  use_default_backend();
  const Features pixels = [](const Tensor& x) { return reshape(x, {x.size(0), -1}); };
  if (count == 4) {  // the images after the first 20,000
    const data::Dataset set = data::read_dataset({.features = arguments[2], .labels = arguments[3]});
    const Range others(20000, 26500);
    const Tensor samples = slice(generative::read_images({.path = arguments[2]}).values, {others});
    const auto model = generative::trained_model(arguments[1]);
    judge("pixels", pixels, samples, slice(set.labels, {others}));
    judge(
        "features", [&](const Tensor& x) { return model->features(x); }, samples,
        slice(set.labels, {others}));
    return 0;
  }
  const models::DcganSettings settings{.image = {1, 16, 16}, .latent = 16, .channels = {24, 48}};
  models::DcganGenerator generator(settings);
  models::DcganDiscriminator discriminator(settings);
  RandomSource random(1);
  generator.initialize(random);
  discriminator.initialize(random);
  Tensor labels, unused;
  const Tensor samples = shapes(random, "labelled", 2500, labels);
  const Features features = [&](const Tensor& x) { return models::discriminator_features(discriminator, x); };
  judge("pixels", pixels, samples, labels);
  judge("features, untrained", features, samples, labels);
  nn::Adam makes(generator.parameters(), {.beta1 = 0.5}), judges(discriminator.parameters(), {.beta1 = 0.5});
  for (std::uint64_t step = 1; step <= 500; ++step) {
    random.begin_step(step);
    const models::AdversarialNoise noise = models::adversarial_noise(random, 32, {16});
    models::adversarial_step({generator, makes, 0.001}, {discriminator, judges, 0.001},
                             shapes(random, "real", 32, unused), noise, {}, random);
  }
  judge("features, trained", features, samples, labels);
}
