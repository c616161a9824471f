// Decision trees: a row goes left or right at each node by one of its features, and the leaf that it reaches says the answer. Breiman,
// Friedman, Olshen, Stone, "Classification and Regression Trees" (1984). How they are grown: tree_growth.h. Names, defaults and
// formulas are those of scikit-learn's classes.
//
// Features may be missing (NaN): at every node such rows go together to the better side; at a node that has seen none, to the side of more rows.
// Where two divisions are equally good, the one with the lower feature and the lower threshold is taken. (scikit-learn draws the order of the features, so that
// its trees differ from seed to seed on such data; it also rounds features to float32, never parts values that are within 1e-7 of each other, whatever their scale,
// and takes a node with an impurity below 2.2e-16 as pure.) A limit of 0 means none.
//
// Errors: those of estimator.h. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2});
// learn::DecisionTreeClassifier model;
// model.fit(x, Tensor::from<std::int64_t>({0, 1, 1, 0}, {4}));  // exclusive or
// assert(model.leaves() == 4 && model.depth() == 2);
// assert(model.predict(x).to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 1, 1, 0}));
// ```
#pragma once

#include <span>

#include "tessera/learn/estimator.h"
#include "tessera/learn/tree_ensemble.h"
#include "tessera/learn/tree_growth.h"

namespace tessera::learn {

// What trees and forests have in common.
struct TreeLimits {
  std::int64_t max_depth = 0;
  std::int64_t min_samples_split = 2;
  std::int64_t min_samples_leaf = 1;
  std::int64_t max_leaf_nodes = 0;

  void visit(ParameterVisitor& visitor);
  TreeSettings settings(Criterion criterion, std::int64_t max_features, std::int64_t seed) const;
};
void visit_class_criterion(ParameterVisitor& visitor, Criterion& criterion);
// Scales importances to a sum of 1; all 0 if there was no division.
std::vector<double> normalised(std::vector<double> importances);

class DecisionTreeClassifier : public Classifier {
 public:
  struct Parameters {
    Criterion criterion = Criterion::kGini;
    TreeLimits limits = {};
    std::int64_t max_features = 0;
    std::int64_t seed = 0;
  };
  DecisionTreeClassifier() = default;
  explicit DecisionTreeClassifier(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "decision_tree_classifier"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return true; }
  Tensor importances() const override { return importances_; }

  std::int64_t depth() const { return trees_.depth(0); }
  std::int64_t leaves() const { return trees_.leaves(0); }
  Tensor leaf_rows() const { return leaf_rows_; }  // int64 [leaves]: rows that were learned from
  Tensor apply(const Tensor& features) const;      // int64 [N]: the number of the leaf
  Tensor feature_importances() const {
    return importances_;
  }  // [F], sums to 1: share of the decrease of impurity

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor probabilities(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  TreeEnsemble trees_;
  Tensor importances_, leaf_rows_;
};

class DecisionTreeRegressor : public Regressor {
 public:
  struct Parameters {
    TreeLimits limits = {};
    std::int64_t max_features = 0;
    std::int64_t seed = 0;
  };
  DecisionTreeRegressor() = default;
  explicit DecisionTreeRegressor(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "decision_tree_regressor"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return true; }
  Tensor importances() const override { return importances_; }

  std::int64_t depth() const { return trees_.depth(0); }
  std::int64_t leaves() const { return trees_.leaves(0); }
  Tensor leaf_rows() const { return leaf_rows_; }
  Tensor apply(const Tensor& features) const;
  Tensor feature_importances() const { return importances_; }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  TreeEnsemble trees_;
  Tensor importances_, leaf_rows_;
};

}  // namespace tessera::learn
