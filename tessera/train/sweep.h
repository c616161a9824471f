// A sweep: the trainings of a plan (sweep_plan.h), each a run of its own in the sweep's folder.
//
// The folder <store>/<name> holds the runs trial-0001, trial-0002, ..., plan.toml (the plan's text as the sweep was begun with it) and
// results.csv (one line per finished trial). The runs are the truth: a sweep that is begun again takes up sealed trials from their
// records, resumes the one that was interrupted, and goes on. A trial whose configuration is that of an earlier one (step_by_step meets the
// base configuration once per parameter) is not trained again. A trial that fails with an Error is said, and counts as the worst.
//
// Errors: another plan than the one the folder was begun with; a trial's record of another configuration, or damaged; data.held_out = 0, with which there is
// nothing to choose by. runs::Stopped when the user asked for a stop. Two processes may not work on one folder: a lock says who has it.
// Thread-safety: one training at a time per process.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tessera/train/sweep_plan.h"
#include "tessera/train/training_run.h"

namespace tessera::train {

struct SweepOptions {
  std::string store = "sweeps";
  std::vector<std::string> overrides = {};  // of the base configuration: "key=value"
  std::string data_folder = {};
  std::map<std::string, std::string> environment = {};
  bool quiet = false;
};

struct SweepTrial {
  TrialResult result;
  std::string run;       // folder; of a repeated configuration that of the earlier trial
  std::string problem;   // why it failed; empty
  bool trained = false;  // by this process, in part at least
  std::optional<double> accuracy, loss;
};

struct SweepResult {
  std::string folder;
  std::vector<SweepTrial> trials;
  std::optional<std::size_t> best;
};

// `report` is told of every trial as it ends.
SweepResult run_sweep(const SweepPlan& plan, const SweepOptions& options,
                      const std::function<void(std::size_t number, const SweepTrial&)>& report = {});

}  // namespace tessera::train
