// PCA, probabilistic PCA, factor analysis and multidimensional scaling: scikit-learn's answers, identities between them, odd tables.
#include <gtest/gtest.h>

#include <functional>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/factor_analysis.h"
#include "tessera/learn/mixtures_facts_test.h"
#include "tessera/learn/multidimensional_scaling.h"
#include "tessera/learn/pca.h"
#include "tessera/learn/probabilistic_pca.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

using namespace mixture_facts;

std::string sentence_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<double> numbers_of(const PCA& model) {
  std::vector<double> numbers;
  for (const Tensor& part :
       {model.explained_variance(), model.explained_variance_ratio(), model.singular_values()})
    for (const double number : part.to_vector<double>()) numbers.push_back(number);
  numbers.push_back(model.noise_variance());
  return numbers;
}

TEST(PCA, FindsWhatScikitLearnFinds) {
  use_default_backend();
  const Tensor x = fact_table(), five = copy(x.slice({Range::to(5)}));
  const struct {
    std::string name;
    PCA::Parameters parameters;
  } cases[] = {{"full", {.svd_solver = PCA::Solver::kFull}},
               {"eigh", {.svd_solver = PCA::Solver::kCovarianceEigh}},
               {"two", {.n_components = 2, .svd_solver = PCA::Solver::kFull}},
               {"two", {.n_components = 2, .svd_solver = PCA::Solver::kCovarianceEigh}},
               {"whiten", {.n_components = 2, .whiten = true, .svd_solver = PCA::Solver::kFull}},
               {"share", {.n_components = 0.8, .svd_solver = PCA::Solver::kFull}}};
  for (const auto& test : cases) {
    PCA model(test.parameters);
    model.fit(x);
    expect_fact(model.components(), "pca " + test.name + " components", 1e-9);
    std::vector<double> numbers = numbers_of(model);
    numbers.push_back(model.score(x));
    expect_fact(numbers, "pca " + test.name + " numbers", 1e-9);
    expect_fact(model.transform(five), "pca " + test.name + " transform", 1e-9);
    // The model does not change with the scale of what transform() gives; scikit-learn multiplies the variances in once more there.
    expect_fact(model.covariance(),
                test.name == "whiten" ? "pca two covariance" : "pca " + test.name + " covariance", 1e-9);
  }
  PCA wide({.n_components = 2});  // fewer rows than features
  wide.fit(copy(x.slice({Range::to(3)})));
  expect_fact(wide.components(), "pca wide components", 1e-9);
  expect_fact(numbers_of(wide), "pca wide numbers", 1e-9);
}

TEST(PCA, GoesThereAndBack) {
  use_default_backend();
  const Tensor x = fact_table();
  for (const bool whiten : {false, true}) {
    PCA model({.whiten = whiten});
    const Tensor found = model.fit_transform(x);
    EXPECT_LT(largest_difference(model.inverse_transform(found), x), 1e-12);
    EXPECT_LT(max(absolute(mean(found, {0}))).item<double>(), 1e-13);
    if (whiten) {
      EXPECT_LT(largest_difference(variance(found, {0}) * (60.0 / 59), ones({4}, DType::kFloat64)), 1e-12);
    }
  }
}

// Of a matrix of falling singular values, and of data far from the origin.
TEST(PCA, SolversAgree) {
  use_default_backend();
  RandomSource random(8);
  const Tensor decay = exp(arange(40, DType::kFloat64) * -0.3);
  const Tensor x = matmul(random.normal("left", {500, 40}, DType::kFloat64) * decay,
                          random.normal("right", {40, 40}, DType::kFloat64));
  for (const double shift : {0.0, 1e3, 1e6}) {
    PCA exact({.n_components = 5, .svd_solver = PCA::Solver::kFull});
    exact.fit(x + shift);
    for (const PCA::Solver solver : {PCA::Solver::kCovarianceEigh, PCA::Solver::kRandomized}) {
      PCA other({.n_components = 5, .svd_solver = solver});
      other.fit(x + shift);
      EXPECT_LT(largest_difference(exact.components(), other.components()), 1e-8) << shift;
      EXPECT_LT(largest_difference(exact.explained_variance() / other.explained_variance(),
                                   ones({5}, DType::kFloat64)),
                1e-9);
      EXPECT_NEAR(other.noise_variance() / exact.noise_variance(), 1, 1e-6);
    }
  }
}

