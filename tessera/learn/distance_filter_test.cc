// The filter leaves out nothing that is near: searches and clusters through it against distances computed one by one, on data that is hard for float32.
#include "tessera/learn/distance_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/learn/center_filter.h"
#include "tessera/learn/k_means.h"
#include "tessera/learn/nearest.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

// The contract's formula, up to 256 features.
double measure(const double* a, const double* b, std::int64_t features) {
  double sum = 0;
  for (std::int64_t f = 0; f < features; ++f) sum = std::fma(a[f] - b[f], a[f] - b[f], sum);
  return sum;
}

struct Data {
  const char* name;
  std::function<double(double normal, std::int64_t row, std::int64_t feature)> value;
};
const std::vector<Data>& data() {
  static const std::vector<Data> kinds = {
      {"normal", [](double z, std::int64_t, std::int64_t) { return z; }},
      {"far from the origin", [](double z, std::int64_t, std::int64_t) { return 1e8 + z; }},
      {"an outlier", [](double z, std::int64_t row, std::int64_t) { return row == 77 ? 1e12 : z; }},
      {"many equal", [](double z, std::int64_t, std::int64_t) { return std::floor(2 * z); }},
      {"all but one equal", [](double, std::int64_t row, std::int64_t) { return row == 5 ? 1.0 : 0.1; }},
      {"one value", [](double, std::int64_t, std::int64_t) { return 0.3; }},
      {"apart by roundings", [](double z, std::int64_t, std::int64_t) { return 1 + 0x1p-40 * z; }},
      {"of all scales", [](double z, std::int64_t,
                           std::int64_t f) { return std::ldexp(z, static_cast<int>(f % 7) * 20 - 60); }},
      {"small", [](double z, std::int64_t, std::int64_t) { return 1e-90 * z; }},
      {"subnormal squares", [](double z, std::int64_t, std::int64_t) { return 1e-160 * z; }},
      {"huge", [](double z, std::int64_t, std::int64_t) { return 1e140 * z; }},
      {"squares overflow", [](double z, std::int64_t, std::int64_t) { return 1e200 * z; }},
  };
  return kinds;
}

Tensor table(const Data& kind, std::int64_t rows, std::int64_t features, std::uint64_t seed) {
  std::vector<double> values =
      RandomSource(seed).normal("x", {rows, features}, DType::kFloat64).to_vector<double>();
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t f = 0; f < features; ++f) {
      double& x = values[static_cast<std::size_t>(i * features + f)];
      x = kind.value(x, i, f);
    }
  return Tensor::from(values, {rows, features});
}

class DistanceFilterTest : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override { use_default_backend(); }
};

TEST_P(DistanceFilterTest, SearchesFindWhatIsNearest) {
  const Data& kind = data()[GetParam()];
  for (const std::int64_t features : {1, 5, 20, 67}) {
    const Tensor points = table(kind, 1000, features, 1);
    Tensor queries = table(kind, 41, features, 2);
    // A point itself, and one far outside of what float32 holds.
    std::vector<double> values = queries.to_vector<double>();
    std::copy_n(points.values<double>().data() + 500 * features, features, values.data());
    values[static_cast<std::size_t>(features)] = 1e60;
    queries = Tensor::from(values, queries.shape());
    for (const std::int64_t k : {1, 7}) {
      const Neighbours found = NearestPoints(points, Metric::kL2, false).search(queries, k);
      for (std::int64_t q = 0; q < queries.size(0); ++q) {
        std::vector<std::pair<double, std::int64_t>> all;
        for (std::int64_t p = 0; p < points.size(0); ++p)
          all.emplace_back(
              measure(values.data() + q * features, points.values<double>().data() + p * features, features),
              p);
        std::sort(all.begin(), all.end());
        for (std::int64_t i = 0; i < k; ++i) {
          const auto& [squared, row] = all[static_cast<std::size_t>(i)];
          EXPECT_EQ(found.rows.at<std::int64_t>({q, i}), row) << kind.name << ", query " << q;
          EXPECT_EQ(found.distances.at<double>({q, i}), std::sqrt(squared)) << kind.name << ", query " << q;
        }
      }
    }
  }
}

