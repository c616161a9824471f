#include "tessera/cli/reexecution.h"

#include "tessera/cli/foreign_program.h"
#include "tessera/cli/run_kinds.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

runs::Reexecute reexecution(const ReexecutionOptions& options, const Execution& execution) {
  return [options, &execution](const std::string& folder, const runs::ReplayOptions& part,
                               const std::optional<runs::TraceRequest>& trace) {
    const RunKind* kind = run_kind(folder);
    if (kind == nullptr && is_foreign(folder))
      return reexecute_foreign_program(folder, part, trace, options.run_command, execution);
    train::VerifyOptions training;
    training.data_folder = options.data_folder;
    training.environment = execution.environment();
    training.quiet = options.quiet;
    return (kind != nullptr ? kind->reexecute : train::reexecute)(folder, part, trace, training);
  };
}

}  // namespace tessera::cli
