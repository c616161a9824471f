// What every estimator must keep: one row of the table in estimators.cc, and it is tested here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/learn/mixture_model.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

class EveryEstimator : public testing::TestWithParam<std::size_t> {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  void TearDown() override {
    set_thread_count(threads_);
    use_default_backend();
  }

  EstimatorCase test_ = estimator_cases()[GetParam()];
  GeneratedTable table_ = generated_table(120);

  std::unique_ptr<Estimator> fitted() const {
    std::unique_ptr<Estimator> estimator = make_estimator(test_);
    estimator->fit(table_.features, table_.target(*estimator));
    return estimator;
  }

 private:
  int threads_ = thread_count();
};

Tensor says(const Estimator& estimator, const Tensor& features) {
  if (const auto* classifier = dynamic_cast<const Classifier*>(&estimator))
    return classifier->has_probabilities() ? classifier->predict_proba(features)
                                           : classifier->decision_function(features);
  if (const auto* transformer = dynamic_cast<const Transformer*>(&estimator))
    return transformer->transform(features);
  if (const auto* mixture = dynamic_cast<const MixtureModel*>(&estimator))
    return mixture->predict_proba(features);
  return estimator.predict(features);
}

std::string sentence_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_P(EveryEstimator, HasTheCommittedDigestOnAnyNumberOfThreads) {
  const std::string digest = digest_of(test_);
  EXPECT_EQ(digest, committed_digest(test_)) << "see estimator_table()";
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    EXPECT_EQ(digest_of(test_), digest) << threads << " threads";
  }
  use_backend("reference");
  EXPECT_EQ(digest_of(test_), digest) << "reference backend";
}

// Copies the state of one estimator to another through names, as a checkpoint does.
class Store : public StateVisitor {
 public:
  bool restoring = false;
  void tensor(std::string_view name, Tensor& value) override { move(tensors_, name, value); }
  void integer(std::string_view name, std::int64_t& value) override { move(integers_, name, value); }
  void real(std::string_view name, double& value) override { move(reals_, name, value); }

 private:
  template <typename T>
  void move(std::map<std::string, T>& kept, std::string_view name, T& value) {
    const std::string key(name);
    if (restoring) {
      ASSERT_TRUE(kept.contains(key)) << key;
      value = kept.at(key);
    } else {
      EXPECT_TRUE(kept.emplace(key, value).second) << "the name '" << key << "' is used twice";
    }
  }
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::int64_t> integers_;
  std::map<std::string, double> reals_;
};

TEST_P(EveryEstimator, PredictsTheSameBitsWhenRestored) {
  const std::unique_ptr<Estimator> first = fitted(), second = make_estimator(test_);
  Store store;
  first->visit_state(store);
  store.restoring = true;
  second->visit_state(store);
  ASSERT_TRUE(second->fitted());
  second->check_restored();
  const Tensor others = generated_table(97).features;
  EXPECT_TRUE(same_bits(says(*first, others), says(*second, others)));
}

// A state that somebody has written by hand: each tensor by itself is cut, filled with large numbers or with NaN, or left out. What is then asked is
// refused with a sentence, or answered from memory that is its own (sanitizers look at that).
TEST_P(EveryEstimator, RefusesAStateThatCannotBeItsOwn) {
  struct Damage : StateVisitor {
    std::size_t which = 0, manner = 0, seen = 0;
    std::string changed;
    void tensor(std::string_view name, Tensor& value) override {
      if (seen++ != which || !value.defined() || value.elements() == 0) return;
      changed = name;
      if (manner == 0) value = {};
      if (manner == 1) value = copy(reshape(value, {-1}).slice({Range::to(value.elements() / 2)}));
      if (manner == 2)
        value = value.dtype() == DType::kInt64 ? value + 1'000'000'007
                                               : value * std::numeric_limits<double>::quiet_NaN();
      if (manner == 3)
        value = value.dtype() == DType::kInt64 ? full(value.shape(), 1, DType::kInt64)
                                               : cast(value, DType::kFloat32);
    }
    void integer(std::string_view, std::int64_t&) override {}
    void real(std::string_view, double&) override {}
  };
  const Tensor others = generated_table(20).features;
  for (std::size_t which = 0, all = 1; which < std::min<std::size_t>(all, 12); ++which)
    for (std::size_t manner = 0; manner < 4; ++manner) {
      const std::unique_ptr<Estimator> estimator = fitted();
      Damage damage;
      damage.which = which;
      damage.manner = manner;
      const std::string found = sentence_of([&] {
        estimator->visit_state(damage);
        estimator->check_restored();
        says(*estimator, others);
      });
      all = damage.seen;
      const bool known = found == "no error" || found.find("cannot be its own") != std::string::npos;
      EXPECT_TRUE(known) << which << ", " << manner << ": " << found;
      const bool optional = damage.changed == "importances" &&
                            test_.estimator.starts_with("hist_gradient_boosting");  // older models have none
      if (manner == 0 && all > which && !optional) {
        EXPECT_NE(found, "no error") << which;
      }
    }
}

