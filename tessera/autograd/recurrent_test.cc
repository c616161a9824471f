// Fused rows beside the compositions that define them, bit for bit, on both backends: gru, lstm, finish, linear and their gradients.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/autograd/recurrent_composition.h"
#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/random.h"
#include "tessera/tensor/storage.h"

namespace tessera {
namespace {

using internal::stacked;
using Tensors = std::vector<Tensor>;

constexpr std::int64_t kTimes = 4, kSamples = 9, kHidden = 70;

// Inputs of a layer's row.
Tensors layer_inputs(DType dtype, std::int64_t gates, int states) {
  RandomSource random(3);
  Tensors inputs = {random.normal("x", {kTimes, kSamples, gates * kHidden}, dtype)};
  for (int state = 0; state < states; ++state)
    inputs.push_back(random.normal(fmt::format("state{}", state), {kSamples, kHidden}, dtype));
  inputs.push_back(random.normal("weight", {gates * kHidden, kHidden}, dtype) * 0.2);
  for (const char* bias : {"a", "b"}) inputs.push_back(random.normal(bias, {gates * kHidden}, dtype));
  return inputs;
}

Tensor part(const Tensor& states, std::int64_t i) {
  return slice(states, {i});
}
Tensor at(const Tensor& x, std::int64_t t) {
  return slice(x, {t});
}

template <typename Check>
void on_every_backend(Check check) {
  for (const char* backend : {"reference", "cpu"})
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      use_backend(backend);
      SCOPED_TRACE(std::string(backend) + " " + std::string(dtype_name(dtype)));
      check(dtype);
    }
  use_backend("reference");
}

TEST(Recurrent, GruIsItsComposition) {
  on_every_backend([](DType dtype) {
    const Tensors inputs = layer_inputs(dtype, 3, 1);
    const Tensor states = apply(Op::kGru, inputs, NoAttributes{});
    const internal::GruComposition all = internal::compose_gru(inputs);
    const Tensors* parts[] = {&all.states, &all.r, &all.z, &all.n, &all.b};
    for (std::int64_t i = 0; i < 5; ++i) EXPECT_TRUE(same_bits(part(states, i), stacked(*parts[i]))) << i;
  });
}

TEST(Recurrent, LstmIsItsComposition) {
  on_every_backend([](DType dtype) {
    const Tensors inputs = layer_inputs(dtype, 4, 2);
    const Tensor states = apply(Op::kLstm, inputs, NoAttributes{});
    const internal::LstmComposition all = internal::compose_lstm(inputs);
    const Tensors* parts[] = {&all.h, &all.c, &all.i, &all.f, &all.g, &all.o, &all.q};
    for (std::int64_t i = 0; i < 7; ++i) EXPECT_TRUE(same_bits(part(states, i), stacked(*parts[i]))) << i;
  });
}

struct ObserverOfNothing : OpObserver {
  void on_op(const OpEvent& /*event*/) override {}
};

// Unobserved, the layers give the bits that they give to a tape, in less memory.
TEST(Recurrent, PlainRowsAreTheFirstPartsOfTheOthers) {
  on_every_backend([](DType dtype) {
    const Tensors of_gru = layer_inputs(dtype, 3, 1), of_lstm = layer_inputs(dtype, 4, 2);
    const Tensor h = apply(Op::kGruPlain, of_gru, {}), both = apply(Op::kLstmPlain, of_lstm, {});
    EXPECT_TRUE(same_bits(h, part(apply(Op::kGru, of_gru, {}), 0)));
    EXPECT_TRUE(same_bits(both, slice(apply(Op::kLstm, of_lstm, {}), {Range(0, 2)})));
  });
}

TEST(Recurrent, KeepsGatesForObserversOnly) {
  use_backend("reference");
  const Tensors in = layer_inputs(DType::kFloat32, 4, 2);
  const Tensor x = RandomSource(5).normal("x", {kTimes, kSamples, 3}),
               w = RandomSource(6).normal("w", {4 * kHidden, 3});
  LstmStates states;
  const auto held = [&] {  // by the layer's results
    states = {};
    const std::size_t before = memory_statistics().in_use_bytes;
    states = lstm(x, in[1], in[2], {w, in[3], in[4], in[5]});
    return memory_statistics().in_use_bytes - before;
  };
  const std::size_t plain = held();
  const LstmStates unobserved = states;
  ObserverOfNothing nobody;
  const ObserveOps observed(&nobody);
  EXPECT_GT(held(), 2 * plain);
  EXPECT_TRUE(same_bits(states.h, unobserved.h));
  EXPECT_TRUE(same_bits(states.c, unobserved.c));
}

TEST(Recurrent, RnnAndItsGradientAreTheirCompositions) {
  on_every_backend([](DType dtype) {
    for (const Activation nonlinearity : {Activation::kTanh, Activation::kRelu}) {
      Tensors inputs = layer_inputs(dtype, 1, 1);
      const Tensor weight = inputs[2];
      const RecurrentAttributes attributes{nonlinearity};
      const Tensor states = apply(Op::kRnn, inputs, attributes);
      EXPECT_TRUE(same_bits(states, stacked(internal::compose_rnn(inputs, nonlinearity))));
      const Tensor gradient = RandomSource(4).normal("g", states.shape(), dtype);
      inputs.insert(inputs.begin(), gradient);
      inputs.push_back(states);
      const RnnGradients found =
          rnn_gradient_parts(apply(Op::kRnnGradient, inputs, attributes), states.shape());
      Tensor later = zeros({kSamples, kHidden}, dtype);
      for (std::int64_t t = kTimes - 1; t >= 0; --t) {
        const Tensor h = at(states, t), d = at(gradient, t) + later;
        const Tensor sums = nonlinearity == Activation::kTanh ? d * (1 - h * h) : select(greater(h, 0), d, 0);
        EXPECT_TRUE(same_bits(at(found.sums, t), sums)) << t;
        later = matmul(sums, weight);
      }
      EXPECT_TRUE(same_bits(found.h0, later));
    }
  });
}

TEST(Recurrent, GruGradientIsItsComposition) {
  on_every_backend([](DType dtype) {
    Tensors inputs = layer_inputs(dtype, 3, 1);
    const Tensor h0 = inputs[1], weight = inputs[2], states = apply(Op::kGru, inputs, NoAttributes{});
    const Tensor gradient = RandomSource(4).normal("g", {kTimes, kSamples, kHidden}, dtype);
    inputs.insert(inputs.begin(), gradient);
    inputs.push_back(states);
    const GruGradients found =
        gru_gradient_parts(apply(Op::kGruGradient, inputs, NoAttributes{}), states.shape());
    Tensor later = zeros({kSamples, kHidden}, dtype);
    for (std::int64_t t = kTimes - 1; t >= 0; --t) {
      const Tensor before = t == 0 ? h0 : at(part(states, 0), t - 1);
      const Tensor r = at(part(states, 1), t), z = at(part(states, 2), t), n = at(part(states, 3), t),
                   b = at(part(states, 4), t);
      const Tensor d = at(gradient, t) + later;
      const Tensor g_n = (d * (1 - z)) * (1 - n * n), g_z = (d * (before - n)) * (z * (1 - z));
      const Tensor g_r = (g_n * b) * (r * (1 - r));
      const Tensor hidden = concatenate({g_r, g_z, g_n * r}, 1);
      EXPECT_TRUE(same_bits(at(found.input, t), concatenate({g_r, g_z, g_n}, 1))) << t;
      EXPECT_TRUE(same_bits(at(found.hidden, t), hidden)) << t;
      later = d * z + matmul(hidden, weight);
    }
    EXPECT_TRUE(same_bits(found.h0, later));
  });
}

TEST(Recurrent, LstmGradientIsItsComposition) {
  on_every_backend([](DType dtype) {
    Tensors inputs = layer_inputs(dtype, 4, 2);
    const Tensor c0 = inputs[2], weight = inputs[3], states = apply(Op::kLstm, inputs, NoAttributes{});
    const Tensor gradient = RandomSource(4).normal("g", {2, kTimes, kSamples, kHidden}, dtype);
    inputs.insert(inputs.begin(), gradient);
    inputs.push_back(states);
    const LstmGradients found =
        lstm_gradient_parts(apply(Op::kLstmGradient, inputs, NoAttributes{}), states.shape());
    Tensor later_h = zeros({kSamples, kHidden}, dtype), later_c = later_h;
    for (std::int64_t t = kTimes - 1; t >= 0; --t) {
      const Tensor c = t == 0 ? c0 : at(part(states, 1), t - 1);
      const auto gate = [&](std::int64_t i) { return at(part(states, 2 + i), t); };
      const Tensor i = gate(0), f = gate(1), g = gate(2), o = gate(3), q = gate(4);
      const Tensor d = at(part(gradient, 0), t) + later_h;
      const Tensor d_c = (at(part(gradient, 1), t) + later_c) + (d * o) * (1 - q * q);
      const Tensor gates = concatenate({(d_c * g) * (i * (1 - i)), (d_c * c) * (f * (1 - f)),
                                        (d_c * i) * (1 - g * g), (d * q) * (o * (1 - o))},
                                       1);
      EXPECT_TRUE(same_bits(at(found.gates, t), gates)) << t;
      later_h = matmul(gates, weight);
      later_c = d_c * f;
    }
    EXPECT_TRUE(same_bits(found.h0, later_h));
    EXPECT_TRUE(same_bits(found.c0, later_c));
  });
}

// The sums over time are divided into chunks elsewhere, so not the bits, but the numbers.
TEST(Recurrent, GradientsOfTheLayerAreThoseOfTheComposition) {
  use_backend("cpu");
  const Tensors inputs = layer_inputs(DType::kFloat64, 3, 1);
  const Tensor weights = RandomSource(4).normal("g", {kTimes, kSamples, kHidden}, DType::kFloat64);
  const auto gradients = [&](const auto& layer) {
    Tape tape;
    tape.watch(inputs);
    return tape.gradient(sum(layer() * weights), inputs);
  };
  const Tensors fused = gradients([&] { return slice(apply(Op::kGru, inputs, NoAttributes{}), {0}); });
  const Tensors composed = gradients([&] { return stacked(internal::compose_gru(inputs).states); });
  for (std::size_t i = 0; i < inputs.size(); ++i)
    EXPECT_LE(max(absolute(fused[i] - composed[i])).item<double>(), 1e-12) << i;
  use_backend("reference");
}

// The gradients' own rows, too: nothing depends on anything.
TEST(Recurrent, GradientsOfGradientsWithoutTimes) {
  use_backend("cpu");
  for (const bool cells : {false, true}) {
    const std::int64_t gates = cells ? 4 : 3, parts = cells ? 7 : 5;
    Tensors inputs = {cells ? zeros({2, 0, 2, 4}) : zeros({0, 2, 4}), zeros({0, 2, gates * 4}), ones({2, 4})};
    if (cells) inputs.push_back(ones({2, 4}));
    for (const Shape& shape : {Shape{gates * 4, 4}, Shape{gates * 4}, Shape{gates * 4}})
      inputs.push_back(ones(shape));
    inputs.push_back(zeros({parts, 0, 2, 4}));
    Tape tape;
    tape.watch(inputs);
    const Tensor flat = apply(cells ? Op::kLstmGradient : Op::kGruGradient, inputs, NoAttributes{});
    const Tensors found = tape.gradient(sum(flat), inputs);
    for (std::size_t i = 0; i + 1 < inputs.size(); ++i)
      EXPECT_TRUE(same_bits(found[i], zeros(inputs[i].shape()))) << i;
  }
  use_backend("reference");
}

TEST(Recurrent, SequencesWithoutTimesHaveGradients) {
  use_backend("cpu");
  const Tensor x = zeros({0, 2, 3}), h0 = ones({2, 4});
  const RecurrentWeights weights{ones({12, 3}), ones({12, 4}), ones({12}), ones({12})};
  Tape tape;
  tape.watch(h0);
  tape.watch(weights.hidden);
  const Tensor h = gru(x, h0, weights);
  EXPECT_EQ(h.shape(), (Shape{0, 2, 4}));
  const Tensors found = tape.gradient(sum(h), {h0, weights.hidden});
  EXPECT_EQ(found[0].to_vector<float>(), std::vector<float>(8, 0.0F));
  EXPECT_EQ(found[1].shape(), weights.hidden.shape());
  use_backend("reference");
}

// ---- finish ----

Tensor composed(const Tensor& x, const FinishOptions& o) {
  Tensor y = x;
  if (o.bias.defined()) {
    Shape shape = Shape::filled(x.rank(), 1);
    shape[static_cast<int>(o.axis)] = o.bias.elements();
    y = y + reshape(o.bias, shape);
  }
  if (o.activation == Activation::kRelu) y = relu(y);
  if (o.activation == Activation::kTanh) y = tanh(y);
  if (o.activation == Activation::kSigmoid) y = sigmoid(y);
  return o.draws.defined() ? y * select(less(o.draws, o.drop), 0, full({}, o.scale, x.dtype())) : y;
}

void check_finish(const Tensor& x, const Tensor& weights, const FinishOptions& options) {
  const auto run = [&](const auto& function) {
    Tape tape;
    Tensors leaves = {x};
    if (options.bias.defined()) leaves.push_back(options.bias);
    tape.watch(leaves);
    const Tensor y = function(x, options);
    Tensors results = tape.gradient(y, leaves, weights);
    results.push_back(y);
    return results;
  };
  const Tensors fused = run([](const Tensor& in, const FinishOptions& o) { return finish(in, o); });
  const Tensors expected = run(composed);
  for (std::size_t i = 0; i < fused.size(); ++i) EXPECT_TRUE(same_bits(fused[i], expected[i])) << i;
}

TEST(Finish, IsItsCompositionAndSoIsItsGradient) {
  on_every_backend([](DType dtype) {
    RandomSource random(7);
    const Shape shape{6, 5, 9, 11};
    const Tensor x = random.normal("x", shape, dtype), g = random.normal("g", shape, dtype);
    const Tensor draws = random.uniform("u", shape);
    for (const Activation activation :
         {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid})
      for (const std::int64_t axis : {-2, 0, 1, 3}) {  // -2: no bias
        SCOPED_TRACE(fmt::format("activation {}, axis {}", static_cast<int>(activation), axis));
        FinishOptions options{.axis = std::max<std::int64_t>(axis, 0), .activation = activation};
        if (axis >= 0)
          options.bias = random.normal(fmt::format("bias {} {}", axis, static_cast<int>(activation)),
                                       {shape[static_cast<int>(axis)]}, dtype);
        check_finish(x, g, options);
        options.draws = draws;
        options.drop = 0.3;
        options.scale = 1 / 0.7;
        check_finish(x, g, options);
      }
  });
}

// ---- linear ----

Tensor activated(const Tensor& x, Activation activation) {
  return activation == Activation::kRelu      ? relu(x)
         : activation == Activation::kTanh    ? tanh(x)
         : activation == Activation::kSigmoid ? sigmoid(x)
                                              : x;
}

constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu, Activation::kTanh,
                                       Activation::kSigmoid};

