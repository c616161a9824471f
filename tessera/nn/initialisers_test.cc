#include "tessera/nn/initialisers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

class InitialisersTest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
};

// The fourth moment of the standardised draws tells a uniform (9/5) from a normal (3).
struct Moments {
  double mean, deviation, largest, fourth;
};

Moments moments(const Tensor& draws) {
  const Tensor x = cast(draws, DType::kFloat64), d = x - mean(x);
  const double v = variance(x).item<double>();
  return {mean(x).item<double>(), std::sqrt(v), max(absolute(x)).item<double>(),
          mean(pow(d, 4)).item<double>() / (v * v)};
}

// 40,000 draws: the standard error of the mean is deviation / 200, that of the deviation at most deviation / 280.
void expect_moments(const Tensor& draws, double deviation, bool uniform) {
  const Moments m = moments(draws);
  EXPECT_NEAR(m.mean, 0, 4 * deviation / 200);
  EXPECT_NEAR(m.deviation, deviation, 4 * deviation / 280);
  EXPECT_NEAR(m.fourth, uniform ? 1.8 : 3.0, uniform ? 0.03 : 0.2);
  if (uniform) {
    EXPECT_LE(m.largest, std::sqrt(3.0) * deviation * (1 + 1e-6));
    EXPECT_GT(m.largest, std::sqrt(3.0) * deviation * 0.999);
  }
}

TEST_F(InitialisersTest, HaveThePublishedDeviations) {
  RandomSource random(11);
  const Shape linear{100, 400}, convolution{40, 40, 5, 5};
  expect_moments(kaiming_uniform(random, "a", linear), std::sqrt(2.0 / 400), true);
  expect_moments(kaiming_normal(random, "b", linear, DType::kFloat64), std::sqrt(2.0 / 400), false);
  expect_moments(kaiming_normal(random, "c", convolution), std::sqrt(2.0 / 1000), false);
  expect_moments(xavier_uniform(random, "d", linear), std::sqrt(2.0 / 500), true);
  expect_moments(xavier_normal(random, "e", convolution, DType::kFloat32, 2), 2 * std::sqrt(2.0 / 2000),
                 false);
  expect_moments(uniform_init(random, "f", linear, 0.3), 0.3 / std::sqrt(3.0), true);
}

TEST_F(InitialisersTest, FansAndErrors) {
  EXPECT_EQ(fans({10, 20}).in, 20);
  EXPECT_EQ(fans({10, 20}).out, 10);
  EXPECT_EQ(fans({8, 4, 3, 5}).in, 60);
  EXPECT_EQ(fans({8, 4, 3, 5}).out, 120);
  RandomSource random(1);
  EXPECT_THROW(kaiming_uniform(random, "bias", {10}), Error);
  kaiming_uniform(random, "w", {2, 2});
  EXPECT_THROW(kaiming_uniform(random, "w", {2, 2}), Error);  // the same draw twice
}

}  // namespace
}  // namespace tessera::nn
