// Moments, ranks, intervals and tests of hypotheses against numpy and scipy, and by the identities that they must keep.
#include "tessera/stats/moments.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tessera/autograd/functional.h"
#include "tessera/backends/backends.h"
#include "tessera/numerics/random.h"
#include "tessera/stats/analysis_of_variance.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/errors_test.h"
#include "tessera/stats/hypothesis_tests.h"
#include "tessera/stats/intervals.h"
#include "tessera/stats/ranks.h"
#include "tessera/stats/stats_facts_test.h"
#include "tessera/tensor/ops.h"

namespace tessera::stats {
namespace {

class Samples : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  const std::vector<double>&x = fact("x"), &y = fact("y"), &z = fact("z");
  const std::vector<double>&tied_x = fact("tied x"), &tied_y = fact("tied y");

  Tensor columns() const {
    std::vector<double> all = x;
    all.insert(all.end(), y.begin(), y.end());
    all.insert(all.end(), tied_x.begin(), tied_x.end());
    return transpose(Tensor::from<double>(all, {3, 120}));
  }
};

// Against scipy.stats.f_oneway (SciPy 1.17) and by hand.
TEST_F(Samples, AnalysisOfVarianceAndAutocorrelation) {
  const std::vector<std::vector<double>> groups = {
      {6.9, 5.4, 5.8, 4.6, 4}, {8.3, 6.8, 7.8, 9.2}, {8, 10.5, 8.1, 6.9, 9.3, 7}};
  const AnalysisOfVariance found = analysis_of_variance(groups);
  EXPECT_NEAR(found.statistic, 9.28170492919776, 1e-12);
  EXPECT_NEAR(found.p_value, 0.003663335072332214, 1e-14);
  EXPECT_EQ(found.between.degrees_of_freedom, 2);
  EXPECT_EQ(found.within.degrees_of_freedom, 12);
  // Of two groups F is the square of Student's t.
  const std::vector<std::vector<double>> two = {x, z};
  const TestResult t = t_test(x, z, Variances::kEqual);
  const AnalysisOfVariance squared = analysis_of_variance(two);
  EXPECT_NEAR(squared.statistic, t.statistic * t.statistic, 1e-12 * squared.statistic);
  EXPECT_NEAR(squared.p_value, t.p_value, 1e-12);
  EXPECT_EQ(analysis_of_variance(std::vector<std::vector<double>>{{1, 1}, {2, 2}}).p_value, 0);
  EXPECT_TRUE(std::isnan(analysis_of_variance(std::vector<std::vector<double>>{{1, 1}, {1, 1}}).p_value));
  EXPECT_EQ(autocorrelation(std::vector<double>{1, 2, 3, 4, 10}, 0), 1);
  EXPECT_NEAR(autocorrelation(std::vector<double>{1, 2, 3, 4, 5}, 2), -0.1, 1e-15);
  expect_error(
      [&] {
        autocorrelation(std::vector<double>{1, 2}, 2);
      },
      "autocorrelation: lag is 2, expected a number from 0 to 1");
  expect_error(
      [&] {
        analysis_of_variance(std::vector<std::vector<double>>{{1, 2}});
      },
      "analysis_of_variance: there are 1 groups, expected at least two");
  expect_error(
      [&] {
        analysis_of_variance(std::vector<std::vector<double>>{{1, 2}, {}});
      },
      "analysis_of_variance: group 1 is empty, expected numbers");
  expect_error(
      [&] {
        analysis_of_variance(std::vector<std::vector<double>>{{1}, {2}});
      },
      "analysis_of_variance: the sample has 2 numbers, expected at least 3");
}

TEST_F(Samples, MomentsAsScipy) {
  expect_fact("moments",
              {mean(x), variance(x), variance(x, 0), standard_deviation(x), skewness(x), kurtosis(x),
               standard_error(x)},
              1e-14);
  expect_fact("covariance", {covariance(x, y), correlation(x, y)}, 1e-14);
  expect_fact("covariance matrix", covariance_matrix(columns()).to_vector<double>(), 1e-14);
  expect_fact("correlation matrix", correlation_matrix(columns()).to_vector<double>(), 1e-14);
}

TEST_F(Samples, RunningMomentsAsScipyHoweverCut) {
  for (const std::size_t cut : {std::size_t{1}, std::size_t{17}, std::size_t{60}, std::size_t{119}}) {
    RunningMoments first, second;
    for (std::size_t i = 0; i < x.size(); ++i) (i < cut ? first : second).add(x[i]);
    first.merge(second);
    EXPECT_EQ(first.count(), 120);
    expect_fact("moments",
                {first.mean(), first.variance(), first.variance(0), std::sqrt(first.variance()),
                 first.skewness(), first.kurtosis(), first.standard_error()},
                1e-13);
  }
  RunningMoments empty, some;
  some.add(3);
  empty.merge(some);
  some.merge(RunningMoments());
  EXPECT_EQ(empty.mean(), 3);
  EXPECT_EQ(some.variance(0), 0);
}

// A mean that dwarfs the spread leaves the moments their digits.
TEST_F(Samples, AnOffsetDoesNotHurt) {
  std::vector<double> far;
  for (const double value : x) far.push_back(value + 1e6);
  EXPECT_NEAR(variance(far), variance(x), 1e-9);
  EXPECT_NEAR(kurtosis(far), kurtosis(x), 1e-9);
}

TEST_F(Samples, RanksAsNumpyAndScipy) {
  EXPECT_EQ(quantiles(x, fact("q")), fact("quantiles"));  // to the bit
  EXPECT_EQ(ranks(tied_x), fact("ranks"));
  expect_fact("rank correlations", {spearman(x, y), kendall(x, y)}, 1e-14);
  expect_fact("rank correlations tied", {spearman(tied_x, tied_y), kendall(tied_x, tied_y)}, 1e-14);
}

TEST_F(Samples, IntervalsAsScipy) {
  for (const auto& [kind, k, n] :
       {std::tuple("few", 0, 12), {"some", 8, 10}, {"many", 4321, 100000}, {"all", 7, 7}})
    for (const auto& [text, confidence] : {std::pair("0.9", 0.9), {"0.95", 0.95}, {"0.999", 0.999}}) {
      const Interval interval = wilson_interval(k, n, confidence);
      expect_fact(std::string("wilson ") + kind + " " + text, {interval.low, interval.high}, 1e-13);
    }
  const OddsRatio ratio = odds_ratio(std::vector<std::int64_t>{12, 5, 29, 2});
  expect_fact("odds ratio", {ratio.ratio, ratio.interval.low, ratio.interval.high}, 1e-13);
  const Interval t = mean_interval(x), normal = mean_interval_known_deviation(x, 1.5, 0.9);
  expect_fact("mean intervals", {t.low, t.high, normal.low, normal.high}, 1e-13);
}

TEST_F(Samples, HypothesisTestsAsScipy) {
  std::vector<double> found;
  for (const Normal& normal : {Normal(0, 1), Normal(0.25, 1.25), Normal(1, 1)}) {
    const TestResult result = kolmogorov_smirnov_test(x, normal);
    found.insert(found.end(), {result.statistic, result.p_value});
  }
  expect_fact_relative("ks one", found, 1e-10);
  found.clear();
  const std::span<const double> all = x;
  for (const auto& [a, b] : {std::pair<std::span<const double>, std::span<const double>>(x, y),
                             {all.first(50), z},
                             {x, all.first(40)}}) {
    const TestResult result = kolmogorov_smirnov_test(a, b);
    found.insert(found.end(), {result.statistic, result.p_value});
  }
  expect_fact("ks two", found, 1e-13);
  const TestResult goodness = chi_square_test(std::vector<std::int64_t>{16, 18, 16, 14, 12, 12},
                                              std::vector<double>{16, 16, 16, 16, 16, 8});
  expect_fact_relative("chi-square", {goodness.statistic, goodness.p_value}, 1e-13);
  const TestResult table = chi_square_independence(2, 3, std::vector<std::int64_t>{10, 10, 20, 20, 20, 17});
  expect_fact_relative("independence", {table.statistic, table.p_value, table.degrees_of_freedom}, 1e-13);
  for (const auto& [name, result] : {std::pair("t one", t_test(x, 0.2)),
                                     {"t welch", t_test(x, z)},
                                     {"t equal", t_test(x, z, Variances::kEqual)},
                                     {"t paired", paired_t_test(x, y)}})
    expect_fact_relative(name, {result.statistic, result.p_value, result.degrees_of_freedom}, 1e-12);
}

TEST_F(Samples, KolmogorovsDistributionAsScipy) {
  const std::vector<double>& rows = fact("ks survival");
  for (std::size_t i = 0; i < rows.size(); i += 3) {
    const auto n = static_cast<std::int64_t>(rows[i]);
    const double d = rows[i + 1], expected = rows[i + 2];
    const bool limit = n > 2000 && static_cast<double>(n) * d * d <= 4;
    EXPECT_NEAR(kolmogorov_survival(n, d), expected, limit ? 1e-6 : 1e-12 + 1e-9 * expected) << n << " " << d;
    if (expected < 1e-6) {
      EXPECT_NEAR(kolmogorov_survival(n, d) / expected, 1, 1e-9) << n << " " << d;
    }
  }
}

// With many pairs the exact count of paths and the limit are neighbours.
TEST_F(Samples, TwoLargeSamples) {
  std::vector<double> a, b;
  for (int i = 0; i < 4000; ++i) a.push_back(i * 0.37 - std::floor(i * 0.37));
  for (int i = 0; i < 3000; ++i) b.push_back(std::pow(i * 0.61 - std::floor(i * 0.61), 1.05));
  const TestResult limit = kolmogorov_smirnov_test(a, b);  // 12 million pairs
  b.resize(2400);
  const TestResult exact = kolmogorov_smirnov_test(a, b);
  EXPECT_GT(limit.p_value, 0.05);
  EXPECT_GT(exact.p_value, 0.05);
  EXPECT_EQ(kolmogorov_smirnov_test(a, a).p_value, 1);
}

// ---- Identities ----

std::vector<double> numbers(std::uint64_t seed, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  numerics::fill_normal(values.data(), count, numerics::stream_key(seed, "numbers"), 0);
  return values;
}
std::vector<double> combined(double a, const std::vector<double>& x, double b, const std::vector<double>& y) {
  std::vector<double> values;
  for (std::size_t i = 0; i < x.size(); ++i) values.push_back(a * x[i] + b * y[i]);
  return values;
}

RC_GTEST_PROP(Covariance, Identities, ()) {
  const auto seed = static_cast<std::uint64_t>(*rc::gen::inRange(0, 1 << 30));
  const std::int64_t n = *rc::gen::inRange(2, 2500);
  const double a = *rc::gen::inRange(-40, 41) / 8.0, b = *rc::gen::inRange(-40, 41) / 8.0;
  const std::vector<double> x = numbers(seed, n), y = numbers(seed + 1, n), z = numbers(seed + 2, n);
  const std::vector<double> ones(x.size(), 1.0);
  const auto near = [](double first, double second) { return std::abs(first - second) <= 1e-11; };
  RC_ASSERT(near(covariance(x, x), variance(x)));
  RC_ASSERT(covariance(x, y) == covariance(y, x));
  RC_ASSERT(covariance(x, ones) == 0);
  RC_ASSERT(near(covariance(combined(a, x, b, y), z), a * covariance(x, z) + b * covariance(y, z)));
  RC_ASSERT(near(covariance(combined(1, x, a, ones), y), covariance(x, y)));  // shifts do not matter
  RC_ASSERT(near(variance(combined(1, x, 1, y)), variance(x) + variance(y) + 2 * covariance(x, y)));
  RC_ASSERT(near(variance(combined(a, x, b, ones)), a * a * variance(x)));
  std::vector<double> products;
  for (std::size_t i = 0; i < x.size(); ++i) products.push_back(x[i] * y[i]);
  RC_ASSERT(near(covariance(x, y, 0), mean(products) - mean(x) * mean(y)));  // E[xy] - E[x] E[y]
  RC_ASSERT(std::abs(covariance(x, y)) <= standard_deviation(x) * standard_deviation(y) * (1 + 1e-14));
  RC_ASSERT(near(standard_error(x), standard_deviation(x) / std::sqrt(static_cast<double>(n))));
}

// What a statistic of exchangeable numbers may depend on: the numbers, not their order. Here the functions of ranks are so to the bit.
RC_GTEST_PROP(Exchangeability, OrderIsNoMatter, ()) {
  const auto seed = static_cast<std::uint64_t>(*rc::gen::inRange(0, 1 << 30));
  const std::int64_t n = *rc::gen::inRange(2, 200);
  const std::vector<double> x = numbers(seed, n), y = numbers(seed + 1, n);
  const std::vector<std::int64_t> order = numerics::permutation(n, numerics::stream_key(seed, "order"), 0);
  std::vector<double> moved_x, moved_y;
  for (const std::int64_t i : order) {
    moved_x.push_back(x[static_cast<std::size_t>(i)]);
    moved_y.push_back(y[static_cast<std::size_t>(i)]);
  }
  RC_ASSERT(median(moved_x) == median(x));
  RC_ASSERT(kendall(moved_x, moved_y) == kendall(x, y));
  RC_ASSERT(kolmogorov_smirnov_test(moved_x, y).p_value == kolmogorov_smirnov_test(x, y).p_value);
  RC_ASSERT(std::abs(mean(moved_x) - mean(x)) <= 1e-14);
  RC_ASSERT(std::abs(kurtosis(moved_x) - kurtosis(x)) <= 1e-9 * (4 + std::abs(kurtosis(x))));
}
// Draws from Polya's urn depend on each other, yet any order of the same colours is equally probable.
RC_GTEST_PROP(Exchangeability, PolyasUrn, ()) {
  const std::vector<bool> colours = *rc::gen::container<std::vector<bool>>(12, rc::gen::arbitrary<bool>());
  const auto probability =
      [](const std::vector<bool>&
             draws) {  // two red balls, one blue; a drawn ball goes back with another one
        double product = 1, red = 2, total = 3;
        for (const bool is_red : draws) {
          product *= (is_red ? red : total - red) / total;
          red += is_red ? 1 : 0;
          total += 1;
        }
        return product;
      };
  std::vector<bool> sorted = colours;
  std::sort(sorted.begin(), sorted.end());
  RC_ASSERT(std::abs(probability(colours) / probability(sorted) - 1) <= 1e-14);
}

RC_GTEST_PROP(Ranks, KendallAgainstAllPairs, ()) {
  const std::size_t n = static_cast<std::size_t>(*rc::gen::inRange(2, 30));
  const auto whole = rc::gen::container<std::vector<int>>(n, rc::gen::inRange(0, 8));
  const std::vector<int> a = *whole, b = *whole;
  double difference = 0, free_x = 0, free_y = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      difference += ((a[i] > a[j]) - (a[i] < a[j])) * ((b[i] > b[j]) - (b[i] < b[j]));
      free_x += a[i] != a[j] ? 1 : 0;
      free_y += b[i] != b[j] ? 1 : 0;
    }
  RC_PRE(free_x > 0 && free_y > 0);
  const std::vector<double> x(a.begin(), a.end()), y(b.begin(), b.end());
  RC_ASSERT(std::abs(kendall(x, y) - difference / std::sqrt(free_x * free_y)) <= 1e-14);
}

