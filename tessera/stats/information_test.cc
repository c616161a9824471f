// Entropy and its relatives: their properties, scipy's and scikit-learn's numbers, the odds identity.
#include "tessera/stats/information.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/numerics/functions.h"
#include "tessera/stats/errors_test.h"
#include "tessera/stats/mutual_information.h"
#include "tessera/stats/stats_facts_test.h"
#include "tessera/tensor/random.h"

namespace tessera::stats {
namespace {

const std::vector<double> kP = {1.0 / 16, 2.0 / 16, 3.0 / 16, 10.0 / 16},
                          kQ = {0.25, 6.0 / 16, 5.0 / 16, 1.0 / 16};

TEST(Information, AsScipy) {
  expect_fact("divergences",
              {entropy(kP), entropy(kP, kBits), kl_divergence(kP, kQ), kl_divergence(kQ, kP, kBits),
               jensen_shannon(kP, kQ), cross_entropy(kP, kQ)},
              1e-15);
  const JointTable table = JointTable::from_counts(2, 3, std::vector<std::int64_t>{8, 1, 3, 0, 4, 16});
  expect_fact("joint", {joint_entropy(table), conditional_entropy(table), mutual_information(table)}, 1e-15);
}

// Probabilities from whole weights; some of them 0.
std::vector<double> shares(const std::vector<int>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> result;
  for (const int weight : weights) result.push_back(weight / total);
  return result;
}
std::vector<int> drawn_weights(std::size_t count) {
  std::vector<int> weights = *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(0, 50));
  weights[0] += 1;
  return weights;
}

// The five properties: never negative and 0 for certainty; CONCAVE; largest for equal probabilities; blind to the order of outcomes; additive over
// independent variables (and in general a chain).
RC_GTEST_PROP(Entropy, NeverNegativeAndZeroOnlyForCertainty, ()) {
  const std::vector<double> p = shares(drawn_weights(5));
  RC_ASSERT(entropy(p) >= 0);
  RC_ASSERT((entropy(p) == 0) == (*std::max_element(p.begin(), p.end()) == 1));
}
RC_GTEST_PROP(Entropy, Concave, ()) {
  const std::vector<double> p = shares(drawn_weights(6)), q = shares(drawn_weights(6));
  const double share = *rc::gen::inRange(0, 101) / 100.0;
  std::vector<double> mixture;
  for (std::size_t i = 0; i < p.size(); ++i) mixture.push_back(share * p[i] + (1 - share) * q[i]);
  RC_ASSERT(entropy(mixture) >= share * entropy(p) + (1 - share) * entropy(q) - 1e-14);
}
TEST(Entropy, AndNotConvex) {
  const std::vector<double> p = {1, 0}, q = {0, 1}, mixture = {0.5, 0.5};
  EXPECT_GT(entropy(mixture), 0.5 * entropy(p) + 0.5 * entropy(q) + 0.6);
}
RC_GTEST_PROP(Entropy, LargestForEqualProbabilities, ()) {
  const std::vector<double> p = shares(drawn_weights(7));
  RC_ASSERT(entropy(p) <= std::log(7.0) + 1e-14);
  RC_ASSERT(std::abs(entropy(std::vector<double>(7, 1.0 / 7), 7) - 1) <= 1e-15);
}
RC_GTEST_PROP(Entropy, BlindToTheOrderOfOutcomes, ()) {
  std::vector<double> p = shares(drawn_weights(9));
  const double before = entropy(p);
  std::rotate(p.begin(), p.begin() + *rc::gen::inRange(0, 9), p.end());
  RC_ASSERT(std::abs(entropy(p) - before) <= 1e-14);
}
RC_GTEST_PROP(Entropy, AddsOverIndependentVariablesAndAlongAChain, ()) {
  const std::vector<double> p = shares(drawn_weights(3)), q = shares(drawn_weights(4));
  std::vector<double> product;
  for (const double a : p)
    for (const double b : q) product.push_back(a * b);
  RC_ASSERT(std::abs(entropy(product) - entropy(p) - entropy(q)) <= 1e-14);
  const JointTable table(3, 4, shares(drawn_weights(12)));
  RC_ASSERT(std::abs(joint_entropy(table) - entropy(table.x()) - conditional_entropy(table)) <= 1e-14);
  RC_ASSERT(conditional_entropy(table) <=
            entropy(table.y()) + 1e-14);  // to know more is not to be less certain
}

RC_GTEST_PROP(Divergence, NeverNegativeZeroOnlyForEqualNotSymmetric, ()) {
  const std::vector<double> p = shares(drawn_weights(5)), q = shares(drawn_weights(5));
  RC_ASSERT(kl_divergence(p, q) >= 0);
  RC_ASSERT((kl_divergence(p, q) == 0) == (p == q));
  RC_ASSERT(kl_divergence(p, p) == 0);
  RC_ASSERT(jensen_shannon(p, q) == jensen_shannon(q, p));
  RC_ASSERT(jensen_shannon(p, q, kBits) <= 1 + 1e-15);
}
TEST(Divergence, Asymmetric) {
  EXPECT_GT(std::abs(kl_divergence(kP, kQ) - kl_divergence(kQ, kP)), 0.1);
  const std::vector<double> certain = {1, 0}, open = {0.5, 0.5};
  EXPECT_DOUBLE_EQ(kl_divergence(certain, open, kBits), 1);
  EXPECT_TRUE(std::isinf(kl_divergence(open, certain)));
  EXPECT_TRUE(std::isinf(cross_entropy(open, certain)));
}

// I(X;Y) = H(X) + H(Y) - H(X,Y) = D(joint|product), 0 exactly where the table is a product.
RC_GTEST_PROP(MutualInformation, ThreeFormsAgree, ()) {
  const JointTable table(3, 5, shares(drawn_weights(15)));
  const double information = mutual_information(table);
  RC_ASSERT(information >= 0);
  RC_ASSERT(std::abs(information - (entropy(table.x()) + entropy(table.y()) - joint_entropy(table))) <=
            1e-14);
  RC_ASSERT(std::abs(information - kl_divergence(table.probabilities(), table.product())) <= 1e-15);
}
TEST(MutualInformation, ZeroForAProduct) {
  const JointTable table(2, 2, {0.125, 0.375, 0.125, 0.375});
  EXPECT_EQ(mutual_information(table), 0);
}

std::int64_t ulps_apart(double a, double b) {
  std::int64_t first, second;
  std::memcpy(&first, &a, sizeof a);
  std::memcpy(&second, &b, sizeof b);
  return std::abs(first - second);
}

// Prior odds x exp(information) = posterior odds, to 1 ULP while the likelihoods are alike, and 2 + |information| in general.
RC_GTEST_PROP(Odds, InformationMultiplies, ()) {
  const double prior = *rc::gen::inRange(1, 100000) / 317.0;
  const double second = *rc::gen::inRange(1, 100000) / 4096.0;
  const double close = second * (1 + *rc::gen::inRange(0, 1000) / 4001.0);
  RC_ASSERT(ulps_apart(posterior_odds(prior, close, second),
                       posterior_odds(prior, information_for(close, second))) <= 2);
  const double far = *rc::gen::inRange(1, 100000) / 4096.0, information = information_for(far, second);
  RC_ASSERT(static_cast<double>(ulps_apart(posterior_odds(prior, far, second),
                                           posterior_odds(prior, information))) <= 2 + std::abs(information));
}
// D(p|q) is the mean, over outcomes of p, of how much an observation adds to the logarithm of the odds.
TEST(Odds, DivergenceIsTheMeanGainOfLogOdds) {
  double mean = 0;
  for (std::size_t i = 0; i < kP.size(); ++i)
    mean += kP[i] * (std::log(posterior_odds(3, kP[i], kQ[i])) - std::log(3.0));
  EXPECT_NEAR(kl_divergence(kP, kQ), mean, 1e-15);
}
RC_GTEST_PROP(Odds, PosteriorProbabilitiesHaveThoseOdds, ()) {
  const std::vector<double> prior = shares(drawn_weights(2));
  RC_PRE(prior[1] > 0);
  const std::vector<double> likelihoods = {*rc::gen::inRange(1, 100) / 100.0,
                                           *rc::gen::inRange(1, 100) / 100.0};
  const std::vector<double> after = posterior(prior, likelihoods);
  RC_ASSERT(std::abs(after[0] + after[1] - 1) <= 1e-15);
  const double odds = posterior_odds(prior[0] / prior[1], likelihoods[0], likelihoods[1]);
  RC_ASSERT(std::abs(after[0] / after[1] / odds - 1) <= 1e-14);
}

// ---- From samples ----

std::vector<std::int64_t> whole(const std::vector<double>& values, double factor) {
  std::vector<std::int64_t> result;
  for (const double value : values) result.push_back(static_cast<std::int64_t>(value * factor));
  return result;
}

TEST(FromSamples, AsScikitLearn) {
  const std::vector<double>&x = fact("x"), &y = fact("y");
  const std::vector<std::int64_t> labels = whole(fact("labels"), 1);
  for (const int k : {1, 3, 10}) {
    const NeighbourSettings settings{.neighbours = k, .noise = 0};
    const std::string name = fmt::format("neighbours {}", k);
    EXPECT_NEAR(mutual_information_by_neighbours(x, y, settings), fact(name)[0], 1e-13) << name;
    // scikit-learn takes a distance as the root of a square; with k = 3 that counts one of the 120 k-th neighbours as nearer than itself.
    EXPECT_NEAR(mutual_information_with_class(x, labels, settings), fact(name)[1], k == 3 ? 1e-3 : 1e-13)
        << name;
  }
  expect_fact("histogram", {mutual_information_by_histogram(x, y, 6)}, 1e-14);
  expect_fact("labels information", {mutual_information_of_labels(labels, whole(fact("tied x"), 2))}, 1e-14);
  // The noise that tells equal numbers apart changes nothing where there are none.
  EXPECT_EQ(mutual_information_by_neighbours(x, y), mutual_information_by_neighbours(x, y, {.noise = 0}));
}

// Two normal numbers of correlation r share -log(1 - r^2) / 2.
TEST(FromSamples, NeighboursFindTheInformationOfNormalNumbers) {
  use_default_backend();
  for (const double r : {0.0, 0.5, 0.9}) {
    const std::vector<double> a = RandomSource(1).normal("a", {3000}, DType::kFloat64).to_vector<double>(),
                              b = RandomSource(1).normal("b", {3000}, DType::kFloat64).to_vector<double>();
    std::vector<double> y;
    for (std::size_t i = 0; i < a.size(); ++i) y.push_back(r * a[i] + std::sqrt(1 - r * r) * b[i]);
    EXPECT_NEAR(mutual_information_by_neighbours(a, y), -0.5 * std::log(1 - r * r), 0.04) << r;
  }
}

// The bias that the header states: of the plug-in estimates, and what is left of it after Miller and Madow.
TEST(FromSamples, TheStatedBias) {
  use_default_backend();
  constexpr std::int64_t kSamples = 200, kRepeats = 400, kX = 4, kY = 5;
  double entropy_sum = 0, corrected_entropy = 0, information = 0, corrected = 0;
  for (std::int64_t r = 0; r < kRepeats; ++r) {
    const std::vector<double> u = RandomSource(static_cast<std::uint64_t>(r))
                                      .uniform("u", {2 * kSamples}, DType::kFloat64)
                                      .to_vector<double>();
    std::vector<std::int64_t> x, y;
    for (std::size_t i = 0; i < kSamples; ++i) {
      x.push_back(static_cast<std::int64_t>(u[2 * i] * kX));
      y.push_back(static_cast<std::int64_t>(u[2 * i + 1] * kY));
    }
    entropy_sum += entropy_of_labels(x);
    corrected_entropy += entropy_of_labels(x, BiasCorrection::kMillerMadow);
    information += mutual_information_of_labels(x, y);
    corrected += mutual_information_of_labels(x, y, BiasCorrection::kMillerMadow);
  }
  const double n = kSamples;
  EXPECT_NEAR(entropy_sum / kRepeats, std::log(4.0) - (kX - 1) / (2 * n), 0.001);
  EXPECT_NEAR(corrected_entropy / kRepeats, std::log(4.0), 0.001);
  EXPECT_NEAR(information / kRepeats, (kX - 1) * (kY - 1) / (2 * n), 0.003);
  EXPECT_NEAR(corrected / kRepeats, 0, 0.003);
}

TEST(FromSamples, ConstantsAndLonelyClassesShareNothing) {
  use_default_backend();
  const std::vector<double> same(20, 3.0),
      x = RandomSource(1).normal("x", {20}, DType::kFloat64).to_vector<double>();
  EXPECT_LT(mutual_information_by_neighbours(same, x), 0.3);
  EXPECT_EQ(mutual_information_by_histogram(same, x, 4), 0);
  std::vector<std::int64_t> lonely(20);
  std::iota(lonely.begin(), lonely.end(), 0);
  EXPECT_EQ(mutual_information_with_class(x, lonely), 0);
}

// A unit is no information: also where sums of the numbers, or their squares, overflow or underflow.
TEST(FromSamples, TheUnitDoesNotMatter) {
  use_default_backend();
  const std::vector<double> a = RandomSource(2).normal("a", {300}, DType::kFloat64).to_vector<double>(),
                            b = RandomSource(2).normal("b", {300}, DType::kFloat64).to_vector<double>();
  std::vector<double> y;
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < a.size(); ++i) {
    y.push_back(0.8 * a[i] + 0.6 * b[i]);
    labels.push_back(y[i] > 0.3 ? 1 : 0);
  }
  const auto times = [](std::vector<double> x, double factor) {
    for (double& value : x) value *= factor;
    return x;
  };
  const double plane = mutual_information_by_neighbours(a, y),
               classes = mutual_information_with_class(a, labels),
               bins = mutual_information_by_histogram(a, y, 8);
  EXPECT_GT(plane, 0.3);
  for (const double factor : {0x1p1021, 0x1p530, 0x1p-560, 0x1p-960}) {
    const std::vector<double> x = times(a, factor);
    EXPECT_EQ(mutual_information_by_neighbours(x, y), plane) << factor;
    EXPECT_EQ(mutual_information_by_neighbours(x, times(y, factor)), plane) << factor;
    EXPECT_EQ(mutual_information_with_class(x, labels), classes) << factor;
    EXPECT_EQ(mutual_information_by_histogram(x, y, 8), bins) << factor;
  }
  for (const double factor : {3e307, 1e160, 1e-170}) {  // rounds every number anew
    const std::vector<double> x = times(a, factor);
    EXPECT_NEAR(mutual_information_by_neighbours(x, y), plane, 1e-12) << factor;
    EXPECT_NEAR(mutual_information_with_class(x, labels), classes, 1e-12) << factor;
  }
  const std::vector<double> ends = {1e308, -1e308, 1.7e308, -1.7e308, 1e308, -1e308, 1.5e308, -1.2e308};
  EXPECT_GE(mutual_information_by_neighbours(ends, ends), 0);
  EXPECT_GT(mutual_information_by_histogram(ends, ends, 2), 0.69);
  EXPECT_GE(mutual_information_with_class(ends, std::vector<std::int64_t>{0, 1, 0, 1, 0, 1, 0, 1}), 0);
}

