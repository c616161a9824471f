// Estimators: what learns from a table of numbers in one call, with scikit-learn's names and meaning.
//
// fit() checks what it is given and calls the method; predict() gives a class, a number or a cluster for each row. Features are float64
// [N, F]; other types are converted. A target is int64 [N] in [0, classes) for a classifier, float64 [N] for a regressor, and nothing for what
// learns without one. The bits of what is learned depend on features, target and settings alone: not on threads, vector
// width, backend or compiler. What draws random numbers has the setting `seed` and draws by counter.
//
// An estimator is Stateful: its settings (parameters.h) and its state are all that a saved model holds, and a model that was
// restored predicts the same bits elsewhere. A prediction does not depend on the rows beside it.
//
// A new estimator is one header, one source, one row in the table of estimators.cc; `tessera fit NAME`, the tests of every estimator
// (every_estimator_test.cc) and its page of documentation come from them.
//
// Errors: an Error that names the estimator: shapes that do not fit, a missing value or infinity (with its row and column) where the
// method cannot do with them, one class only, too few rows, predict() before fit(). Thread-safety: constant functions may
// be called from several threads; fit() from one.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 10, 11, 12}, {6, 1});
// const Tensor y = Tensor::from<std::int64_t>({0, 0, 0, 1, 1, 1}, {6});
// learn::KNeighborsClassifier model({.n_neighbors = 3});
// model.fit(x, y);
// assert(model.predict(Tensor::from<double>({1.5, 9}, {2, 1})).to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 1}));
// assert(model.score(x, y) == 1);
// ```
#pragma once

#include <cstdint>
#include <string_view>

#include "tessera/learn/parameters.h"
#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

enum class Task : std::uint8_t { kClassification, kRegression, kClustering, kTransformation };
std::string_view task_name(Task task);  // "classification"

class Estimator : public Stateful {
 public:
  virtual std::string_view name() const = 0;  // "k_neighbors_classifier": scikit-learn's, in lower case
  virtual Task task() const = 0;
  virtual void visit_parameters(ParameterVisitor& visitor) = 0;
  virtual bool accepts_missing() const { return false; }         // NaN among the features
  virtual bool accepts_negative_target() const { return true; }  // false: what is predicted is a count
  // float64 [F], at least 0: how much what was learned depends on each feature, such as the decrease of impurity of a tree, or the absolute
  // coefficients of a linear model, added over the classes. No tensor where the method has no such number.
  virtual Tensor importances() const { return {}; }

  // Forgets what was learned before. The observer is told of each iteration of a method that iterates, and may stop it.
  void fit(const Tensor& features, const Tensor& target = {}, StepObserver* observer = nullptr);
  bool fitted() const { return features_ > 0; }
  std::int64_t features() const { return features_; }  // F
  std::int64_t classes() const { return classes_; }    // of a classifier; 0 otherwise

  // int64 [N] of a classifier or a clustering, float64 [N] of a regression.
  Tensor predict(const Tensor& features) const;
  // Accuracy of a classification, R^2 of a regression (1 is perfect, 0 is as good as the mean).
  double score(const Tensor& features, const Tensor& target) const;

  void visit_state(StateVisitor& visitor) final;
  // After a state that somebody else may have written was put in place, and before it is used: throws Error unless it can be what this method
  // learns with these settings.
  void check_restored() const;

 protected:
  virtual void learn(const Tensor& x, const Tensor& y, StepObserver* observer) = 0;
  virtual Tensor answer(const Tensor& x) const = 0;
  virtual void visit_learned(StateVisitor& visitor) = 0;
  virtual void check_learned() const = 0;  // with restored.h

  // float64, contiguous, [N, F] with N >= 1, F as learned (any before), finite unless accepts_missing().
  Tensor checked_features(const Tensor& features, bool learning) const;
  // int64 [N] of a classifier, else float64 [N]; no tensor where there is none.
  Tensor checked_target(const Tensor& target, std::int64_t rows) const;
  void require_fitted() const;

 private:
  std::int64_t features_ = 0, classes_ = 0;
};

class Classifier : public Estimator {
 public:
  Task task() const final { return Task::kClassification; }
  // A method may say which class a row is of without saying how probable that is (support vector machines): then it has a decision function, and
  // calibrated_classifier.h makes probabilities of it.
  virtual bool has_probabilities() const { return true; }
  virtual bool has_decision_function() const { return false; }
  // float64 [N, classes], rows sum to 1 up to rounding. An Error unless has_probabilities().
  Tensor predict_proba(const Tensor& features) const;
  // How far a row is on a class's side, in the method's own units. float64 [N] for two classes: above 0 is class 1; otherwise [N, classes]: the largest
  // is the class. An Error unless has_decision_function().
  Tensor decision_function(const Tensor& features) const;

 protected:
  virtual Tensor probabilities(const Tensor& x) const;  // of those that have them
  virtual Tensor decisions(const Tensor& x) const;      // of those that have them
  // The most probable class, or the one that is decided for; of equal ones the first.
  Tensor answer(const Tensor& x) const override;
};

class Regressor : public Estimator {
 public:
  Task task() const final { return Task::kRegression; }
};

class Clusterer : public Estimator {
 public:
  Task task() const final { return Task::kClustering; }
};

// Gives other features for the same rows.
class Transformer : public Estimator {
 public:
  Task task() const final { return Task::kTransformation; }
  Tensor transform(const Tensor& features) const;  // float64 [N, components]
  // fit(), then what the training rows become: what transform() makes of them, unless a row's own target would show in it (encoders). Then each
  // row is transformed without its own target, and what learns from these rows cannot learn what it will not see later.
  Tensor fit_transform(const Tensor& features, const Tensor& target = {}, StepObserver* observer = nullptr);
  // The second half of that, of the rows and the target that fit() was given.
  Tensor transform_training(const Tensor& features, const Tensor& target = {}) const;

 protected:
  Tensor answer(const Tensor& x) const override;  // refuses: a transformer does not predict
  virtual Tensor transformed(const Tensor& x) const = 0;
  virtual Tensor transformed_training(const Tensor& x, const Tensor&) const { return transformed(x); }
};

}  // namespace tessera::learn
