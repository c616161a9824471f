// What a search of settings tries, in which order, and which of it is best: the plan of `tessera search`.
//
//   grid           every combination of the listed values; the last parameter changes fastest
//   random         so many draws, by counter: of a list uniformly, of a range uniformly or uniformly in its logarithm (train/sweep_plan.h)
//   step by step   one parameter after the other in the given order: all of its values with the best of the parameters before it; the best is kept. Adds where a grid multiplies
//
// A candidate's score is the mean over the folds of the training rows; larger is better, of equal ones (in 12 digits) the first wins. A candidate that cannot be fitted in a fold has the score NaN
// there, and is never the best. Everything is a pure function of the plan and the scores so far, so that a search that was killed goes on as if nothing had happened.
//
// Texts: a list is "C=0.1,1,10", or "steps=a, b|c, d" with bars where values have commas; a range "C=1e-3..1e3", "C=1e-3..1e3:log"; of two whole
// numbers only whole ones are drawn. Errors (exit status 2): anything else, a name twice, a range without draws, more than 10,000 candidates, a parameter or value that the
// estimator does not have. Thread-safety: constant after construction.
//
// ```cpp
// learn::GaussianNB model;
// const auto plan = tabular::SearchPlan::of({.grid = {"var_smoothing=1e-9,0.1"}}, model);
// assert(plan.candidates() == 2 && plan.settings({}, 2)[0].second == "1e-9");
// const std::vector<double> scores = {0.5, 0.7, 0.9, 0.8};  // two folds of each
// assert(plan.best(scores, 2) == 1 && plan.settings_of(1, scores, 2)[0].second == "0.1");
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tessera/learn/estimator.h"
#include "tessera/train/sweep_plan.h"

namespace tessera::tabular {

struct SearchOptions {
  std::vector<std::string> grid = {}, ranges = {};
  std::int64_t random = 0;  // draws; 0: none
  bool step_by_step = false;
  std::string scoring = {};  // learn/scoring.h; "": accuracy or r2
  std::uint64_t seed = 1;    // of the draws
};

using Settings =
    std::vector<std::pair<std::string, std::string>>;  // name and text, as learn::set_parameters takes them

class SearchPlan {
 public:
  // `estimator` has the settings that are not searched; it is not changed.
  static SearchPlan of(const SearchOptions& options, const learn::Estimator& estimator);
  static SearchPlan from_json(const std::string& text);  // of a record
  std::string to_json() const;

  const std::string& scoring() const { return scoring_; }
  std::int64_t candidates() const { return plan_.trials(); }
  std::vector<std::string> names() const;  // of the parameters
  // Do settings depend on scores, and come again? Step by step.
  bool may_repeat() const { return plan_.method == train::SweepMethod::kStepByStep; }
  // `scores` are those of the folds of the first candidates, one candidate after the other. Of the candidate that comes next; the last one's folds may be incomplete.
  Settings settings(std::span<const double> scores, std::int64_t folds) const;
  // Of a candidate that the scores have begun with or that comes next.
  Settings settings_of(std::int64_t candidate, std::span<const double> scores, std::int64_t folds) const;
  // Nothing when every candidate failed.
  std::optional<std::int64_t> best(std::span<const double> scores, std::int64_t folds) const;

 private:
  std::vector<train::TrialResult> results(std::span<const double> scores, std::int64_t folds) const;

  train::SweepPlan plan_;
  std::string scoring_;
};

// One candidate of a search, for people. The last one of a search that goes on may have fewer folds than the others: then it has no mean and no rank.
struct Candidate {
  Settings settings;
  std::vector<double> folds;
  double mean = 0, deviation = 0;  // NaN where it failed, or is not done
  std::int64_t rank = 0;           // 1 is the best; equal means have equal ranks; 0: not done
  bool failed = false;
};
std::vector<Candidate> candidates_of(const SearchPlan& plan, std::span<const double> scores,
                                     std::int64_t folds);
std::string settings_text(const Settings& settings);  // "C=1  penalty=l1"
inline constexpr std::size_t kMostCandidates = 20;    // in a listing for people
// The best ones, at most `most` lines.
std::string candidates_table(const std::vector<Candidate>& candidates, std::size_t most);
// Header "rank,mean,deviation,NAME,...,fold_1,...", in the order in which they were tried.
std::string candidates_csv(const SearchPlan& plan, const std::vector<Candidate>& candidates,
                           std::int64_t folds);

}  // namespace tessera::tabular
