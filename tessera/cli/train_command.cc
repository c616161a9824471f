// tessera train: a network from a configuration, recorded.
#include <fmt/core.h>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/base/thread_pool.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/run_kinds.h"
#include "tessera/cli/training_command.h"
#include "tessera/cli/training_report.h"
#include "tessera/runs/record.h"
#include "tessera/train/config_schema.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kTrainDetails =
    "CONFIG is a TOML file that describes data, network and training; 'tessera train --keys' lists every key "
    "with its\n"
    "bounds and default. The run is recorded in a folder of the store, step by step: it can be killed at any "
    "moment and\n"
    "resumed, and re-executed anywhere with the same bits. Ctrl-C finishes the step, saves, and says how to "
    "go on.\n\n"
    "Examples:\n"
    "  tessera train examples/train/digits.toml\n"
    "  tessera train examples/train/digits.toml --set training.learning_rate=0.02 --set seed=7 --threads 1";

// A sealed search is not resumed: its table is what it has learned.
void resume_search_with_table(const std::string& csv, const std::string& folder,
                              const train::TrainOptions& options) {
  if (runs::run_status(folder) == runs::RunStatus::kSealed) {
    check_user_place(csv);
    const tabular::FittedModel done(folder);
    const std::int64_t folds = done.config().integer("evaluate.folds");
    return write_user_file(csv, tabular::candidates_csv(*done.config().search(), done.candidates(), folds));
  }
  search_and_print(
      csv, [&](tabular::SearchTable& tried) { return tabular::resume_search(folder, options, tried); });
}

}  // namespace

ExitCode run_train(const Words& words) {
  auto command =
      parse_training_command({"train", "Train a network from a configuration and record the run",
                              kTrainDetails, "data, network and training", train::config_reference},
                             words);
  if (!command) return ExitCode::kSuccess;
  const train::Config config = train::Config::read(command->config_file, command->settings);
  print_training_result(train::train(config, command->apply()));
  return ExitCode::kSuccess;
}

ExitCode run_resume(const Words& words) {
  Arguments arguments(
      "resume", "Continue an interrupted run from its last checkpoint",
      "Steps after the last checkpoint are executed again and compared with the lines already recorded; the\n"
      "run then ends in the seal of an uninterrupted one. Threads, backend and machine may differ.\n\n"
      "Example: tessera resume runs/digits-0001 --threads 1");
  std::string run, csv;
  train::TrainOptions options;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--store DIR", options.store, "The folder of all runs (default: runs)");
  arguments.option("--key FILE", options.key_file, "Sign the seal with this private key");
  arguments.flag("--unsigned", options.allow_unsigned,
                 "Go on without a key, though the run was begun with one");
  arguments.option(
      "--data PLACE", options.data_folder,
      "Where to look for data files that are no longer at their place; for rows of PostgreSQL, the "
      "address of the database");
  arguments.option("--csv FILE", csv, "Of a search, also a sealed one: write the table of candidates there");
  arguments.flag("--quiet", options.quiet, "No progress");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string folder = runs_folder(options.store, run);
  if (!csv.empty() && !train::is_run_of_kind(folder, tabular::kSearchKind))
    fail_with(ExitCode::kUsage, "--csv: the run {} is no search, so it has no candidates", folder);
  execution.apply();
  options.environment = execution.environment();
  if (!csv.empty())
    resume_search_with_table(csv, folder, options);
  else if (const RunKind* kind = run_kind(folder))
    kind->resume(folder, options);
  else
    print_training_result(train::resume(folder, options));
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
