// Re-executing parts of any run: Tessera's own trainings in this process, other programs by their recorded command, if the user allows it.
#pragma once

#include <string>

#include "tessera/cli/execution.h"
#include "tessera/runs/diff.h"

namespace tessera::cli {

struct ReexecutionOptions {
  std::string data_folder;   // where to look for moved data files
  bool run_command = false;  // may the recorded command of another program be executed?
  bool quiet = false;
};

// For runs::diff, and for one run. `execution` has been applied; it must outlive what is returned.
runs::Reexecute reexecution(const ReexecutionOptions& options, const Execution& execution);

}  // namespace tessera::cli
