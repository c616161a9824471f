#include "tessera/learn/exhaustive_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"
#include "tessera/data/folds.h"
#include "tessera/learn/restored.h"
#include "tessera/learn/subsets.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kMostFeatures = 20;

std::vector<data::Split> folds_of(const Tensor& y, std::int64_t folds, std::int64_t seed) {
  data::FoldOptions options;
  options.folds = folds;
  options.seed = static_cast<std::uint64_t>(seed);
  return y.dtype() == DType::kInt64 ? data::stratified_k_fold(y.to_vector<std::int64_t>(), options)
                                    : data::k_fold(y.size(0), options);
}

// Of either task: which one the estimator has is known when it learns.
void require_scoring(const std::string& scoring) {
  std::vector<std::string> names = scorings(Task::kClassification);
  for (const std::string& name : scorings(Task::kRegression)) names.push_back(name);
  if (scoring != "default" && std::ranges::find(names, scoring) == names.end())
    fail_with(ExitCode::kUsage,
              "exhaustive_selection: scoring: there is no score '{}'{}; there are: default, {}", scoring,
              did_you_mean(scoring, names), fmt::join(names, ", "));
}

int size_of(std::int64_t mask) {
  return std::popcount(static_cast<std::uint64_t>(mask));
}

}  // namespace

void ExhaustiveSelection::visit_parameters(ParameterVisitor& visitor) {
  std::string scoring = scoring_.empty() ? "default" : scoring_;
  visitor.text("scoring", scoring, "What a subset is judged by: a score of the task, or default.");
  require_scoring(scoring);
  scoring_ = scoring == "default" ? "" : scoring;
  visitor.integer("min_features", min_features_, Bounds::between(1, kMostFeatures), "The smallest subsets.");
  visitor.integer("max_features", max_features_, Bounds::between(0, kMostFeatures),
                  "The largest subsets; 0: all features.");
  visitor.integer("cv", cv_, Bounds::between(2, 1000), "How many folds.");
  visitor.integer("seed", seed_, Bounds::at_least(0), "Of the folds.");
  estimator_.visit_parameters(visitor, "What is fitted to each subset.");
}

std::vector<std::int64_t> ExhaustiveSelection::wanted_masks(std::int64_t features) const {
  if (features > kMostFeatures)
    fail(
        "{}: found {} features, expected at most {}: each one more doubles the number of subsets "
        "(select_k_best goes before it)",
        name(), features, kMostFeatures);
  const std::int64_t most = max_features_ == 0 ? features : max_features_;
  std::vector<std::int64_t> masks;
  for (const std::uint64_t mask : subsets(features)) {
    const int size = std::popcount(mask);
    if (size >= min_features_ && size <= most) masks.push_back(static_cast<std::int64_t>(mask));
  }
  if (masks.empty())
    fail("{}: there is no subset of {} to {} of {} features", name(), min_features_, most, features);
  return masks;
}

void ExhaustiveSelection::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  const std::vector<std::int64_t> masks = wanted_masks(x.size(1));
  const Tensor target = estimator_.target(name(), y), columns = contiguous(transpose(x));
  const std::vector<data::Split> folds = folds_of(target, cv_, seed_);
  std::vector<double> scores;
  std::size_t best = 0;
  for (std::size_t i = 0; i < masks.size(); ++i) {
    const std::vector<std::int64_t> kept = elements_of(static_cast<std::uint64_t>(masks[i]));
    const Tensor part =
        contiguous(transpose(gather(columns, Tensor::from(kept, {static_cast<std::int64_t>(kept.size())}))));
    const std::vector<double> of_folds =
        cross_val_score(estimator_.prototype(), part, target, folds, scoring_);
    scores.push_back(numerics::mean(std::span<const double>(of_folds)));
    const bool better =
        scores[i] > scores[best] || (scores[i] == scores[best] && size_of(masks[i]) < size_of(masks[best]));
    if (better) best = i;
    const StepScalar score = {"score", scores.back()};
    if (observer != nullptr && !observer->on_step({i + 1, std::span(&score, 1)})) break;
  }
  masks_ = copy(Tensor::from(masks, {static_cast<std::int64_t>(masks.size())})
                    .slice({Range::to(static_cast<std::int64_t>(scores.size()))}));
  scores_ = Tensor::from(scores, {static_cast<std::int64_t>(scores.size())});
  std::vector<bool> marked(static_cast<std::size_t>(x.size(1)));
  for (const std::int64_t feature : elements_of(static_cast<std::uint64_t>(masks[best])))
    marked[static_cast<std::size_t>(feature)] = true;
  keep(marked);
}

void ExhaustiveSelection::visit_learned(StateVisitor& visitor) {
  FeatureSelector::visit_learned(visitor);
  visitor.tensor("masks", masks_);
  visitor.tensor("scores", scores_);
}

void ExhaustiveSelection::check_learned() const {
  FeatureSelector::check_learned();
  if (features() > kMostFeatures) refuse_restored(name(), "it has learned too many features");
  require_restored(name(), "masks", masks_, DType::kInt64, {-1});
  require_below(name(), "masks", masks_, std::int64_t{1} << features());
  require_restored(name(), "scores", scores_, DType::kFloat64, {masks_.size(0)});
}

}  // namespace tessera::learn
