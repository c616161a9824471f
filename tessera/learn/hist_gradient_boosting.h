// Gradient boosting on histograms: trees are added one after the other, each to the gradient of the loss at what the trees before it say.
// Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29 (2001); bins and leaf-wise growth as
// in LightGBM (boosted_tree.h, feature_bins.h). Names and defaults are those of scikit-learn's classes.
//
//   classification   log loss: one tree per iteration for two classes, one per class for more; starts from the classes' shares
//   regression       half the squared error; starts from the mean
//
// Features may be missing (NaN): such rows go to the better side at each node. With early stopping ("auto": above 10,000 rows) a share of the
// rows, drawn by counter and of classes in their proportion, is held back; when its loss has not improved by `tol` in
// n_iter_no_change iterations, learning ends. A limit of 0 means none.
//
// All sums of gradients over rows are sums of whole numbers (boosted_tree.h), so that threads cannot show. Gradients have at least 30 bits
// where scikit-learn's are float32; cuts are learned from all rows where it draws 200,000, and the places of quantiles are exact where it rounds shares of
// 100 % (a quantile that falls right between two values may become one of them). So both agree to about 1e-6 as long as no two divisions gain the same.
//
// The importance of a feature is the sum of the gains (boosted_tree.h) of its divisions in all trees, of all classes, as a share of that sum over
// the features: LightGBM's importance_type="gain" and XGBoost's "total_gain" ("gain" there is the mean of a division), scaled to add up to 1. It
// is measured on the rows that were learned from, so a feature of many values gets more than one of few that says as much.
//
// The observer is told the loss on the rows that are learned from ("loss") and held back ("validation_loss").
//
// Errors: those of estimator.h; a class without a row; too few rows to hold some back. Thread-safety: as estimator.h.
//
// ```cpp
// std::vector<double> x(200), y(200);
// for (std::size_t i = 0; i < 200; ++i) x[i] = double(i), y[i] = i < 100 ? 1.0 : 3.0;
// learn::HistGradientBoostingRegressor model({.max_iter = 50});
// model.fit(Tensor::from(x, {200, 1}), Tensor::from(y, {200}));
// assert(std::abs(model.predict(Tensor::from<double>({150}, {1, 1})).item<double>() - 3) < 0.01);
// ```
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tessera/learn/boosted_tree.h"
#include "tessera/learn/estimator.h"

namespace tessera::learn {

enum class EarlyStopping : std::uint8_t { kAuto, kTrue, kFalse };

struct BoostingParameters {
  double learning_rate = 0.1;
  std::int64_t max_iter = 100;
  std::int64_t max_leaf_nodes = 31;
  std::int64_t max_depth = 0;
  std::int64_t min_samples_leaf = 20;
  double l2_regularization = 0;
  std::int64_t max_bins = 255;
  EarlyStopping early_stopping = EarlyStopping::kAuto;
  double validation_fraction = 0.1;
  std::int64_t n_iter_no_change = 10;
  double tol = 1e-7;
  std::int64_t seed = 0;

  void visit(ParameterVisitor& visitor);
};

// What classification and regression share: the iterations. `y` holds classes as numbers.
class Boosting {
 public:
  // classes: 0 for numbers.
  void learn(std::string_view name, const Tensor& x, const std::vector<double>& y, std::int64_t classes,
             const BoostingParameters& parameters, StepObserver* observer);
  Tensor importances() const { return importances_; }
  Tensor raw(const Tensor& x) const;  // [N, outputs]: the number, the log odds, or a score per class
  std::int64_t outputs() const { return baseline_.size(0); }
  std::int64_t iterations() const { return trees_.trees() / outputs(); }
  void visit_state(StateVisitor& visitor);
  void check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const;

 private:
  Tensor baseline_;
  Tensor importances_;  // float64 [F]; none in a model that was saved before there were any
  TreeEnsemble trees_;
};

class HistGradientBoostingClassifier : public Classifier {
 public:
  explicit HistGradientBoostingClassifier(const BoostingParameters& parameters = {})
      : parameters_(parameters) {}
  std::string_view name() const override { return "hist_gradient_boosting_classifier"; }
  void visit_parameters(ParameterVisitor& visitor) override { parameters_.visit(visitor); }
  bool accepts_missing() const override { return true; }
  Tensor importances() const override { return boosting_.importances(); }
  // [F], sums to 1; 0 without a division.
  Tensor feature_importances() const { return boosting_.importances(); }
  std::int64_t iterations() const { return boosting_.iterations(); }
  bool has_decision_function() const override {
    return true;
  }  // log odds of class 1 of two, a score per class of more

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor probabilities(const Tensor& x) const override;
  Tensor decisions(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override { boosting_.visit_state(visitor); }
  void check_learned() const override;

 private:
  BoostingParameters parameters_;
  Boosting boosting_;
};

class HistGradientBoostingRegressor : public Regressor {
 public:
  explicit HistGradientBoostingRegressor(const BoostingParameters& parameters = {})
      : parameters_(parameters) {}
  std::string_view name() const override { return "hist_gradient_boosting_regressor"; }
  void visit_parameters(ParameterVisitor& visitor) override { parameters_.visit(visitor); }
  bool accepts_missing() const override { return true; }
  Tensor importances() const override { return boosting_.importances(); }
  Tensor feature_importances() const { return boosting_.importances(); }
  std::int64_t iterations() const { return boosting_.iterations(); }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override { boosting_.visit_state(visitor); }
  void check_learned() const override;

 private:
  BoostingParameters parameters_;
  Boosting boosting_;
};

}  // namespace tessera::learn