RC_GTEST_PROP(Odds, ThereAndBack, ()) {
  const double p = *rc::gen::inRange(0, 1000) / 1000.0;
  RC_ASSERT(std::abs(probability_of_odds(odds(p)) - p) <= 1e-15);
}

// Of 400 samples, 95 in 100 intervals hold what they should: counted with the margin of four standard deviations.
TEST_F(Samples, IntervalsHoldWhatTheyPromise) {
  int t = 0, wilson = 0;
  for (std::uint64_t r = 0; r < 400; ++r) {
    const std::vector<double> sample = numbers(r, 9);
    const Interval interval = mean_interval(sample);
    t += interval.low <= 0 && 0 <= interval.high ? 1 : 0;
    std::int64_t successes = 0;
    for (const double value : numbers(r + 1000, 40))
      successes += value > 0.8416212335729143 ? 1 : 0;  // one in five
    const Interval share = wilson_interval(successes, 40);
    wilson += share.low <= 0.2 && 0.2 <= share.high ? 1 : 0;
  }
  EXPECT_NEAR(t, 380, 18);
  EXPECT_NEAR(wilson, 380, 18);
}

TEST_F(Samples, BootstrapOfAMeanIsItsStandardError) {
  RandomSource random(1);
  const std::vector<double> means = bootstrap(
      x, [](auto sample) { return mean(sample); }, random, "means", 4000);
  EXPECT_NEAR(standard_deviation(means), standard_error(x), 0.003);
  EXPECT_NEAR(mean(means), mean(x), 0.005);
  RandomSource again(1), other(2);
  const auto median_of = [](std::span<const double> sample) { return median(sample); };
  const Interval first = bootstrap_interval(x, median_of, again, "means", 200),
                 second = bootstrap_interval(x, median_of, other, "means", 200);
  EXPECT_LT(first.low, first.high);
  EXPECT_NE(first.low, second.low);
  EXPECT_THROW(bootstrap(x, median_of, again, "means", 1), Error);  // these numbers have been used
}

