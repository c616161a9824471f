// tessera compare: what came out of several runs, and in which settings they differ.
#include <fmt/core.h>

#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/training_report.h"
#include "tessera/report/comparison.h"
#include "tessera/tabular/fit_run.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kCompareDetails =
    "Parameters are counted in the newest checkpoint, the time is that of all sessions, and the values are "
    "the "
    "last ones\n"
    "that were recorded; scores of fits are called by what they are, such as test accuracy. Below stand the "
    "configuration keys in which the runs differ. 'tessera report' makes "
    "a "
    "page of it.\n"
    "Exit status: 0, or 1 when a record is not intact.\n\n"
    "Examples:\n"
    "  tessera compare digits-0001 digits-0002\n"
    "  tessera compare runs/digits-* --json";
}  // namespace

ExitCode run_compare(const Words& words) {
  Arguments arguments("compare", "Show the results of several runs and the settings in which they differ",
                      kCompareDetails);
  std::vector<std::string> runs;
  std::string store = "runs";
  bool json = false;
  arguments.positional("RUN", runs, "Folders of 2 to 20 runs, or their names in the store");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.flag("--json", json, "One line of JSON; real numbers in hexadecimal");
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::vector<std::string> folders = runs_folders(store, runs);
  const report::Comparison comparison = report::compare_runs(folders, tabular::compared_scalar);
  fmt::print("{}{}", json ? report::comparison_json(comparison) : report::comparison_text(comparison),
             json ? "\n" : "");
  return comparison.code();
}

}  // namespace tessera::cli
