// Selection of the features that a model leans on: an estimator learns from all features, and those stay to which it gives enough weight (Estimator::importances: the decrease
// of impurity of trees and forests, the gains of gradient boosting, the absolute coefficients of linear models). scikit-learn's SelectFromModel.
//
// `estimator` names a classifier or regressor; its settings stand under "estimator__". `threshold` is "mean", "median", a multiple of one ("1.25*mean"), a number, or "auto": 1e-5
// where the model itself sets coefficients to 0 (lasso, or penalty l1), otherwise the mean. Features at the threshold stay. With `max_features` above 0 at most so many stay,
// the most important ones, of equal ones the first; with threshold "none" exactly so many.
//
// Errors: an estimator without importances; those of the estimator; a threshold that no feature reaches. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 5, 1, 7, 9, 6, 8, 5}, {4, 2});
// learn::SelectFromModel model;
// learn::set_parameter(model, "estimator", "decision_tree_classifier");
// model.fit(x, Tensor::from<std::int64_t>({0, 0, 1, 1}, {4}));
// assert(model.support().to_vector<std::int64_t>() == std::vector<std::int64_t>{0});
// ```
#pragma once

#include <string>

#include "tessera/learn/feature_selection.h"
#include "tessera/learn/named_estimator.h"

namespace tessera::learn {

class SelectFromModel : public FeatureSelector {
 public:
  std::string_view name() const override { return "select_from_model"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return estimator_.prototype().accepts_missing(); }
  Tensor importances() const override { return importances_; }  // [F], of the model

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  double threshold_value() const;

  NamedEstimator estimator_{"random_forest_classifier"};
  std::string threshold_ = "auto";
  std::int64_t max_features_ = 0;
  Tensor importances_;
};

}  // namespace tessera::learn
