#include "tessera/learn/model_selection.h"

#include <gmock/gmock.h>

#include "tessera/backends/backends.h"
#include "tessera/base/message_test.h"
#include "tessera/data/folds.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/naive_bayes.h"
#include "tessera/learn/selection_facts_test.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

using namespace selection;

using testing::HasSubstr;

class ModelSelection : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }

  static std::vector<data::Split> in_order(std::int64_t folds) {
    data::FoldOptions options;
    options.folds = folds;
    options.shuffle = false;
    return data::k_fold(80, options);
  }
  static std::vector<data::Split> stratified(const std::string& target, std::int64_t folds) {
    data::FoldOptions options;
    options.folds = folds;
    options.shuffle = false;
    return data::stratified_k_fold(fact_integers(target), options);
  }

  Tensor x_ = fact_table("x", 6), classes_ = fact_classes("classes"), numbers_ = fact_numbers("numbers");
  GaussianNB bayes_;
  std::unique_ptr<Estimator> neighbours_ = make_estimator("k_neighbors_regressor");
};

std::vector<double> flat(const std::vector<std::vector<double>>& scores) {
  std::vector<double> all;
  for (const std::vector<double>& row : scores) all.insert(all.end(), row.begin(), row.end());
  return all;
}

TEST_F(ModelSelection, FoldsHaveTheScoresOfScikitLearn) {
  expect_fact(cross_val_score(bayes_, x_, classes_, in_order(5)), "folds gaussian_nb");
  expect_fact(cross_val_score(bayes_, x_, classes_, stratified("classes", 5)), "folds stratified");
  for (const char* name :
       {"balanced_accuracy", "f1_macro", "f1_weighted", "neg_log_loss", "neg_brier_score", "roc_auc_ovr"})
    expect_fact(cross_val_score(bayes_, x_, classes_, stratified("classes", 4), name),
                std::string("folds ") + name);
  expect_fact(cross_val_score(bayes_, x_, fact_classes("two"), stratified("two", 4), "roc_auc"),
              "folds roc_auc");
  for (const char* name : {"average_precision", "f1", "precision", "recall", "neg_brier_score"})
    expect_fact(cross_val_score(bayes_, x_, fact_classes("two"), stratified("two", 4), name),
                std::string("folds of two ") + name);
  const std::unique_ptr<Estimator> machine = make_estimator("linear_svc");
  set_parameter(*machine, "C", "0.1");
  set_parameter(*machine, "tol", "1e-9");
  expect_fact(cross_val_score(*machine, x_, fact_classes("two"), stratified("two", 4), "roc_auc"),
              "folds roc_auc of a decision");
  EXPECT_THAT(message_of([&] {
                cross_val_score(*machine, x_, fact_classes("two"), stratified("two", 4), "neg_log_loss");
              }),
              HasSubstr("linear_svc"));
  for (const std::string& name : scorings(Task::kRegression))
    expect_fact(cross_val_score(*neighbours_, x_, numbers_, in_order(4), name), "folds " + name);
}

TEST_F(ModelSelection, CurvesAreThoseOfScikitLearn) {
  const std::vector<data::Split> folds = stratified("classes", 4);
  const std::vector<double> shares = {0.3, 0.55, 1.0};
  const std::vector<std::int64_t> lengths = training_lengths(folds, shares);
  EXPECT_EQ(lengths, fact_integers("learning_curve sizes"));
  const Curve learning = learning_curve(bayes_, x_, classes_, folds, lengths);
  expect_fact(flat(learning.train), "learning_curve train");
  expect_fact(flat(learning.test), "learning_curve test");
  const std::vector<std::string> values = {"1", "3", "9", "27"};
  const Curve validation = validation_curve(*neighbours_, "n_neighbors", values, x_, numbers_, in_order(5));
  expect_fact(flat(validation.train), "validation_curve train");
  expect_fact(flat(validation.test), "validation_curve test");
  EXPECT_THAT(validation.to_text(), HasSubstr("point  train    test     deviation\n    1  1.0000 "));
}

TEST_F(ModelSelection, ThePrototypeStaysAsItIs) {
  set_parameter(bayes_, "var_smoothing", "0.25");
  cross_val_score(bayes_, x_, classes_, in_order(5));
  EXPECT_FALSE(bayes_.fitted());
  const std::unique_ptr<Estimator> copy = unfitted_copy(bayes_);
  EXPECT_EQ(parameters(*copy)[0].value, "0.25");
  EXPECT_FALSE(copy->fitted());
}

TEST_F(ModelSelection, WrongInputsGetASentence) {
  const auto message = [&](std::span<const data::Split> splits, std::string_view scoring) {
    return message_of([&] { cross_val_score(bayes_, x_, classes_, splits, scoring); });
  };
  EXPECT_THAT(message(in_order(4), "acuracy"), HasSubstr("did you mean 'accuracy'?"));
  EXPECT_THAT(message(in_order(4), "r2"), HasSubstr("there is no score 'r2' of a classification"));
  EXPECT_THAT(message(in_order(4), "roc_auc"), HasSubstr("expected two classes, gaussian_nb has learned 3"));
  EXPECT_THAT(message(in_order(4), "recall"),
              HasSubstr("recall: expected two classes, gaussian_nb has learned 3"));
  const std::vector<std::int64_t> two = fact_integers("two");
  std::vector<std::int64_t> zeros, ones;
  for (std::size_t i = 0; i < two.size(); ++i)
    (two[i] == 1 ? ones : zeros).push_back(static_cast<std::int64_t>(i));
  const std::vector<data::Split> one_class = {{{zeros[0], zeros[1], ones[0], ones[1]}, {ones[2], ones[3]}}};
  for (const char* name : {"average_precision", "roc_auc"})
    EXPECT_THAT(message_of([&] { cross_val_score(bayes_, x_, fact_classes("two"), one_class, name); }),
                HasSubstr("the rows are of one class only"));
  EXPECT_TRUE(is_of_second_class("recall") && !is_of_second_class("roc_auc") &&
              !is_of_second_class("f1_macro"));
  EXPECT_THAT(message({}, ""), HasSubstr("at least one split"));
  const std::vector<data::Split> wrong = {{{0, 1, 2, 80}, {3}}}, empty = {{{0, 1, 2}, {}}};
  EXPECT_THAT(message(wrong, ""), HasSubstr("the row 80, expected rows from 0 to 79"));
  EXPECT_THAT(message(empty, ""), HasSubstr("a part without rows"));
  const std::vector<std::int64_t> lengths = {61};
  EXPECT_THAT(message_of([&] { learning_curve(bayes_, x_, classes_, in_order(4), lengths); }),
              HasSubstr("a length is 61, expected from 1 to the 60 rows"));
  const std::vector<double> shares = {1.5};
  EXPECT_THAT(message_of([&] { training_lengths(in_order(4), shares); }), HasSubstr("expected above 0 to 1"));
  EXPECT_THAT(message_of([] { scorer("", Task::kClustering); }), HasSubstr("a clustering has no score"));
}

}  // namespace
}  // namespace tessera::learn
