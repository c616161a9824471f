#include "tessera/nn/transformer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/nn/torch_facts_test.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

// By name, as torch_facts.py numbers its patterns.
std::vector<Parameter*> by_name(Module& layer) {
  std::vector<Parameter*> parameters = layer.parameters();
  std::sort(parameters.begin(), parameters.end(),
            [](const Parameter* a, const Parameter* b) { return a->name < b->name; });
  return parameters;
}

void expect_as_pytorch(const std::string& name, bool first, const Tensor& lengths) {
  TransformerEncoderLayer layer(
      4, 2, {.feed_forward = 6, .drop = 0, .gelu = first, .norm_first = first, .dtype = DType::kFloat64});
  std::vector<Tensor> watched = {pattern(60, {3, 5, 4}, 2)};
  for (std::size_t i = 0; Parameter * parameter : by_name(layer)) {
    parameter->value = pattern(static_cast<std::int64_t>(i++), parameter->value.shape());
    watched.push_back(parameter->value);
  }
  Tape tape;
  tape.watch(watched);
  Context context;
  context.lengths = lengths;
  Tensor y = layer.forward(watched[0], context);
  if (lengths.defined()) y = select(less(reshape(arange(5), {1, 5, 1}), reshape(lengths, {3, 1, 1})), y, 0.0);
  const Tensor loss = sum(y * pattern(61, {3, 5, 4}));
  std::vector<Tensor> found = {y};
  for (const Tensor& gradient : tape.gradient(loss, watched)) found.push_back(gradient);
  expect_fact(name, found, 1e-10);
}

TEST(Transformer, BlocksAndTheirGradientsAreThoseOfPyTorch) {
  use_default_backend();
  const Tensor lengths = Tensor::from<std::int64_t>({5, 2, 4}, {3});
  expect_as_pytorch("transformer post full", false, {});
  expect_as_pytorch("transformer post padded", false, lengths);
  expect_as_pytorch("transformer pre gelu full", true, {});
  expect_as_pytorch("transformer pre gelu padded", true, lengths);
}

// Beside a longer neighbour a sequence has the bits that it has alone.
TEST(Transformer, PaddingChangesNoBit) {
  use_default_backend();
  TransformerEncoderLayer layer(8, 2);
  RandomSource random(3);
  layer.initialize(random);
  const Tensor x = random.normal("x", {2, 300, 8});
  Context context, alone;
  context.lengths = Tensor::from<std::int64_t>({5, 300}, {2});
  alone.lengths = Tensor::from<std::int64_t>({5}, {1});
  const Tensor together = layer.forward(x, context);
  const Tensor single = layer.forward(slice(x, {Range(0, 1), Range(0, 5)}), alone);
  EXPECT_EQ(slice(together, {Range(0, 1), Range(0, 5)}).to_vector<float>(), single.to_vector<float>());
  EXPECT_EQ(slice(together, {Range(0, 1), Range(0, 5)}).to_vector<float>(),
            layer.evaluate(slice(x, {Range(0, 1), Range(0, 5)})).to_vector<float>());
}

TEST(Transformer, DropsInTrainingOnly) {
  use_default_backend();
  TransformerEncoderLayer layer(4, 1, {.drop = 0.5});
  RandomSource random(1);
  layer.initialize(random);
  random.begin_step(1);
  const Tensor x = random.normal("x", {2, 3, 4});
  Context training;
  training.training = true;
  training.random = &random;
  EXPECT_NE(layer.forward(x, training).to_vector<float>(), layer.evaluate(x).to_vector<float>());
  EXPECT_EQ(layer.evaluate(x).to_vector<float>(), layer.evaluate(x).to_vector<float>());
}

// sin(1) = 0.841470984807897, cos(1) = 0.540302305868140; the second pair of four features turns 100 times slower: sin(0.01), cos(0.01).
TEST(Transformer, PositionsAreSinesAndCosines) {
  use_default_backend();
  PositionalEncoding layer(4);
  const Tensor y = layer.evaluate(zeros({1, 2, 4}, DType::kFloat64));
  const std::vector<double> expected = {
      0, 1, 0, 1, 0.8414709848078965, 0.5403023058681398, 0.009999833334166664, 0.9999500004166653};
  const std::vector<double> found = y.to_vector<double>();
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-15) << i;
}

TEST(Transformer, WrongSettingsAndShapesAreSaid) {
  EXPECT_THROW(TransformerEncoderLayer(6, 4), Error);
  EXPECT_THROW(TransformerEncoderLayer(6, 2, {.drop = 1}), Error);
  EXPECT_THROW(PositionalEncoding(5), Error);
  EXPECT_THROW((void)TransformerEncoderLayer(4, 2).output_shape({1, 3, 5}), Error);
}

}  // namespace
}  // namespace tessera::nn