// More columns than go by lanes of rows: beside the exact solver, also where means are large against the spread.
TEST(PCA, OfManyColumns) {
  use_default_backend();
  RandomSource random(10);
  const Tensor x =
      random.normal("x", {1500, 150}, DType::kFloat64) * exp(arange(150, DType::kFloat64) * -0.1);
  for (const double shift : {0.0, 0.5, 1e5}) {
    PCA exact({.n_components = 6, .svd_solver = PCA::Solver::kFull}), eigen({.n_components = 6});
    exact.fit(x + shift);
    eigen.fit(x + shift);
    EXPECT_LT(largest_difference(exact.components(), eigen.components()), 1e-9) << shift;
    EXPECT_LT(largest_difference(exact.explained_variance(), eigen.explained_variance()), 1e-11) << shift;
  }
}

TEST(PCA, OddTables) {
  use_default_backend();
  PCA model;
  EXPECT_EQ(sentence_of([&] {
              model.fit(ones({1, 3}, DType::kFloat64));
            }),
            "pca: expected at least 2 rows, found 1");
  model.fit(ones({5, 3}, DType::kFloat64));  // nothing varies
  EXPECT_EQ(max(absolute(model.explained_variance())).item<double>(), 0);
  EXPECT_EQ(max(absolute(model.transform(ones({2, 3}, DType::kFloat64)))).item<double>(), 0);
  PCA many({.n_components = 4});
  EXPECT_EQ(sentence_of([&] {
              many.fit(ones({5, 3}, DType::kFloat64));
            }),
            "pca: n_components: expected a whole number up to min(rows, features) = 3, or a share below 1, "
            "found 4");
  PCA all;
  all.fit(concatenate({fact_table(), fact_table()}, 1));  // each column twice: half of the variances vanish
  EXPECT_LT(all.explained_variance().at<double>({4}), 1e-12);
  EXPECT_EQ(sentence_of([&] {
              all.score(concatenate({fact_table(), fact_table()}, 1));
            }).find("pca: the likelihood needs a covariance that is positive definite"),
            0U);
}

// One-hot features of categories of which two always come together: PCA finds one direction for both.
TEST(PCA, OfOneHotFeatures) {
  use_default_backend();
  std::vector<double> x;
  for (std::int64_t i = 0; i < 60; ++i) {
    const std::int64_t a = i % 3, b = i % 3, c = i / 3 % 2;
    for (const auto& [value, of] : {std::pair{a, 3}, std::pair{b, 3}, std::pair{c, 2}})
      for (std::int64_t v = 0; v < of; ++v) x.push_back(v == value ? 1 : 0);
  }
  PCA model;
  const Tensor features = Tensor::from(x, {60, 8});
  model.fit(features);
  const std::vector<double> variances = model.explained_variance().to_vector<double>();
  EXPECT_NEAR(variances[0], 2.0 / 3 * 60 / 59, 1e-12);  // three values twice: two directions of twice 1/3
  EXPECT_NEAR(variances[1], 2.0 / 3 * 60 / 59, 1e-12);
  EXPECT_NEAR(variances[2], 0.5 * 60 / 59, 1e-12);
  EXPECT_LT(variances[3], 1e-12);
  EXPECT_LT(largest_difference(model.inverse_transform(model.transform(features)), features), 1e-12);
}

class Likelihoods : public StepObserver {
 public:
  bool on_step(const StepReport& report) override {
    values.push_back(report.scalars[0].value);
    return true;
  }
  std::vector<double> values;
};

TEST(ProbabilisticPCA, IsScikitLearnsLikelihood) {
  use_default_backend();
  const Tensor x = fact_table();
  for (const auto solver : {ProbabilisticPCA::Solver::kClosedForm, ProbabilisticPCA::Solver::kEm}) {
    const double tolerance = solver == ProbabilisticPCA::Solver::kEm ? 1e-5 : 1e-9;
    ProbabilisticPCA model({.n_components = 2, .solver = solver, .tol = 1e-15, .max_iter = 5000});
    Likelihoods seen;
    model.fit(x, {}, &seen);
    const std::vector<double>& numbers =
        fact("pca two numbers");  // variances, ratios, singular values, noise, likelihood
    EXPECT_NEAR(model.noise_variance(), numbers[6], tolerance);
    EXPECT_NEAR(model.score(x), numbers[7], tolerance * 1e-2);
    expect_fact(model.covariance(), "pca two covariance", tolerance);
    const Tensor lengths = sqrt(sum_squares(model.loadings(), {1}, true));
    expect_fact(model.loadings() / lengths, "pca two components", tolerance * 10);
    for (std::size_t i = 1; i < seen.values.size(); ++i)
      EXPECT_GE(seen.values[i], seen.values[i - 1] - 1e-13);
    EXPECT_EQ(seen.values.empty(), solver == ProbabilisticPCA::Solver::kClosedForm);
  }
}

