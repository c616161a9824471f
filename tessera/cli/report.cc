// tessera report: a run, or several, as one HTML page.
#include "tessera/report/report.h"

#include <fmt/core.h>

#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/tabular/fit_run.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kReportDetails =
    "The page stands alone: it loads nothing and can be read without a network, by e-mail, or in ten years. "
    "It "
    "has the\n"
    "curves, the configuration with the origin of every value, inputs, sessions, checkpoints and the noted "
    "verifications;\n"
    "of a finished training also the hardest classes with samples that were missed, if the data files are "
    "found: at their\n"
    "recorded place, below --data or below TESSERA_DATA. Several runs are compared first.\n"
    "Exit status: 0, or 1 when a record is not intact (the page is written and says so).\n\n"
    "Examples:\n"
    "  tessera report digits-0001\n"
    "  tessera report digits-0001 digits-0002 digits-0003 --output sizes.html";
}  // namespace

ExitCode run_report(const Words& words) {
  Arguments arguments("report", "Write one HTML page about a run, or about several beside each other",
                      kReportDetails);
  std::vector<std::string> runs;
  std::string output, store = "runs";
  report::ReportOptions options;
  Execution execution;
  arguments.positional("RUN", runs, "Folders of 1 to 20 runs, or their names in the store");
  arguments.option("--output FILE", output, "The page (default: a name made of the run's, here)");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option(
      "--data PLACE", options.data_folder,
      "Where to look for data files that are no longer at their place; for rows of PostgreSQL, the "
      "address of the database");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::vector<std::string> folders = runs_folders(store, runs);
  options.learned = [&](const std::string& folder) {
    return tabular::is_fit_run(folder) ? tabular::learned_text(folder, options.data_folder) : std::string();
  };
  options.scalar_names = tabular::compared_scalar;
  execution.apply();
  if (!output.empty()) check_user_place(output);
  const report::Report page = report::make_report(folders, options);
  if (output.empty()) output = page.file_name;
  write_user_file(output, page.html);
  for (const std::string& note : page.notes) fmt::print(stderr, "note: {}\n", printable(note));
  if (!output.starts_with("/dev/")) fmt::print("{}\n", output);  // the page itself may go to /dev/stdout
  return page.code;
}

}  // namespace tessera::cli
