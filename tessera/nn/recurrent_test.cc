// RNN, GRU and LSTM beside PyTorch's outputs and gradients (float64, 1e-10), in layers and both directions, and what they refuse.
#include "tessera/nn/recurrent.h"

#include <gtest/gtest.h>

#include <string>

#include "tessera/autograd/tape.h"
#include "tessera/autograd/torch_cases_test.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"

namespace tessera::nn {
namespace {

using torch_cases::Json;
using torch_cases::NamedTensors;

constexpr double kTolerance = 1e-10;

RecurrentSettings settings_of(const Json& meta, const NamedTensors& parameters) {
  return {.layers = meta.value("layers", 1),
          .bidirectional = meta.value("bidirectional", false),
          .bias = parameters.contains("m.bias_ih_l0"),
          .dtype = DType::kFloat64};
}

NamedTensors results_of(const RecurrentResult& result, bool batch_first) {
  NamedTensors results = {{"y", batch_first ? result.output : permute(result.output, {1, 0, 2})},
                          {"h", result.h}};
  if (result.c.defined()) results["c"] = result.c;
  return results;
}

template <typename Layer, typename Run>
void check_case(const Json& test, Layer& layer, const Run& run) {
  NamedTensors in = torch_cases::tensors_of(test["inputs"]);
  in.merge(torch_cases::tensors_of(test["params"]));
  for (Parameter* parameter : layer.parameters()) parameter->value = in.at("m." + parameter->name);
  EXPECT_EQ(layer.parameters().size(), test["params"].size());
  const bool batch_first = test["meta"].value("batch_first", true);
  Tape tape;
  for (const auto& [name, tensor] : in) tape.watch(tensor);
  const Tensor x = batch_first ? in.at("x") : permute(in.at("x"), {1, 0, 2});
  const NamedTensors results = results_of(run(x, in), batch_first);
  Tensor weighted = zeros({}, DType::kFloat64);
  const NamedTensors output_gradients = torch_cases::tensors_of(test["grad_outputs"]);
  for (const auto& [name, expected] : torch_cases::tensors_of(test["outputs"])) {
    EXPECT_LE(torch_cases::distance(results.at(name), expected), kTolerance) << "output " << name;
    if (output_gradients.contains(name))
      weighted = weighted + sum(results.at(name) * output_gradients.at(name));
  }
  for (const char* kind : {"grad_inputs", "grad_params"})
    for (const auto& [name, expected] : torch_cases::tensors_of(test[kind]))
      EXPECT_LE(torch_cases::distance(tape.gradient(weighted, {in.at(name)})[0], expected), kTolerance)
          << "gradient of " << name;
}

TEST(Recurrent, AgreesWithPyTorch) {
  const auto cases = torch_cases::read();
  if (!cases) GTEST_SKIP() << "TESSERA_DATA is not set";
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    int checked = 0;
    for (const Json& test : *cases) {
      const std::string name = test["name"];
      const bool is_gru = name.starts_with("gru"), is_lstm = name.starts_with("lstm");
      if (!is_gru && !is_lstm && !name.starts_with("rnn")) continue;
      SCOPED_TRACE(name + " " + backend);
      const NamedTensors parameters = torch_cases::tensors_of(test["params"]);
      const RecurrentSettings settings = settings_of(test["meta"], parameters);
      const Tensor hidden = parameters.at("m.weight_hh_l0"), input = parameters.at("m.weight_ih_l0");
      if (!is_gru && !is_lstm) {
        RNN layer(input.size(1), hidden.size(1), settings);
        check_case(test, layer,
                   [&](const Tensor& x, const NamedTensors& in) { return layer.run(x, in.at("h0")); });
      } else if (is_gru) {
        GRU layer(input.size(1), hidden.size(1), settings);
        check_case(test, layer,
                   [&](const Tensor& x, const NamedTensors& in) { return layer.run(x, in.at("h0")); });
      } else {
        LSTM layer(input.size(1), hidden.size(1), settings);
        check_case(test, layer, [&](const Tensor& x, const NamedTensors& in) {
          return layer.run(x, in.at("h0"), in.at("c0"));
        });
      }
      ++checked;
    }
    EXPECT_EQ(checked, 6);
  }
  use_backend("reference");
}

// A sample's states do not depend on the others, nor a time's on what follows.
TEST(Recurrent, SamplesAndTimesToComeDoNotMatter) {
  use_backend("cpu");
  GRU layer(5, 21);
  RandomSource random(2);
  layer.initialize(random);
  const Tensor x = random.normal("x", {13, 7, 5}), all = layer.evaluate(x);
  const Tensor part = layer.evaluate(x.slice({Range(3, 5), Range(0, 4)}));
  EXPECT_TRUE(same_bits(part, all.slice({Range(3, 5), Range(0, 4)})));
  use_backend("reference");
}

// Weights are drawn in float32 and rounded once; the layer runs on them.
TEST(Recurrent, BFloat16) {
  use_backend("cpu");
  GRU narrow(5, 6, {.dtype = DType::kBFloat16}), wide(5, 6);
  RandomSource first(1), second(1);
  narrow.initialize(first);
  wide.initialize(second);
  const auto narrow_weights = narrow.parameters(), wide_weights = wide.parameters();
  ASSERT_EQ(narrow_weights.size(), wide_weights.size());
  for (std::size_t i = 0; i < wide_weights.size(); ++i)
    EXPECT_TRUE(same_bits(narrow_weights[i]->value, wide_weights[i]->value.to(DType::kBFloat16))) << i;
  const Tensor x = first.normal("x", {2, 3, 5});
  const Tensor y = narrow.evaluate(x.to(DType::kBFloat16));
  EXPECT_EQ(y.dtype(), DType::kBFloat16);
  EXPECT_LE(max(absolute(y.to(DType::kFloat32) - wide.evaluate(x))).item<float>(), 0.05f);
  use_backend("reference");
}

TEST(Recurrent, Errors) {
  use_backend("reference");
  GRU layer(3, 4, {.layers = 2, .bidirectional = true, .bias = false});
  EXPECT_EQ(layer.describe(), "GRU(3 -> 4, 2 layers, both directions, no bias)");
  EXPECT_EQ(
      message_of([&] {
        layer.evaluate(zeros({2, 5, 4}));
      }),
      "GRU(3 -> 4, 2 layers, both directions, no bias): the input has shape [2, 5, 4], expected [N, T, 3]");
  EXPECT_EQ(message_of([&] {
              layer.run(zeros({2, 5, 3}), zeros({4, 3, 4}));
            }),
            "GRU(3 -> 4, 2 layers, both directions, no bias): h0 has shape [4, 3, 4], expected [4, 2, 4]");
  EXPECT_EQ(message_of([&] {
              layer.evaluate(zeros({2, 5, 3}, DType::kFloat64));
            }),
            "GRU(3 -> 4, 2 layers, both directions, no bias): the input is float64 [2, 5, 3], but the "
            "parameters are "
            "float32");
  EXPECT_THROW(GRU(3, 0), Error);
  EXPECT_THROW(RNN(3, 4, {.nonlinearity = Activation::kSigmoid}), Error);
  EXPECT_THROW(LSTM(3, 4, {.nonlinearity = Activation::kRelu}), Error);
  EXPECT_THROW(LSTM(3, 4, {.reset_gate = false}), Error);
  EXPECT_THROW(RNN(3, 4, {.reset_gate = false}), Error);
  EXPECT_EQ(message_of([] {
              RNN rnn(1, 2, {.nonlinearity = Activation::kRelu});
              rnn.run(zeros({2, 5, 1}), {.lengths = Tensor::from<std::int64_t>({5, 6}, {2})});
            }),
            "RNN(1 -> 2, relu): the length of sequence 1 is 6, expected from 0 to 5");
  EXPECT_EQ(message_of([] {
              RNN rnn(1, 2);
              rnn.run(zeros({2, 5, 1}), {.lengths = ones({2})});
            }),
            "RNN(1 -> 2): the lengths are float32 [2], expected int64 [2]");
}

// In the padding of the short sample, 10^58 would overflow float32, and zero times that is NaN.
TEST(Recurrent, PaddingOfAReluDoesNotOverflow) {
  use_backend("reference");
  const auto slope = [](const std::vector<float>& samples, const std::vector<std::int64_t>& lengths) {
    RNN layer(1, 1, {.nonlinearity = Activation::kRelu});
    for (Parameter* parameter : layer.parameters()) parameter->value = zeros(parameter->value.shape());
    for (Parameter* parameter : layer.parameters()) {
      if (parameter->name == "weight_ih_l0") parameter->value = ones({1, 1});
      if (parameter->name == "weight_hh_l0") parameter->value = full({1, 1}, 10, DType::kFloat32);
    }
    const auto count = static_cast<std::int64_t>(samples.size());
    const Tensor x = contiguous(broadcast_to(Tensor::from(samples, {count, 1, 1}), {count, 60, 1}));
    std::vector<Tensor> weights;
    for (const Parameter* parameter : layer.parameters())
      if (parameter->name == "weight_hh_l0") weights.push_back(parameter->value);
    Tape tape;
    tape.watch(weights);
    const Tensor y = layer.run(x, {.lengths = Tensor::from(lengths, {count})}).output;
    return tape.gradient(sum(y), weights).at(0).item<float>();
  };
  const float a = slope({1}, {2}), b = slope({-1}, {60});
  EXPECT_EQ(a, 1);  // h2 = 1 + 10 h1, h1 = 1
  EXPECT_EQ(b, 0);
  EXPECT_EQ(slope({1, -1}, {2, 60}), a + b);
}

}  // namespace
}  // namespace tessera::nn
