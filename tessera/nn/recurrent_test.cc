// RNN, GRU and LSTM beside PyTorch's outputs and gradients (float64, 1e-10), in layers and both directions, and what they refuse.
#include "tessera/nn/recurrent.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tessera/autograd/tape.h"
#include "tessera/autograd/torch_cases_test.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/clipping.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"
#include "tessera/nn/torch_facts_test.h"

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

// ---- Sequences of many lengths ----

const std::vector<std::string> kLayers = {"rnn_tanh", "rnn_relu", "gru", "lstm", "gru without reset"};

std::unique_ptr<Recurrent> make(const std::string& name, std::int64_t inputs, std::int64_t hidden,
                                RecurrentSettings settings) {
  if (name == "rnn_relu") settings.nonlinearity = Activation::kRelu;
  if (name == "gru without reset") settings.reset_gate = false;
  if (name.starts_with("rnn")) return std::make_unique<RNN>(inputs, hidden, settings);
  if (name == "lstm") return std::make_unique<LSTM>(inputs, hidden, settings);
  return std::make_unique<GRU>(inputs, hidden, settings);
}

// Packed sequences in two layers and both directions, with all gradients.
TEST(Recurrent, LengthsArePyTorchsPackedSequences) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    for (const std::string name : {"rnn_tanh", "rnn_relu", "gru", "lstm"}) {
      const auto layer = make(name, 3, 2, {.layers = 2, .bidirectional = true, .dtype = DType::kFloat64});
      std::vector<Tensor> leaves;
      leaves.push_back(pattern(50, {4, 5, 3}, 2));
      leaves.push_back(pattern(51, {4, 4, 2}));
      if (name == "lstm") leaves.push_back(pattern(52, {4, 4, 2}));
      std::int64_t seed = 0;
      for (Parameter* parameter : layer->parameters()) {
        parameter->value = pattern(seed++, parameter->value.shape());
        leaves.push_back(parameter->value);
      }
      Tape tape;
      tape.watch(leaves);
      const RecurrentResult result =
          layer->run(leaves[0], {.lengths = Tensor::from<std::int64_t>({3, 5, 1, 2}, {4}),
                                 .h0 = leaves[1],
                                 .c0 = name == "lstm" ? leaves[2] : Tensor()});
      Tensor loss = sum(result.output * pattern(53, {4, 5, 4})) + sum(result.h * pattern(54, {4, 4, 2}));
      std::vector<Tensor> outputs;
      outputs.push_back(result.output);
      outputs.push_back(result.h);
      if (result.c.defined()) {
        outputs.push_back(result.c);
        loss = loss + sum(result.c * pattern(55, {4, 4, 2}));
      }
      expect_fact(name + " outputs", outputs);
      expect_fact(name + " gradients", tape.gradient(loss, leaves));
    }
  }
  use_backend("reference");
}

struct Found {
  Tensor output, h, c, x_gradient;
};

Found found_for(Recurrent& layer, const Tensor& x, const Tensor& lengths) {
  Tape tape;
  tape.watch(x);
  const RecurrentResult result = layer.run(x, {.lengths = lengths});
  // What each sequence gives to the sum is its own affair.
  Tensor loss = sum(result.output * result.output) + sum(result.h);
  if (result.c.defined()) loss = loss + sum(result.c);
  return {result.output, result.h, result.c, tape.gradient(loss, {x})[0]};
}

void expect_same(const Tensor& a, const Tensor& b, const std::string& what) {
  EXPECT_TRUE(same_bits(a, b)) << what;
}

