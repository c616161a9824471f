// Selection of features: transformers that keep some of the features as they are and leave the others out.
//
//   variance_threshold   keeps the features whose variance over the training rows is above `threshold`; 0 leaves out those that are constant. Missing values do not count
//   select_k_best        the k features with the highest scores; of equal scores the later ones, as scikit-learn does. All, where there are not more than k
//   select_percentile    those whose score is above that percentile of all scores, and of those that are equal to it the first, up to the share
//
// `score_func` names a function of feature_scores.h; those of classes want a target of whole numbers from 0 on. A score that is NaN is lower than all others.
// select_from_model.h selects by what a fitted model makes of the features, exhaustive_selection.h tries all subsets. Names, defaults and
// semantics are scikit-learn's.
//
// Errors: those of estimator.h and feature_scores.h; no target; a selection that keeps nothing. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 5, 3, 1, 7, 3, 9, 6, 3, 8, 5, 3}, {4, 3});
// const Tensor y = Tensor::from<std::int64_t>({0, 0, 1, 1}, {4});
// learn::SelectKBest best({.k = 1});
// assert(best.fit_transform(x, y).to_vector<double>() == (std::vector<double>{0, 1, 9, 8}));
// learn::VarianceThreshold varying;
// varying.fit(x);
// assert(varying.support().to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 1}));
// ```
#pragma once

#include <vector>

#include "tessera/learn/estimator.h"
#include "tessera/learn/feature_scores.h"

namespace tessera::learn {

// What all selections share.
class FeatureSelector : public Transformer {
 public:
  Tensor support() const { return kept_; }  // int64 [kept], ascending: which features stay

 protected:
  // Those that are marked; refuses if there is none.
  void keep(const std::vector<bool>& marked);
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Tensor kept_;
};

class VarianceThreshold : public FeatureSelector {
 public:
  struct Parameters {
    double threshold = 0;
  };
  VarianceThreshold() = default;
  explicit VarianceThreshold(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "variance_threshold"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return true; }
  Tensor variances() const { return variances_; }  // [F]

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Tensor variances_;
};

enum class ScoreFunction { kFClassif, kFRegression, kChi2, kMutualInfoClassif, kMutualInfoRegression };

class ScoreSelector : public FeatureSelector {
 public:
  Tensor scores() const { return scores_; }      // [F]
  Tensor p_values() const { return p_values_; }  // [F]; no tensor of mutual information

 protected:
  void visit_function(ParameterVisitor& visitor);
  void score(const Tensor& x, const Tensor& y);
  bool has_p_values() const;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

  ScoreFunction function_ = ScoreFunction::kFClassif;

 private:
  MutualInformationSettings mutual_information_;
  Tensor scores_, p_values_;
};

class SelectKBest : public ScoreSelector {
 public:
  struct Parameters {
    ScoreFunction score_func = ScoreFunction::kFClassif;
    std::int64_t k = 10;
  };
  SelectKBest() = default;
  explicit SelectKBest(const Parameters& parameters) : k_(parameters.k) { function_ = parameters.score_func; }
  std::string_view name() const override { return "select_k_best"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  std::int64_t k_ = 10;
};

class SelectPercentile : public ScoreSelector {
 public:
  struct Parameters {
    ScoreFunction score_func = ScoreFunction::kFClassif;
    double percentile = 10;
  };
  SelectPercentile() = default;
  explicit SelectPercentile(const Parameters& parameters) : percentile_(parameters.percentile) {
    function_ = parameters.score_func;
  }
  std::string_view name() const override { return "select_percentile"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  double percentile_ = 10;
};

}  // namespace tessera::learn
