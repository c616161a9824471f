// Mixtures: scikit-learn's optimum and likelihood from the same start, a likelihood that never falls, planted clusters, odd tables, the same bits
// whatever vectors the processor has.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/learn/gaussian_mixture.h"
#include "tessera/learn/mixtures_facts_test.h"
#include "tessera/learn/multinomial_mixture.h"
#include "tessera/learn/piece_sums.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

using namespace mixture_facts;

struct TypeCase {
  CovarianceType type;
  std::string name;
};
const TypeCase kTypeCases[] = {{CovarianceType::kFull, "full"},
                               {CovarianceType::kTied, "tied"},
                               {CovarianceType::kDiag, "diag"},
                               {CovarianceType::kSpherical, "spherical"}};

Tensor precisions_at_start(CovarianceType type) {
  const Tensor place = arange(kFactFeatures);
  const Tensor one = select(equal(reshape(place, {-1, 1}), reshape(place, {1, -1})),
                            full({1}, 0.625, DType::kFloat64), full({1}, 0.125, DType::kFloat64));
  if (type == CovarianceType::kFull) return contiguous(broadcast_to(one, {3, kFactFeatures, kFactFeatures}));
  if (type == CovarianceType::kTied) return one;
  if (type == CovarianceType::kDiag) return full({3, kFactFeatures}, 0.5, DType::kFloat64);
  return full({3}, 0.5, DType::kFloat64);
}

GaussianMixture started(const TypeCase& test, double tol, std::int64_t max_iter, const Tensor& x) {
  GaussianMixture model({.n_components = 3, .covariance_type = test.type, .tol = tol, .max_iter = max_iter});
  model.start_at(Tensor::from<double>({0.25, 0.25, 0.5}, {3}), x.slice({Range::to(3)}),
                 precisions_at_start(test.type));
  model.fit(x);
  return model;
}

TEST(GaussianMixture, FindsWhatScikitLearnFindsFromTheSameStart) {
  use_default_backend();
  const Tensor x = fact_table(), ten = copy(x.slice({Range::to(10)}));
  for (const TypeCase& test : kTypeCases) {
    const GaussianMixture model = started(test, 1e-3, 100, x);
    expect_fact({static_cast<double>(model.iterations()), model.lower_bound(), model.bic(x), model.aic(x),
                 model.score(x), model.converged() ? 1.0 : 0.0},
                test.name + " run", 1e-9);
    expect_fact(model.weights(), test.name + " weights", 1e-9);
    expect_fact(model.means(), test.name + " means", 1e-9);
    expect_fact(model.covariances(), test.name + " covariances", 1e-8);
    expect_fact(model.precisions(), test.name + " precisions", 1e-7);
    expect_fact(model.score_samples(ten), test.name + " samples", 1e-8);
    expect_fact(model.predict_proba(ten), test.name + " responsibilities", 1e-8);
    const GaussianMixture optimum = started(test, 1e-13, 5000, x);
    expect_fact({optimum.score(x)}, test.name + " optimum", 1e-9);
  }
}

