#include "tessera/nn/layers.h"

#include <gtest/gtest.h>

#include <map>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/base/thread_pool.h"

namespace tessera::nn {
namespace {

class LayersTest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
};

// Rows of numbers whose mean is 10 and variance 4: what is left is the rows' own pattern.
TEST_F(LayersTest, LayerNormBringsRowsToMeanZeroAndVarianceOne) {
  LayerNorm layer({2, 2}, {.epsilon = 0, .dtype = DType::kFloat64});
  RandomSource random(7);
  layer.initialize(random);
  const Tensor x = Tensor::from<double>({8, 12, 12, 8, 12, 12, 8, 8}, {2, 2, 2});
  EXPECT_EQ(layer.evaluate(x).to_vector<double>(), (std::vector<double>{-1, 1, 1, -1, 1, 1, -1, -1}));
  EXPECT_EQ(layer.describe(), "LayerNorm([2, 2])");
  EXPECT_EQ(message_of([&] {
              layer.output_shape({2, 4});
            }),
            "LayerNorm([2, 2]): the input has shape [2, 4], but the weight [2, 2] takes that shape on its "
            "last axes");
  EXPECT_EQ(message_of([] { LayerNorm none({}); }),
            "LayerNorm: the shape of a row is [], expected at least one axis");
}

TEST_F(LayersTest, ErrorsNameTheLayerAndBothShapes) {
  Sequential network;
  network.add<Conv2d>(1, 4);
  network.add<MaxPool2d>();
  network.add<Flatten>();
  network.add<Linear>(36, 10);
  Context context;
  EXPECT_EQ(network.forward(zeros({2, 1, 8, 8}), context).shape(), (Shape{2, 10}));
  EXPECT_EQ(message_of([&] {
              network.forward(zeros({2, 1, 10, 8}), context);
            }),
            "layer 3, Linear(36 -> 10): the input has shape [2, 48], but the weight [10, 36] takes 36 on its "
            "last axis "
            "(axis 1 is 48)");
  EXPECT_EQ(message_of([&] {
              network.output_shape({2, 3, 8, 8});
            }),
            "layer 0, Conv2d(1 -> 4, kernel 3): the input has shape [2, 3, 8, 8], but the weight [4, 1, 3, "
            "3] takes "
            "[N, 1, H, W] (axis 1 is 3)");
  EXPECT_EQ(message_of([&] {
              network.forward(zeros({2, 1, 8, 3}), context);
            }),
            "layer 1, MaxPool2d(kernel 2): the window does not fit the input [2, 4, 6, 1]: axis 3 is shorter "
            "than 2");
  EXPECT_EQ(
      message_of([&] {
        network.forward(zeros({2, 1, 8, 8}, DType::kFloat64), context);
      }),
      "layer 0, Conv2d(1 -> 4, kernel 3): the input is float64 [2, 1, 8, 8], but the parameter 0.weight is "
      "float32 [4, 1, 3, 3]");
  EXPECT_EQ(message_of([] { Dropout dropout(1); }), "Dropout: drop is 1, expected at least 0 and below 1");
  EXPECT_EQ(message_of([] { Linear linear(0, 2); }), "Linear: in_features is 0, expected at least 1");
}

// ---- Modules ----

struct Names : StateVisitor {
  void tensor(std::string_view name, Tensor& value) override { tensors.emplace(name, value); }
  void integer(std::string_view, std::int64_t&) override {}
  void real(std::string_view, double&) override {}
  std::map<std::string, Tensor, std::less<>> tensors;
};
struct Restore : Names {
  explicit Restore(const Names& from) { tensors = from.tensors; }
  void tensor(std::string_view name, Tensor& value) override { value = tensors.find(name)->second; }
};

std::unique_ptr<Sequential> nested(std::string path = "") {
  auto network = std::make_unique<Sequential>(std::move(path));
  auto inner = std::make_unique<Sequential>();
  inner->add<Linear>(3, 4);
  inner->add<Tanh>();
  inner->add<Linear>(4, 2, LinearSettings{.bias = false});
  network->add(std::move(inner), "body");
  network->add<Linear>(2, 1);
  return network;
}

TEST_F(LayersTest, PathsNameParametersAndState) {
  const auto network = nested();
  RandomSource random(5);
  network->initialize(random);
  std::vector<std::string> names;
  for (const Parameter* parameter : network->parameters()) names.push_back(parameter->name);
  EXPECT_EQ(names, (std::vector<std::string>{"body.0.weight", "body.0.bias", "body.2.weight", "1.weight",
                                             "1.bias"}));
  EXPECT_EQ(network->parameter_elements(), 12 + 4 + 8 + 2 + 1);
  EXPECT_EQ(nested("critic")->parameters()[0]->name, "critic.body.0.weight");

  Names saved;
  network->visit_state(saved);
  EXPECT_EQ(saved.tensors.size(), 5u);
  const auto other = nested();
  const Tensor x = ones({2, 3});
  EXPECT_FALSE(same_bits(other->evaluate(x), network->evaluate(x)));
  Restore restore(saved);
  other->visit_state(restore);
  EXPECT_TRUE(same_bits(other->evaluate(x), network->evaluate(x)));

  restore.tensors["1.bias"] = zeros({7});
  EXPECT_EQ(message_of([&] { other->visit_state(restore); }),
            "restoring '1.bias': found float32 [7], expected float32 [1]");
  EXPECT_TRUE(same_bits(other->evaluate(x), network->evaluate(x)));  // as it was
}

TEST_F(LayersTest, InitialValuesDependOnSeedAndPathOnly) {
  RandomSource first(5), second(5), third(6);
  Sequential small, large, reseeded;
  small.add<Linear>(3, 4);
  large.add<Linear>(3, 4);
  large.add<Linear>(4, 4);
  reseeded.add<Linear>(3, 4);
  small.initialize(first);
  large.initialize(second);
  reseeded.initialize(third);
  EXPECT_TRUE(same_bits(small.parameters()[0]->value, large.parameters()[0]->value));
  EXPECT_FALSE(same_bits(small.parameters()[0]->value, reseeded.parameters()[0]->value));
  const Tensor weight = large.parameters()[0]->value;
  EXPECT_LT(max(absolute(weight)).item<float>(), 0.57736f);  // 1 / sqrt(3)
}

// ---- Dropout ----

Tensor dropped(const Tensor& x, double drop, std::uint64_t first_sample, RandomSource& random) {
  Dropout layer(drop);
  Context context{.training = true, .random = &random, .first_sample = first_sample};
  return layer.forward(x, context);
}

TEST_F(LayersTest, DropoutKeepsTheMeanAndScales) {
  constexpr std::int64_t kSamples = 500, kFeatures = 100;
  const Tensor x = ones({kSamples, kFeatures}, DType::kFloat64);
  RandomSource random(3);
  const Tensor y = dropped(x, 0.25, 0, random);
  std::int64_t zeros_found = 0;
  for (const double value : y.to_vector<double>()) {
    ASSERT_TRUE(value == 0 || value == 1 / 0.75);
    zeros_found += value == 0;
  }
  // 50,000 Bernoulli draws: the standard deviation of the share is 0.0019.
  EXPECT_NEAR(static_cast<double>(zeros_found) / (kSamples * kFeatures), 0.25, 4 * 0.0019);
  EXPECT_NEAR(mean(y).item<double>(), 1, 4 * 0.0026);
}

TEST_F(LayersTest, DropoutMaskDoesNotDependOnTheSplitIntoShards) {
  const Tensor x = ones({10, 3, 2});
  RandomSource whole_source(9);
  const Tensor whole = dropped(x, 0.5, 0, whole_source);
  for (const std::vector<std::int64_t>& cuts : {std::vector<std::int64_t>{0, 5, 10}, {0, 1, 4, 4, 9, 10}}) {
    RandomSource source(9);
    std::vector<Tensor> parts;
    for (std::size_t i = cuts.size() - 1; i-- > 0;) {  // in any order
      const Tensor part = slice(x, {Range(cuts[i], cuts[i + 1])});
      parts.insert(parts.begin(), dropped(part, 0.5, static_cast<std::uint64_t>(cuts[i]), source));
    }
    EXPECT_TRUE(same_bits(concatenate(parts, 0), whole));
  }
}

TEST_F(LayersTest, DropoutMaskIsTheSameOnEveryBackendThreadCountAndInBothPrecisions) {
  const Tensor x = ones({200, 333});
  RandomSource source(9), wide(9);
  const Tensor expected = dropped(x, 0.3, 0, source);
  const Tensor double_mask = equal(dropped(cast(x, DType::kFloat64), 0.3, 0, wide), 0);
  EXPECT_TRUE(same_bits(equal(expected, 0), double_mask));
  use_backend("cpu");
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    RandomSource again(9);
    EXPECT_TRUE(same_bits(dropped(x, 0.3, 0, again), expected)) << threads << " threads";
  }
}

TEST_F(LayersTest, DropoutDrawsAnewForEachStepLayerAndCall) {
  Sequential network;
  network.add<Dropout>(0.5);
  network.add<Dropout>(0.5);
  RandomSource random(1);
  const auto masks = [&] {
    Context context{.training = true, .random = &random};
    const Tensor x = ones({4, 50});
    return std::vector<Tensor>{network.children()[0]->forward(x, context),
                               network.children()[0]->forward(x, context),
                               network.children()[1]->forward(x, context)};
  };
  std::vector<Tensor> all = masks();
  random.begin_step(1);
  for (const Tensor& mask : masks()) all.push_back(mask);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(same_bits(all[i], all[j])) << i << ' ' << j;
}

TEST_F(LayersTest, DropoutIsNothingOutsideTraining) {
  Dropout layer(0.5);
  const Tensor x = ones({4, 5});
  EXPECT_TRUE(same_bits(layer.evaluate(x), x));
  Context context{.training = true};
  EXPECT_EQ(message_of([&] { layer.forward(x, context); }),
            "Dropout(drop 0.5): training needs Context::random");
}

}  // namespace
}  // namespace tessera::nn
