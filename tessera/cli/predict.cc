// tessera predict: the classes of samples that nobody has labelled.
#include <fmt/core.h>

#include "tessera/base/files.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/interchange/weights.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kDetails =
    "FILE has the form of the training data (CSV with the same feature columns, where the label may be "
    "missing; IDX; NPY).\n"
    "The output is CSV: row, prediction, and the probability of each class. The prediction of a row does not "
    "depend on\n"
    "the other rows of the file, by not one bit.\n\n"
    "Example: tessera predict runs/digits-0001 new_digits.csv --output classes.csv";
}  // namespace

ExitCode run_predict(const Words& words) {
  Arguments arguments("predict", "Classify the rows of a file with a trained run", kDetails);
  std::string run, file, store = "runs", output, weights;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.positional("FILE", file, "The samples");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--weights FILE", weights,
                   "Use the run's network with the weights of this safetensors file");
  arguments.option("--output FILE", output, "Write there instead of to standard output");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string folder = runs_folder(store, run);
  execution.apply();
  const train::TrainedModel model(folder);
  if (!weights.empty()) interchange::load_weights_file(model.network(), weights);
  const std::string csv = train::predict(model, file).to_csv();
  if (output.empty()) {
    fmt::print("{}", csv);
  } else {
    write_user_file(output, csv);
  }
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
