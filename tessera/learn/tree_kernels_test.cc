// What trees are grown and asked with, beside the plainest way to write it.
#include "tessera/learn/tree_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/learn/coded_features.h"
#include "tessera/learn/feature_bins.h"
#include "tessera/learn/tree_ensemble.h"
#include "tessera/learn/tree_walk.h"
#include "tessera/learn/value_columns.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class TreeKernels : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }

  // Normal numbers; every `step`-th one is missing, unless it is 0.
  static std::vector<double> numbers(std::int64_t count, std::size_t step) {
    std::vector<double> values =
        RandomSource(5).normal("numbers", {count}, DType::kFloat64).to_vector<double>();
    for (std::size_t i = 0; step > 0 && i < values.size(); i += step) values[i] = kMissing;
    return values;
  }
};

TEST_F(TreeKernels, SumsAndRangesAreThoseOfALoop) {
  for (std::int64_t count = 1; count < 40; ++count)
    for (const std::size_t step : {0, 1, 3}) {
      std::vector<double> values = numbers(count, step);
      double least = kInfinity, most = -kInfinity;
      std::int64_t missing = 0, up_to = 0, sum = 0, sum_up_to = 0, sum_missing = 0;
      std::vector<std::int64_t> words;
      for (std::size_t i = 0; i < values.size(); ++i) {
        words.push_back(static_cast<std::int64_t>(i * i) - 70);
        sum += words[i];
        if (std::isnan(values[i])) {
          ++missing;
          sum_missing += words[i];
          continue;
        }
        least = std::min(least, values[i]);
        most = std::max(most, values[i]);
        up_to += values[i] <= 0.25 ? 1 : 0;
        sum_up_to += values[i] <= 0.25 ? words[i] : 0;
      }
      const auto [least_word, most_word] = std::ranges::minmax(words);
      for (std::int64_t i = 0; i < internal::kReadBehind;
           ++i) {  // what stands behind the end does not matter
        values.push_back(i % 2 == 0 ? kMissing : -kInfinity);
        words.push_back(std::numeric_limits<std::int64_t>::min());
      }
      const internal::ValueRange range = internal::range_of(values.data(), count);
      EXPECT_EQ(range.least, least);
      EXPECT_EQ(range.most, most);
      EXPECT_EQ(range.any_missing, missing > 0);
      const internal::PartSum part = internal::sum_up_to(0.25, values.data(), words.data(), count);
      EXPECT_EQ(static_cast<std::int64_t>(part.sum), sum_up_to);
      EXPECT_EQ(part.count, up_to);
      const internal::PartSum none = internal::sum_of_missing(values.data(), words.data(), count);
      EXPECT_EQ(static_cast<std::int64_t>(none.sum), sum_missing);
      EXPECT_EQ(none.count, missing);
      const internal::WordRange word = internal::range_of(words.data(), count);
      EXPECT_EQ(word.sum, sum);
      EXPECT_EQ(word.least, least_word);
      EXPECT_EQ(word.most, most_word);
    }
}

TEST_F(TreeKernels, KeysComeInOrder) {
  KeySorter sorter;
  for (const double scale : {1.0, 1e-9, 1e300})
    for (const double shift :
         {0.0, 1e12, -3.0}) {  // far from 0 the highest digits are those of few different keys
      std::vector<double> values = numbers(3000, 7);
      for (double& value : values) value = value * scale + shift;
      const std::span<const std::uint64_t> keys = sorter.sort(values.data(), 1500, 2);
      std::vector<double> expected;
      for (std::size_t i = 0; i < values.size(); i += 2)
        if (!std::isnan(values[i])) expected.push_back(values[i]);
      std::ranges::sort(expected);
      ASSERT_EQ(keys.size(), expected.size());
      for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(value_of_key(keys[i]), expected[i]);
    }
}

TEST_F(TreeKernels, BinsAreCountsOfCuts) {
  constexpr std::int64_t kRows = 2500, kColumns = 11;
  std::vector<double> values = numbers(kRows * kColumns, 13);
  for (std::size_t i = 0; i < values.size(); i += 2) values[i] = std::round(values[i] * 4) / 4;
  const FeatureBins bins(Tensor::from(values, {kRows, kColumns}), 200);
  for (std::int64_t f = 0; f < kColumns; ++f)
    for (std::int64_t row = 0; row < kRows; ++row) {
      const double value = values[static_cast<std::size_t>(row * kColumns + f)];
      const auto below = std::ranges::count_if(bins.cuts(f), [&](double cut) { return cut < value; });
      ASSERT_EQ(bins.bins(f)[row], std::isnan(value) ? FeatureBins::kMissingBin : below);
      ASSERT_EQ(bins.bins_of_rows()[row * kColumns + f], bins.bins(f)[row]);
    }
}

TEST_F(TreeKernels, ColumnsAreThoseOfTheTable) {
  const std::vector<double> values = numbers(2100 * 3, 0);
  const ValueColumns columns(Tensor::from(values, {2100, 3}));
  for (std::int64_t f = 0; f < 3; ++f)
    for (std::int64_t row = 0; row < 2100; ++row)
      ASSERT_EQ(columns.values(f)[row], values[static_cast<std::size_t>(row * 3 + f)]);
}

// A chain of divisions with leaves at all depths: rows beside each other arrive at different times.
GrownTree chain(std::int64_t depth, std::int64_t features) {
  GrownTree tree;
  for (std::int64_t level = 0; level < depth; ++level) {
    if (level > 0) tree.links.push_back(GrownTree::leaf(level - 1));
    if (level > 0) tree.thresholds.push_back(0);
    tree.links.push_back(GrownTree::link(level % features, level % 3 == 0, level == 0 ? 1 : 2 * level + 1));
    tree.thresholds.push_back(static_cast<double>(level % 5) / 2 - 2);
    tree.values.push_back(static_cast<double>(level) + 0.1);
  }
  for (const std::int64_t last : {depth - 1, depth}) tree.links.push_back(GrownTree::leaf(last));
  tree.thresholds.insert(tree.thresholds.end(), {0, 0});
  tree.values.push_back(-1);
  return tree;
}

TEST_F(TreeKernels, RowsTogetherEndWhereEachOneDoes) {
  constexpr std::int64_t kRows = 700, kColumns = 4;
  TreeEnsemble trees;
  trees.assign({chain(1, kColumns), chain(9, kColumns), chain(30, kColumns)}, 1);
  std::vector<double> values = numbers(kRows * kColumns, 0);
  values[1] = kInfinity;
  values[5] = -kInfinity;
  values[400 * kColumns] = kMissing;  // in the second block only
  const Tensor x = Tensor::from(values, {kRows, kColumns});
  const std::vector<double> sums = trees.sum(x).to_vector<double>();
  for (std::int64_t row = 0; row < kRows; ++row) {
    double sum = 0;
    for (std::int64_t t = 0; t < trees.trees(); ++t)
      sum += trees.values_of(t, values.data() + row * kColumns)[0];
    EXPECT_EQ(sums[static_cast<std::size_t>(row)], sum);
  }
}

}  // namespace
}  // namespace tessera::learn
