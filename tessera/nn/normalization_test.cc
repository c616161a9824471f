#include "tessera/nn/normalization.h"

#include <gtest/gtest.h>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/nn/layers.h"

namespace tessera::nn {
namespace {

class NormalizationTest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
  RandomSource random_{13};
};

Tensor train(Module& layer, const Tensor& x, std::uint64_t first_sample = 0) {
  Context context{.training = true, .first_sample = first_sample};
  return layer.forward(x, context);
}

TEST_F(NormalizationTest, BatchNormBringsChannelsToMeanZeroAndVarianceOne) {
  BatchNorm layer(3, {.epsilon = 0, .dtype = DType::kFloat64});
  layer.initialize(random_);
  const Tensor x = random_.normal("x", {8, 3, 5, 5}, DType::kFloat64) * 3 + 7, y = train(layer, x);
  EXPECT_LT(max(absolute(mean(y, {0, 2, 3}))).item<double>(), 1e-14);
  EXPECT_LT(max(absolute(variance(y, {0, 2, 3}) - 1)).item<double>(), 1e-14);
}

// The rows of the table and the operations that they are made of have the same bits.
TEST_F(NormalizationTest, BatchNormIsItsComposition) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    for (const Shape& shape : {Shape{37, 5}, Shape{1100, 300}, Shape{6, 3, 7, 7}, Shape{3, 2, 1500}}) {
      random_.begin_step(random_.step() + 1);
      BatchNorm layer(shape[1]);
      const Tensor x = random_.normal("x", shape) * 2 + 1, scale = random_.normal("scale", {shape[1]}),
                   shift = random_.normal("shift", {shape[1]});
      layer.weight()->value = scale;
      layer.bias()->value = shift;
      std::vector<std::int64_t> axes = {0};
      Shape channel{1, shape[1]};
      for (int axis = 2; axis < shape.rank(); ++axis) axes.push_back(axis), channel.append(1);
      const Tensor inverse = 1 / sqrt(variance(x, axes, true) + 1e-5);
      const Tensor normalized = (x - mean(x, axes, true)) * inverse;
      EXPECT_TRUE(same_bits(train(layer, x), normalized * reshape(scale, channel) + reshape(shift, channel)))
          << backend << ' ' << shape.to_string();
    }
  }
}

// After many batches the running statistics are those of the data; a prediction then uses them.
TEST_F(NormalizationTest, RunningStatisticsApproachThoseOfTheData) {
  BatchNorm layer(1, {.dtype = DType::kFloat64});
  layer.initialize(random_);
  for (std::uint64_t step = 1; step <= 200; ++step) {
    random_.begin_step(step);
    train(layer, random_.normal("x", {64, 1}, DType::kFloat64) * 2 + 5);
  }
  EXPECT_NEAR(layer.running_mean()->value.item<double>(), 5, 0.3);
  EXPECT_NEAR(layer.running_variance()->value.item<double>(), 4, 0.8);
  EXPECT_EQ(layer.buffers()[2]->value.item<std::int64_t>(), 200);
  const double centre = layer.running_mean()->value.item<double>();
  EXPECT_EQ(layer.evaluate(Tensor::from<double>({centre}, {1, 1})).item<double>(), 0);
}

// What a shard finds depends on its own samples; the running statistics follow the one that holds sample 0, in whatever order they run.
TEST_F(NormalizationTest, RunningStatisticsFollowTheFirstShard) {
  const Tensor x = random_.normal("x", {8, 3, 4});
  const auto run = [&](std::vector<std::int64_t> order) {
    auto layer = std::make_unique<BatchNorm>(3);
    layer->initialize(random_);
    for (const std::int64_t first : order)
      train(*layer, slice(x, {Range(first, first + 4)}), static_cast<std::uint64_t>(first));
    return layer;
  };
  const auto ascending = run({0, 4}), descending = run({4, 0}), alone = run({0});
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(same_bits(ascending->buffers()[i]->value, descending->buffers()[i]->value));
    EXPECT_TRUE(same_bits(ascending->buffers()[i]->value, alone->buffers()[i]->value));
  }
}

struct Kept : StateVisitor {
  std::map<std::string, Tensor, std::less<>> tensors;
  bool restoring = false;
  void tensor(std::string_view name, Tensor& value) override {
    if (restoring)
      value = tensors.find(name)->second;
    else
      tensors.emplace(name, value);
  }
  void integer(std::string_view, std::int64_t&) override {}
  void real(std::string_view, double&) override {}
};

TEST_F(NormalizationTest, RunningStatisticsAreStateAndNotParameters) {
  const auto make = [&] {
    auto network = std::make_unique<Sequential>();
    network->add<Conv2d>(1, 2);
    network->add<BatchNorm2d>(2);
    return network;
  };
  const auto network = make(), other = make();
  network->initialize(random_);
  const Tensor x = random_.normal("x", {4, 1, 6, 6});
  train(*network, x);
  Kept kept;
  network->visit_state(kept);
  std::vector<std::string> names;
  for (const auto& [name, value] : kept.tensors) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"0.bias", "0.weight", "1.bias", "1.num_batches_tracked",
                                             "1.running_mean", "1.running_var", "1.weight"}));
  EXPECT_EQ(network->parameters().size(), 4u);
  kept.restoring = true;
  other->visit_state(kept);
  EXPECT_TRUE(same_bits(other->evaluate(x), network->evaluate(x)));
  EXPECT_EQ(other->buffers()[2]->value.item<std::int64_t>(), 1);
}

