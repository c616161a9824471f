#include "tessera/cli/reexecution.h"

#include "tessera/cli/foreign_program.h"
#include "tessera/clinical/coding_run.h"
#include "tessera/embedding/embedding_run.h"
#include "tessera/generative/generation_run.h"
#include "tessera/tabular/fit_run.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

runs::Reexecute reexecution(const ReexecutionOptions& options, const Execution& execution) {
  return [options, &execution](const std::string& folder, const runs::ReplayOptions& part,
                               const std::optional<runs::TraceRequest>& trace) {
    const bool coding = clinical::is_coding_run(folder), generating = generative::is_generation_run(folder),
               embeds = embedding::is_embedding_run(folder), fits = tabular::is_fit_run(folder);
    if (!coding && !generating && !embeds && !fits && is_foreign(folder))
      return reexecute_foreign_program(folder, part, trace, options.run_command, execution);
    train::VerifyOptions training;
    training.data_folder = options.data_folder;
    training.environment = execution.environment();
    training.quiet = options.quiet;
    if (coding) return clinical::reexecute_coding(folder, part, trace, training);
    if (generating) return generative::reexecute_generation(folder, part, trace, training);
    if (embeds) return embedding::reexecute_embedding(folder, part, trace, training);
    if (fits) return tabular::reexecute_fit(folder, part, trace, training);
    return train::reexecute(folder, part, trace, training);
  };
}

}  // namespace tessera::cli