// E[z | x] = (W^T W + noise)^-1 W^T (x - mean), which for orthogonal loadings is each principal component scaled by itself.
TEST(ProbabilisticPCA, ExpectsTheHiddenVariables) {
  use_default_backend();
  const Tensor x = fact_table();
  ProbabilisticPCA model({.n_components = 2});
  PCA pca({.n_components = 2});
  const Tensor found = model.fit_transform(x), components = pca.fit_transform(x);
  const Tensor strength = pca.explained_variance() - pca.noise_variance();
  EXPECT_LT(largest_difference(found, components * sqrt(strength) / pca.explained_variance()), 1e-12);
  ProbabilisticPCA none({.n_components = 3});
  EXPECT_EQ(sentence_of([&] {
              none.fit(concatenate(
                  {x.slice({Range::all(), Range::to(2)}), x.slice({Range::all(), Range::to(2)})}, 1));
            }),
            "probabilistic_pca: n_components: 3 directions explain all variance and leave no noise; expected "
            "fewer");
}

TEST(FactorAnalysis, FindsWhatScikitLearnFinds) {
  use_default_backend();
  const Tensor x = fact_table(), five = copy(x.slice({Range::to(5)}));
  for (const std::int64_t k : {1, 2}) {
    FactorAnalysis model({.n_components = k, .tol = 1e-9, .max_iter = 20000});
    Likelihoods seen;
    model.fit(x, {}, &seen);
    const std::string name = "factors " + std::to_string(k);
    expect_fact({model.log_likelihood(), model.score(x)}, name + " run", 1e-9);
    expect_fact(model.noise_variance(), name + " noise", 1e-6);
    expect_fact(model.covariance(), name + " covariance", 1e-6);
    expect_fact(absolute(model.transform(five)), name + " transform", 1e-6);
    for (std::size_t i = 1; i < seen.values.size(); ++i) EXPECT_GE(seen.values[i], seen.values[i - 1] - 1e-9);
  }
  FactorAnalysis model({.n_components = 2});
  model.fit(x);
  std::vector<double> found = {static_cast<double>(model.iterations()), model.log_likelihood()};
  for (const double noise : model.noise_variance().to_vector<double>()) found.push_back(noise);
  expect_fact(found, "factors default", 1e-9);
  for (const auto& [rotation, name] :
       {std::pair{FactorAnalysis::Rotation::kVarimax, "factors varimax"},
        std::pair{FactorAnalysis::Rotation::kQuartimax, "factors quartimax"}}) {
    FactorAnalysis rotated({.n_components = 2, .rotation = rotation});
    rotated.fit(x);
    expect_fact(absolute(rotated.components()), name, 1e-7);
    EXPECT_LT(largest_difference(rotated.covariance(), model.covariance()), 1e-12);
  }
}

TEST(FactorAnalysis, OddTables) {
  use_default_backend();
  const Tensor x =
      concatenate({fact_table(), ones({kFactRows, 1}, DType::kFloat64)}, 1);  // a constant column
  FactorAnalysis model({.n_components = 2});
  model.fit(x);
  EXPECT_TRUE(std::isfinite(model.log_likelihood()));
  EXPECT_EQ(model.noise_variance().at<double>({4}), 1e-12);
  FactorAnalysis wide({.n_components = 2});
  wide.fit(copy(x.slice({Range::to(3)})));
  EXPECT_TRUE(std::isfinite(wide.log_likelihood()));
  FactorAnalysis many({.n_components = 6});
  EXPECT_EQ(sentence_of([&] { many.fit(x); }),
            "factor_analysis: n_components: expected at most the 5 features, found 6");
}

TEST(MultidimensionalScaling, OfEuclideanDistancesIsPCA) {
  use_default_backend();
  const Tensor x = fact_table();
  PCA pca({.n_components = 3});
  const Tensor components = pca.fit_transform(x);
  const ClassicalScaling found = classical_mds(euclidean_distances(x), 3);
  EXPECT_LT(largest_difference(absolute(found.embedding), absolute(components)), 1e-11);
  EXPECT_LT(largest_difference(found.eigenvalues, pca.singular_values() * pca.singular_values()), 1e-10);
  const ClassicalScaling two = classical_mds(euclidean_distances(x), 2);
  expect_fact(absolute(two.embedding), "mds classical", 1e-9);
  expect_fact(two.eigenvalues, "mds eigenvalues", 1e-9);
}

