// Sequences of many lengths in one batch: PyTorch's packed sequences, and bits that depend on no padding and no neighbour.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/clipping.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"
#include "tessera/nn/recurrent_layers_test.h"
#include "tessera/nn/torch_facts_test.h"

namespace tessera::nn {
namespace {

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

}  // namespace
}  // namespace tessera::nn
