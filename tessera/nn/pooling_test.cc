#include "tessera/nn/pooling.h"

#include <gtest/gtest.h>

#include "tessera/autograd/functional.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/tensor/random.h"

namespace tessera::nn {
namespace {

class PoolingTest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
  RandomSource random_{11};
};

// Unpooling puts each maximum back: pooling what was unpooled finds the same maxima at the same places.
TEST_F(PoolingTest, UnpoolingUndoesPooling) {
  const Tensor x = absolute(random_.normal("x", {2, 3, 6, 8}));
  const Pooled pooled = max_pool_with_switches(x, {});
  const Tensor unpooled = max_unpool2d(pooled.values, pooled.switches, x.shape());
  EXPECT_TRUE(same_bits(unpooled, select(equal(unpooled, 0), 0, x)));
  EXPECT_EQ(sum(cast(not_equal(unpooled, 0), DType::kInt64)).item<std::int64_t>(), pooled.values.elements());
  const Pooled again = max_pool_with_switches(unpooled, {});
  EXPECT_TRUE(same_bits(again.values, pooled.values));
  EXPECT_TRUE(same_bits(again.switches, pooled.switches));
}

// <pool'(x) v, y> = <v, unpool(y)>: for fixed switches the two are each other's adjoint; so unpooling is the pooling's gradient.
TEST_F(PoolingTest, UnpoolingIsThePoolingsGradient) {
  const Pool2dSettings windows = {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}};  // which overlap
  const Tensor x = random_.normal("x", {2, 3, 7, 7}, DType::kFloat64);
  const Pooled pooled = max_pool_with_switches(x, windows);
  const Tensor y = random_.normal("y", pooled.values.shape(), DType::kFloat64);
  MaxPool2d layer(windows);
  const Tensor slope = grad([&](const Tensor& at) { return sum(layer.evaluate(at) * y); }, x);
  EXPECT_TRUE(same_bits(slope, max_unpool2d(y, pooled.switches, x.shape())));
  const auto unpool = [&](const std::vector<Tensor>& in) {
    return max_unpool2d(in[0], pooled.switches, x.shape());
  };
  EXPECT_TRUE(gradcheck(unpool, {y}).passed);
}

TEST_F(PoolingTest, SwitchesOfDilatedWindowsMayFindNothing) {
  const Tensor x = ones({1, 1, 1, 1});
  const Pooled pooled =
      max_pool_with_switches(x, {.kernel = {2, 2}, .stride = {1, 1}, .padding = {1, 1}, .dilation = {2, 2}});
  EXPECT_EQ(pooled.switches.item<std::int64_t>(), -1);  // the only element lies in the gap
  EXPECT_EQ(max_unpool2d(pooled.values, pooled.switches, {1, 1, 1, 1}).item<float>(), 0);
}

TEST_F(PoolingTest, WindowsInThreeAxesAreThoseOfAPlainLoop) {
  const Tensor x = random_.normal("x", {1, 1, 4, 4, 6}, DType::kFloat64);
  const Tensor largest = MaxPool3d({.kernel = {2, 2, 3}}).evaluate(x);
  const Tensor means = AvgPool3d({.kernel = {2, 2, 3}}).evaluate(x);
  for (std::int64_t d = 0; d < 2; ++d)
    for (std::int64_t h = 0; h < 2; ++h)
      for (std::int64_t w = 0; w < 2; ++w) {
        const Tensor window =
            slice(x, {0, 0, Range(2 * d, 2 * d + 2), Range(2 * h, 2 * h + 2), Range(3 * w, 3 * w + 3)});
        EXPECT_EQ(largest.at<double>({0, 0, d, h, w}), max(window).item<double>());
        EXPECT_NEAR(means.at<double>({0, 0, d, h, w}), mean(window).item<double>(), 1e-15);
      }
}

// Of equals the first in (depth, row, column) gets the gradient, though the axes are pooled one after the other.
TEST_F(PoolingTest, TheFirstOfEqualsGetsTheGradient) {
  const Tensor x = ones({1, 1, 2, 2, 2}, DType::kFloat64);
  MaxPool3d layer;
  const Tensor slope = grad([&](const Tensor& at) { return sum(layer.evaluate(at)); }, x);
  EXPECT_EQ(slope.to_vector<double>(), (std::vector<double>{1, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(PoolingTest, AdaptiveWindowsCoverTheAxis) {
  const Tensor x = Tensor::from<double>({0, 1, 2, 3, 4, 5, 6}, {1, 1, 7});
  // [0, 3), [2, 5), [4, 7)
  EXPECT_EQ(AdaptiveAvgPool1d(3).evaluate(x).to_vector<double>(), (std::vector<double>{1, 3, 5}));
  EXPECT_EQ(AdaptiveAvgPool1d(7).evaluate(x).to_vector<double>(), x.to_vector<double>());
  EXPECT_EQ(AdaptiveAvgPool1d(1).evaluate(x).item<double>(), 3);
}

// The maximum over points does not depend on their order, to the bit; and it is the only one that promises this.
TEST_F(PoolingTest, GlobalMaximumDoesNotDependOnTheOrderOfPoints) {
  const Tensor x = random_.normal("x", {2, 5, 1000});
  const Tensor shuffled = gather(x, random_.permutation("order", 1000), 2);
  GlobalPool maximum(Pooling::kMax);
  EXPECT_TRUE(same_bits(maximum.evaluate(x), maximum.evaluate(shuffled)));
  EXPECT_EQ(maximum.output_shape({2, 5, 1000}), (Shape{2, 5}));
  EXPECT_EQ(GlobalPool(Pooling::kSum, {.axes = {-1}, .keep_axes = true}).output_shape({2, 5, 7}),
            (Shape{2, 5, 1}));
}

TEST_F(PoolingTest, Errors) {
  EXPECT_EQ(message_of([] {
              MaxPool3d({.padding = {2, 0, 0}});
            }),
            "MaxPool3d: padding is 2, expected 0 to half the kernel (1)");
  EXPECT_EQ(message_of([] { AvgPool1d({.dilation = {2}}); }), "AvgPool1d: dilation is 2, expected 1");
  EXPECT_EQ(message_of([] {
              GlobalPool(Pooling::kMax).output_shape({2, 3});
            }),
            "GlobalPool(max): the input has shape [2, 3], expected axes after [N, C]");
  const Tensor x = zeros({1, 1, 2, 2}), switches = full({1, 1, 2, 2}, 16, DType::kInt64);
  EXPECT_EQ(message_of([&] {
              max_unpool2d(x, switches, {1, 1, 4, 4});
            }),
            "max_unpool2d: a switch is 16, expected -1 to 15 (the output shape is [1, 1, 4, 4])");
  EXPECT_EQ(message_of([&] {
              max_unpool2d(x, switches, {1, 2, 4, 4});
            }),
            "max_unpool2d: the output shape is [1, 2, 4, 4], expected [1, 1, H, W]");
}

}  // namespace
}  // namespace tessera::nn