// A sequence alone, without padding, and in a batch with garbage past its length: the same bits, forward and backward.
void check_padding_and_batch(const std::string& name, DType dtype, bool bidirectional) {
  const auto layer = make(name, 5, 19, {.layers = 2, .bidirectional = bidirectional, .dtype = dtype});
  RandomSource random(7);
  layer->initialize(random);
  const std::vector<std::int64_t> lengths = {4, 9, 1, 7, 9, 2, 0, 5, 3, 8, 6};
  const std::int64_t samples = static_cast<std::int64_t>(lengths.size()), times = 12;
  Tensor x = random.normal("x", {samples, times, 5}, dtype);
  const Tensor number = reshape(arange(times), {1, times, 1});
  const Tensor length_tensor = Tensor::from(lengths, {samples});
  x = select(less(number, reshape(length_tensor, {samples, 1, 1})), x, NAN);
  const Found all = found_for(*layer, x, length_tensor);
  for (std::int64_t i = 0; i < samples; ++i) {
    const std::int64_t length = lengths[static_cast<std::size_t>(i)];
    const Range one(i, i + 1);
    const std::string what = fmt::format("{} {} sequence {}", name, dtype_name(dtype), i);
    const Tensor past = slice(all.output, {one, Range::from(length)});
    EXPECT_EQ(cast(sum(absolute(past)), DType::kFloat64).item<double>(), 0) << what;
    if (length == 0) {
      EXPECT_EQ(cast(sum_squares(slice(all.h, {Range::all(), one})), DType::kFloat64).item<double>(), 0)
          << what;
      continue;
    }
    const Found alone = found_for(*layer, slice(x, {one, Range(0, length)}), {});
    expect_same(slice(all.output, {one, Range(0, length)}), alone.output, what + " output");
    expect_same(slice(all.h, {Range::all(), one}), alone.h, what + " h");
    if (all.c.defined()) expect_same(slice(all.c, {Range::all(), one}), alone.c, what + " c");
    expect_same(slice(all.x_gradient, {one, Range(0, length)}), alone.x_gradient, what + " gradient");
    EXPECT_EQ(cast(sum(absolute(slice(all.x_gradient, {one, Range::from(length)}))), DType::kFloat64)
                  .item<double>(),
              0)
        << what;
  }
}

TEST(Recurrent, PaddingAndBatchDoNotMatter) {
  use_backend("cpu");
  const int threads = thread_count();
  for (const int count : {1, 3}) {
    set_thread_count(count);
    for (const std::string& name : kLayers)
      for (const bool bidirectional : {false, true}) {
        check_padding_and_batch(name, DType::kFloat32, bidirectional);
        check_padding_and_batch(name, DType::kFloat64, bidirectional);
      }
  }
  set_thread_count(threads);
  use_backend("reference");
}

// With lengths, gradients of the weights do not depend on how far the batch is padded, and all layers are the reference's bits.
TEST(Recurrent, WeightGradientsDoNotSeeThePadding) {
  use_default_backend();
  for (const std::string& name : kLayers) {
    const auto layer = make(name, 3, 6, {.bidirectional = true});
    RandomSource random(3);
    layer->initialize(random);
    const Tensor x = random.normal("x", {5, 6, 3}),
                 lengths = Tensor::from<std::int64_t>({2, 6, 3, 1, 4}, {5});
    const Tensor longer = concatenate({x, full({5, 4, 3}, 5)}, 1);
    std::vector<std::vector<Tensor>> gradients;
    for (const auto& [backend, input] : {std::pair("reference", x), {"cpu", x}, {"cpu", longer}}) {
      use_backend(backend);
      std::vector<Tensor> values;
      for (const Parameter* parameter : layer->parameters()) values.push_back(parameter->value);
      Tape tape;
      tape.watch(values);
      gradients.push_back(tape.gradient(sum(layer->run(input, {.lengths = lengths}).output), values));
    }
    for (std::size_t i = 0; i < gradients[0].size(); ++i)
      for (const std::size_t other : {1, 2})
        EXPECT_TRUE(same_bits(gradients[0][i], gradients[other][i])) << name << " " << i << " " << other;
  }
  use_backend("reference");
}

