// The kinds of runs that Tessera's own commands make, beside those of `tessera train`: how each is resumed, verified and re-executed.
#pragma once

#include <optional>
#include <string>

#include "tessera/runs/run.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

struct RunKind {
  bool (*is)(const std::string& folder);
  void (*resume)(const std::string& folder, const train::TrainOptions& options);  // and prints the result
  train::VerifyResult (*verify)(const std::string& folder, const train::VerifyOptions& options);
  runs::ReplayOutcome (*reexecute)(const std::string& folder, const runs::ReplayOptions& part,
                                   const std::optional<runs::TraceRequest>& trace,
                                   const train::VerifyOptions& options);
};

// nullptr: a run of `tessera train`, or of another program (foreign_program.h).
const RunKind* run_kind(const std::string& folder);

}  // namespace tessera::cli
