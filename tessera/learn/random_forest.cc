#include "tessera/learn/random_forest.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/random.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

// How often each row is in the sample of a tree.
std::vector<std::uint32_t> sample(std::int64_t rows, std::int64_t tree, const ForestParameters& parameters) {
  if (!parameters.bootstrap) return {};
  const auto draws =
      std::max<std::int64_t>(1, std::llrint(parameters.max_samples * static_cast<double>(rows)));
  std::vector<std::int64_t> drawn(static_cast<std::size_t>(draws));
  const std::string name = "tree" + std::to_string(tree) + ".rows";
  numerics::fill_bounded(drawn.data(), draws, rows,
                         numerics::stream_key(static_cast<std::uint64_t>(parameters.seed), name), 0);
  std::vector<std::uint32_t> weights(static_cast<std::size_t>(rows));
  for (const std::int64_t row : drawn) {
    std::uint32_t& weight = weights[static_cast<std::size_t>(row)];
    weight = std::min(weight + 1, kMostWeight);
  }
  return weights;
}

std::int64_t square_root(std::int64_t n) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::sqrt(static_cast<double>(n))));
}

void visit_forest(ParameterVisitor& visitor, ForestParameters& parameters, bool classes) {
  visitor.integer("n_estimators", parameters.n_estimators, Bounds::between(1, 1'000'000), "How many trees.");
  if (classes) visit_class_criterion(visitor, parameters.criterion);
  parameters.limits.visit(visitor);
  visitor.integer("max_features", parameters.max_features, Bounds::at_least(0),
                  classes ? "Features drawn at each node; 0: the square root of their number."
                          : "Features drawn at each node; 0: all.");
  visitor.flag("bootstrap", parameters.bootstrap,
               "Each tree learns from rows drawn with replacement; false: from all.");
  visitor.real("max_samples", parameters.max_samples, {.least = 0, .most = 1, .least_excluded = true},
               "How many rows are drawn for a tree, as a share of all.");
  visitor.flag("oob_score", parameters.oob_score, "Score each row by the trees that have not seen it.");
  visitor.integer("seed", parameters.seed, Bounds::at_least(0), "What the draws depend on.");
}

void require_bags(std::string_view name, const ForestParameters& parameters) {
  if (parameters.oob_score && !parameters.bootstrap)
    fail("{}: oob_score needs bootstrap: without it every tree has seen every row", name);
}

}  // namespace

void Forest::grow(const Tensor& x, TreeTarget& target, const ForestParameters& parameters,
                  std::int64_t max_features, bool random_thresholds) {
  std::optional<CodedFeatures> ranks;
  std::optional<ValueColumns> values;
  if (random_thresholds)
    values.emplace(x);
  else
    ranks.emplace(x);
  if (parameters.criterion == Criterion::kEntropy) target.prepare_entropy(x.size(0));
  std::vector<GrownTree> grown(static_cast<std::size_t>(parameters.n_estimators));
  std::vector<std::vector<double>> shares(grown.size());
  parallel_for(parameters.n_estimators, [&](std::int64_t t) {
    TreeSettings settings =
        parameters.limits.settings(target.classes() > 0 ? parameters.criterion : Criterion::kSquaredError,
                                   max_features, parameters.seed);
    settings.tree = t;
    const std::vector<std::uint32_t> weights = sample(x.size(0), t, parameters);
    TreeResult result = random_thresholds ? grow_random_tree(*values, target, weights, settings)
                                          : grow_tree(*ranks, target, weights, settings);
    grown[static_cast<std::size_t>(t)] = std::move(result.tree);
    shares[static_cast<std::size_t>(t)] = normalised(std::move(result.importances));
  });
  trees_.assign(grown, target.width());
  std::vector<double> importances(static_cast<std::size_t>(x.size(1)));
  for (const std::vector<double>& of_tree : shares)
    for (std::size_t f = 0; f < importances.size(); ++f) importances[f] += of_tree[f];
  importances_ = Tensor::from(normalised(std::move(importances)), {x.size(1)});
}

Tensor Forest::average(const Tensor& x) const {
  return trees_.sum(x) / static_cast<double>(trees_.trees());
}

