// What a GRU's gates do at their ends, and how gradients shrink and grow by time.
#include <gtest/gtest.h>

#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/nn/recurrent_layers_test.h"

namespace tessera::nn {
namespace {

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

}  // namespace
}  // namespace tessera::nn
