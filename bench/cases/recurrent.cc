#include "tessera/tensor/recurrent.h"

#include <fmt/core.h>

#include <functional>
#include <memory>

#include "bench/cases/tools.h"
#include "tessera/autograd/tape.h"
#include "tessera/nn/optimizers.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/random.h"

namespace bench {

using tessera::Shape;
using tessera::Tensor;

namespace {

// ---- Optimiser steps ----

struct Training {
  std::vector<tessera::nn::Parameter> parameters;
  std::vector<Tensor> gradients;
  std::unique_ptr<tessera::nn::Optimizer> optimizer;

  void step() { optimizer->step(gradients, 1e-3); }
};

template <typename Optimizer, typename Settings>
Case optimizer_case(const std::string& name, const Shape& shape, const Settings& settings) {
  constexpr int kTensors = 100;
  return lazy(fmt::format("{} {} tensors {}x{}", name, kTensors, shape[0], shape[1]), [=] {
    auto training = std::make_shared<Training>();
    for (int i = 0; i < kTensors; ++i) {
      training->parameters.push_back({fmt::format("p{}", i), normal(shape)});
      training->gradients.push_back(normal(shape));
    }
    std::vector<tessera::nn::Parameter*> pointers;
    for (auto& parameter : training->parameters) pointers.push_back(&parameter);
    training->optimizer = std::make_unique<Optimizer>(pointers, settings);
    return [training] { training->step(); };
  });
}

// ---- Recurrent layers: T 50, batch 32, 256 -> 256, and the gradients of everything ----

struct Layer {
  Tensor x, h0, gradient;
  std::vector<Tensor> weights;
};

Layer recurrent_layer(std::int64_t gates) {
  constexpr std::int64_t kTimes = 50, kBatch = 32, kFeatures = 256;
  const Shape weight{gates * kFeatures, kFeatures}, bias{gates * kFeatures};
  return {normal({kTimes, kBatch, kFeatures}),
          tessera::zeros({kBatch, kFeatures}),
          normal({kTimes, kBatch, kFeatures}),
          {normal(weight, 0.05), normal(weight, 0.05), normal(bias, 0.05), normal(bias, 0.05)}};
}

Tensor gru_of(const Layer& l) {
  return tessera::gru(l.x, l.h0, {l.weights[0], l.weights[1], l.weights[2], l.weights[3]});
}

Tensor lstm_of(const Layer& l) {
  return tessera::lstm(l.x, l.h0, l.h0, {l.weights[0], l.weights[1], l.weights[2], l.weights[3]}).h;
}

template <typename Function>
Case forward_case(const std::string& name, std::int64_t gates, Function layer) {
  return lazy(name, [=] { return [l = recurrent_layer(gates), layer] { layer(l); }; });
}

template <typename Function>
Case gradient_case(const std::string& name, std::int64_t gates, Function layer) {
  return lazy(name, [=] {
    return [l = recurrent_layer(gates), layer] {
      tessera::Tape tape;
      std::vector<Tensor> leaves = l.weights;
      leaves.push_back(l.x);
      tape.watch(leaves);
      const Tensor h = layer(l);
      tape.stop();
      tape.gradient(h, leaves, l.gradient);
    };
  });
}

// ---- Bias, relu and dropout of what a convolution gives ----

std::function<Tensor(const Tensor&, const Tensor&)> bias_relu_dropout(const Shape& shape) {
  auto random = std::make_shared<tessera::RandomSource>(1);
  return [=](const Tensor& x, const Tensor& bias) {
    random->begin_step(random->step() + 1);
    return tessera::finish(x, {.bias = bias,
                               .activation = tessera::Activation::kRelu,
                               .draws = random->uniform("dropout", shape),
                               .drop = 0.5,
                               .scale = 2});
  };
}

Case finish_case(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return lazy(fmt::format("bias+relu+dropout {}x{}x{}x{}", n, c, h, w), [=] {
    const Shape shape{n, c, h, w};
    return [x = normal(shape), bias = normal({c}), layer = bias_relu_dropout(shape)] { layer(x, bias); };
  });
}

Case finish_gradient_case(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return lazy(fmt::format("bias+relu+dropout forward and backward {}x{}x{}x{}", n, c, h, w), [=] {
    const Shape shape{n, c, h, w};
    return [x = normal(shape), bias = normal({c}), g = normal(shape), layer = bias_relu_dropout(shape)] {
      tessera::Tape tape;
      tape.watch({x, bias});
      const Tensor y = layer(x, bias);
      tape.stop();
      tape.gradient(y, {x, bias}, g);
    };
  });
}

}  // namespace

std::vector<Case> recurrent_cases() {
  namespace nn = tessera::nn;
  std::vector<Case> cases = {forward_case("GRU forward 50x32x256", 3, gru_of),
                             gradient_case("GRU forward and backward 50x32x256", 3, gru_of),
                             forward_case("LSTM forward 50x32x256", 4, lstm_of),
                             gradient_case("LSTM forward and backward 50x32x256", 4, lstm_of),
                             finish_case(64, 32, 28, 28),
                             finish_gradient_case(64, 32, 28, 28)};
  for (const Shape& shape : {Shape{10, 100}, Shape{100, 100}, Shape{256, 256}}) {
    cases.push_back(optimizer_case<nn::Adam>("Adam", shape, nn::AdamSettings{}));
    cases.push_back(optimizer_case<nn::Adam>("AMSGrad", shape, nn::AdamSettings{.amsgrad = true}));
    cases.push_back(optimizer_case<nn::SGD>("SGD with momentum", shape, nn::SgdSettings{.momentum = 0.9}));
    cases.push_back(optimizer_case<nn::RMSprop>("RMSprop", shape, nn::RMSpropSettings{}));
    cases.push_back(optimizer_case<nn::RMSprop>("RMSprop centered with momentum", shape,
                                                nn::RMSpropSettings{.momentum = 0.9, .centered = true}));
    cases.push_back(optimizer_case<nn::Adagrad>("Adagrad", shape, nn::AdagradSettings{}));
    cases.push_back(optimizer_case<nn::Adadelta>("Adadelta", shape, nn::AdadeltaSettings{}));
  }
  return cases;
}

}  // namespace bench
