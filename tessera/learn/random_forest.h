// Forests: many decision trees (decision_tree.h), each grown a little differently, whose answers are averaged.
//
//   random forest           each tree learns from a bootstrap sample of the rows and tries a few drawn features at each node. Breiman,
//                           "Random forests", Machine Learning 45 (2001).
//   extremely randomised    each tree learns from all rows, and at each node the best of one uniform threshold per drawn feature is
//   trees                   taken. Geurts, Ernst, Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).
//
// Names and defaults are those of scikit-learn's classes; max_features = 0 means the square root of their number for classes and all of
// them for numbers. Draws go by counter (seed, number of the tree, number of the node): not scikit-learn's draws, so forests agree in quality, not tree by tree. Trees
// are grown beside each other, and come out the same on any number of threads.
//
// With `oob_score` each row is predicted by the trees that have not seen it: accuracy or R^2 of that, over rows that some tree has not seen.
//
// Errors: those of estimator.h; oob_score without bootstrap. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 3, 10, 11, 12, 13}, {8, 1});
// const Tensor y = Tensor::from<std::int64_t>({0, 0, 0, 0, 1, 1, 1, 1}, {8});
// learn::RandomForestClassifier model({.n_estimators = 20});
// model.fit(x, y);
// assert(model.predict(Tensor::from<double>({-5, 20}, {2, 1})).to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 1}));
// ```
#pragma once

#include "tessera/learn/decision_tree.h"

namespace tessera::learn {

struct ForestParameters {
  std::int64_t n_estimators = 100;
  Criterion criterion = Criterion::kGini;  // of classes; numbers have the squared error
  TreeLimits limits = {};
  std::int64_t max_features = 0;
  bool bootstrap = true;
  double max_samples = 1;  // rows drawn per tree, as a share
  bool oob_score = false;
  std::int64_t seed = 0;
};

// What was grown, and how rows are drawn for it.
class Forest {
 public:
  void grow(const Tensor& x, TreeTarget& target, const ForestParameters& parameters,
            std::int64_t max_features, bool random_thresholds);
  Tensor average(const Tensor& x) const;  // [N, width]
  struct OutOfBag {
    std::vector<std::int64_t> rows;  // that some tree has not seen
    std::vector<double> averages;    // [rows, width]
  };
  OutOfBag out_of_bag(const Tensor& x, const ForestParameters& parameters) const;
  std::int64_t trees() const { return trees_.trees(); }
  const TreeEnsemble& ensemble() const { return trees_; }
  Tensor importances() const { return importances_; }
  void visit_state(StateVisitor& visitor);
  void check_restored(std::string_view owner, std::int64_t features, std::int64_t width) const;

 private:
  TreeEnsemble trees_;
  Tensor importances_;
};

class ForestClassifier : public Classifier {
 public:
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return true; }
  Tensor importances() const override { return forest_.importances(); }
  std::int64_t trees() const { return forest_.trees(); }
  Tensor feature_importances() const { return forest_.importances(); }  // [F], sums to 1
  double oob_score() const { return oob_score_; }                       // 0 unless it was asked for

 protected:
  ForestClassifier(const ForestParameters& parameters, bool random_thresholds)
      : parameters_(parameters), random_thresholds_(random_thresholds) {}
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor probabilities(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  ForestParameters parameters_;
  bool random_thresholds_;
  Forest forest_;
  double oob_score_ = 0;
};

class ForestRegressor : public Regressor {
 public:
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return true; }
  Tensor importances() const override { return forest_.importances(); }
  std::int64_t trees() const { return forest_.trees(); }
  Tensor feature_importances() const { return forest_.importances(); }
  double oob_score() const { return oob_score_; }

 protected:
  ForestRegressor(const ForestParameters& parameters, bool random_thresholds)
      : parameters_(parameters), random_thresholds_(random_thresholds) {}
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  ForestParameters parameters_;
  bool random_thresholds_;
  Forest forest_;
  double oob_score_ = 0;
};

class RandomForestClassifier : public ForestClassifier {
 public:
  explicit RandomForestClassifier(const ForestParameters& parameters = {})
      : ForestClassifier(parameters, false) {}
  std::string_view name() const override { return "random_forest_classifier"; }
};

class RandomForestRegressor : public ForestRegressor {
 public:
  explicit RandomForestRegressor(const ForestParameters& parameters = {})
      : ForestRegressor(parameters, false) {}
  std::string_view name() const override { return "random_forest_regressor"; }
};

class ExtraTreesClassifier : public ForestClassifier {
 public:
  explicit ExtraTreesClassifier(const ForestParameters& parameters = {.bootstrap = false})
      : ForestClassifier(parameters, true) {}
  std::string_view name() const override { return "extra_trees_classifier"; }
};

class ExtraTreesRegressor : public ForestRegressor {
 public:
  explicit ExtraTreesRegressor(const ForestParameters& parameters = {.bootstrap = false})
      : ForestRegressor(parameters, true) {}
  std::string_view name() const override { return "extra_trees_regressor"; }
};

}  // namespace tessera::learn