// Means that stand among the rows, also those that a model was given elsewhere.
TEST_P(DistanceFilterTest, ClustersAreThoseOfTheNearestMean) {
  const Data& kind = data()[GetParam()];
  for (const std::int64_t features : {2, 20}) {
    const Tensor x = table(kind, 500, features, 3), others = table(kind, 200, features, 4);
    KMeans model({.n_clusters = 23, .init = KMeans::Init::kFirstRows, .max_iter = 4});
    model.fit(x);
    const Tensor clusters = model.predict(others);
    const double* const centers = model.centers().values<double>().data();
    double inertia = 0;
    for (std::int64_t i = 0; i < others.size(0); ++i) {
      double least = std::numeric_limits<double>::infinity();
      std::int64_t nearest = 0;
      for (std::int64_t c = 0; c < 23; ++c) {
        const double squared =
            measure(others.values<double>().data() + i * features, centers + c * features, features);
        if (squared < least) {
          least = squared;
          nearest = c;
        }
      }
      EXPECT_EQ(clusters.at<std::int64_t>({i}), nearest) << kind.name << ", row " << i;
      inertia += least;
    }
    EXPECT_TRUE(inertia >= 0);
  }
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = data()[info.param].name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Data, DistanceFilterTest, testing::Range<std::size_t>(0, 12), name_of);

// An observer asks for the inertia of every iteration, and so for every measure: the path differs, the bits do not.
TEST(DistanceFilter, ObservedOrNotTheSameModel) {
  use_default_backend();
  struct Watch : StepObserver {
    std::vector<double> inertia;
    bool on_step(const StepReport& report) override {
      inertia.push_back(report.scalars[0].value);
      return true;
    }
  } watch;
  const Tensor x = table(data()[0], 3000, 9, 5);
  KMeans alone({.n_clusters = 40, .max_iter = 12}), watched({.n_clusters = 40, .max_iter = 12});
  alone.fit(x);
  watched.fit(x, {}, &watch);
  EXPECT_TRUE(same_bits(alone.centers(), watched.centers()));
  EXPECT_EQ(alone.inertia(), watched.inertia());
  ASSERT_EQ(watch.inertia.size(), 12u);
  for (std::size_t i = 1; i < watch.inertia.size(); ++i) EXPECT_LE(watch.inertia[i], watch.inertia[i - 1]);
}

// Most rows are certain, or the filter would be of no use; and what is certain is right. Numbers of centers that fill tiles and that do not.
TEST(DistanceFilter, IsCertainOfMostRows) {
  use_default_backend();
  if (!internal::filter_is_fast()) GTEST_SKIP() << "skipped: no vectors";
  const std::int64_t rows = 1013, features = 20;
  const Tensor x = table(data()[0], rows, features, 6);
  const std::span<const double> values = x.values<double>();
  const internal::FilterFrame frame = internal::FilterFrame::of_sample(values, features);
  ASSERT_TRUE(frame.usable());
  const internal::FilterRows filtered(frame, values);
  for (const std::int64_t count : {1, 2, 5, 7, 12, 13, 25, 100}) {
    const internal::FilterCenters centers(frame,
                                          values.subspan(0, static_cast<std::size_t>(count * features)));
    ASSERT_TRUE(centers.usable());
    std::vector<std::int32_t> found(static_cast<std::size_t>(filtered.groups() * internal::kFilterRows), -1);
    std::vector<std::uint32_t> certain(static_cast<std::size_t>(filtered.groups()));
    EXPECT_TRUE(centers.nearest(filtered, 0, filtered.groups(), found.data(), certain.data()));
    EXPECT_FALSE(centers.nearest(filtered, 0, filtered.groups(), found.data(), certain.data()));
    std::int64_t settled = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      if ((certain[static_cast<std::size_t>(i / 32)] >> (i % 32) & 1) == 0) continue;
      ++settled;
      std::vector<double> measures;
      for (std::int64_t c = 0; c < count; ++c)
        measures.push_back(measure(values.data() + i * features, values.data() + c * features, features));
      const auto nearest = std::min_element(measures.begin(), measures.end()) - measures.begin();
      ASSERT_EQ(found[static_cast<std::size_t>(i)], nearest) << "row " << i << " of " << count << " centers";
    }
    EXPECT_GT(settled, rows * 99 / 100);
  }
}

}  // namespace
}  // namespace tessera::learn
