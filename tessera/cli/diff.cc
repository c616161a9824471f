// tessera diff: why do these two differ?
#include <fmt/core.h>

#include "tessera/base/interrupt.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/diff_text.h"
#include "tessera/cli/reexecution.h"
#include "tessera/cli/training_report.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kDiffDetails =
    "Two runs: first what explains a difference most often, configuration, data, code and environment; then "
    "the\n"
    "first step at which their chains part; then both are re-executed around it and traced, which names the\n"
    "operation, the tensor and the element. If re-execution does not give what is recorded, the record is "
    "not\n"
    "reproducible, and the steps between which the fault lies are named. A run and a trace ('tessera "
    "trace',\n"
    "from this or another machine): the run is re-executed over the steps of the trace, and compared with "
    "it.\n"
    "Two traces are compared as they are. %7 is the seventh event of a step; 'tessera show TRACE --ops' "
    "lists them.\n"
    "Exit status: 0 identical, 1 not, 5 the same as far as they go, but a run is not sealed.\n\n"
    "Examples:\n"
    "  tessera diff digits-0001 digits-0002\n"
    "  tessera diff digits-0001 from-the-cluster.trace\n"
    "  tessera diff here.trace there.trace --json";

std::string folder_of(const std::string& store, const std::string& word) {
  return runs::is_trace(word) ? word : runs_folder(store, word);
}

}  // namespace

ExitCode run_diff(const Words& words) {
  Arguments arguments("diff", "Say where two runs part: configuration, step, operation, tensor, element",
                      kDiffDetails);
  std::string a, b, store = "runs";
  ReexecutionOptions options;
  Execution execution;
  bool json = false, records_only = false;
  arguments.positional("A", a, "A run (its folder, or its name in the store) or a trace");
  arguments.positional("B", b, "Another");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option(
      "--data PLACE", options.data_folder,
      "Where to look for data files that are no longer at their place; for rows of PostgreSQL, the "
      "address of the database");
  arguments.flag("--records-only", records_only, "Compare what is recorded; re-execute nothing");
  arguments.flag("--run-command", options.run_command,
                 "Execute the recorded command of a program that is not Tessera's");
  arguments.flag("--json", json, "Print the outcome as one line of JSON");
  arguments.flag("--quiet", options.quiet, "No progress");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  execution.apply();
  const InterruptGuard stop_cleanly;  // without scratch folders
  const runs::DiffResult result =
      runs::diff(folder_of(store, a), folder_of(store, b),
                 records_only ? runs::Reexecute() : reexecution(options, execution));
  if (json)
    fmt::print("{}\n", diff_json(result));
  else
    fmt::print("{}", diff_text(result));
  if (result.identical()) return ExitCode::kSuccess;
  return result.agree ? ExitCode::kUnsealed : ExitCode::kFailure;
}

}  // namespace tessera::cli
