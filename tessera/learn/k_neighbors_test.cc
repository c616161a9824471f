// Nearest neighbours: beside scikit-learn, a kd-tree beside comparing with all, equal distances, rotations.
#include "tessera/learn/k_neighbors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/learn/parameters.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

struct Fact {
  std::string metric, weights, k;
  std::vector<double> predictions;
  Fact(const char* m, const char* w, int neighbours, std::vector<double> p)
      : metric(m), weights(w), k(std::to_string(neighbours)), predictions(std::move(p)) {}
};
const std::vector<Fact> kFacts = {
#include "tessera/learn/k_neighbors_facts_test.inc"
};

TEST(KNeighbors, PredictAsScikitLearnDoes) {
  use_default_backend();
  std::vector<double> x, y;
  for (std::int64_t i = 0; i < 100; ++i) {
    for (std::int64_t f = 0; f < 4; ++f)
      x.push_back(static_cast<double>(
                      (370261 * i * i * i + 101013 * f * f * i + 17377 * i * i * f + 1103 * f) % 1000003) /
                  65536);
    y.push_back(static_cast<double>((389 * i * i + 7 * i) % 1013) / 32);
  }
  const Tensor features = Tensor::from(x, {100, 4}), numbers = Tensor::from(y, {100});
  for (const Fact& fact : kFacts)
    for (const char* algorithm : {"brute", "kd_tree"}) {
      KNeighborsRegressor model;
      set_parameter(model, "metric", fact.metric);
      set_parameter(model, "weights", fact.weights);
      set_parameter(model, "n_neighbors", fact.k);
      set_parameter(model, "algorithm", algorithm);
      model.fit(features.slice({Range::to(80)}), numbers.slice({Range::to(80)}));
      const std::vector<double> found = model.predict(features.slice({Range::from(80)})).to_vector<double>();
      ASSERT_EQ(found.size(), fact.predictions.size());
      for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_NEAR(found[i], fact.predictions[i], 1e-9) << fact.metric << " " << fact.weights << " " << i;
    }
}

