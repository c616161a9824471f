#include "tessera/nn/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/nn/layers.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

class AttentionTest : public ::testing::Test {
 protected:
  void SetUp() override { layer_.initialize(random_); }
  bool backend_ = (use_backend("cpu"), true);  // before the layer
  MultiheadAttention layer_{12, 3};
  RandomSource random_{21};
};

TEST_F(AttentionTest, ParametersHavePyTorchsNamesAndShapes) {
  std::vector<std::string> names;
  for (const Parameter* parameter : layer_.parameters())
    names.push_back(parameter->name + " " + parameter->value.shape().to_string());
  EXPECT_EQ(names, (std::vector<std::string>{"in_proj_weight [36, 12]", "in_proj_bias [36]",
                                             "out_proj.weight [12, 12]", "out_proj.bias [12]"}));
  EXPECT_EQ(max(absolute(layer_.parameters()[3]->value)).item<float>(), 0);
  EXPECT_EQ(layer_.describe(), "MultiheadAttention(12, 3 heads)");
}

// What comes later is not seen: the first positions have the bits that they have alone.
TEST_F(AttentionTest, CausalPositionsDoNotSeeLaterOnes) {
  const Tensor x = random_.normal("x", {2, 9, 12});
  const Tensor whole = layer_.attend(x, x, x, {.causal = true}).output;
  for (const std::int64_t length : {1, 4, 8}) {
    const Tensor start = slice(x, {Range::all(), Range(0, length)});
    EXPECT_TRUE(same_bits(layer_.attend(start, start, start, {.causal = true}).output,
                          slice(whole, {Range::all(), Range(0, length)})));
  }
  MultiheadAttention causal(12, 3, {.causal = true});
  for (std::size_t i = 0; i < 4; ++i) causal.parameters()[i]->value = layer_.parameters()[i]->value;
  EXPECT_TRUE(same_bits(causal.evaluate(x), whole));
}

// Padding behind the last key changes no bit.
TEST_F(AttentionTest, PaddingIsNotSeen) {
  const Tensor query = random_.normal("query", {2, 4, 12}), memory = random_.normal("memory", {2, 7, 12});
  const Tensor padding = broadcast_to(greater(arange(7), 4), {2, 7});  // the last two
  const Tensor seen = slice(memory, {Range::all(), Range(0, 5)});
  const AttentionResult masked = layer_.attend(query, memory, memory, {.key_padding = padding});
  EXPECT_TRUE(same_bits(masked.output, layer_.attend(query, seen, seen).output));
  EXPECT_EQ(max(slice(masked.weights, {Range::all(), Range::all(), Range::all(), Range(5, 7)})).item<float>(),
            0);
  const Tensor nobody = ones({2, 7}, DType::kBool);
  EXPECT_TRUE(
      std::isnan(layer_.attend(query, memory, memory, {.key_padding = nobody}).output.at<float>({0, 0, 0})));
}

TEST_F(AttentionTest, OneProjectionOrThreeGiveTheSameBits) {
  const Tensor x = random_.normal("x", {2, 6, 12});
  const Tensor other = copy(x), third = copy(x);  // equal, but not the same tensor
  const Tensor expected = layer_.attend(x, x, x).output;
  EXPECT_TRUE(same_bits(layer_.attend(x, other, other).output, expected));
  EXPECT_TRUE(same_bits(layer_.attend(x, other, third).output, expected));
}

TEST_F(AttentionTest, Errors) {
  const auto message = [](const auto& body) -> std::string {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([] { MultiheadAttention(10, 3); }),
            "MultiheadAttention: 10 features do not divide among 3 heads");
  EXPECT_EQ(message([&] {
              layer_.evaluate(zeros({2, 3, 4}));
            }),
            "MultiheadAttention(12, 3 heads): the input has shape [2, 3, 4], expected [N, L, 12]");
  const Tensor x = zeros({2, 3, 12});
  EXPECT_EQ(message([&] {
              layer_.attend(x, x, x, {.key_padding = zeros({2, 4}, DType::kBool)});
            }),
            "MultiheadAttention(12, 3 heads): key_padding is [2, 4], expected [2, 3] as the key [2, 3, 12]");
}

}  // namespace
}  // namespace tessera::nn
