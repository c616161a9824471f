// A linear score per class and two losses on it: the support vector machine (every wrong class at least 1 below the right one) and softmax (the
// right class's probability). Then both are learned, with the gradient of all the data at every step and with batches of 256.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kSamples = 4096, kFeatures = 20, kClasses = 5;

int main() {
  use_default_backend();
  // The example of Stanford's CS231n: scores -2.85, 0.86, 0.28 and the right class 2 give 1.58 and 1.04.
  const Tensor w =
      Tensor::from<double>({0.01, -0.05, 0.1, 0.05, 0.7, 0.2, 0.05, 0.16, 0, -0.45, -0.2, 0.03}, {3, 4});
  const Tensor x = Tensor::from<double>({-15, 22, -44, 56}, {1, 4}),
               b = Tensor::from<double>({0, 0.2, -0.3}, {3});
  const Tensor scores = matmul(x, transpose(w)) + b, right = Tensor::from<std::int64_t>({2}, {1});
  const auto s = scores.to_vector<double>();
  std::printf("scores %.2f %.2f %.2f   svm %.2f   softmax %.2f\n", s[0], s[1], s[2],
              nn::multi_class_hinge_loss(scores, right).item<double>(),
              nn::cross_entropy_loss(scores, right).item<double>());

  RandomSource random(1);
  const Tensor samples = random.normal("x", {kSamples, kFeatures}),
               truth = random.normal("w", {kFeatures, kClasses});
  const Tensor labels = argmax(matmul(samples, truth) + random.normal("noise", {kSamples, kClasses}) * 2, 1);
  std::printf("\nloss      batch   steps   samples seen   accuracy\n");
  for (const bool svm : {true, false})
    for (const std::int64_t batch : {kSamples, std::int64_t{256}})
      for (const std::int64_t steps : {16, 256}) {
        nn::Linear layer(kFeatures, kClasses);
        RandomSource draws(2);
        layer.initialize(draws);
        nn::SGD optimizer(layer.parameters());
        for (std::int64_t step = 0; step < steps; ++step) {
          const std::int64_t first = step * batch % kSamples;
          const Range rows(first, first + batch);
          const std::vector<Tensor> values = {layer.weight().value, layer.bias()->value};
          Tape tape;
          tape.watch(values);
          const Tensor out = layer.evaluate(samples.slice({rows})), wanted = labels.slice({rows});
          const Tensor loss =
              svm ? nn::multi_class_hinge_loss(out, wanted) : nn::cross_entropy_loss(out, wanted);
          tape.stop();
          optimizer.step(tape.gradient(loss, values), 0.1);
        }
        const Tensor found = argmax(layer.evaluate(samples), 1);
        std::printf("%-8s %6d   %5d   %12d   %.3f\n", svm ? "svm" : "softmax", static_cast<int>(batch),
                    static_cast<int>(steps), static_cast<int>(batch * steps),
                    mean(cast(equal(found, labels), DType::kFloat32)).item<float>());
      }
}