// One group is layer normalisation over [C, ...]; as many as channels is each channel by itself.
TEST_F(NormalizationTest, GroupNormBetweenLayerNormAndInstanceNorm) {
  const Tensor x = random_.normal("x", {2, 4, 3, 3});
  GroupNorm one(1, 4);
  one.initialize(random_);
  LayerNorm rows({4, 3, 3});
  rows.initialize(random_);
  EXPECT_TRUE(same_bits(one.evaluate(x), rows.evaluate(x)));
  const Tensor y = InstanceNorm(4).evaluate(x);
  EXPECT_LT(max(absolute(mean(y, {2, 3}))).item<float>(), 1e-6F);
  EXPECT_LT(max(absolute(variance(y, {2, 3}) - 1)).item<float>(), 1e-4F);
}

TEST_F(NormalizationTest, InstanceNormIsAffineOnlyWhereItIsSaid) {
  EXPECT_TRUE(InstanceNorm(3, {.epsilon = 1e-3}).parameters().empty());
  EXPECT_EQ(InstanceNorm(3, {.affine = true}).parameters().size(), 2u);
}

// The layer of bfloat16 is that of float32 on the same numbers, rounded once; its running statistics are those of float32.
template <typename Layer>
void expect_rounded_once(Layer& narrow, Layer& wide, RandomSource& random) {
  narrow.initialize(random);
  wide.initialize(random);
  const Tensor x = (random.normal("x", {16, 4, 5}) + 3).to(DType::kBFloat16);
  const auto slope = [](Layer& layer, const Tensor& in) {
    Tape tape;
    tape.watch(in);
    const Tensor y = train(layer, in);
    EXPECT_EQ(y.dtype(), in.dtype());
    return std::pair(y, tape.gradient(y, {in}, maximum(in, 3))[0]);
  };
  const auto [y, gradient] = slope(narrow, x);
  const auto [wide_y, wide_gradient] = slope(wide, x.to(DType::kFloat32));
  EXPECT_TRUE(same_bits(y, wide_y.to(DType::kBFloat16)));
  EXPECT_TRUE(same_bits(gradient, wide_gradient.to(DType::kBFloat16)));
  for (std::size_t i = 0; i < wide.buffers().size(); ++i)
    EXPECT_TRUE(same_bits(narrow.buffers()[i]->value, wide.buffers()[i]->value)) << i;
  EXPECT_TRUE(same_bits(narrow.evaluate(x), wide.evaluate(x.to(DType::kFloat32)).to(DType::kBFloat16)));
}

TEST_F(NormalizationTest, BFloat16IsComputedInFloat32) {
  BatchNorm batch(4, {.dtype = DType::kBFloat16}), wide_batch(4);
  expect_rounded_once(batch, wide_batch, random_);
  BatchNorm plain(4, {.affine = false, .dtype = DType::kBFloat16}), wide_plain(4, {.affine = false});
  random_.begin_step(1);
  expect_rounded_once(plain, wide_plain, random_);
  GroupNorm group(2, 4, {.dtype = DType::kBFloat16}), wide_group(2, 4);
  random_.begin_step(2);
  expect_rounded_once(group, wide_group, random_);
  InstanceNorm each(4, {.affine = true, .dtype = DType::kBFloat16}), wide_each(4, {.affine = true});
  random_.begin_step(3);
  expect_rounded_once(each, wide_each, random_);
}

TEST_F(NormalizationTest, PixelNormGivesUnitRootMeanSquare) {
  const Tensor y = PixelNorm().evaluate(random_.normal("x", {2, 16, 3, 3}, DType::kFloat64) * 100);
  EXPECT_LT(max(absolute(sqrt(mean(y * y, {1})) - 1)).item<double>(), 1e-10);
}

TEST_F(NormalizationTest, Errors) {
  EXPECT_EQ(message_of([] { BatchNorm(3, {.momentum = 2}); }), "BatchNorm: momentum is 2, expected 0 to 1");
  EXPECT_EQ(message_of([] { GroupNorm(3, 4); }), "GroupNorm: 4 channels do not divide into 3 groups");
  BatchNorm layer(3);
  EXPECT_EQ(message_of([&] {
              layer.output_shape({2, 4, 5});
            }),
            "BatchNorm(3): the input has shape [2, 4, 5], expected [N, 3, ...] (axis 1 is 4)");
  EXPECT_EQ(message_of([&] {
              train(layer, zeros({1, 3}));
            }),
            "BatchNorm(3): the input has shape [1, 3]: training needs more than one element per channel");
}

}  // namespace
}  // namespace tessera::nn
