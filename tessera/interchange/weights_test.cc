#include "tessera/interchange/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/recurrent.h"
#include "tessera/tensor/ops.h"

namespace tessera::interchange {
namespace {

class Weights : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }

  static std::unique_ptr<nn::Sequential> network(std::uint64_t seed, std::int64_t width = 4) {
    auto result = std::make_unique<nn::Sequential>();
    result->add<nn::Linear>(3, width);
    result->add<nn::ReLU>();
    result->add<nn::Linear>(width, 2);
    RandomSource random(seed);
    result->initialize(random);
    return result;
  }

  static std::string refusal(nn::Module& target, const std::vector<runs::NamedTensor>& tensors,
                             const LoadOptions& options = {}) {
    try {
      load_weights(target, tensors, "file", options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(Weights, OfOneNetworkMakeAnotherTheSame) {
  const ScratchFolder folder("weights");
  const auto a = network(1), b = network(2);
  const Tensor x = ones({5, 3});
  ASSERT_FALSE(same_bits(a->evaluate(x), b->evaluate(x)));
  save_weights_file(*a, folder.path() + "/a.safetensors");
  load_weights_file(*b, folder.path() + "/a.safetensors");
  EXPECT_TRUE(same_bits(a->evaluate(x), b->evaluate(x)));
}

TEST_F(Weights, WhatDoesNotFitIsListedAndNothingIsChanged) {
  const auto a = network(1), b = network(2), wide = network(3, 5);
  const Tensor x = ones({5, 3}), before = b->evaluate(x);
  std::vector<runs::NamedTensor> tensors = weights_of(*a);
  tensors.pop_back();
  tensors.push_back({"3.weight", ones({1})});
  EXPECT_EQ(refusal(*b, tensors), "file does not fit the network: missing: 2.bias; unexpected: 3.weight");
  EXPECT_EQ(refusal(*b, weights_of(*wide)),
            "file does not fit the network: of another shape: 0.weight (float32 [5, 3] in the file, float32 "
            "[4, 3] in "
            "the network), 0.bias (float32 [5] in the file, float32 [4] in the network), 2.weight (float32 "
            "[2, 5] in the "
            "file, float32 [2, 4] in the network)");
  EXPECT_TRUE(same_bits(b->evaluate(x), before));
}

TEST_F(Weights, TypesCountAsShapesDo) {
  const auto a = network(1);
  std::vector<runs::NamedTensor> tensors = weights_of(*a);
  tensors[1].tensor = cast(tensors[1].tensor, DType::kFloat64);
  EXPECT_THAT(refusal(*a, tensors),
              testing::HasSubstr("0.bias (float64 [4] in the file, float32 [4] in the network)"));
}

TEST_F(Weights, PrefixesAndPartsWhenAskedFor) {
  const auto a = network(1), b = network(2);
  std::vector<runs::NamedTensor> tensors;
  for (const runs::NamedTensor& named : weights_of(*a))
    tensors.push_back({"model." + named.name, named.tensor});
  tensors.push_back({"optimizer.step", ones({})});
  EXPECT_NE(refusal(*b, tensors), "");
  EXPECT_EQ(refusal(*b, tensors, {.prefix = "model."}), "");
  EXPECT_TRUE(same_bits(a->evaluate(ones({1, 3})), b->evaluate(ones({1, 3}))));
  const auto c = network(3);
  const Tensor own = c->parameters()[3]->value;
  EXPECT_EQ(refusal(*c, {weights_of(*a)[0], {"other", ones({})}},
                    {.allow_missing = true, .allow_unexpected = true}),
            "");
  EXPECT_TRUE(same_bits(c->parameters()[0]->value, a->parameters()[0]->value));
  EXPECT_TRUE(same_bits(c->parameters()[3]->value, own));
}

TEST_F(Weights, LongListsAreCut) {
  nn::LSTM lstm(2, 2, {.layers = 3, .bidirectional = true});
  EXPECT_THAT(refusal(lstm, {}), testing::HasSubstr(" and 14 more"));
}

}  // namespace
}  // namespace tessera::interchange
