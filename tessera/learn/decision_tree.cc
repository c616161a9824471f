#include "tessera/learn/decision_tree.h"

#include <array>

#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::array<std::string_view, 2> kClassCriteria = {"gini", "entropy"};

void visit_drawing(ParameterVisitor& visitor, std::int64_t& max_features, std::int64_t& seed) {
  visitor.integer("max_features", max_features, Bounds::at_least(0),
                  "Features that are drawn and tried at each node; 0: all.");
  visitor.integer("seed", seed, Bounds::at_least(0), "What the draws depend on.");
}

void keep(TreeResult&& result, std::int64_t width, TreeEnsemble& trees, Tensor& importances,
          Tensor& leaf_rows) {
  trees.assign({result.tree}, width);
  const std::vector<double> shares = normalised(std::move(result.importances));
  importances = Tensor::from(shares, {static_cast<std::int64_t>(shares.size())});
  leaf_rows = Tensor::from(result.leaf_rows, {static_cast<std::int64_t>(result.leaf_rows.size())});
}

void visit_tree(StateVisitor& visitor, TreeEnsemble& trees, Tensor& importances, Tensor& leaf_rows) {
  trees.visit_state(visitor);
  visitor.tensor("importances", importances);
  visitor.tensor("leaf_rows", leaf_rows);
}

}  // namespace

void TreeLimits::visit(ParameterVisitor& visitor) {
  visitor.integer("max_depth", max_depth, Bounds::at_least(0), "Most divisions above a leaf; 0: no limit.");
  visitor.integer("min_samples_split", min_samples_split, Bounds::at_least(2),
                  "Rows that a node has at least to be divided.");
  visitor.integer("min_samples_leaf", min_samples_leaf, Bounds::at_least(1),
                  "Rows that a leaf has at least.");
  visitor.integer("max_leaf_nodes", max_leaf_nodes, Bounds::at_least(0),
                  "Most leaves, the best division made first; 0: no limit.");
}

TreeSettings TreeLimits::settings(Criterion criterion, std::int64_t max_features, std::int64_t seed) const {
  TreeSettings settings;
  settings.criterion = criterion;
  settings.max_depth = max_depth;
  settings.min_samples_split = min_samples_split;
  settings.min_samples_leaf = min_samples_leaf;
  settings.max_leaf_nodes = max_leaf_nodes;
  settings.max_features = max_features;
  settings.seed = static_cast<std::uint64_t>(seed);
  return settings;
}

void visit_class_criterion(ParameterVisitor& visitor, Criterion& criterion) {
  visitor.choice("criterion", criterion, kClassCriteria, "How mixed the classes of a node are.");
}

std::vector<double> normalised(std::vector<double> importances) {
  double all = 0;
  for (const double importance : importances) all += importance;
  if (all > 0)
    for (double& importance : importances) importance /= all;
  return importances;
}

// ---- Classification ----

void DecisionTreeClassifier::visit_parameters(ParameterVisitor& visitor) {
  visit_class_criterion(visitor, parameters_.criterion);
  parameters_.limits.visit(visitor);
  visit_drawing(visitor, parameters_.max_features, parameters_.seed);
}

void DecisionTreeClassifier::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const CodedFeatures coded(x);
  TreeTarget target = TreeTarget::of_classes(y, classes());
  if (parameters_.criterion == Criterion::kEntropy) target.prepare_entropy(x.size(0));
  keep(grow_tree(
           coded, target, {},
           parameters_.limits.settings(parameters_.criterion, parameters_.max_features, parameters_.seed)),
       classes(), trees_, importances_, leaf_rows_);
}

Tensor DecisionTreeClassifier::probabilities(const Tensor& x) const {
  return trees_.sum(x);
}

Tensor DecisionTreeClassifier::apply(const Tensor& features) const {
  require_fitted();
  return reshape(trees_.leaf_numbers(checked_features(features, false)), {-1});
}

void DecisionTreeClassifier::visit_learned(StateVisitor& visitor) {
  visit_tree(visitor, trees_, importances_, leaf_rows_);
}

// ---- Regression ----

void DecisionTreeRegressor::visit_parameters(ParameterVisitor& visitor) {
  parameters_.limits.visit(visitor);
  visit_drawing(visitor, parameters_.max_features, parameters_.seed);
}

void DecisionTreeRegressor::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const CodedFeatures coded(x);
  const TreeTarget target = TreeTarget::of_numbers(y);
  keep(grow_tree(
           coded, target, {},
           parameters_.limits.settings(Criterion::kSquaredError, parameters_.max_features, parameters_.seed)),
       1, trees_, importances_, leaf_rows_);
}

Tensor DecisionTreeRegressor::answer(const Tensor& x) const {
  return reshape(trees_.sum(x), {-1});
}

Tensor DecisionTreeRegressor::apply(const Tensor& features) const {
  require_fitted();
  return reshape(trees_.leaf_numbers(checked_features(features, false)), {-1});
}

void DecisionTreeRegressor::visit_learned(StateVisitor& visitor) {
  visit_tree(visitor, trees_, importances_, leaf_rows_);
}

// ---- What was read from a file ----

namespace {

void check_tree(std::string_view owner, const TreeEnsemble& trees, std::int64_t features, std::int64_t width,
                const Tensor& importances, const Tensor& leaf_rows) {
  trees.check_restored(owner, features, width);
  if (trees.trees() != 1) refuse_restored(owner, "it is not one tree");
  require_restored(owner, "importances", importances, DType::kFloat64, {features});
  require_restored(owner, "leaf_rows", leaf_rows, DType::kInt64, {trees.leaves(0)});
}

}  // namespace

void DecisionTreeClassifier::check_learned() const {
  check_tree(name(), trees_, features(), classes(), importances_, leaf_rows_);
}

void DecisionTreeRegressor::check_learned() const {
  check_tree(name(), trees_, features(), 1, importances_, leaf_rows_);
}

}  // namespace tessera::learn
