// Exhaustive selection of features: every subset is tried by cross-validation, and the best one stays. With few features nothing is overlooked, as a step-by-step search may.
//
// `estimator` names a classifier or regressor; its settings stand under "estimator__". The subsets are those of subsets.h, in mask order, with `min_features` to `max_features`
// (0: all) features; each has the mean score over `cv` folds (stratified for classes, shuffled by `seed`: all subsets are judged on the same folds). Of equal scores
// the subset with fewer features is taken, then the smaller mask. F features mean up to 2^F - 1 subsets with cv fits each, so F is at most `most_features` (20).
//
// Within a pipeline or a fit the subsets are tried on the training rows only. Errors: more features than that; no subset of such a size; those of the estimator. Thread-safety: as
// estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 5, 1, 7, 2, 2, 9, 6, 8, 5, 7, 3}, {6, 2});
// learn::ExhaustiveSelection selection;
// learn::set_parameter(selection, "cv", "3");
// selection.fit(x, Tensor::from<std::int64_t>({0, 0, 0, 1, 1, 1}, {6}));
// assert(selection.support().to_vector<std::int64_t>() == std::vector<std::int64_t>{0});
// assert(selection.masks().size(0) == 3 && selection.scores().at<double>({0}) == 1);
// ```
#pragma once

#include "tessera/learn/feature_selection.h"
#include "tessera/learn/named_estimator.h"

namespace tessera::learn {

class ExhaustiveSelection : public FeatureSelector {
 public:
  std::string_view name() const override { return "exhaustive_selection"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return estimator_.prototype().accepts_missing(); }
  Tensor masks() const { return masks_; }    // int64 [tried]
  Tensor scores() const { return scores_; }  // float64 [tried]: the mean over the folds

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  std::vector<std::int64_t> wanted_masks(std::int64_t features) const;

  NamedEstimator estimator_{"gaussian_nb"};
  std::string scoring_;
  std::int64_t min_features_ = 1, max_features_ = 0, cv_ = 5, seed_ = 0;
  Tensor masks_, scores_;
};

}  // namespace tessera::learn
