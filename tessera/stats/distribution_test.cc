// Distributions against scipy (distribution_facts_test.inc), by identities, and their samples by tests of goodness of fit.
#include "tessera/stats/distribution.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/discrete.h"
#include "tessera/stats/errors_test.h"
#include "tessera/stats/hypothesis_tests.h"
#include "tessera/stats/moments.h"

namespace tessera::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Fact {
  std::string name;
  std::vector<double> parameters, points, quantiles;
  double mean, variance;
};
const std::vector<Fact>& facts() {
  static const std::vector<Fact> kFacts = {
#include "tessera/stats/distribution_facts_test.inc"
  };
  return kFacts;
}

std::unique_ptr<Distribution> make(const std::string& name, const std::vector<double>& p) {
  if (name == "Uniform") return std::make_unique<Uniform>(p[0], p[1]);
  if (name == "Normal") return std::make_unique<Normal>(p[0], p[1]);
  if (name == "Exponential") return std::make_unique<Exponential>(p[0]);
  if (name == "Gumbel") return std::make_unique<Gumbel>(p[0], p[1]);
  if (name == "Gamma") return std::make_unique<Gamma>(p[0], p[1]);
  if (name == "ChiSquare") return std::make_unique<ChiSquare>(p[0]);
  if (name == "Beta") return std::make_unique<Beta>(p[0], p[1]);
  if (name == "StudentT") return std::make_unique<StudentT>(p[0]);
  if (name == "Bernoulli") return std::make_unique<Bernoulli>(p[0]);
  if (name == "Binomial") return std::make_unique<Binomial>(static_cast<std::int64_t>(p[0]), p[1]);
  if (name == "Poisson") return std::make_unique<Poisson>(p[0]);
  throw Error("no distribution " + name);
}
bool is_discrete(const std::string& name) {
  return name == "Bernoulli" || name == "Binomial" || name == "Poisson";
}

class Distributions : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

void expect_near(double found, double expected, double tolerance, const std::string& what) {
  if (std::isnan(expected) || std::isinf(expected)) {
    EXPECT_EQ(std::isnan(found), std::isnan(expected)) << what;
    if (std::isinf(expected)) {
      EXPECT_EQ(found, expected) << what;
    }
  } else {
    EXPECT_NEAR(found, expected, tolerance) << what;
  }
}

TEST_F(Distributions, AsScipy) {
  for (const Fact& fact : facts()) {
    const std::unique_ptr<Distribution> distribution = make(fact.name, fact.parameters);
    const std::string what = fmt::format("{}({})", fact.name, fmt::join(fact.parameters, ", "));
    for (std::size_t i = 0; i < fact.points.size(); i += 4) {
      const double x = fact.points[i];
      const std::string at = fmt::format("{} at {}", what, x);
      expect_near(distribution->log_density(x), fact.points[i + 1],
                  1e-13 * (1 + std::abs(fact.points[i + 1])), at + ", log density");
      expect_near(distribution->cdf(x), fact.points[i + 2], 2e-12 * fact.points[i + 2], at + ", cdf");
      expect_near(distribution->survival(x), fact.points[i + 3], 2e-12 * fact.points[i + 3],
                  at + ", survival");
    }
    for (std::size_t i = 0; i < fact.quantiles.size(); i += 2)
      expect_near(distribution->quantile(fact.quantiles[i]), fact.quantiles[i + 1],
                  1e-12 * std::abs(fact.quantiles[i + 1]),
                  fmt::format("{}, quantile {}", what, fact.quantiles[i]));
    expect_near(distribution->mean(), fact.mean, 1e-14 * std::abs(fact.mean), what + ", mean");
    expect_near(distribution->variance(), fact.variance, 1e-14 * std::abs(fact.variance),
                what + ", variance");
  }
}

// From far tail to far tail the quantile is the inverse of the distribution function, on the side where that has its digits.
TEST_F(Distributions, QuantilesInvert) {
  for (const Fact& fact : facts()) {
    if (is_discrete(fact.name)) continue;
    const std::unique_ptr<Distribution> distribution = make(fact.name, fact.parameters);
    for (const double p : {1e-200, 1e-30, 1e-8, 0.01, 0.3, 0.5}) {
      const double x = distribution->quantile(p);
      // One unit in the last place of x, in units of p.
      const double ulp = distribution->density(x) * std::abs(x) * 0x1p-52;
      if (x < 1e-300 && x > -1e-300) continue;  // too near to 0 to be told apart
      if (!std::isfinite(ulp)) continue;
      EXPECT_NEAR(distribution->cdf(x), p, 1e-12 * p + 4 * ulp) << fact.name << " " << p;
    }
    for (const double q : {1e-14, 1e-5, 0.2}) {
      const double p = 1 - q, x = distribution->quantile(p);
      const double ulp = distribution->density(x) * std::abs(x) * 0x1p-52;
      if (!std::isfinite(ulp)) continue;
      EXPECT_NEAR(distribution->survival(x), 1 - p, 1e-12 * (1 - p) + 4 * ulp) << fact.name << " 1 - " << q;
    }
  }
}

