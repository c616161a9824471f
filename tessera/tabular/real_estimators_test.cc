// Estimators beside scikit-learn's on tables that people know, where TESSERA_DATA has them: see real_estimators_facts.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/data/csv.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/table_features.h"
#include "tessera/tensor/ops.h"

namespace tessera::tabular {
namespace {

enum class Closeness { kSame, kObjective, kAccuracy };

struct Fact {
  std::string table, estimator, settings;
  Closeness closeness;
  double quality, objective;  // accuracy or R^2; mean log loss or mean squared error: of the test rows
  std::int64_t wrong, sum;    // rows; sum of (1 + i mod 97) * class
};
const std::vector<Fact> kFacts = {
#include "tessera/tabular/real_estimators_facts_test.inc"
};

struct Source {
  const char *file, *target;
  std::vector<std::string> without;
  bool header;
};
const std::map<std::string, Source> kSources = {
    {"titanic", {"titanic.csv", "Survived", {"PassengerId", "Name", "Ticket", "Cabin"}, true}},
    {"breast_cancer", {"breast-cancer-wisconsin.csv", "column_10", {}, false}},
    {"wine", {"wine.csv", "column_14", {}, false}},
    {"iris", {"iris.csv", "column_5", {}, false}},
    {"ionosphere", {"ionosphere.csv", "column_35", {}, false}},
    {"adult", {"adult_train.csv.gz", "column_15", {}, false}},
    {"abalone", {"abalone.csv", "column_9", {}, false}},
    {"housing", {"housing.csv", "column_14", {}, false}},
};

struct Parts {
  Tensor x, y, test_x, test_y;
};

Parts parts_of(const std::string& folder, const std::string& name, bool classes) {
  const Source& source = kSources.at(name);
  data::CsvOptions csv = {.header = source.header, .missing = {"?"}, .trim = true};
  if (classes) csv.text_columns = {source.target};
  data::Table table = data::read_csv(folder + source.file, csv);
  std::vector<std::int64_t> training, test;
  for (std::int64_t i = 0; i < table.rows; ++i) (i % 4 != 3 ? training : test).push_back(i);
  std::vector<std::string> columns;
  for (const data::Column& column : table.columns)
    if (column.name != source.target && std::ranges::count(source.without, column.name) == 0)
      columns.push_back(column.name);
  learn::TableFeatures features({.scale = true});
  features.fit(table, columns, training);
  const Tensor x = features.transform(table);
  if (classes) data::make_category(table, source.target);
  const data::Column& target = table.column(source.target);
  const std::vector<std::int64_t> codes(target.codes.begin(), target.codes.end());
  const Tensor y =
      classes ? Tensor::from(codes, {table.rows}) : Tensor::from<double>(target.numbers, {table.rows});
  const auto rows = [](const std::vector<std::int64_t>& list) {
    return Tensor::from(list, {static_cast<std::int64_t>(list.size())});
  };
  return {gather(x, rows(training)), gather(y, rows(training)), gather(x, rows(test)), gather(y, rows(test))};
}

class RealEstimators : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    const char* data = std::getenv("TESSERA_DATA");
    if (data == nullptr || !exists(std::string(data) + "/tabular/titanic.csv"))
      GTEST_SKIP() << "skipped: TESSERA_DATA has no tables";
    folder_ = std::string(data) + "/tabular/";
    use_default_backend();
  }
  std::string folder_;
};

TEST_P(RealEstimators, ReachWhatScikitLearnReaches) {
  const Fact& fact = kFacts[GetParam()];
  const std::unique_ptr<learn::Estimator> estimator = learn::make_estimator(fact.estimator);
  learn::set_parameters(*estimator, nlohmann::json::parse(fact.settings));
  const bool classes = estimator->task() == learn::Task::kClassification;
  const Parts parts = parts_of(folder_, fact.table, classes);
  estimator->fit(parts.x, parts.y);
  const double quality = estimator->score(parts.test_x, parts.test_y);
  if (fact.closeness == Closeness::kAccuracy) {
    EXPECT_NEAR(quality, fact.quality, 0.01 + 2 / std::sqrt(static_cast<double>(parts.test_y.size(0))) / 4);
    return;
  }
  if (!classes) {
    const double error = sum_squares(estimator->predict(parts.test_x) - parts.test_y).item<double>() /
                         static_cast<double>(parts.test_y.size(0));
    EXPECT_NEAR(error / fact.objective, 1, 1e-6);
    return;
  }
  std::int64_t wrong = 0, sum = 0, row = 0;
  const std::vector<std::int64_t> truth = parts.test_y.to_vector<std::int64_t>();
  for (const std::int64_t predicted : estimator->predict(parts.test_x).to_vector<std::int64_t>()) {
    wrong += predicted != truth[static_cast<std::size_t>(row)] ? 1 : 0;
    sum += (row++ % 97 + 1) * predicted;
  }
  EXPECT_EQ(wrong, fact.wrong);
  EXPECT_EQ(sum, fact.sum);
  if (fact.closeness == Closeness::kObjective) {
    const auto& classifier = dynamic_cast<const learn::Classifier&>(*estimator);
    const Tensor chosen =
        take_along(classifier.predict_proba(parts.test_x), reshape(parts.test_y, {-1, 1}), 1);
    EXPECT_NEAR(-mean(log(chosen)).item<double>(), fact.objective, 1e-6 * (1 + fact.objective));
  }
}

INSTANTIATE_TEST_SUITE_P(Facts, RealEstimators, testing::Range<std::size_t>(0, kFacts.size()),
                         [](const auto& index) {
                           const Fact& fact = kFacts[index.param];
                           return fact.table + "_" + fact.estimator + "_" + std::to_string(index.param);
                         });

}  // namespace
}  // namespace tessera::tabular