// Classes that no neighbour is of cost no time: a few rows may speak of a million.
TEST(KNeighbors, VotesOfFewAmongManyClasses) {
  use_default_backend();
  KNeighborsClassifier model({.n_neighbors = 2, .weights = NeighborWeights::kDistance});
  model.fit(Tensor::from<double>({0, 1, 4}, {3, 1}), Tensor::from<std::int64_t>({0, 999'999, 500'000}, {3}));
  const Tensor found = model.predict_proba(Tensor::from<double>({0.25, 4}, {2, 1}));
  EXPECT_EQ(found.shape(), (Shape{2, 1'000'000}));
  EXPECT_EQ(found.at<double>({0, 0}), 0.75);
  EXPECT_EQ(found.at<double>({0, 999'999}), 0.25);
  EXPECT_EQ(found.at<double>({1, 500'000}), 1);
  EXPECT_EQ(sum(found).item<double>(), 2);
}

// By the definition: every distance, added up in a plain loop, sorted with rows of equal distance in order.
std::vector<std::int64_t> nearest_by_sorting(const Tensor& points, const Tensor& query, Metric metric,
                                             std::int64_t k) {
  std::vector<std::pair<double, std::int64_t>> all;
  for (std::int64_t i = 0; i < points.size(0); ++i) {
    double sum = 0;
    for (std::int64_t f = 0; f < points.size(1); ++f) {
      const double d = std::abs(points.at<double>({i, f}) - query.at<double>({0, f}));
      sum = metric == Metric::kL2 ? sum + d * d : metric == Metric::kL1 ? sum + d : std::max(sum, d);
    }
    all.emplace_back(sum, i);
  }
  std::sort(all.begin(), all.end());
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < k; ++i) rows.push_back(all[static_cast<std::size_t>(i)].second);
  return rows;
}

// Whole numbers, whose distances are exact and often equal.
TEST(KNeighbors, TakeTheLowerRowOfEquallyDistantOnes) {
  use_default_backend();
  RandomSource random(3);
  for (const std::int64_t features : {1, 2, 5, 300}) {
    const std::string name = std::to_string(features);
    const auto whole = [&](const std::string& what, std::int64_t rows) {
      return cast(cast(random.uniform(what + name, {rows, features}, DType::kFloat64) * 4, DType::kInt64),
                  DType::kFloat64);
    };
    const Tensor points = whole("points", 200), queries = whole("queries", 10);
    for (const Metric metric : {Metric::kL1, Metric::kL2, Metric::kChebyshev})
      for (const bool tree : {false, true}) {
        const NearestPoints index(points, metric, tree);
        const Tensor found = index.search(queries, 7).rows;
        for (std::int64_t q = 0; q < 10; ++q)
          EXPECT_EQ(copy(found.slice({Range(q, q + 1)})).to_vector<std::int64_t>(),
                    nearest_by_sorting(points, queries.slice({Range(q, q + 1)}), metric, 7))
              << "features " << features << ", query " << q << ", tree " << tree;
      }
  }
}

TEST(KNeighbors, AreTheSameBitsWithAndWithoutATree) {
  use_default_backend();
  RandomSource random(4);
  for (const std::int64_t rows : {1, 15, 16, 17, 33, 500, 3000})
    for (const std::int64_t features : {1, 3, 8, 20}) {
      const std::string name = std::to_string(rows) + "x" + std::to_string(features);
      for (const double scale : {1.0, 1e-170, 1e170}) {  // squares leave the range of normal numbers
        const std::string scaled = name + "*" + std::to_string(std::log10(scale));
        const Tensor points = random.normal("p" + scaled, {rows, features}, DType::kFloat64) * scale;
        const Tensor queries = random.normal("q" + scaled, {20, features}, DType::kFloat64) * scale;
        for (const Metric metric : {Metric::kL1, Metric::kL2, Metric::kChebyshev}) {
          const std::int64_t k = std::min<std::int64_t>(rows, 6);
          const Neighbours one = NearestPoints(points, metric, false).search(queries, k);
          const Neighbours other = NearestPoints(points, metric, true).search(queries, k);
          EXPECT_TRUE(same_bits(one.rows, other.rows)) << scaled;
          EXPECT_TRUE(same_bits(one.distances, other.distances)) << scaled;
        }
      }
    }
}

TEST(KNeighbors, ARotationChangesL1ButNotL2) {
  use_default_backend();
  RandomSource random(5);
  const Tensor points = random.normal("points", {300, 2}, DType::kFloat64);
  const Tensor queries = random.normal("queries", {50, 2}, DType::kFloat64);
  const Tensor rotation = Tensor::from<double>({0.6, 0.8, -0.8, 0.6}, {2, 2});
  const auto changed = [&](Metric metric) {
    const Neighbours before = NearestPoints(points, metric, true).search(queries, 3);
    const Neighbours after =
        NearestPoints(matmul(points, rotation), metric, true).search(matmul(queries, rotation), 3);
    return max(absolute(before.distances - after.distances)).item<double>();
  };
  EXPECT_LT(changed(Metric::kL2), 1e-12);
  EXPECT_GT(changed(Metric::kL1), 0.01);
  EXPECT_GT(changed(Metric::kChebyshev), 0.01);
}

TEST(KNeighbors, RefuseMoreNeighboursThanRows) {
  use_default_backend();
  KNeighborsRegressor model({.n_neighbors = 4});
  try {
    model.fit(zeros({3, 2}), zeros({3}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "k_neighbors_regressor: n_neighbors: expected at most the 3 rows that are learned from, found 4");
  }
}

TEST(KNeighbors, TheExampleOfEstimators) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({0, 1, 2, 10, 11, 12}, {6, 1});
  const Tensor y = Tensor::from<std::int64_t>({0, 0, 0, 1, 1, 1}, {6});
  KNeighborsClassifier model({.n_neighbors = 3});
  model.fit(x, y);
  EXPECT_EQ(model.predict(Tensor::from<double>({1.5, 9}, {2, 1})).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(model.score(x, y), 1);
}

}  // namespace
}  // namespace tessera::learn
