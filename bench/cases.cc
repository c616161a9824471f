#include "bench/cases.h"

#include <fmt/core.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "tessera/autograd/tape.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace bench {

using tessera::Conv2dOptions;
using tessera::Operand;
using tessera::Shape;
using tessera::Tape;
using tessera::Tensor;

namespace {

Tensor normal(const Shape& shape, double scale = 1) {
  static tessera::RandomSource random(1);
  static int draws = 0;
  return random.normal(fmt::format("bench{}", draws++), shape) * scale;
}

Tensor labels(std::int64_t count, std::int64_t classes) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(i * 7 % classes);
  return Tensor::from(values, {count});
}

// Makes the inputs at the first call, so that listing the cases costs nothing.
template <typename Make>
Case lazy(std::string name, Make make) {
  using Work = decltype(make());
  auto work = std::make_shared<std::unique_ptr<Work>>();
  return {std::move(name), [work, make] {
            if (!*work) *work = std::make_unique<Work>(make());
            (**work)();
          }};
}

// ---- Products ----

Case matmul_case(std::int64_t m, std::int64_t k, std::int64_t n) {
  return lazy(fmt::format("matmul {}x{}x{}", m, k, n), [=] {
    return [a = normal({m, k}), b = normal({k, n})] { tessera::matmul(a, b); };
  });
}

struct Convolution {
  std::int64_t batch, channels, size, outputs, kernel, padding;
  std::string title() const {
    return fmt::format("{}x{}x{}x{} filters {}x{}x{}", batch, channels, size, size, outputs, kernel, kernel);
  }
  Tensor input() const { return normal({batch, channels, size, size}); }
  Tensor weight() const { return normal({outputs, channels, kernel, kernel}, 0.1); }
  Conv2dOptions options() const {
    Conv2dOptions options;
    options.padding[0] = options.padding[1] = padding;
    return options;
  }
};

Case convolution_case(const Convolution& c) {
  return lazy("conv2d " + c.title(), [=] {
    return [x = c.input(), w = c.weight(), options = c.options()] { tessera::conv2d(x, w, options); };
  });
}

// Forward, then the gradients with respect to input and weights.
Case convolution_gradients_case(const Convolution& c) {
  return lazy("conv2d with gradients " + c.title(), [=] {
    return [x = c.input(), w = c.weight(), options = c.options()] {
      Tape tape;
      tape.watch({x, w});
      tape.gradient(tessera::sum(tessera::conv2d(x, w, options)), {x, w});
    };
  });
}

// ---- Pieces of a training step ----

template <typename Function>
Case unary_case(const std::string& name, const Shape& shape, Function function) {
  return lazy(name, [=] { return [x = normal(shape), function] { function(x); }; });
}

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

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::int64_t n : {64, 128, 256, 512, 1024}) cases.push_back(matmul_case(n, n, n));
  cases.push_back(matmul_case(1, 1024, 1024));
  cases.push_back(matmul_case(32, 1024, 4096));
  cases.push_back(matmul_case(32, 4096, 1024));
  cases.push_back(matmul_case(4096, 64, 64));
  cases.push_back(matmul_case(128, 2048, 128));
  for (const Convolution& c : {Convolution{32, 64, 28, 64, 3, 1}, Convolution{32, 3, 32, 32, 5, 2}}) {
    cases.push_back(convolution_case(c));
    cases.push_back(convolution_gradients_case(c));
  }
  cases.push_back(unary_case("exp 1048576", {1048576}, [](const Tensor& x) { tessera::exp(x); }));
  cases.push_back(unary_case("sum 1048576", {1048576}, [](const Tensor& x) { tessera::sum(x); }));
  cases.push_back(unary_case("add 1048576", {1048576}, [](const Tensor& x) { tessera::add(x, x); }));
  cases.push_back(
      unary_case("softmax 4096x1024", {4096, 1024}, [](const Tensor& x) { tessera::softmax(x); }));
  cases.push_back(unary_case("max_pool2d 32x64x28x28", {32, 64, 28, 28},
                             [](const Tensor& x) { tessera::max_pool2d(x); }));
  cases.push_back(mlp_case());
  cases.push_back(convolutional_case("training step CNN 8x8 batch 64", 64, 8, 16, 32));
  cases.push_back(convolutional_case("training step CNN 28x28 batch 128", 128, 28, 16, 32));
  return cases;
}

}  // namespace bench
