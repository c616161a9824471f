// Which settings a sweep tries, in which order: a pure function of the sweep's file and of the results so far, so that a sweep that was
// killed goes on where it was, and the same sweep tries the same settings everywhere.
//
//   grid          every combination of the values; the last parameter changes fastest
//   random        `trials` draws. Trial i draws parameter KEY from the stream "sweep/KEY" at step i (contract rule 5): a list uniformly, a range
//                 uniformly or, with scale = "log", uniformly in its logarithm. Bergstra & Bengio, "Random search for hyper-parameter
//                 optimization", JMLR 13 (2012)
//   step_by_step  one parameter after the other in the order of the file: all of its values with the best of the parameters before it
//                 and the base configuration's of those after it; the best value is kept
//
// The file is TOML:
//
//   base = "digits.toml"               # a training configuration; relative paths start at the sweep's folder
//   method = "step_by_step"            # or "grid", "random"
//   metric = "held_out_accuracy"       # of the end of a run: larger is better; "held_out_loss": smaller is better
//   [[parameter]]
//   key = "training.weight_decay"      # any key of the configuration, as with --set
//   values = [0, 1e-4, 1e-3]
//   [[parameter]]
//   key = "training.learning_rate"     # random only: a range
//   lowest = 1e-4
//   highest = 1e-1
//   scale = "log"
//
//   [[parameter]]
//   key = "optimiser"                  # here a name only: each value is a list of settings that belong together
//   settings = [["training.optimizer=sgd"], ["training.optimizer=adam", "training.momentum=", "training.learning_rate=0.001"]]
//
// Further keys: name (of the sweep; default: that of the file), trials and seed (random). Errors name file and line, what was found and
// what was expected. Thread-safety: pure functions.
//
// ```cpp
// const train::SweepPlan plan = train::SweepPlan::parse(R"(
//   base = "digits.toml"
//   method = "grid"
//   [[parameter]]
//   key = "training.batch"
//   values = [16, 32]
//   [[parameter]]
//   key = "training.learning_rate"
//   values = [0.1, 0.01]
// )", "sweep.toml");
// assert(plan.next({}) == (train::TrialSettings{"training.batch=16", "training.learning_rate=0.1"}));
// std::vector<train::TrialResult> three(3);
// assert(plan.next(three) == (train::TrialSettings{"training.batch=32", "training.learning_rate=0.01"}));
// assert(plan.next(std::vector<train::TrialResult>(4)).empty() && plan.trials() == 4);
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::train {

// One text per parameter, "key=value" as --set takes it; of a parameter with settings these, joined by '\n'.
using TrialSettings = std::vector<std::string>;
// What is to be set, one after the other.
std::vector<std::string> overrides_of(const TrialSettings& settings);

struct TrialResult {
  TrialSettings settings = {};
  std::optional<double> metric = {};  // none: the trial failed; it is never the best
  std::optional<double> loss = {};    // held-out, decides between equal metrics
};

struct SweepParameter {
  std::string key;
  std::vector<std::string> values = {};  // texts of a list; empty: a range
  bool bundles = false;  // each value is a list of settings, joined by '\n'; the key is only a name
  double lowest = 0, highest = 0;
  bool logarithmic = false;
  bool whole = false;  // of a range: both bounds are whole numbers, and so are the draws
  std::string origin;  // "sweep.toml:5"
};

enum class SweepMethod : std::uint8_t { kGrid, kRandom, kStepByStep };

struct SweepPlan {
  std::string name, source;
  std::string base;  // path of the configuration
  SweepMethod method = SweepMethod::kGrid;
  std::string metric = "held_out_accuracy";
  bool larger_is_better = true;
  std::uint64_t seed = 1;
  std::int64_t random_trials = 0;
  std::vector<SweepParameter> parameters;

  static SweepPlan read(const std::string& path);
  // `folder`: where relative paths start.
  static SweepPlan parse(std::string_view toml, const std::string& source, const std::string& folder = ".");

  std::int64_t trials() const;  // how many there will be
  // The settings of the trial after those that are done; empty when the sweep is at its end.
  TrialSettings next(std::span<const TrialResult> done) const;
  // Position of the best: of equal metrics that with the smaller loss, of equal losses the first; nothing when every trial failed.
  std::optional<std::size_t> best(std::span<const TrialResult> done) const;
};

}  // namespace tessera::train