// Ten steps: forward, backward, clipping, an optimiser that composes its step.
std::vector<Tensor> weights_after_training(const std::string& name) {
  const auto layer = make(name, 3, 33, {.layers = 2, .bidirectional = true});
  RandomSource random(9);
  layer->initialize(random);
  RMSprop optimizer(layer->parameters(), {.momentum = 0.5, .centered = true});
  const Tensor lengths = Tensor::from<std::int64_t>({7, 3, 0, 7, 1, 5, 6, 2, 7}, {9});
  std::vector<Tensor> values;
  for (std::uint64_t step = 1; step <= 10; ++step) {
    random.begin_step(step);
    values.clear();
    for (const Parameter* parameter : layer->parameters()) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    const RecurrentResult result = layer->run(random.normal("x", {9, 7, 3}), {.lengths = lengths});
    const Tensor loss = huber_loss(result.output, ones(result.output.shape())) + sum(result.h);
    tape.stop();
    std::vector<Tensor> gradients = tape.gradient(loss, values);
    clip_by_norm(gradients, 1);
    optimizer.step(gradients, 0.01);
  }
  return values;
}

TEST(Recurrent, TrainingHasTheSameBitsOnBothBackendsAndAnyThreads) {
  const int threads = thread_count();
  for (const std::string& name : kLayers) {
    use_backend("reference");
    const std::vector<Tensor> expected = weights_after_training(name);
    use_backend("cpu");
    for (const int count : {1, 2, 3, 7}) {
      set_thread_count(count);
      const std::vector<Tensor> found = weights_after_training(name);
      for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_TRUE(same_bits(found[i], expected[i])) << name << ", " << count << " threads, weight " << i;
    }
    set_thread_count(threads);
  }
  use_backend("reference");
}

// ---- The gates of a GRU ----

// The weights of gate `gate` (0 r, 1 z, 2 n) to zero with this bias, so that it has one value throughout.
void fix_gate(GRU& layer, std::int64_t gate, double bias) {
  const std::int64_t hidden = layer.parameters()[1]->value.size(1);
  const Tensor rows = reshape(arange(3 * hidden), {3 * hidden, 1});
  const Tensor inside = equal(rows / hidden, gate);
  for (const std::size_t matrix : {0, 1})
    layer.parameters()[matrix]->value = select(inside, 0, layer.parameters()[matrix]->value);
  const Tensor in_bias = reshape(inside, {3 * hidden});
  layer.parameters()[2]->value = select(in_bias, bias, layer.parameters()[2]->value);
  layer.parameters()[3]->value = select(in_bias, 0, layer.parameters()[3]->value);
}

TEST(Gru, AnUpdateGateOfOneKeepsTheStateToTheBit) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    GRU layer(3, 17);
    RandomSource random(5);
    layer.initialize(random);
    fix_gate(layer, 1, 64);
    const Tensor h0 = random.normal("h0", {1, 4, 17}) * 1e-3;
    const RecurrentResult result = layer.run(random.normal("x", {4, 6, 3}), {.h0 = h0, .gates = true});
    EXPECT_EQ(min(result.gates[0].at("z")).item<float>(), 1);
    for (std::int64_t t = 0; t < 6; ++t)
      EXPECT_TRUE(same_bits(slice(result.output, {Range::all(), t}), slice(h0, {0}))) << t;
  }
  use_backend("reference");
}

TEST(Gru, WithAnOpenResetAndNoUpdateIsATanhRnnToTheBit) {
  for (const char* backend : {"reference", "cpu"})
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      use_backend(backend);
      GRU layer(3, 17, {.dtype = dtype});
      RNN plain(3, 17, {.dtype = dtype});
      RandomSource random(5);
      layer.initialize(random);
      fix_gate(layer, 0, 64);
      fix_gate(layer, 1, -1e4);
      for (std::size_t i = 0; i < 4; ++i)
        plain.parameters()[i]->value = slice(layer.parameters()[i]->value, {Range(34, 51)});
      const Tensor x = random.normal("x", {4, 6, 3}, dtype);
      const RecurrentResult result = layer.run(x, {.gates = true});
      EXPECT_EQ(cast(max(result.gates[0].at("z")), DType::kFloat64).item<double>(), 0);
      EXPECT_EQ(cast(min(result.gates[0].at("r")), DType::kFloat64).item<double>(), 1);
      EXPECT_TRUE(same_bits(result.output, plain.run(x).output));
    }
  use_backend("reference");
}