Forest::OutOfBag Forest::out_of_bag(const Tensor& x, const ForestParameters& parameters) const {
  const auto rows = static_cast<std::size_t>(x.size(0)), width = static_cast<std::size_t>(trees_.width());
  const double* const features = x.values<double>().data();
  std::vector<double> sums(rows * width);
  std::vector<std::int64_t> count(rows);
  for (std::int64_t t = 0; t < trees_.trees(); ++t) {
    const std::vector<std::uint32_t> weights = sample(x.size(0), t, parameters);
    for (std::size_t row = 0; row < rows; ++row) {
      if (weights[row] > 0) continue;
      const auto values = trees_.values_of(t, features + row * static_cast<std::size_t>(x.size(1)));
      for (std::size_t i = 0; i < width; ++i) sums[row * width + i] += values[i];
      ++count[row];
    }
  }
  OutOfBag result;
  for (std::size_t row = 0; row < rows; ++row) {
    if (count[row] == 0) continue;
    result.rows.push_back(static_cast<std::int64_t>(row));
    for (std::size_t i = 0; i < width; ++i)
      result.averages.push_back(sums[row * width + i] / static_cast<double>(count[row]));
  }
  return result;
}

void Forest::visit_state(StateVisitor& visitor) {
  trees_.visit_state(visitor);
  visitor.tensor("importances", importances_);
}

// ---- Classification ----

void ForestClassifier::visit_parameters(ParameterVisitor& visitor) {
  visit_forest(visitor, parameters_, true);
}

void ForestClassifier::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  require_bags(name(), parameters_);
  TreeTarget target = TreeTarget::of_classes(y, classes());
  const std::int64_t features =
      parameters_.max_features > 0 ? parameters_.max_features : square_root(x.size(1));
  forest_.grow(x, target, parameters_, features, random_thresholds_);
  oob_score_ = 0;
  if (!parameters_.oob_score) return;
  const Forest::OutOfBag out = forest_.out_of_bag(x, parameters_);
  if (out.rows.empty()) return;
  const auto rows = static_cast<std::int64_t>(out.rows.size());
  const Tensor found = argmax(Tensor::from(out.averages, {rows, classes()}), 1);
  oob_score_ =
      mean(cast(equal(found, gather(y, Tensor::from(out.rows, {rows}))), DType::kFloat64)).item<double>();
}

Tensor ForestClassifier::probabilities(const Tensor& x) const {
  return forest_.average(x);
}

void ForestClassifier::visit_learned(StateVisitor& visitor) {
  forest_.visit_state(visitor);
  visitor.real("oob_score", oob_score_);
}

// ---- Regression ----

void ForestRegressor::visit_parameters(ParameterVisitor& visitor) {
  visit_forest(visitor, parameters_, false);
}

void ForestRegressor::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  require_bags(name(), parameters_);
  TreeTarget target = TreeTarget::of_numbers(y);
  const std::int64_t features = parameters_.max_features > 0 ? parameters_.max_features : x.size(1);
  forest_.grow(x, target, parameters_, features, random_thresholds_);
  oob_score_ = 0;
  if (!parameters_.oob_score) return;
  const Forest::OutOfBag out = forest_.out_of_bag(x, parameters_);
  if (out.rows.empty()) return;
  const auto rows = static_cast<std::int64_t>(out.rows.size());
  const Tensor seen = gather(y, Tensor::from(out.rows, {rows}));
  const double rest = sum_squares(seen - Tensor::from(out.averages, {rows})).item<double>();
  const double all = sum_squares(seen - tessera::mean(seen)).item<double>();
  if (all > 0) oob_score_ = 1 - rest / all;
}

Tensor ForestRegressor::answer(const Tensor& x) const {
  return reshape(forest_.average(x), {-1});
}

void ForestRegressor::visit_learned(StateVisitor& visitor) {
  forest_.visit_state(visitor);
  visitor.real("oob_score", oob_score_);
}

// ---- What was read from a file ----

void Forest::check_restored(std::string_view owner, std::int64_t features, std::int64_t width) const {
  trees_.check_restored(owner, features, width);
  require_restored(owner, "importances", importances_, DType::kFloat64, {features});
}

void ForestClassifier::check_learned() const {
  forest_.check_restored(name(), features(), classes());
}

void ForestRegressor::check_learned() const {
  forest_.check_restored(name(), features(), 1);
}

}  // namespace tessera::learn
