// k-means: Lloyd never raises the inertia, empty clusters are refilled, well separated clusters are found.
#include "tessera/learn/k_means.h"

#include <gtest/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

class Inertias : public StepObserver {
 public:
  bool on_step(const StepReport& report) override {
    values.push_back(report.scalars[0].value);
    return true;
  }
  std::vector<double> values;
};

TEST(KMeans, NeverRaisesTheInertia) {
  use_default_backend();
  RandomSource random(11);
  for (std::int64_t seed = 0; seed < 10; ++seed) {
    const Tensor x = random.normal("x" + std::to_string(seed), {300, 3}, DType::kFloat64);
    KMeans model({.n_clusters = 2 + 3 * seed, .init = KMeans::Init::kRandom, .tol = 0, .seed = seed});
    Inertias seen;
    model.fit(x, {}, &seen);
    ASSERT_GE(seen.values.size(), 2U);
    seen.values.push_back(model.inertia());
    for (std::size_t i = 1; i < seen.values.size(); ++i)
      EXPECT_LE(seen.values[i], seen.values[i - 1] * (1 + 1e-13)) << "seed " << seed << ", step " << i;
    const Tensor from_mean = x - gather(model.centers(), model.predict(x));
    EXPECT_NEAR(sum_squares(from_mean).item<double>(), model.inertia(), 1e-9);
  }
}

// Starts that are equal leave clusters empty.
// The number of iterations is learned, too, and may not depend on the vectors of the machine, which take rows by the group.
TEST(KMeans, EndsWithTheIterationInWhichNoRowMoves) {
  use_default_backend();
  KMeans model({.n_clusters = 2, .init = KMeans::Init::kFirstRows, .tol = 0});
  model.fit(Tensor::from<double>({0, 2, 3, 1}, {4, 1}));
  EXPECT_EQ(model.iterations(), 1);
}

TEST(KMeans, RefillsClustersWithoutRows) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({0, 0, 0, 1, 50, 100}, {6, 1});
  KMeans model({.n_clusters = 3, .init = KMeans::Init::kFirstRows});
  model.fit(x);
  const std::vector<std::int64_t> found = model.predict(x).to_vector<std::int64_t>();
  EXPECT_EQ(std::set<std::int64_t>(found.begin(), found.end()).size(), 3U);
  EXPECT_NEAR(model.inertia(), 0.75, 1e-12);  // 0, 0, 0, 1 are one cluster
}

TEST(KMeans, FindsSeparatedClustersFromCarefulStarts) {
  use_default_backend();
  RandomSource random(12);
  const Tensor centers = random.normal("centers", {10, 4}, DType::kFloat64) * 100;
  std::vector<std::int64_t> of(500);
  for (std::size_t i = 0; i < of.size(); ++i) of[i] = static_cast<std::int64_t>(i % 10);
  const Tensor x =
      gather(centers, Tensor::from(of, {500})) + random.normal("noise", {500, 4}, DType::kFloat64);
  KMeans model({.n_clusters = 10, .n_init = 3});
  model.fit(x);
  const std::vector<std::int64_t> found = model.predict(x).to_vector<std::int64_t>();
  for (std::size_t i = 10; i < found.size(); ++i) EXPECT_EQ(found[i], found[i % 10]);
  EXPECT_EQ(std::set<std::int64_t>(found.begin(), found.end()).size(), 10U);
}

}  // namespace
}  // namespace tessera::learn
