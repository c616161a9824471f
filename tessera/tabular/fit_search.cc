// The part of fit_setup.h that searches for the best settings.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/learn/scoring.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/record.h"
#include "tessera/runs/resume_points.h"
#include "tessera/tabular/fit_setup.h"

namespace tessera::tabular {

namespace {

constexpr double kMostKeptBytes = 1e9;  // features of all folds together, kept for the next candidate

}  // namespace

void apply_best(const SearchPlan& plan, const Tensor& scores, std::int64_t folds,
                learn::Estimator& estimator) {
  const std::vector<double> values = scores.defined() ? scores.to_vector<double>() : std::vector<double>();
  if (folds < 1 || static_cast<std::int64_t>(values.size()) != plan.candidates() * folds)
    fail("the search has {} scores, expected {} candidates in {} folds", values.size(), plan.candidates(),
         folds);
  const auto best = plan.best(values, folds);
  if (!best) fail("the search has no candidate that could be fitted");
  learn::set_parameters(estimator, plan.settings_of(*best, values, folds));
}

const FitSetup::FoldData& FitSetup::kept_fold_data(std::size_t fold) {
  const double bytes = 8.0 * static_cast<double>(folds_.size()) * static_cast<double>(split_.train.size()) *
                       static_cast<double>(features_.names().size());
  kept_folds_.resize(folds_.size());
  if (bytes > kMostKeptBytes)
    for (FoldData& other : kept_folds_) other = {};
  FoldData& data = kept_folds_[fold];
  if (!data.x.defined()) data = fold_data(fold);
  return data;
}

// NaN if it cannot be fitted.
double FitSetup::candidate_score(const Settings& settings, std::size_t fold) {
  const FoldData& data = kept_fold_data(fold);
  const std::unique_ptr<learn::Estimator> estimator = config_.estimator();
  try {
    learn::set_parameters(*estimator, settings);
    estimator->fit(data.x, data.y);
    return learn::scorer(search_->scoring(), estimator->task())(*estimator, data.held_x, data.held_y);
  } catch (const Error& error) {
    last_problem_ = error.what();
    return std::numeric_limits<double>::quiet_NaN();
  }
}

std::vector<StepScalar> FitSetup::candidate_step(std::uint64_t step) {
  const std::size_t folds = folds_.size(), candidate = static_cast<std::size_t>(step - 1) / folds,
                    fold = static_cast<std::size_t>(step - 1) % folds;
  const std::int64_t width = static_cast<std::int64_t>(folds);
  std::vector<double> scores;
  if (scores_.values.defined()) scores = scores_.values.to_vector<double>();
  const Settings settings = search_->settings(scores, width);
  double score = std::numeric_limits<double>::quiet_NaN();
  const bool failed = fold > 0 && std::isnan(scores.back());
  std::size_t same =
      search_->may_repeat() ? 0 : candidate;  // the best of a parameter comes again at the next one
  while (same < candidate && search_->settings_of(static_cast<std::int64_t>(same), scores, width) != settings)
    ++same;
  if (same < candidate)
    score = scores[same * folds + fold];
  else if (!failed)
    score = candidate_score(settings, fold);
  add_score(score);
  const StepScalar number = {"candidate", static_cast<double>(candidate + 1)};
  if (std::isnan(score)) return {number, {"fold_failed", 1}};
  return {number, {"fold_score", score}};
}

void FitSetup::take_best() {
  const std::int64_t folds = static_cast<std::int64_t>(folds_.size());
  if (scores_.values.defined() && !search_->best(scores_.values.to_vector<double>(), folds))
    fail("no candidate of the search could be fitted and judged{}{}",
         last_problem_.empty() ? "" : "; the last one: ", last_problem_);
  apply_best(*search_, scores_.values, folds, *estimator_);
}

std::vector<Candidate> FitSetup::candidates() const {
  if (!search_ || !scores_.values.defined()) return {};
  return candidates_of(*search_, scores_.values.to_vector<double>(),
                       static_cast<std::int64_t>(folds_.size()));
}

void FitSetup::prepare_for(const std::string& run_folder) {
  if (!search_) return;
  const runs::Record record = runs::read_record(run_folder);
  for (const runs::ResumePoint& point : runs::resume_points(run_folder, record.lines)) {
    if (!runs::checkpoint_intact(run_folder, point.checkpoint)) continue;
    if (record.lines[point.line].line.step != steps()) return;
    FoldScores saved;
    runs::restore_object("folds", saved, runs::load_checkpoint(run_folder, point.checkpoint), run_folder);
    apply_best(*search_, saved.values, static_cast<std::int64_t>(folds_.size()), *estimator_);
    return;
  }
}

}  // namespace tessera::tabular