TEST(Information, WrongInputsAreSentences) {
  const std::vector<double> none, negative = {1.5, -0.5}, half = {0.5}, fair = {0.5, 0.5},
                                  third = {0.5, 0.25, 0.25}, nan = {std::nan(""), 1};
  expect_error([&] { entropy(none); }, "entropy: there are no probabilities, expected at least one");
  expect_error([&] { entropy(negative); }, "entropy: probability 1 is -0.5, expected a number from 0 to 1");
  expect_error([&] { entropy(half); }, "entropy: the probabilities add to 0.5, expected 1");
  expect_error([&] { entropy(nan); }, "entropy: probability 0 is nan, expected a number from 0 to 1");
  expect_error([&] { entropy(fair, 1); }, "entropy: the base is 1, expected a positive number other than 1");
  expect_error([&] { kl_divergence(fair, third); },
               "kl_divergence: the distributions have 2 and 3 outcomes, expected as many");
  expect_error([] { JointTable(2, 2, {1}); }, "JointTable: 1 probabilities for 2 rows and 2 columns");
  expect_error([] { posterior_odds(1, 0, 0); },
               "posterior_odds: both likelihoods are 0, expected an observation that one hypothesis allows");
  expect_error(
      [&] {
        posterior(fair, std::vector<double>{0, 0});
      },
      "posterior: every hypothesis of positive probability excludes the observation, expected one that does "
      "not");
  expect_error([&] { mutual_information_by_neighbours(fair, fair, {.neighbours = 2}); },
               "mutual_information_by_neighbours: 2 neighbours of 2 samples, expected at least 1 and fewer "
               "than the samples");
  expect_error([&] { mutual_information_by_histogram(fair, third, 3); },
               "mutual_information_by_histogram: the samples have 2 and 3 numbers, expected as many");
}

}  // namespace
}  // namespace tessera::stats