class Likelihoods : public StepObserver {
 public:
  bool on_step(const StepReport& report) override {
    values.push_back(report.scalars[0].value);
    return values.size() < most;
  }
  std::vector<double> values;
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

void expect_rising(const std::vector<double>& values) {
  ASSERT_GE(values.size(), 3U);
  for (std::size_t i = 1; i < values.size(); ++i)
    EXPECT_GE(values[i], values[i - 1] - 1e-11 * std::abs(values[i])) << "step " << i;
}

TEST(GaussianMixture, NeverLowersTheLikelihood) {
  use_default_backend();
  RandomSource random(3);
  for (std::int64_t seed = 0; seed < 5; ++seed)
    for (const TypeCase& test : kTypeCases) {
      const Tensor x =
          random.normal("x" + std::to_string(seed) + test.name, {300, 3}, DType::kFloat64) * 7 + 1000.0;
      GaussianMixture model({.n_components = 2 + seed,
                             .covariance_type = test.type,
                             .tol = 0,
                             .reg_covar = 0,
                             .max_iter = 60,
                             .init_params = MixtureStart::kRandom,
                             .seed = seed});
      Likelihoods seen;
      model.fit(x, {}, &seen);
      SCOPED_TRACE(test.name);
      expect_rising(seen.values);
      EXPECT_GE(model.score(x), model.lower_bound() - 1e-11 * std::abs(model.lower_bound()));
    }
}

TEST(GaussianMixture, FindsPlantedClustersAndTheirShapes) {
  use_default_backend();
  const Tensor means = Tensor::from<double>({0, 0, 12, 0, 0, 12}, {3, 2});
  const Tensor factors = Tensor::from<double>({2, 1, 0, 0.5, 1, 0, 0, 1, 0.5, -1, 0, 2}, {3, 2, 2});
  RandomSource random(4);
  const std::int64_t n = 6000;
  std::vector<std::int64_t> of(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < of.size(); ++i) of[i] = i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2;
  const Tensor index = Tensor::from(of, {n});
  const Tensor z = random.normal("z", {n, 1, 2}, DType::kFloat64);
  const Tensor x = contiguous(gather(means, index) + reshape(matmul(z, gather(factors, index)), {n, 2}));
  GaussianMixture model({.n_components = 3, .n_init = 2});
  model.fit(x);
  const std::vector<std::int64_t> found = model.predict(x).to_vector<std::int64_t>();
  std::int64_t same = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    same += found[i] == found[of[i] == 0 ? 0 : of[i] == 1 ? 3 : 5];
  EXPECT_GT(same, n * 995 / 1000);
  const std::int64_t place[] = {found[0], found[3], found[5]};
  for (std::int64_t k = 0; k < 3; ++k) {
    const Tensor factor = copy(factors.slice({k}));
    EXPECT_LT(largest_difference(model.means().slice({place[k]}), means.slice({k})), 0.15);
    EXPECT_LT(largest_difference(model.covariances().slice({place[k]}), matmul(transpose(factor), factor)),
              0.35);
  }
  EXPECT_NEAR(model.weights().at<double>({place[0]}), 0.5, 0.01);

  // Rows drawn from it have its moments, and row i does not depend on how many are drawn.
  const GaussianMixture::Sample drawn = model.sample(20000, 1), few = model.sample(10, 1);
  EXPECT_TRUE(same_bits(copy(drawn.features.slice({Range::to(10)})), few.features));
  EXPECT_NEAR(model.score(drawn.features), model.score(x), 0.05);
}

std::string sentence_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(GaussianMixture, OddTables) {
  use_default_backend();
  const Tensor constant = concatenate({fact_table(), ones({kFactRows, 1}, DType::kFloat64)}, 1);
  for (const TypeCase& test : kTypeCases) {
    GaussianMixture one({.covariance_type = test.type});
    one.fit(constant);  // one component: the mean and the covariance
    EXPECT_LT(largest_difference(reshape(one.means(), {-1}), mean(constant, {0})), 1e-12);
    EXPECT_EQ(sum(one.predict_proba(constant)).item<double>(), static_cast<double>(kFactRows));
    GaussianMixture two({.n_components = 2, .covariance_type = test.type, .reg_covar = 0});
    const std::string said = sentence_of([&] { two.fit(constant); });
    if (test.type == CovarianceType::kSpherical) {
      EXPECT_EQ(said, "no error");
    } else {
      EXPECT_EQ(said.find("gaussian_mixture: component 0: its covariance is not positive definite"), 0U)
          << said;
    }
    // As many components as different rows, some of them twice.
    const Tensor rows = Tensor::from<double>({0, 0, 0, 0, 5, 5, 9, 1}, {4, 2});
    GaussianMixture all({.n_components = 3, .covariance_type = test.type});
    all.fit(rows);
    EXPECT_TRUE(std::isfinite(all.score(rows)));
    const std::vector<std::int64_t> found = all.predict(rows).to_vector<std::int64_t>();
    EXPECT_EQ(std::set<std::int64_t>(found.begin(), found.end()).size(), 3U) << test.name;
    EXPECT_EQ(found[0], found[1]);
  }
  GaussianMixture five({.n_components = 5});
  EXPECT_EQ(sentence_of([&] {
              five.fit(ones({3, 2}, DType::kFloat64));
            }),
            "gaussian_mixture: n_components: expected at most the 3 rows, found 5");
  GaussianMixture wide({.n_components = 2});  // fewer rows than features: reg_covar keeps it regular
  wide.fit(copy(fact_table().slice({Range::to(3)})));
  EXPECT_TRUE(std::isfinite(wide.lower_bound()));
  EXPECT_EQ(sentence_of([&] {
              wide.start_at(Tensor::from<double>({0.5, 0.5}, {2}), zeros({3, 4}, DType::kFloat64), {});
              wide.fit(fact_table());
            }),
            "gaussian_mixture: start_at: means: expected [2, 4], found [3, 4]");
}

TEST(GaussianMixture, StopsWhenTheObserverAsks) {
  use_default_backend();
  GaussianMixture model({.n_components = 3, .tol = 0, .n_init = 4});
  Likelihoods seen;
  seen.most = 3;
  model.fit(fact_table(), {}, &seen);
  EXPECT_EQ(seen.values.size(), 3U);
  EXPECT_EQ(model.iterations(), 3);
  EXPECT_FALSE(model.converged());
}

// Of the vectors that Highway was compiled for here, and of none.
TEST(Mixtures, HaveTheSameBitsOnEveryInstructionSet) {
  use_default_backend();
  RandomSource random(5);
  const Tensor x = random.normal("x", {3001, 7}, DType::kFloat64) * 3 + 100.0;
  for (const TypeCase& test : kTypeCases) {
    std::string digest;
    for (const std::int64_t target :
         {std::int64_t{HWY_AVX3}, std::int64_t{HWY_AVX2}, std::int64_t{HWY_EMU128}}) {
      if ((hwy::SupportedTargets() & target) == 0 && target != HWY_EMU128) continue;
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      GaussianMixture model({.n_components = 3,
                             .covariance_type = test.type,
                             .max_iter = 5,
                             .init_params = MixtureStart::kRandom});
      model.fit(x);
      const std::string found = digest_of(model, copy(x.slice({Range::to(333)})));
      EXPECT_TRUE(digest.empty() || digest == found) << test.name << ", target " << target;
      digest = found;
      hwy::SetSupportedTargetsForTest(0);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
  }
}

// Sums over rows are those of docs/numerics.md, rule 3.
TEST(Mixtures, SumInTheOrderOfTheContract) {
  use_default_backend();
  for (const std::int64_t n : {1, 15, 17, 1024, 1025, 40'000}) {
    RandomSource random(6);
    const Tensor x = random.normal("x", {n, 1}, DType::kFloat64);
    const RowBlocks rows(x);
    const std::vector<double> sums = sum_over_pieces(rows.pieces(), [&](std::int64_t piece) {
      std::vector<double> weights(static_cast<std::size_t>(rows.piece_blocks(piece) * kLaneRows), 0),
          found(3);
      const double mean = 0;
      std::fill_n(weights.begin(), std::min(kPieceRows, n - piece * kPieceRows), 1.0);
      weighted_totals(rows.block(piece * kPieceBlocks), rows.piece_blocks(piece), 1, weights.data(), 1,
                      found.data(), found.data() + 1);
      weighted_scatter(rows.block(piece * kPieceBlocks), rows.piece_blocks(piece), 1, weights.data(),
                       kLaneRows, &mean, found.data() + 2);
      return found;
    });
    EXPECT_EQ(sums[0], static_cast<double>(n));
    EXPECT_EQ(sums[1], sum(x).item<double>()) << n;
    EXPECT_EQ(sums[2], sum_squares(x).item<double>()) << n;
  }
}

// ---- Multinomial ----

TEST(MultinomialMixture, TakesTheStepsOfNumpy) {
  use_default_backend();
  const Tensor x = fact_counts();
  for (const auto& [alpha, name] : {std::pair{1.0, "multinomial 1"}, std::pair{0.125, "multinomial 0.125"}}) {
    MultinomialMixture model({.n_components = 2, .alpha = alpha, .tol = 0, .max_iter = 12});
    model.start_at(Tensor::from<double>({0.25, 0.75}, {2}),
                   Tensor::from<double>({1, 2, 3, 4, 5, 5, 4, 3, 2, 1}, {2, 5}) / 15.0);
    model.fit(x);
    std::vector<double> found = model.weights().to_vector<double>();
    for (const double p : model.probabilities().to_vector<double>()) found.push_back(p);
    found.push_back(model.score(x));
    expect_fact(found, name, 1e-9);
  }
}

// Five times ten throws of one of two coins. Do and Batzoglou, "What is the expectation maximization algorithm?", Nature Biotechnology 26 (2008), figure 1:
// from 0.60 and 0.50 the first step goes to 0.71 and 0.58.
TEST(MultinomialMixture, ThrowsThePublishedCoins) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({5, 5, 9, 1, 8, 2, 4, 6, 7, 3}, {5, 2});
  MultinomialMixture model({.n_components = 2, .alpha = 0, .max_iter = 1});
  model.start_at(Tensor::from<double>({0.5, 0.5}, {2}), Tensor::from<double>({0.6, 0.4, 0.5, 0.5}, {2, 2}));
  model.fit(x);
  EXPECT_NEAR(model.probabilities().at<double>({0, 0}), 0.71, 0.005);
  EXPECT_NEAR(model.probabilities().at<double>({1, 0}), 0.58, 0.005);
}

TEST(MultinomialMixture, NeverLowersThePenalisedLikelihood) {
  use_default_backend();
  for (const double alpha : {0.0, 0.1, 1.0, 10.0})
    for (std::int64_t seed = 0; seed < 4; ++seed) {
      MultinomialMixture model({.n_components = 3,
                                .alpha = alpha,
                                .tol = 0,
                                .max_iter = 80,
                                .init_params = MixtureStart::kRandom,
                                .seed = seed});
      Likelihoods seen;
      model.fit(fact_counts(), {}, &seen);
      SCOPED_TRACE(alpha);
      expect_rising(seen.values);
    }
}

TEST(MultinomialMixture, FindsPlantedTopicsAndRefusesWhatAreNoCounts) {
  use_default_backend();
  // Three topics of two words each, rows of a dozen words of which two are another's.
  std::vector<double> counts;
  for (std::int64_t i = 0; i < 90; ++i)
    for (std::int64_t f = 0; f < 6; ++f)
      counts.push_back(f / 2 == i % 3 ? static_cast<double>(5 + (i + f) % 2) : (i * 7 + f) % 5 == 0 ? 1 : 0);
  const Tensor x = Tensor::from(counts, {90, 6});
  MultinomialMixture model({.n_components = 3});
  model.fit(x);
  const std::vector<std::int64_t> found = model.predict(x).to_vector<std::int64_t>();
  for (std::size_t i = 3; i < found.size(); ++i) EXPECT_EQ(found[i], found[i % 3]);
  EXPECT_EQ(std::set<std::int64_t>(found.begin(), found.end()).size(), 3U);
  EXPECT_NEAR(sum(model.probabilities()).item<double>(), 3, 1e-12);
  EXPECT_EQ(sentence_of([&] { model.fit(-x); }),
            "multinomial_mixture: expected counts of at least 0, found -6");
  model.fit(zeros({4, 2}, DType::kFloat64));  // rows without counts say nothing
  EXPECT_LT(largest_difference(model.probabilities(), full({3, 2}, 0.5, DType::kFloat64)), 1e-15);
}

}  // namespace
}  // namespace tessera::learn