TEST(Linear, IsItsCompositionAndSoIsItsGradient) {
  on_every_backend([](DType dtype) {
    RandomSource random(7);
    for (const Shape& shape :
         {Shape{30}, Shape{1, 300}, Shape{40, 300}, Shape{5, 7, 30}, Shape{2, 0}, Shape{0, 9}})
      for (const Activation activation : kActivations) {
        const std::string name =
            fmt::format("{}, activation {}", shape.to_string(), static_cast<int>(activation));
        SCOPED_TRACE(name);
        Shape output = shape;
        output[shape.rank() - 1] = 21;
        const Tensors leaves = {random.normal(name + "x", shape, dtype),
                                random.normal(name + "w", {21, shape[shape.rank() - 1]}, dtype),
                                random.normal(name + "b", {21}, dtype)};
        const Tensor g = random.normal(name + "g", output, dtype);
        const auto run = [&](const auto& function) {
          Tape tape;
          tape.watch(leaves);
          const Tensor y = function();
          Tensors results = tape.gradient(y, leaves, g);
          results.push_back(y);
          return results;
        };
        const Tensors fused = run([&] { return linear(leaves[0], leaves[1], leaves[2], activation); });
        const Tensors expected =
            run([&] { return activated(matmul(leaves[0], transpose(leaves[1])) + leaves[2], activation); });
        for (std::size_t i = 0; i < fused.size(); ++i) {
          EXPECT_EQ(fused[i].shape(), expected[i].shape()) << i;
          EXPECT_TRUE(same_bits(fused[i], expected[i])) << i;
        }
      }
  });
}

TEST(Linear, InBfloat16RoundsOnce) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    RandomSource random(8);
    const Tensor x = random.normal("x", {6, 300}), weight = random.normal("w", {21, 300}),
                 bias = random.normal("b", {21});
    const auto narrow = [](const Tensor& t) { return cast(t, DType::kBFloat16); };
    const auto wide = [&](const Tensor& t) { return cast(narrow(t), DType::kFloat32); };
    const Tensor y = linear(narrow(x), narrow(weight), narrow(bias), Activation::kTanh);
    EXPECT_TRUE(same_bits(y, narrow(linear(wide(x), wide(weight), wide(bias), Activation::kTanh))))
        << backend;
  }
  use_backend("reference");
}

}  // namespace
}  // namespace tessera
