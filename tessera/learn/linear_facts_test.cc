// Linear models beside scikit-learn's: coefficients and intercepts of linear_facts.py, on a generated table and, where TESSERA_DATA has them, on
// tables that people use.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/linear_model.h"
#include "tessera/learn/logistic_regression.h"
#include "tessera/learn/scalers.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

struct Fact {
  std::string table, estimator, settings;
  double tolerance;
  std::vector<double> values;  // coefficients, then intercepts
};
const std::vector<Fact> kFacts = {
#include "tessera/learn/linear_facts_test.inc"
};

struct Rows {
  Tensor x, y;
};

Rows small() {
  std::vector<double> x, y;
  for (std::int64_t i = 0; i < 60; ++i) {
    for (std::int64_t f = 0; f < 6; ++f)
      x.push_back(static_cast<double>((7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % 5));
    const double* row = x.data() + i * 6;
    y.push_back(0.5 * row[0] - row[1] + 0.25 * row[5] + static_cast<double>(5 * i * i % 7) / 8);
  }
  return {Tensor::from(x, {60, 6}), Tensor::from(y, {60})};
}

// More features than rows.
Rows wide() {
  const Rows few{small().x.slice({Range::to(12)}), copy(small().y.slice({Range::to(12)}))};
  std::vector<Tensor> columns = {few.x};
  const auto column = [&](std::int64_t f) { return few.x.slice({Range::all(), Range(f, f + 1)}); };
  for (std::int64_t a = 0; a < 6; ++a)
    for (std::int64_t b = a; b < 6; ++b) columns.push_back(column(a) * column(b));
  return {concatenate(columns, 1), few.y};
}

std::string path_of(const std::string& table) {
  const char* data = std::getenv("TESSERA_DATA");
  return std::string(data == nullptr ? "/nowhere" : data) + "/tabular/" + table + ".csv";
}

// Numbers; the last column is the target, where "g" is 1 and "b" is 0.
Rows read(const std::string& path) {
  std::vector<double> x, y;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    if (cells.size() < 2) continue;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) x.push_back(std::stod(cells[i]));
    const char label = cells.back()[0];
    y.push_back(label == 'g' ? 1 : label == 'b' ? 0 : std::stod(cells.back()));
  }
  const auto rows = static_cast<std::int64_t>(y.size());
  return {Tensor::from(x, {rows, static_cast<std::int64_t>(x.size()) / rows}), Tensor::from(y, {rows})};
}

Rows table_of(const std::string& name) {
  if (name == "small") return small();
  if (name == "wide") return wide();
  const bool scaled = name.ends_with(" scaled");
  Rows rows = read(path_of(scaled ? name.substr(0, name.size() - 7) : name));
  if (!scaled) return rows;
  StandardScaler scaler;
  scaler.fit(rows.x);
  return {scaler.transform(rows.x), rows.y};
}

Tensor target_for(const Estimator& estimator, const std::string& table, const Tensor& y) {
  if (!estimator.accepts_negative_target()) return maximum(y, 0.0);
  if (estimator.task() == Task::kRegression) return y;
  if (table == "small") return cast(greater(y, -1.0), DType::kInt64) + cast(greater(y, 0.5), DType::kInt64);
  return cast(y - min(y), DType::kInt64);
}

std::vector<double> learned(const Estimator& estimator) {
  if (const auto* model = dynamic_cast<const LinearModel*>(&estimator)) {
    std::vector<double> values = model->coef().to_vector<double>();
    values.push_back(model->intercept());
    return values;
  }
  const auto& logistic = dynamic_cast<const LogisticRegression&>(estimator);
  return concatenate({reshape(logistic.coef(), {-1}), logistic.intercept()}, 0).to_vector<double>();
}

class LinearBesideScikitLearn : public testing::TestWithParam<std::size_t> {};

TEST_P(LinearBesideScikitLearn, LearnsTheSameCoefficients) {
  use_default_backend();
  const Fact& fact = kFacts[GetParam()];
  const std::string file = fact.table.substr(0, fact.table.find(' '));
  if (file != "small" && file != "wide" && !std::ifstream(path_of(file)).good())
    GTEST_SKIP() << "skipped: TESSERA_DATA has no tables";
  const Rows rows = table_of(fact.table);
  const std::unique_ptr<Estimator> estimator = make_estimator(fact.estimator);
  set_parameters(*estimator, nlohmann::json::parse(fact.settings));
  estimator->fit(rows.x, target_for(*estimator, fact.table, rows.y));
  const std::vector<double> values = learned(*estimator);
  ASSERT_EQ(values.size(), fact.values.size());
  double largest = 0;
  for (const double value : fact.values) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], fact.values[i], fact.tolerance * largest)
        << fact.table << " " << fact.settings << ", number " << i;
}

INSTANTIATE_TEST_SUITE_P(Facts, LinearBesideScikitLearn, testing::Range<std::size_t>(0, kFacts.size()),
                         [](const auto& index) {
                           return kFacts[index.param].estimator + "_" + std::to_string(index.param);
                         });

}  // namespace
}  // namespace tessera::learn
