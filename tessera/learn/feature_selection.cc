#include "tessera/learn/feature_selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/learn/class_target.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/reduce.h"
#include "tessera/stats/ranks.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kFunctions[] = {"f_classif", "f_regression", "chi2", "mutual_info_classif",
                                           "mutual_info_regression"};

Tensor list(const std::vector<double>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

// Finite numbers in the same order: scores are at least 0, NaN is lower than every number.
std::vector<double> comparable(std::vector<double> scores) {
  for (double& score : scores)
    score = std::isnan(score) ? -1 : std::min(score, std::numeric_limits<double>::max());
  return scores;
}

// 0 exactly of a constant; NaN without a value.
double variance_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto [least, most] = std::ranges::minmax(values);
  return least == most ? 0 : numerics::variance(std::span<const double>(values));
}

}  // namespace

// ---- All selections ----

void FeatureSelector::keep(const std::vector<bool>& marked) {
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < marked.size(); ++i)
    if (marked[i]) places.push_back(static_cast<std::int64_t>(i));
  if (places.empty())
    fail("{}: no feature of {} is left with these settings, expected at least one", name(), marked.size());
  kept_ = Tensor::from(places, {static_cast<std::int64_t>(places.size())});
}

Tensor FeatureSelector::transformed(const Tensor& x) const {
  return contiguous(transpose(gather(contiguous(transpose(x)), kept_)));
}

void FeatureSelector::visit_learned(StateVisitor& visitor) {
  visitor.tensor("kept", kept_);
}

void FeatureSelector::check_learned() const {
  require_restored(name(), "kept", kept_, DType::kInt64, {-1});
  require_below(name(), "kept", kept_, features());
  const auto places = kept_.values<std::int64_t>();
  for (std::size_t i = 1; i < places.size(); ++i)
    if (places[i] <= places[i - 1]) refuse_restored(name(), "'kept' is not ascending");
}

// ---- By variance ----

void VarianceThreshold::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("threshold", parameters_.threshold, Bounds::at_least(0),
               "Features with this variance or less are left out.");
}

void VarianceThreshold::learn(const Tensor& x, const Tensor&, StepObserver*) {
  std::vector<double> variances;
  std::vector<bool> marked;
  const Tensor columns = contiguous(transpose(x));
  for (std::int64_t f = 0; f < x.size(1); ++f) {
    variances.push_back(variance_of(columns.slice({f}).to_vector<double>()));
    marked.push_back(variances.back() > parameters_.threshold);
  }
  variances_ = list(variances);
  keep(marked);
}

void VarianceThreshold::visit_learned(StateVisitor& visitor) {
  FeatureSelector::visit_learned(visitor);
  visitor.tensor("variances", variances_);
}

void VarianceThreshold::check_learned() const {
  FeatureSelector::check_learned();
  require_restored(name(), "variances", variances_, DType::kFloat64, {features()});
}

// ---- By scores ----

void ScoreSelector::visit_function(ParameterVisitor& visitor) {
  visitor.choice("score_func", function_, kFunctions, "How much a feature says about the target.");
  visitor.integer("n_neighbors", mutual_information_.n_neighbors, Bounds::between(1, 1'000'000),
                  "Of mutual information: how many nearest neighbours.");
  std::int64_t seed = static_cast<std::int64_t>(mutual_information_.seed);
  visitor.integer("seed", seed, Bounds::at_least(0),
                  "Of mutual information: the noise that tells equal numbers apart.");
  mutual_information_.seed = static_cast<std::uint64_t>(seed);
}

void ScoreSelector::score(const Tensor& x, const Tensor& y) {
  const auto of = [&]() -> FeatureScores {
    require_target(name(), y);
    const bool numbers =
        function_ == ScoreFunction::kFRegression || function_ == ScoreFunction::kMutualInfoRegression;
    if (numbers) {
      const std::vector<double> target = y.to_vector<double>();
      return function_ == ScoreFunction::kFRegression
                 ? f_regression(x, target)
                 : mutual_info_regression(x, target, mutual_information_);
    }
    const std::vector<std::int64_t> labels = class_target(name(), y);
    if (function_ == ScoreFunction::kFClassif) return f_classif(x, labels);
    return function_ == ScoreFunction::kChi2 ? chi2(x, labels)
                                             : mutual_info_classif(x, labels, mutual_information_);
  };
  const FeatureScores found = of();
  scores_ = list(found.scores);
  p_values_ = found.p_values.empty() ? Tensor() : list(found.p_values);
}

bool ScoreSelector::has_p_values() const {
  return function_ != ScoreFunction::kMutualInfoClassif && function_ != ScoreFunction::kMutualInfoRegression;
}

void ScoreSelector::visit_learned(StateVisitor& visitor) {
  FeatureSelector::visit_learned(visitor);
  visitor.tensor("scores", scores_);
  if (has_p_values()) visitor.tensor("p_values", p_values_);
}

void ScoreSelector::check_learned() const {
  FeatureSelector::check_learned();
  require_restored(name(), "scores", scores_, DType::kFloat64, {features()});
  if (has_p_values()) require_restored(name(), "p_values", p_values_, DType::kFloat64, {features()});
}

void SelectKBest::visit_parameters(ParameterVisitor& visitor) {
  visit_function(visitor);
  visitor.integer("k", k_, Bounds::between(1, 1'000'000'000), "How many features are kept.");
}

void SelectKBest::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  score(x, y);
  const std::vector<double> values = comparable(scores().to_vector<double>());
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t feature) { return values[feature]; });
  std::vector<bool> marked(values.size());
  const std::size_t wanted = std::min(static_cast<std::size_t>(k_), values.size());
  for (std::size_t i = values.size() - wanted; i < values.size(); ++i) marked[order[i]] = true;
  keep(marked);
}

void SelectPercentile::visit_parameters(ParameterVisitor& visitor) {
  visit_function(visitor);
  visitor.real("percentile", percentile_, Bounds::between(0, 100),
               "The share of the features that is kept, in per cent.");
}

void SelectPercentile::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  score(x, y);
  const std::vector<double> values = comparable(scores().to_vector<double>());
  if (percentile_ == 100) return keep(std::vector<bool>(values.size(), true));
  const double threshold = stats::quantile(values, (100 - percentile_) / 100);
  std::vector<bool> marked;
  for (const double value : values) marked.push_back(value > threshold);
  const auto share = static_cast<std::int64_t>(static_cast<double>(values.size()) * percentile_ / 100);
  std::int64_t places = share - std::ranges::count(marked, true);
  for (std::size_t i = 0; i < values.size() && places > 0; ++i)
    if (values[i] == threshold) marked[i] = true, --places;
  keep(marked);
}

}  // namespace tessera::learn