TEST_F(Distributions, DiscreteQuantilesAreTheSmallestThatReach) {
  for (const Fact& fact : facts()) {
    if (!is_discrete(fact.name)) continue;
    const std::unique_ptr<Distribution> distribution = make(fact.name, fact.parameters);
    for (double p = 0.001; p < 1; p += 0.0173) {
      const double k = distribution->quantile(p);
      EXPECT_GE(distribution->cdf(k), p) << fact.name;
      EXPECT_LT(distribution->cdf(k - 1), p) << fact.name;
    }
    const double middle = distribution->quantile(0.5);
    EXPECT_EQ(distribution->quantile(distribution->cdf(middle)), middle) << fact.name;
    EXPECT_NEAR(distribution->cdf(middle) - distribution->cdf(middle - 1), distribution->density(middle),
                1e-13);
  }
}

// Kolmogorov-Smirnov and chi-square, 20,000 numbers each: seeds are fixed, so this is no game of chance.
TEST_F(Distributions, SamplesFollow) {
  RandomSource random(11);
  int number = 0;
  for (const Fact& fact : facts()) {
    const std::unique_ptr<Distribution> distribution = make(fact.name, fact.parameters);
    const std::vector<double> drawn =
        sample(*distribution, random, fmt::format("draw {}", number++), {20000}).to_vector<double>();
    const std::string what = fmt::format("{}({})", fact.name, fmt::join(fact.parameters, ", "));
    if (!is_discrete(fact.name)) {
      EXPECT_GT(kolmogorov_smirnov_test(drawn, *distribution).p_value, 0.01) << what;
      continue;
    }
    std::vector<std::int64_t> observed;
    std::vector<double> expected;
    double from = -1;  // cells of a tenth of the probability or more
    for (const double p : {0.1, 0.3, 0.5, 0.7, 0.9, 1.0}) {
      const double to = p == 1 ? kInfinity : distribution->quantile(p);
      const double share = (p == 1 ? 1 : distribution->cdf(to)) - distribution->cdf(from);
      if (share <= 0) continue;
      std::int64_t count = 0;
      for (const double x : drawn) count += x > from && x <= to ? 1 : 0;
      observed.push_back(count);
      expected.push_back(20000 * share);
      from = to;
    }
    EXPECT_GT(chi_square_test(observed, expected).p_value, 0.01) << what;
  }
}

TEST_F(Distributions, SamplesArePlacesOfAStream) {
  const Gamma gamma(0.3, 2);
  const Tensor whole = sample(gamma, *std::make_unique<RandomSource>(4), "g", {10, 70});
  RandomSource random(4);
  const Tensor first = sample(gamma, random, "g", {300}), rest = sample(gamma, random, "g", {400}, 300);
  std::vector<double> joined = first.to_vector<double>();
  for (const double value : rest.to_vector<double>()) joined.push_back(value);
  EXPECT_EQ(whole.to_vector<double>(), joined);
  EXPECT_THROW(sample(gamma, random, "g", {1}, 699), Error);
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    RandomSource again(4);
    EXPECT_EQ(sample(gamma, again, "g", {700}).to_vector<double>(), joined) << threads;
  }
  set_thread_count(2);
  RandomSource later(4);
  later.begin_step(1);
  EXPECT_NE(sample(gamma, later, "g", {700}).to_vector<double>(), joined);
}

TEST_F(Distributions, ATinyShapeDrawsAndInvertsWithoutUnderflow) {
  const Beta beta(1e-3, 1e-3);  // nearly all at the two ends
  RandomSource random(5);
  const std::vector<double> drawn = sample(beta, random, "b", {4000}).to_vector<double>();
  double sum = 0;
  for (const double x : drawn) {
    EXPECT_TRUE(x >= 0 && x <= 1);
    sum += x;
  }
  EXPECT_NEAR(sum / 4000, 0.5, 0.03);
  EXPECT_EQ(Gamma(1e-3, 1).quantile(1e-3), 0);  // 10^-3000
}

TEST_F(Distributions, GumbelInClosedForm) {
  const Gumbel gumbel(0, 1);
  for (const double x : {-2.0, -0.5, 0.0, 1.0, 5.0}) {
    EXPECT_DOUBLE_EQ(gumbel.cdf(x), std::exp(-std::exp(-x)));
    EXPECT_DOUBLE_EQ(gumbel.density(x), std::exp(-(x + std::exp(-x))));
  }
  EXPECT_DOUBLE_EQ(gumbel.quantile(0.5), -std::log(std::log(2.0)));
}

