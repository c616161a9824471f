#include "tessera/models/attention_pool.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/autograd/functional.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera::models {
namespace {

class AttentionPoolTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  AttentionPoolTest() { pool_.initialize(random_); }
  Pooled run(const Tensor& x, const std::vector<std::int64_t>& lengths) {
    nn::Context context;
    return pool_.pool(x, Tensor::from<std::int64_t>(lengths, {static_cast<std::int64_t>(lengths.size())}),
                      context);
  }
  RandomSource random_{3};
  AttentionPool pool_{4, 5};
};

// The formula, in plain loops of fp64.
TEST_F(AttentionPoolTest, IsTheFormula) {
  const Tensor x = random_.normal("x", {2, 3, 4});
  const Pooled found = run(x, {3, 2});
  const auto parameters = pool_.parameters();  // context, projection.weight, projection.bias
  ASSERT_EQ(parameters.size(), 3U);
  const std::vector<float> context = parameters[0]->value.to_vector<float>();
  const int lengths[] = {3, 2};
  for (int n = 0; n < 2; ++n) {
    std::vector<double> e;
    for (int t = 0; t < lengths[n]; ++t) {
      double answer = 0;
      for (int a = 0; a < 5; ++a) {
        double u = parameters[2]->value.at<float>({a});
        for (int f = 0; f < 4; ++f) u += parameters[1]->value.at<float>({a, f}) * x.at<float>({n, t, f});
        answer += std::tanh(u) * context[static_cast<std::size_t>(a)];
      }
      e.push_back(std::exp(answer));
    }
    double sum = 0;
    for (const double value : e) sum += value;
    for (int t = 0; t < lengths[n]; ++t)
      EXPECT_NEAR(found.weights.at<float>({n, t}), e[static_cast<std::size_t>(t)] / sum, 1e-6);
    for (int f = 0; f < 4; ++f) {
      double value = 0;
      for (int t = 0; t < lengths[n]; ++t)
        value += e[static_cast<std::size_t>(t)] / sum * x.at<float>({n, t, f});
      EXPECT_NEAR(found.value.at<float>({n, f}), value, 1e-6);
    }
  }
  EXPECT_EQ(found.weights.at<float>({1, 2}), 0);
}

// However much padding, of whatever numbers: also over more than a block of a sum and a chunk of a product.
TEST_F(AttentionPoolTest, PaddingChangesNoBit) {
  const Tensor x = random_.normal("x", {1, 300, 4}), other = random_.normal("other", {1, 1500, 4});
  const Pooled alone = run(x, {300}), padded = run(concatenate({x, other}, 1), {300});
  EXPECT_TRUE(same_bits(alone.value, padded.value));
  EXPECT_TRUE(same_bits(alone.weights, slice(padded.weights, {Range::all(), Range::to(300)})));
}

TEST_F(AttentionPoolTest, WrongInputsAreNamed) {
  const Tensor x = zeros({2, 3, 4});
  EXPECT_THROW(run(x, {3, 0}), Error);
  EXPECT_THROW(run(x, {3, 4}), Error);
  EXPECT_THROW(run(x, {3}), Error);
  EXPECT_THROW(run(zeros({2, 3, 5}), {3, 3}), Error);
}

}  // namespace
}  // namespace tessera::models
