// PyTorch's cases that are recurrent layers, losses, optimisers and a training.
#include <algorithm>
#include <functional>

#include "tessera/autograd/tape.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"
#include "tessera/nn/recurrent.h"
#include "tessera/nn/torch_case_kinds_test.h"

namespace tessera::nn {
namespace {

using torch_cases::Json;
using torch_cases::NamedTensors;

constexpr DType kDouble = DType::kFloat64;

// ---- Recurrent layers ----

template <typename Layer>
double recurrent(const Json& test) {
  const Json& meta = test["meta"];
  const bool batch_first = meta.value("batch_first", true), bias = test["params"].contains("m.bias_ih_l0");
  return torch_distance(test, [&](const NamedTensors& in) {
    const std::int64_t inputs = in.at("m.weight_ih_l0").size(1), hidden = in.at("m.weight_hh_l0").size(1);
    Layer layer(inputs, hidden,
                {.layers = meta.value("layers", 1),
                 .bidirectional = meta.value("bidirectional", false),
                 .bias = bias,
                 .dtype = kDouble});
    take_parameters(layer, in);
    const auto turned = [&](const Tensor& t) { return batch_first ? t : permute(t, {1, 0, 2}); };
    const auto c0 = in.find("c0");
    const RecurrentResult result =
        layer.run(turned(in.at("x")), {.h0 = in.at("h0"), .c0 = c0 == in.end() ? Tensor() : c0->second});
    NamedTensors outputs = {{"y", turned(result.output)}, {"h", result.h}};
    if (result.c.defined()) outputs["c"] = result.c;
    return outputs;
  });
}

// ---- Losses ----

using Loss = Tensor (*)(const Json& meta, const NamedTensors& in);

std::function<double(const Json&)> loss(Loss function) {
  return [function](const Json& test) {
    return torch_distance(test, [&](const NamedTensors& in) {
      return NamedTensors{{"y", function(test["meta"], in)}};
    });
  };
}

// ---- Optimisers: twenty steps on 0.5 p'Ap - b'p ----

using MakeOptimizer = std::unique_ptr<Optimizer> (*)(const Json& settings, Parameter* p);

std::function<double(const Json&)> optimizer(MakeOptimizer make) {
  return [make](const Json& test) {
    auto in = torch_cases::tensors_of(test["inputs"]);
    Parameter p{"p", in["p0"]};
    const Json& settings = test["meta"]["settings"];
    const auto made = make(settings, &p);
    const Tensor trace = torch_cases::tensor_of(test["outputs"]["p_after_each_step"]);
    double largest = 0;
    for (std::int64_t step = 0; step < trace.size(0); ++step) {
      Tape tape;
      tape.watch(p.value);
      const Tensor value = matmul(p.value, matmul(in["A"], p.value)) * 0.5 - matmul(in["b"], p.value);
      made->step(tape.gradient(value, {p.value}), settings["lr"]);
      largest = std::max(largest, torch_cases::distance(p.value, slice(trace, {step})));
    }
    return largest;
  };
}

std::unique_ptr<Optimizer> sgd(const Json& s, Parameter* p) {
  return std::make_unique<SGD>(
      std::vector{p},
      SgdSettings{.momentum = s["momentum"], .nesterov = s["nesterov"], .weight_decay = s["weight_decay"]});
}

template <bool kDecoupled>
std::unique_ptr<Optimizer> adam(const Json& s, Parameter* p) {
  return std::make_unique<Adam>(std::vector{p}, AdamSettings{.beta1 = s["betas"][0],
                                                             .beta2 = s["betas"][1],
                                                             .epsilon = s["eps"],
                                                             .weight_decay = s["weight_decay"],
                                                             .decoupled = kDecoupled});
}

std::unique_ptr<Optimizer> amsgrad(const Json& s, Parameter* p) {
  return std::make_unique<Adam>(
      std::vector{p},
      AdamSettings{.beta1 = s["betas"][0], .beta2 = s["betas"][1], .epsilon = s["eps"], .amsgrad = true});
}
std::unique_ptr<Optimizer> rmsprop(const Json& s, Parameter* p) {
  return std::make_unique<RMSprop>(std::vector{p}, RMSpropSettings{.alpha = s["alpha"], .epsilon = s["eps"]});
}
std::unique_ptr<Optimizer> adagrad(const Json& s, Parameter* p) {
  return std::make_unique<Adagrad>(std::vector{p}, AdagradSettings{.epsilon = s["eps"]});
}
std::unique_ptr<Optimizer> adadelta(const Json& s, Parameter* p) {
  return std::make_unique<Adadelta>(std::vector{p}, AdadeltaSettings{.rho = s["rho"], .epsilon = s["eps"]});
}

// ---- A training: ten steps of a small network with batch normalisation, its losses, and what it leaves ----

double small_network(const Json& test) {
  Sequential network;
  network.add<Conv2d>(1, 3, Conv2dSettings{.padding = {1, 1}, .dtype = kDouble});
  network.add<BatchNorm2d>(3, BatchNormSettings{.dtype = kDouble});
  network.add<ReLU>();
  network.add<MaxPool2d>();
  network.add<Flatten>();
  network.add<Linear>(27, 4, LinearSettings{.dtype = kDouble});
  const NamedTensors initial = torch_cases::tensors_of(test["params"]),
                     after = torch_cases::tensors_of(test["params_after"]);
  for (Parameter* parameter : network.parameters()) parameter->value = initial.at(parameter->name);
  SGD optimizer(network.parameters(), {.momentum = 0.9});
  const Tensor x = torch_cases::tensor_of(test["inputs"]["x"]),
               labels = torch_cases::tensor_of(test["inputs"]["t"]);
  double largest = 0;
  for (const double expected :
       torch_cases::tensor_of(test["outputs"]["loss_each_step"]).to_vector<double>()) {
    Tape tape;
    std::vector<Tensor> values;
    for (const Parameter* parameter : network.parameters()) values.push_back(parameter->value);
    tape.watch(values);
    Context context{.training = true};
    const Tensor found = cross_entropy_loss(network.forward(x, context), labels);
    largest = std::max(largest, std::abs(found.item<double>() - expected));
    optimizer.step(tape.gradient(found, values), 0.1);
  }
  for (auto list : {network.parameters(), network.buffers()})
    for (const Parameter* kept : list)
      largest = std::max(
          largest, torch_cases::distance(cast(kept->value, kDouble), cast(after.at(kept->name), kDouble)));
  return largest;
}

}  // namespace

std::vector<TorchCaseKind> recurrent_cases() {
  return {{"gru", recurrent<GRU>}, {"lstm", recurrent<LSTM>}, {"rnn_tanh", recurrent<RNN>}};
}

std::vector<TorchCaseKind> loss_cases() {
  return {
      {"cross_entropy_0",
       loss([](const Json&, const NamedTensors& in) { return cross_entropy_loss(in.at("x"), in.at("t")); })},
      {"cross_entropy_weighted", loss([](const Json& meta, const NamedTensors& in) {
         return cross_entropy_loss(in.at("x"), in.at("t"),
                                   {.class_weights = in.at("w"), .label_smoothing = meta["label_smoothing"]});
       })},
      {"bce_with_logits", loss([](const Json&, const NamedTensors& in) {
         return binary_cross_entropy_loss(in.at("x"), in.at("t"));
       })},
      {"huber", loss([](const Json& meta, const NamedTensors& in) {
         return huber_loss(in.at("x"), in.at("t"), meta["delta"]);
       })},
      {"mse", loss([](const Json&, const NamedTensors& in) { return mse_loss(in.at("x"), in.at("t")); })}};
}

std::vector<TorchCaseKind> optimizer_cases() {
  return {{"optim_sgd", optimizer(sgd)},           {"optim_adamw", optimizer(adam<true>)},
          {"optim_adam", optimizer(adam<false>)},  {"optim_amsgrad", optimizer(amsgrad)},
          {"optim_rmsprop", optimizer(rmsprop)},   {"optim_adagrad", optimizer(adagrad)},
          {"optim_adadelta", optimizer(adadelta)}, {"train_small_cnn", small_network}};
}

}  // namespace tessera::nn
