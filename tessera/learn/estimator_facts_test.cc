// Estimators beside scikit-learn's, on the table of estimator_facts.py.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/learn/estimators.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

constexpr std::int64_t kRows = 90, kLearned = 60, kFeatures = 6;

struct Fact {
  std::string name, settings;
  double tolerance;
  std::vector<double> values;
};
const std::vector<Fact> kFacts = {
#include "tessera/learn/estimator_facts_test.inc"
// of its own script
#include "tessera/learn/margin_facts_test.inc"
};

struct FactTable {
  Tensor features, numbers, classes;
  FactTable() {
    std::vector<double> x, y;
    std::vector<std::int64_t> c;
    for (std::int64_t i = 0; i < kRows; ++i) {
      for (std::int64_t f = 0; f < kFeatures; ++f)
        x.push_back(static_cast<double>((7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % 5));
      const double* row = x.data() + i * kFeatures;
      y.push_back(0.5 * row[0] - row[1] + 0.25 * row[5] + static_cast<double>(5 * i * i % 7) / 8);
      c.push_back((y.back() > -1 ? 1 : 0) + (y.back() > 0.5 ? 1 : 0));
    }
    features = Tensor::from(x, {kRows, kFeatures});
    numbers = Tensor::from(y, {kRows});
    classes = Tensor::from(c, {kRows});
  }
};

class BesideScikitLearn : public testing::TestWithParam<std::size_t> {};

TEST_P(BesideScikitLearn, SaysTheSame) {
  use_default_backend();
  const Fact& fact = kFacts[GetParam()];
  const FactTable table;
  const std::unique_ptr<Estimator> estimator = make_estimator(fact.name);
  set_parameters(*estimator, nlohmann::json::parse(fact.settings));
  const Tensor& target = estimator->task() == Task::kRegression ? table.numbers : table.classes;
  estimator->fit(table.features.slice({Range::to(kLearned)}), target.slice({Range::to(kLearned)}));
  const Tensor others = table.features.slice({Range::from(kLearned)});
  Tensor found;
  if (const auto* classifier = dynamic_cast<const Classifier*>(estimator.get()))
    found = classifier->has_probabilities() ? classifier->predict_proba(others)
                                            : classifier->decision_function(others);
  else if (const auto* transformer = dynamic_cast<const Transformer*>(estimator.get()))
    found = transformer->transform(others);
  else
    found = cast(estimator->predict(others), DType::kFloat64);
  const std::vector<double> values = found.to_vector<double>();
  ASSERT_EQ(values.size(), fact.values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], fact.values[i], fact.tolerance * (1 + std::abs(fact.values[i])))
        << "element " << i;
}

INSTANTIATE_TEST_SUITE_P(Facts, BesideScikitLearn, testing::Range<std::size_t>(0, kFacts.size()),
                         [](const auto& index) {
                           return kFacts[index.param].name + "_" + std::to_string(index.param);
                         });

}  // namespace
}  // namespace tessera::learn
