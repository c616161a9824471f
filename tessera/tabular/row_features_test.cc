#include "tessera/tabular/row_features.h"

#include <gtest/gtest.h>

#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/message_test.h"

namespace tessera::tabular {
namespace {

constexpr std::int64_t kRows = 40000;  // more than are looked at at once

data::Table mixed_table() {
  data::Table table{"mixed.csv", kRows, {}, std::vector<data::Column>(3)};
  data::Column &age = table.columns[0], &work = table.columns[1], &hours = table.columns[2];
  age.name = "age";
  work.name = "work";
  hours.name = "hours";
  age.numeric = hours.numeric = true;
  for (std::int64_t row = 0; row < kRows; ++row) {
    table.lines.push_back(row + 2);
    age.numbers.push_back(static_cast<double>(row % 61) / 3);
    work.texts.emplace_back(row % 7 == 0 ? "" : row % 3 == 0 ? "sea" : "office");
    work.missing += row % 7 == 0;
    hours.numbers.push_back(static_cast<double>(row * 31 % 47));
  }
  return table;
}

// Every other row learns; the target follows the texts and the numbers.
struct Training {
  std::vector<std::int64_t> rows;
  Tensor target;
};
Training training_of(const data::Table& table) {
  Training training;
  std::vector<std::int64_t> labels;
  for (std::int64_t row = 0; row < kRows; row += 2) {
    training.rows.push_back(row);
    labels.push_back(row % 3 == 0 || table.columns[0].numbers[static_cast<std::size_t>(row)] > 15 ? 1 : 0);
  }
  training.target = Tensor::from(labels, {static_cast<std::int64_t>(labels.size())});
  return training;
}

TEST(RowFeatures, HaveTheBitsOfAllRowsTogether) {
  use_default_backend();
  const data::Table table = mixed_table();
  const Training training = training_of(table);
  const std::vector<std::string> columns = {"age", "work", "hours"};
  for (const char* encoding : {"one_hot", "ordinal", "count", "hashing", "target", "leave_one_out"})
    for (const bool scale : {false, true}) {
      const learn::TableFeaturesOptions options = {.categories = learn::encoding_named(encoding),
                                                   .scale = scale};
      learn::TableFeatures features(options);
      const Tensor learned = features.fit_transform(table, columns, training.rows, training.target);
      const Tensor trained = features.transform(data::take_rows(table, training.rows));
      EXPECT_TRUE(same_bits(features_of_rows(features, table, training.rows), trained)) << encoding << scale;
      EXPECT_TRUE(same_bits(features_of_table(features, table), features.transform(table)))
          << encoding << scale;
      learn::TableFeatures fitted(options);
      fitted.fit(table, columns, training.rows, training.target);
      if (features_by_row(options)) {
        EXPECT_TRUE(same_bits(learned, features_of_rows(fitted, table, training.rows))) << encoding;
      }
    }
  EXPECT_FALSE(features_by_row({.scale = true}));
  EXPECT_FALSE(features_by_row({.categories = learn::CategoryEncoding::kTarget}));
}

TEST(RowFeatures, AnErrorNamesTheLine) {
  use_default_backend();
  const data::Table table = mixed_table();
  learn::TableFeatures features;
  features.fit(table, {"age"}, training_of(table).rows, {});
  data::Table later = data::take_columns(table, {"age"});
  for (const double number : later.columns[0].numbers)
    later.columns[0].texts.push_back(number < 20 ? "1" : "old");
  later.columns[0].numeric = false;
  EXPECT_EQ(message_of([&] { features_of_table(features, later); }),
            "mixed.csv:62: column 'age': found 'old', expected a number as at training");
}

}  // namespace
}  // namespace tessera::tabular