// A GRU without the reset gate is one whose reset gate is held open, and its gates recompute its states.
TEST(Gru, WithoutResetGate) {
  use_backend("cpu");
  GRU layer(3, 17), small(3, 17, {.reset_gate = false});
  RandomSource random(5);
  layer.initialize(random);
  fix_gate(layer, 0, 64);
  EXPECT_EQ(small.parameter_elements() * 3, layer.parameter_elements() * 2);
  for (std::size_t i = 0; i < 4; ++i)
    small.parameters()[i]->value = slice(layer.parameters()[i]->value, {Range::from(17)});
  const Tensor x = random.normal("x", {4, 6, 3}), lengths = Tensor::from<std::int64_t>({6, 2, 1, 5}, {4});
  const RecurrentResult result = small.run(x, {.lengths = lengths, .gates = true});
  EXPECT_TRUE(same_bits(result.output, layer.run(x, {.lengths = lengths}).output));
  const auto& gates = result.gates[0];
  Tensor h = zeros({4, 17});
  for (std::int64_t t = 0; t < 6; ++t) {
    const Tensor z = slice(gates.at("z"), {Range::all(), t}), n = slice(gates.at("n"), {Range::all(), t});
    h = z * h + (1 - z) * n;
    EXPECT_TRUE(same_bits(slice(result.output, {Range(0, 1), t}), slice(h, {Range(0, 1)}))) << t;
  }
  EXPECT_EQ(sum(absolute(slice(gates.at("z"), {2, Range::from(1)}))).item<float>(), 0);  // past its length
  use_backend("reference");
}

// ---- Gradients by time ----

TEST(GradientByTime, ScalarsShrinkAndGrowAsPowers) {
  use_backend("reference");
  for (const double u : {0.9, 1.1}) {
    RNN layer(1, 1, {.bias = false, .dtype = DType::kFloat64, .nonlinearity = Activation::kRelu});
    layer.parameters()[1]->value = full({1, 1}, u, DType::kFloat64);
    const auto lengths =
        gradient_by_time(layer, zeros({1, 30, 1}, DType::kFloat64), {.h0 = ones({1, 1, 1}, DType::kFloat64)});
    for (int t = 0; t <= 30; ++t)
      EXPECT_NEAR(lengths[t], std::pow(u, 30 - t), 1e-13 * std::pow(u, 30 - t)) << t;
  }
}

// By time and by the tape over the whole sequence: what arrives at h0 is the same.
TEST(GradientByTime, BeginsWithTheGradientInTheInitialState) {
  use_backend("reference");
  for (const std::string& name : kLayers) {
    const auto layer = make(name, 3, 5, {.layers = 2, .dtype = DType::kFloat64});
    RandomSource random(3);
    layer->initialize(random);
    const Tensor x = random.normal("x", {2, 6, 3}, DType::kFloat64),
                 h0 = random.normal("h", {2, 2, 5}, DType::kFloat64);
    const auto lengths = gradient_by_time(*layer, x, {.h0 = h0});
    ASSERT_EQ(lengths.size(), 7U);
    Tape tape;
    tape.watch(h0);
    const Tensor gradient = tape.gradient(sum(layer->run(x, {.h0 = h0}).h), {h0})[0];
    EXPECT_NEAR(lengths[0], std::sqrt(sum_squares(gradient).item<double>()), 1e-13) << name;
    EXPECT_NEAR(lengths[6], std::sqrt(20.0), 1e-14);
  }
  GRU both(3, 5, {.bidirectional = true});
  EXPECT_THROW(gradient_by_time(both, zeros({2, 6, 3})), Error);
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
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