// The same of whole numbers. Whatever comes of it is an Error or an answer: memory for so many classes is not asked for.
TEST_P(EveryEstimator, RefusesNumbersThatCannotBeItsOwn) {
  struct Damage : StateVisitor {
    std::size_t which = 0, seen = 0;
    std::int64_t number = 0;
    void tensor(std::string_view, Tensor&) override {}
    void integer(std::string_view, std::int64_t& value) override {
      if (seen++ == which) value = number;
    }
    void real(std::string_view, double&) override {}
  };
  const Tensor others = generated_table(20).features;
  for (std::size_t which = 0, all = 1; which < std::min<std::size_t>(all, 12); ++which)
    for (const std::int64_t number : {std::int64_t{-7}, std::int64_t{1} << 40}) {
      const std::unique_ptr<Estimator> estimator = fitted();
      Damage damage;
      damage.which = which;
      damage.number = number;
      const std::string found = sentence_of([&] {
        estimator->visit_state(damage);
        estimator->check_restored();
        says(*estimator, others);
      });
      all = damage.seen;
      if (which == 1 && estimator->task() == Task::kClassification) {  // the classes
        EXPECT_THAT(found, testing::HasSubstr("cannot be its own")) << number;
      }
    }
}

TEST_P(EveryEstimator, PredictsARowWhateverStandsBesideIt) {
  const std::unique_ptr<Estimator> estimator = fitted();
  const Tensor others = generated_table(67).features;
  const Tensor whole = says(*estimator, others);
  for (std::int64_t i = 0; i < others.size(0); i += 3)
    EXPECT_TRUE(
        same_bits(says(*estimator, others.slice({Range(i, i + 1)})), copy(whole.slice({Range(i, i + 1)}))))
        << "row " << i;
  const Tensor backwards = others.slice({Range::step(-1)});
  EXPECT_TRUE(same_bits(says(*estimator, backwards), copy(whole.slice({Range::step(-1)}))));
}

TEST_P(EveryEstimator, DoesNotKeepWhatItLearnedBefore) {
  const std::unique_ptr<Estimator> again = fitted();
  const GeneratedTable other = generated_table(50);
  again->fit(other.features, other.target(*again));
  const std::unique_ptr<Estimator> fresh = make_estimator(test_);
  fresh->fit(other.features, other.target(*fresh));
  EXPECT_EQ(digest_of(*again, table_.features), digest_of(*fresh, table_.features));
}

TEST_P(EveryEstimator, SettingsGoThroughTextAndJson) {
  const std::unique_ptr<Estimator> estimator = make_estimator(test_), other = make_estimator(test_.estimator);
  set_parameters(*other, parameters_json(*estimator));
  EXPECT_EQ(parameters_json(*other), parameters_json(*estimator));
  std::set<std::string> names;
  for (const ParameterText& parameter : parameters(*estimator)) {
    EXPECT_TRUE(names.insert(parameter.name).second) << parameter.name;
    EXPECT_TRUE(parameter.sentence.ends_with('.')) << parameter.name;
    set_parameter(*other, parameter.name, parameter.value);
    EXPECT_NE(sentence_of([&] { set_parameter(*other, parameter.name, "no such value"); }), "no error");
  }
  EXPECT_EQ(parameters_json(*other), parameters_json(*estimator));
  EXPECT_TRUE(sentence_of([&] {
                set_parameter(*other, "no_such_parameter", "1");
              }).starts_with(test_.estimator + ": there is no parameter 'no_such_parameter'"));
}

