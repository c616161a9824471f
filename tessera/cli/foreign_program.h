// Verifying the run of a program that is not Tessera's own: its recorded command is started in replay mode
// (runs/run.h) in the recorded working directory, and its report is read. Only when the user allows it: a record may
// come from anybody, and its command could do anything.
#pragma once

#include <string>

#include "tessera/train/training_run.h"

namespace tessera::cli {

bool is_foreign(const std::string& run_folder);  // false also for a record whose claim cannot be read

train::VerifyResult verify_foreign_program(const std::string& run_folder, const train::VerifyOptions& options,
                                           bool run_command);

}  // namespace tessera::cli