TEST(MultidimensionalScaling, SmacofTakesScikitLearnsSteps) {
  use_default_backend();
  const Tensor x = fact_table();
  const Tensor start = copy(x.slice({Range::all(), Range::to(2)}));
  const Tensor rows = reshape(x, {kFactRows, 1, kFactFeatures}),
               columns = reshape(x, {1, kFactRows, kFactFeatures});
  for (const auto& [given, name] : {std::pair{euclidean_distances(x), "smacof euclid"},
                                    std::pair{sum(absolute(rows - columns), {2}), "smacof manhattan"}}) {
    const Scaling found = smacof_from(given, start);
    std::vector<double> numbers = {found.stress, static_cast<double>(found.iterations),
                                   found.normalized_stress};
    for (const double place : found.embedding.slice({Range::to(5)}).to_vector<double>())
      numbers.push_back(place);
    expect_fact(numbers, name, 1e-6);
    double before = std::numeric_limits<double>::infinity();
    for (std::int64_t steps = 1; steps < 30; steps += 3) {
      const double stress = smacof_from(given, start, {.max_iter = steps, .eps = 0}).stress;
      EXPECT_LE(stress, before);
      before = stress;
    }
  }
}

TEST(MultidimensionalScaling, PlacesPointsOfAPlaneAndHasTheSameBitsOnAnyNumberOfThreads) {
  use_default_backend();
  RandomSource random(9);
  const Tensor x = random.normal("x", {50, 2}, DType::kFloat64), distances = euclidean_distances(x);
  EXPECT_LT(largest_difference(euclidean_distances(classical_mds(distances, 2).embedding), distances), 1e-12);
  const Scaling from_classical = smacof(distances, {.init = SmacofOptions::Init::kClassical});
  EXPECT_LT(from_classical.stress, 1e-20);
  const Scaling several = smacof(distances, {.n_init = 4, .max_iter = 2000, .eps = 1e-12});
  EXPECT_LT(several.normalized_stress, 1e-3);
  const int threads = thread_count();
  for (const int count : {1, 2, 3, 7}) {
    set_thread_count(count);
    EXPECT_TRUE(same_bits(smacof(distances, {.n_init = 4, .max_iter = 2000, .eps = 1e-12}).embedding,
                          several.embedding));
  }
  set_thread_count(threads);
}

// Four points on a line: the second axis has no extent, and is 0 rather than rounding.
TEST(MultidimensionalScaling, AnAxisWithoutExtentIsZero) {
  use_default_backend();
  const Tensor line = Tensor::from<double>({0, 1, 3, 7}, {4, 1});
  const ClassicalScaling found = classical_mds(euclidean_distances(line), 2);
  EXPECT_EQ(found.eigenvalues.at<double>({1}), 0);
  EXPECT_EQ(max(absolute(found.embedding.slice({Range::all(), 1}))).item<double>(), 0);
}

TEST(MultidimensionalScaling, RefusesWhatAreNoDissimilarities) {
  use_default_backend();
  EXPECT_EQ(sentence_of([] {
              classical_mds(ones({2, 3}, DType::kFloat64));
            }),
            "classical_mds: dissimilarities: expected as many columns as rows, found [2, 3]");
  EXPECT_EQ(sentence_of([] {
              classical_mds(ones({2, 2}, DType::kFloat64));
            }),
            "classical_mds: dissimilarities: expected 0 at row 0, column 0, found 1");
  EXPECT_EQ(sentence_of([] {
              smacof(Tensor::from<double>({0, 1, 2, 0}, {2, 2}));
            }),
            "smacof: dissimilarities: row 1, column 0 is 2 and row 0, column 1 is 1; expected the same");
  EXPECT_EQ(sentence_of([] {
              smacof(Tensor::from<double>({0, -1, -1, 0}, {2, 2}));
            }),
            "smacof: dissimilarities: expected at least 0 at row 1, column 0, found -1");
  EXPECT_EQ(sentence_of([] {
              classical_mds(zeros({2, 2}, DType::kFloat64), 3);
            }),
            "classical_mds: n_components: expected 1 to the 2 points, found 3");
  // Three points of which two are too far from each other for any space.
  const Tensor impossible = Tensor::from<double>({0, 1, 9, 1, 0, 1, 9, 1, 0}, {3, 3});
  EXPECT_EQ(sentence_of([&] {
              classical_mds(impossible, 3);
            }).find("classical_mds: n_components: the dissimilarities fill fewer than 3 dimensions"),
            0U);
}

}  // namespace
}  // namespace tessera::learn
