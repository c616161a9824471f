// Bagging of any estimator: many copies of one, each of which learns from a sample of the rows (and, if wanted, of the features), answer together
// by their mean. Breiman, "Bagging predictors", Machine Learning 24 (1996); Ho, "The random subspace method" (1998), for features.
//
// `estimator` names any classifier or regressor of estimators.h; its settings are those of the bag with "estimator__" before them. The copies differ in the
// rows that they get and, where they have one, in their seed; all of it is drawn by counter. Names and defaults are those of scikit-learn's classes.
// Copies of a classifier whose sample lacks a class give it the probability 0; a sample of one class only is drawn anew.
// Copies that know no probabilities (support vector machines) have one vote each.
//
// Errors: those of estimator.h and of the estimator that is bagged; a hundred samples in a row with one class only. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 3, 10, 11, 12, 13}, {8, 1});
// const Tensor y = Tensor::from<std::int64_t>({0, 0, 0, 0, 1, 1, 1, 1}, {8});
// learn::BaggingClassifier model;
// learn::set_parameter(model, "estimator", "gaussian_nb");
// learn::set_parameter(model, "estimator__var_smoothing", "0.1");
// model.fit(x, y);
// assert(model.score(x, y) == 1 && model.members() == 10);
// ```
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::learn {

struct BaggingParameters {
  std::string estimator = {};  // "": a decision tree
  std::int64_t n_estimators = 10;
  double max_samples = 1;   // share of the rows that are drawn
  double max_features = 1;  // share of the features, drawn without replacement
  bool bootstrap = true;    // rows are drawn with replacement
  std::int64_t seed = 0;
};

// What both kinds of bags share: the copies, and what each of them gets to see.
class Bag {
 public:
  Bag(Task task, const BaggingParameters& parameters) : task_(task), parameters_(parameters) {}

  Estimator& prototype() const;
  void visit_parameters(ParameterVisitor& visitor);
  void learn(std::string_view name, const Tensor& x, const Tensor& y);
  // The mean over the copies: [N, classes] of probabilities, [N, 1] of numbers (classes = 0).
  Tensor mean_answer(const Tensor& x, std::int64_t classes) const;
  std::int64_t members() const { return static_cast<std::int64_t>(members_.size()); }
  Estimator& member(std::int64_t number) const { return *members_[static_cast<std::size_t>(number)]; }
  void visit_state(StateVisitor& visitor);
  void check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const;

 private:
  void make_members();
  Tensor columns(std::int64_t member, const Tensor& x) const;
  Tensor rows(std::int64_t member, std::int64_t count, std::uint32_t attempt) const;
  Tensor sample(std::string_view name, std::int64_t member, const Tensor& y);  // rows of two classes at least

  Task task_;
  BaggingParameters parameters_;
  mutable std::unique_ptr<Estimator> prototype_;  // made when first asked for
  std::vector<std::unique_ptr<Estimator>> members_;
  std::vector<Tensor> classes_;  // of each copy: the classes of its sample, ascending
};

class BaggingClassifier : public Classifier {
 public:
  explicit BaggingClassifier(const BaggingParameters& parameters = {})
      : bag_(Task::kClassification, parameters) {}
  std::string_view name() const override { return "bagging_classifier"; }
  void visit_parameters(ParameterVisitor& visitor) override { bag_.visit_parameters(visitor); }
  bool accepts_missing() const override { return bag_.prototype().accepts_missing(); }
  std::int64_t members() const { return bag_.members(); }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver*) override { bag_.learn(name(), x, y); }
  Tensor probabilities(const Tensor& x) const override { return bag_.mean_answer(x, classes()); }
  void visit_learned(StateVisitor& visitor) override { bag_.visit_state(visitor); }
  void check_learned() const override { bag_.check_restored(name(), features(), classes()); }

 private:
  Bag bag_;
};

class BaggingRegressor : public Regressor {
 public:
  explicit BaggingRegressor(const BaggingParameters& parameters = {}) : bag_(Task::kRegression, parameters) {}
  std::string_view name() const override { return "bagging_regressor"; }
  void visit_parameters(ParameterVisitor& visitor) override { bag_.visit_parameters(visitor); }
  bool accepts_missing() const override { return bag_.prototype().accepts_missing(); }
  std::int64_t members() const { return bag_.members(); }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver*) override { bag_.learn(name(), x, y); }
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override { bag_.visit_state(visitor); }
  void check_learned() const override { bag_.check_restored(name(), features(), classes()); }

 private:
  Bag bag_;
};

}  // namespace tessera::learn