TEST_P(EveryEstimator, RefusesWhatItCannotLearnFrom) {
  const std::unique_ptr<Estimator> estimator = make_estimator(test_);
  const Tensor& target = table_.target(*estimator);
  EXPECT_EQ(sentence_of([&] { says(*estimator, table_.features); }),
            test_.estimator + ": it has learned nothing yet: call fit first");
  EXPECT_TRUE(sentence_of([&] {
                estimator->fit(zeros({0, 3}), target);
              }).starts_with(test_.estimator + ": expected features"));
  std::vector<double> values = table_.features.to_vector<double>();
  values[8] = std::numeric_limits<double>::infinity();
  const Tensor infinite = Tensor::from<double>(values, table_.features.shape());
  EXPECT_EQ(sentence_of([&] { estimator->fit(infinite, target); }),
            test_.estimator + ": features: row 1, column 1 is infinite; expected a finite number");
  EXPECT_FALSE(estimator->fitted());
  if (estimator->task() == Task::kClassification) {
    EXPECT_EQ(sentence_of([&] { estimator->fit(table_.features, zeros({120}, DType::kInt64)); }),
              test_.estimator + ": expected at least two classes in the target, found only class 0");
  }
  if (estimator->task() == Task::kClassification || estimator->task() == Task::kRegression) {
    EXPECT_TRUE(sentence_of([&] {
                  estimator->fit(table_.features, copy(target.slice({Range::to(7)})));
                }).starts_with(test_.estimator + ": expected a target [120]"));
  }
  estimator->fit(table_.features, target);
  EXPECT_EQ(sentence_of([&] {
              says(*estimator, copy(table_.features.slice({Range::all(), Range::to(2)})));
            }),
            test_.estimator + ": expected 7 features, as it has learned, found 2");
}

TEST_P(EveryEstimator, LearnsMoreThanNothing) {
  const std::unique_ptr<Estimator> estimator = fitted();
  if (estimator->task() == Task::kClassification) {
    EXPECT_GT(estimator->score(table_.features, table_.classes),
              0.5);  // the largest class has less than half
  }
  if (estimator->task() == Task::kRegression) {
    EXPECT_GT(estimator->score(table_.features, table_.target(*estimator)), 0.3);
  }
}

std::string test_name(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = estimator_cases()[info.param].id();
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  return name + "_" + std::to_string(info.param);
}

INSTANTIATE_TEST_SUITE_P(Estimators, EveryEstimator, testing::Range<std::size_t>(0, estimator_cases().size()),
                         test_name);

// So many rows that loops have several tasks.
TEST(Estimators, LearnTheSameFromManyRowsOnAnyNumberOfThreads) {
  use_default_backend();
  const int before = thread_count();
  const GeneratedTable table = generated_table(20'000);
  for (const EstimatorCase& test :
       {EstimatorCase{"decision_tree_classifier", ""},
        EstimatorCase{"decision_tree_regressor", R"({"max_depth": 6})"},
        EstimatorCase{"random_forest_classifier", R"({"n_estimators": 4})"},
        EstimatorCase{"hist_gradient_boosting_classifier", R"({"max_iter": 5})"},
        EstimatorCase{"hist_gradient_boosting_regressor", R"({"max_iter": 12})"},
        EstimatorCase{"k_means", ""}, EstimatorCase{"gaussian_nb", ""},
        EstimatorCase{"lasso", R"({"alpha": 0.01})"}, EstimatorCase{"logistic_regression", ""},
        EstimatorCase{"linear_regression", ""}, EstimatorCase{"poisson_regressor", ""},
        EstimatorCase{"gaussian_mixture", R"({"max_iter": 4, "n_components": 3})"},
        EstimatorCase{"multinomial_mixture", R"({"n_components": 3})"}, EstimatorCase{"pca", ""},
        EstimatorCase{"factor_analysis", ""}}) {
    std::string digest;
    for (const int threads : {1, 2, 3, 7}) {
      set_thread_count(threads);
      const std::unique_ptr<Estimator> estimator = make_estimator(test);
      estimator->fit(table.features, table.target(*estimator));
      const std::string found = digest_of(*estimator, table.features);
      EXPECT_TRUE(digest.empty() || found == digest) << test.id() << ", " << threads << " threads";
      digest = found;
    }
  }
  set_thread_count(before);
}

TEST(Estimators, StandInTheOrderOfTheirNames) {
  std::string before;
  for (const EstimatorRow& row : estimators()) {
    EXPECT_LT(before, row.name);
    EXPECT_EQ(make_estimator(row.name)->name(), row.name);
    before = row.name;
  }
  EXPECT_EQ(sentence_of([] { make_estimator("gausian_nb"); }),
            "there is no estimator 'gausian_nb' (did you mean 'gaussian_nb'?)");
  EXPECT_TRUE(sentence_of([] {
                make_estimator("nothing_like_it");
              }).starts_with("there is no estimator 'nothing_like_it'; there are: bagging_classifier, "));
}

}  // namespace
}  // namespace tessera::learn
