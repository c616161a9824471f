#include <fmt/core.h>

#include "bench/cases/tools.h"
#include "tessera/autograd/tape.h"

namespace bench {

using tessera::Conv2dOptions;
using tessera::Tape;
using tessera::Tensor;

namespace {

// ---- Training steps: forward, gradients, plain SGD; the graph is built anew each time, as eager frameworks
// do ----

using Parameters = std::vector<Tensor>;

template <typename Network>
struct TrainingStep {
  Parameters parameters;
  Tensor x, y;
  Network network;

  void operator()() {
    Tape tape;
    tape.watch(parameters);
    const Tensor loss = tessera::mean(tessera::cross_entropy(network(parameters, x), y));
    const std::vector<Tensor> gradients = tape.gradient(loss, parameters);
    const tessera::NoTape no_tape;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i] = parameters[i] - gradients[i] * 0.01;
    }
  }
};

template <typename Network>
TrainingStep(Parameters, Tensor, Tensor, Network) -> TrainingStep<Network>;

Tensor mlp(const Parameters& p, const Tensor& x) {
  const Tensor hidden = tessera::relu(tessera::matmul(x, p[0]) + p[1]);
  return tessera::matmul(hidden, p[2]) + p[3];
}

Case mlp_case() {
  return lazy("training step MLP 784-256-10 batch 128", [] {
    return TrainingStep{
        Parameters{normal({784, 256}, 0.05), normal({256}, 0.1), normal({256, 10}, 0.05), normal({10}, 0.1)},
        normal({128, 784}), labels(128, 10), mlp};
  });
}

// Two convolutions with pooling and a linear layer on top, for images of 8x8 (digits) or 28x28 (fashion).
Tensor convolutional(const Parameters& p, const Tensor& x) {
  Conv2dOptions same;
  same.padding[0] = same.padding[1] = 1;
  Tensor y = tessera::max_pool2d(tessera::relu(tessera::conv2d(x, p[0], same) + p[1]));
  y = tessera::max_pool2d(tessera::relu(tessera::conv2d(y, p[2], same) + p[3]));
  return tessera::matmul(tessera::reshape(y, {x.size(0), -1}), p[4]) + p[5];
}

Case convolutional_case(const std::string& name, std::int64_t batch, std::int64_t size, std::int64_t first,
                        std::int64_t second) {
  return lazy(name, [=] {
    const std::int64_t pooled = size / 2 / 2;
    return TrainingStep{Parameters{normal({first, 1, 3, 3}, 0.3), normal({first, 1, 1}, 0.1),
                                   normal({second, first, 3, 3}, 0.1), normal({second, 1, 1}, 0.1),
                                   normal({second * pooled * pooled, 10}, 0.05), normal({10}, 0.1)},
                        normal({batch, 1, size, size}), labels(batch, 10), convolutional};
  });
}

}  // namespace

std::vector<Case> training_cases() {
  return {mlp_case(), convolutional_case("training step CNN 8x8 batch 64", 64, 8, 16, 32),
          convolutional_case("training step CNN 28x28 batch 128", 128, 28, 16, 32)};
}

}  // namespace bench