TEST_F(Samples, CovariancesCanBeDifferentiated) {
  const Tensor samples = copy(columns().slice({Range(0, 6), Range(0, 2)}));
  const GradcheckResult result = gradcheck(
      [](const std::vector<Tensor>& in) { return covariance_matrix(in[0]) + correlation_matrix(in[0]); },
      {samples});
  EXPECT_TRUE(result.passed) << result.message;
}

TEST_F(Samples, ConstantsGiveNaN) {
  const std::vector<double> same(5, 2.0), other = {1, 2, 3, 4, 5};
  EXPECT_TRUE(std::isnan(skewness(same)));
  EXPECT_TRUE(std::isnan(correlation(same, other)));
  EXPECT_TRUE(std::isnan(kendall(same, other)));
  EXPECT_EQ(variance(same), 0);
  EXPECT_EQ(t_test(same, 1).p_value, 0);
  EXPECT_TRUE(std::isnan(t_test(same, 2).p_value));
}

TEST_F(Samples, WrongInputsAreSentences) {
  const std::vector<double> none, one = {1}, two = {1, 2}, nan = {1, std::nan("")};
  expect_error([&] { mean(none); }, "mean: the sample has 0 numbers, expected at least 1");
  expect_error([&] { variance(one); }, "variance: 1 numbers with ddof 1, expected more numbers than ddof");
  expect_error([&] { skewness(nan); }, "skewness: number 1 of the sample is nan, expected a finite number");
  expect_error([&] { covariance(one, two); },
               "covariance: the samples have 1 and 2 numbers, expected as many");
  expect_error([&] { quantile(two, 1.5); }, "quantile: q is 1.5, expected 0 to 1");
  expect_error([&] { wilson_interval(3, 2); },
               "wilson_interval: 3 successes of 2 trials, expected at least one trial and no more successes");
  expect_error([&] { mean_interval(two, 1); },
               "mean_interval: the confidence is 1, expected between 0 and 1");
  expect_error([] { odds(-0.5); }, "odds: the probability is -0.5, expected a probability, 0 to 1");
  expect_error(
      [&] {
        chi_square_test(std::vector<std::int64_t>{5, 5}, std::vector<double>{4, 4});
      },
      "chi_square_test: the expected counts add to 8, expected the number of observations, 10");
  expect_error(
      [] {
        chi_square_independence(2, 2, std::vector<std::int64_t>{1, 2, 0, 0});
      },
      "chi_square_independence: row 1 or column 0 is empty, expected counts in all of them");
  expect_error([&] { t_test(one, 0); }, "t_test: the sample has 1 numbers, expected at least 2");
  expect_error(
      [] {
        covariance_matrix(zeros({3, 2}));
      },
      "covariance_matrix: the samples are float32 of shape [3, 2], expected float64 [samples, variables]");
  EXPECT_EQ(odds_ratio(std::vector<std::int64_t>{1, 0, 2, 3}).interval.low, 0);
}

}  // namespace
}  // namespace tessera::stats
