#include "tessera/learn/table_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/message_test.h"
#include "tessera/data/csv.h"

namespace tessera::learn {
namespace {

using testing::HasSubstr;

std::vector<std::int64_t> all_rows(const data::Table& table) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(table.rows));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
  return rows;
}

TableFeatures fitted(const data::Table& table, const TableFeaturesOptions& options) {
  use_default_backend();
  TableFeatures features(options);
  features.fit(table, table.names(), all_rows(table));
  return features;
}

TEST(TableFeatures, MissingNumbersAndNaNAreFilled) {
  const data::Table table = data::parse_csv("a\n1\n2\nnan\n\n6\n", "t.csv");
  EXPECT_EQ(fitted(table, {.missing = MissingNumbers::kMean}).transform(table).to_vector<double>(),
            (std::vector<double>{1, 2, 3, 3, 6}));
  EXPECT_EQ(fitted(table, {.missing = MissingNumbers::kMedian}).transform(table).to_vector<double>(),
            (std::vector<double>{1, 2, 2, 2, 6}));
  EXPECT_EQ(fitted(table, {.missing = MissingNumbers::kZero}).transform(table).to_vector<double>(),
            (std::vector<double>{1, 2, 0, 0, 6}));
  EXPECT_TRUE(
      std::isnan(fitted(table, {.missing = MissingNumbers::kKeep}).transform(table).at<double>({3, 0})));
  EXPECT_THAT(message_of([&] { fitted(table, {.missing = MissingNumbers::kRefuse}); }),
              HasSubstr("t.csv:5: column 'a'"));
}

TEST(TableFeatures, CategoriesBecomeFeaturesOrPositions) {
  const data::Table table = data::parse_csv("c,n\nred,1\ngreen,2\n,3\n", "t.csv");
  const TableFeatures one_hot = fitted(table, {});
  EXPECT_EQ(one_hot.names(), (std::vector<std::string>{"c=green", "c=red", "n"}));
  EXPECT_EQ(one_hot.transform(table).to_vector<double>(), (std::vector<double>{0, 1, 1, 1, 0, 2, 0, 0, 3}));
  const TableFeatures ordinal = fitted(table, {.categories = CategoryEncoding::kOrdinal});
  EXPECT_EQ(ordinal.transform(table).to_vector<double>(), (std::vector<double>{1, 1, 0, 2, -1, 3}));
  const data::Table later = data::parse_csv("c,n\nblue,1\n", "later.csv");
  EXPECT_EQ(one_hot.transform(later).to_vector<double>(), (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(ordinal.transform(later).to_vector<double>(), (std::vector<double>{-1, 1}));
  EXPECT_THAT(message_of([&] { fitted(table, {.most_categories = 1}); }),
              HasSubstr("has 2 different values, expected at most 1"));
}

// 0.1 added up three times and divided is not 0.1.
TEST(TableFeatures, AConstantColumnBecomesZeroWhenScaled) {
  const data::Table table = data::parse_csv("a,b\n0.1,1\n0.1,2\n0.1,3\n", "t.csv");
  const TableFeatures features = fitted(table, {.scale = true});
  const std::vector<double> values = features.transform(table).to_vector<double>();
  EXPECT_EQ(values[0], 0);
  EXPECT_EQ(values[2], 0);
  EXPECT_NEAR(values[1], -std::sqrt(1.5), 1e-15);
  EXPECT_EQ(features.transform(data::parse_csv("a,b\n0.2,2\n", "later.csv")).to_vector<double>(),
            (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace tessera::learn
