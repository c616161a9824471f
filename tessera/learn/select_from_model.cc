#include "tessera/learn/select_from_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/reduce.h"
#include "tessera/stats/ranks.h"

namespace tessera::learn {

namespace {

constexpr double kOfSparseModels = 1e-5;

// "1.25*mean" in its parts.
struct Threshold {
  double number = 0;
  std::string of;  // "mean", "median", "" for a number alone, "auto", "none"
};

Threshold parsed(const std::string& text) {
  const auto refuse = [&]() -> Threshold {
    fail_with(
        ExitCode::kUsage,
        "select_from_model: threshold: expected \"auto\", \"none\", \"mean\", \"median\", a multiple of "
        "one such as \"1.25*mean\", or a number, found '{}'",
        text);
  };
  if (text == "auto" || text == "none" || text == "mean" || text == "median") return {1, text};
  const std::size_t star = text.find('*');
  const auto number = data::parse_real(text.substr(0, star));
  if (!number || !std::isfinite(*number)) return refuse();
  if (star == std::string::npos) return {*number, ""};
  const std::string of = text.substr(star + 1);
  return of == "mean" || of == "median" ? Threshold{*number, of} : refuse();
}

// Does it set coefficients to 0 by itself?
bool is_sparse(Estimator& estimator) {
  if (estimator.name() == "lasso") return true;
  const std::string_view sparse = estimator.name() == "elastic_net" ? "l1_ratio" : "penalty";
  return std::ranges::any_of(parameters(estimator), [&](const ParameterText& parameter) {
    return parameter.name == sparse && (parameter.value == "l1" || parameter.value == "1");
  });
}

}  // namespace

void SelectFromModel::visit_parameters(ParameterVisitor& visitor) {
  std::string threshold = threshold_;
  visitor.text("threshold", threshold,
               "The least importance: auto, none, mean, median, 1.25*mean, or a number.");
  parsed(threshold);
  threshold_ = std::move(threshold);
  visitor.integer("max_features", max_features_, Bounds::between(0, 1'000'000'000),
                  "How many features stay at most; 0: no limit.");
  estimator_.visit_parameters(visitor, "Whose importances count.");
}

double SelectFromModel::threshold_value() const {
  Threshold wanted = parsed(threshold_);
  if (wanted.of == "none") return -std::numeric_limits<double>::infinity();
  if (wanted.of == "auto" && is_sparse(estimator_.prototype())) return kOfSparseModels;
  if (wanted.of.empty()) return wanted.number;
  const std::span<const double> values = importances_.values<double>();
  return wanted.number * (wanted.of == "median" ? stats::median(values) : numerics::mean(values));
}

void SelectFromModel::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  const std::unique_ptr<Estimator> model = estimator_.copy();
  model->fit(x, estimator_.target(name(), y), observer);
  importances_ = model->importances();
  if (!importances_.defined())
    fail(
        "{}: {} says nothing about the importance of features; expected a tree, a forest, gradient boosting "
        "or a linear model",
        name(), model->name());
  const std::vector<double> values = importances_.to_vector<double>();
  const double threshold = threshold_value();
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t feature) { return values[feature]; });
  if (max_features_ > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(max_features_)));
  std::vector<bool> marked(values.size());
  for (const std::size_t feature : order) marked[feature] = values[feature] >= threshold;
  keep(marked);
}

void SelectFromModel::visit_learned(StateVisitor& visitor) {
  FeatureSelector::visit_learned(visitor);
  visitor.tensor("importances", importances_);
}

void SelectFromModel::check_learned() const {
  FeatureSelector::check_learned();
  require_restored(name(), "importances", importances_, DType::kFloat64, {features()});
}

}  // namespace tessera::learn
