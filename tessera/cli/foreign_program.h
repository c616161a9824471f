// Verifying the run of a program that is not Tessera's own: its recorded command is started in replay mode
// (runs/run.h) in the recorded working directory, and its report is read. Only when the user allows it: a record may
// come from anybody, and its command could do anything.
#pragma once

#include <optional>
#include <string>

#include "tessera/cli/execution.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

bool is_foreign(const std::string& run_folder);  // false also for a record whose claim cannot be read

// Nothing is started before the record is intact, of this numerics contract, and its inputs have the recorded digests. The program's
// standard output goes to standard error; `execution` reaches it as TESSERA_THREADS, TESSERA_BACKEND and TESSERA_SIMD.
train::VerifyResult verify_foreign_program(const std::string& run_folder, const train::VerifyOptions& options,
                                           bool run_command, const Execution& execution = {});

// A part of it, with a trace if one is asked for; the rest of the record is not checked.
runs::ReplayOutcome reexecute_foreign_program(const std::string& run_folder, const runs::ReplayOptions& part,
                                              const std::optional<runs::TraceRequest>& trace,
                                              bool run_command, const Execution& execution = {});

}  // namespace tessera::cli