TEST_F(Distributions, CategoricalCountsUp) {
  const Categorical wheel({0.125, 0, 0.5, 0.375, 0});
  EXPECT_EQ(wheel.cdf(-1), 0);
  EXPECT_EQ(wheel.cdf(1.5), 0.125);
  EXPECT_EQ(wheel.cdf(3), 1);
  EXPECT_EQ(wheel.quantile(0.125), 0);
  EXPECT_EQ(wheel.quantile(0.126), 2);
  EXPECT_EQ(wheel.quantile(1), 3);  // 4 cannot happen
  EXPECT_EQ(wheel.density(1), 0);
  EXPECT_EQ(wheel.density(0.5), 0);
  EXPECT_EQ(wheel.mean(), 2.125);
  EXPECT_EQ(wheel.variance(), 0.125 * 2.125 * 2.125 + 0.5 * 0.125 * 0.125 + 0.375 * 0.875 * 0.875);
}

TEST_F(Distributions, EndsOfTheSupport) {
  EXPECT_EQ(Gamma(2, 1).density(0), 0);
  EXPECT_EQ(Gamma(1, 4).density(0), 0.25);
  EXPECT_EQ(Gamma(0.5, 1).density(0), kInfinity);
  EXPECT_EQ(Beta(1, 3).density(0), 3);
  EXPECT_EQ(Beta(2, 3).density(1), 0);
  EXPECT_EQ(Gamma(2, 1).cdf(kInfinity), 1);
  EXPECT_EQ(Poisson(3).survival(kInfinity), 0);
  EXPECT_EQ(StudentT(3).cdf(-kInfinity), 0);
  EXPECT_EQ(StudentT(3).cdf(1e200), 1);
  EXPECT_EQ(Normal(0, 1).density(kInfinity), 0);
  EXPECT_EQ(Gumbel(0, 1).density(-kInfinity), 0);
  EXPECT_EQ(Poisson(3).quantile(1), kInfinity);
  EXPECT_EQ(Binomial(0, 0.5).density(0), 1);
  EXPECT_EQ(Binomial(7, 1).quantile(0.5), 7);
  EXPECT_EQ(Binomial(7, 0).density(0), 1);
  EXPECT_TRUE(std::isnan(Normal(0, 1).cdf(kNaN)));
  EXPECT_TRUE(std::isnan(Poisson(1).density(kNaN)));
}

TEST_F(Distributions, WrongParametersAreSentences) {
  expect_error([] { Normal(0, 0); }, "Normal: the deviation is 0, expected a positive number");
  expect_error([] { Uniform(2, 1); }, "Uniform: the bounds are 2 and 1, expected the lower one first");
  expect_error([] { Gamma(kNaN, 1); }, "Gamma: the shape is nan, expected above 0 and at most 1e8");
  expect_error([] { Bernoulli(1.5); }, "Bernoulli: the probability is 1.5, expected a probability, 0 to 1");
  expect_error([] { Binomial(-1, 0.5); }, "Binomial: the number of trials is -1, expected 0 to 1e8");
  expect_error([] { Poisson(0); }, "Poisson: the mean is 0, expected a positive number");
  expect_error([] { Categorical({0.5, 0.25}); }, "Categorical: the probabilities add to 0.75, expected 1");
  expect_error([] { Categorical({}); }, "Categorical: there are no probabilities, expected at least one");
  expect_error([] { Normal(0, 1).quantile(1.5); }, "quantile: p is 1.5, expected 0 to 1");
  expect_error([] { Gumbel(kInfinity, 1); }, "Gumbel: the location is inf, expected a finite number");
}

RC_GTEST_PROP(DistributionProperties, CdfAndSurvivalAddToOneAndGrow, ()) {
  const double a = *rc::gen::inRange(1, 5000) / 64.0, b = *rc::gen::inRange(1, 5000) / 64.0;
  const double x = *rc::gen::inRange(-3000, 3000) / 97.0, step = *rc::gen::inRange(1, 500) / 97.0;
  std::vector<std::unique_ptr<Distribution>> all;
  all.push_back(std::make_unique<Normal>(b - 30, a));
  all.push_back(std::make_unique<Gumbel>(a, b));
  all.push_back(std::make_unique<Gamma>(a, b));
  all.push_back(std::make_unique<Beta>(a, b));
  all.push_back(std::make_unique<StudentT>(a));
  all.push_back(std::make_unique<Poisson>(a));
  all.push_back(std::make_unique<Binomial>(static_cast<std::int64_t>(a * 3), b / 100));
  for (const auto& distribution : all) {
    RC_ASSERT(std::abs(distribution->cdf(x) + distribution->survival(x) - 1) <= 1e-14);
    RC_ASSERT(distribution->cdf(x) <= distribution->cdf(x + step) + 1e-14);
  }
}

}  // namespace
}  // namespace tessera::stats
