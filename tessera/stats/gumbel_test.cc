// Gumbel-max draws softmax's distribution; Gumbel-softmax against its formula, its limits and numeric derivatives.
#include "tessera/stats/gumbel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tessera/autograd/functional.h"
#include "tessera/backends/backends.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/errors_test.h"
#include "tessera/stats/hypothesis_tests.h"
#include "tessera/tensor/ops.h"

namespace tessera::stats {
namespace {

class GumbelTrick : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

TEST_F(GumbelTrick, AMillionChoicesFollowSoftmax) {
  const std::vector<double> probabilities = {0.5, 0.25, 0.125, 0.1, 0.025};
  constexpr std::int64_t kDraws = 1000000;
  const Tensor logits = log(Tensor::from<double>(probabilities, {5})) + 3.0;  // need not be normalised
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    RandomSource random(20);
    const Tensor choices = gumbel_max(broadcast_to(cast(logits, dtype), {kDraws, 5}), random, "choices");
    std::vector<std::int64_t> observed(5);
    for (const std::int64_t choice : choices.to_vector<std::int64_t>())
      ++observed[static_cast<std::size_t>(choice)];
    std::vector<double> expected;
    for (const double p : probabilities) expected.push_back(p * kDraws);
    EXPECT_GT(chi_square_test(observed, expected).p_value, 0.01) << dtype_name(dtype);
  }
}

TEST_F(GumbelTrick, NoiseIsOfTheGumbelDistribution) {
  RandomSource random(2);
  const std::vector<double> noise = gumbel_noise(random, "g", {30000}, DType::kFloat64).to_vector<double>();
  EXPECT_GT(kolmogorov_smirnov_test(noise, Gumbel(0, 1)).p_value, 0.01);
}

TEST_F(GumbelTrick, SoftIsBetweenAChoiceAndTheUniform) {
  const Tensor logits = Tensor::from<double>({0.3, -1, 2, 0.5, 0, 1}, {2, 3});
  RandomSource random(3);
  const Tensor noise = gumbel_noise(random, "g", {2, 3}, DType::kFloat64);
  const Tensor soft = gumbel_softmax_with(logits, noise, 0.7);
  EXPECT_TRUE(same_bits(soft, softmax((logits + noise) / 0.7)));
  EXPECT_LT(max(absolute(gumbel_softmax_with(logits, noise, 1e6) - 1.0 / 3)).item<double>(), 1e-5);
  const Tensor cold = gumbel_softmax_with(logits, noise, 1e-3),
               hard = gumbel_softmax_with(logits, noise, 1e-3, Choice::kStraightThrough);
  EXPECT_LT(max(absolute(cold - hard)).item<double>(), 1e-9);
  // The draw is that of gumbel_max of the same name.
  RandomSource a(8), b(8);
  const Tensor choice = gumbel_max(logits, a, "n"),
               one_hot = gumbel_softmax(logits, 0.5, b, "n", Choice::kStraightThrough);
  EXPECT_TRUE(same_bits(argmax(one_hot, -1), choice));
}

TEST_F(GumbelTrick, GradientsAsNumericDerivatives) {
  const Tensor logits = Tensor::from<double>({0.3, -1, 2, 0.5, 0, 1}, {2, 3});
  RandomSource random(3);
  const Tensor noise = gumbel_noise(random, "g", {2, 3}, DType::kFloat64);
  const GradcheckResult result =
      gradcheck([&](const std::vector<Tensor>& in) { return gumbel_softmax_with(in[0], noise, 0.7); },
                {logits}, {.second_order = true});
  EXPECT_TRUE(result.passed) << result.message;
}

TEST_F(GumbelTrick, StraightThroughIsOneHotForwardsAndSoftBackwards) {
  const Tensor logits = Tensor::from<float>({0.3F, -1, 2, 0.5F, 0, 1}, {2, 3});
  RandomSource random(3);
  const Tensor noise = gumbel_noise(random, "g", {2, 3}),
               weights = Tensor::from<float>({1, 5, -2, 3, 0.5F, 7}, {2, 3});
  const Tensor hard = gumbel_softmax_with(logits, noise, 0.7, Choice::kStraightThrough);
  for (const float value : hard.to_vector<float>()) EXPECT_TRUE(value == 0 || value == 1);
  EXPECT_EQ(sum(hard).item<float>(), 2);
  const auto gradient = [&](Choice choice) {
    return grad([&](const Tensor& x) { return sum(gumbel_softmax_with(x, noise, 0.7, choice) * weights); },
                logits);
  };
  EXPECT_TRUE(same_bits(gradient(Choice::kStraightThrough), gradient(Choice::kSoft)));
  EXPECT_GT(max(absolute(gradient(Choice::kSoft))).item<float>(), 0.01F);
}

TEST_F(GumbelTrick, TheSameDrawsOnEveryBackend) {
  const Tensor logits = RandomSource(1).normal("logits", {50, 7});
  const auto draw = [&] {
    RandomSource random(9);
    return gumbel_softmax(logits, 0.4, random, "g");
  };
  use_backend("reference");
  const Tensor expected = draw();
  use_default_backend();
  EXPECT_TRUE(same_bits(draw(), expected));
}

TEST_F(GumbelTrick, WrongInputsAreSentences) {
  RandomSource random(1);
  const Tensor logits = ones({2, 3});
  expect_error([&] { gumbel_softmax(logits, 0, random, "a"); },
               "gumbel_softmax: the temperature is 0, expected a positive number");
  expect_error(
      [&] { gumbel_max(arange(3), random, "b"); },
      "gumbel_max: the logits are int64 of shape [3], expected a floating tensor [..., classes] with at "
      "least one class");
  gumbel_max(logits, random, "c");
  EXPECT_THROW(gumbel_max(logits, random, "c"), Error);
}

}  // namespace
}  // namespace tessera::stats
