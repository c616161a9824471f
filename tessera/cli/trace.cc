// tessera trace: what did every operation of these steps compute, here?
#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tessera/base/files.h"
#include "tessera/base/interrupt.h"
#include "tessera/base/json.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/reexecution.h"
#include "tessera/cli/training_report.h"
#include "tessera/runs/record.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kTraceDetails =
    "Re-executes the run on this machine, from the newest checkpoint before the first step, and writes a "
    "folder\n"
    "that can be copied to another machine: per operation its name, its place in the source, and digests of "
    "what\n"
    "it computed. 'tessera diff' compares two of them, or one with a run; 'tessera show TRACE --ops' lists "
    "it.\n"
    "A trace of one step holds the values, too (--no-values leaves them out): with them a difference is\n"
    "named to the element. Among them are the samples of that step. A machine that computes something else "
    "than\n"
    "the record is traced all the same: that is when a trace is needed.\n"
    "Exit status: 0 the re-execution agrees with the record, 1 it does not (the trace is written).\n\n"
    "Examples:\n"
    "  tessera trace digits-0001 --from 37\n"
    "  tessera trace digits-0001 --from 30 --to 40 --output /tmp/here.trace\n"
    "  tessera diff digits-0001 digits-0001-steps-37-37.trace";

struct TraceArguments {
  std::string run, store = "runs", output;
  std::int64_t from = 0, to = 0;
  bool values = false, no_values = false, json = false;
};

runs::TraceRequest request_of(const TraceArguments& given, const runs::Record& record,
                              const std::string& name) {
  runs::TraceRequest request;
  if (given.from == 0) fail_with(ExitCode::kUsage, "--from STEP is missing: the first step to trace");
  request.from = static_cast<std::uint64_t>(given.from);
  request.to = given.to == 0 ? request.from : static_cast<std::uint64_t>(given.to);
  if (request.from > request.to)
    fail_with(ExitCode::kUsage, "--from {} --to {}: expected an ascending range", request.from, request.to);
  if (request.to > record.last_step())
    fail_with(ExitCode::kUsage, "{}: there is no step {}: the record ends with step {}", record.folder,
              request.to, record.last_step());
  if (given.values && given.no_values)
    fail_with(ExitCode::kUsage, "--values and --no-values exclude each other");
  request.values = given.values || (request.from == request.to && !given.no_values);
  request.folder = given.output.empty() ? fmt::format("{}-steps-{}-{}.trace", name, request.from, request.to)
                                        : given.output;
  if (exists(request.folder))
    fail_with(ExitCode::kUsage, "{}: exists already; a trace is written to a new folder (--output FOLDER)",
              request.folder);
  return request;
}

void print_result(const runs::TraceRequest& request, const runs::ReplayOutcome& outcome) {
  fmt::print("trace     {}: {}{}\n", printable(request.folder),
             request.from == request.to
                 ? fmt::format("step {}", grouped_number(request.from))
                 : fmt::format("steps {} to {}", grouped_number(request.from), grouped_number(request.to)),
             request.values ? ", with values" : "");
  if (outcome.mismatch)
    fmt::print("replayed  not what is recorded: {}\n", printable(outcome.mismatch->sentence()));
  else
    fmt::print("replayed  steps {} to {}: identical to the record\n", grouped_number(outcome.first_step + 1),
               grouped_number(outcome.last_step));
}

void print_json(const runs::TraceRequest& request, const runs::ReplayOutcome& outcome) {
  nlohmann::json json = {{"trace", printable(request.folder)},
                         {"from", request.from},
                         {"to", request.to},
                         {"values", request.values},
                         {"identical", !outcome.mismatch.has_value()}};
  if (outcome.mismatch) json["mismatch"] = outcome.mismatch->sentence();
  fmt::print("{}\n", canonical_json(json));
}

}  // namespace

ExitCode run_trace(const Words& words) {
  Arguments arguments("trace", "Re-execute some steps and leave what every operation computed",
                      kTraceDetails);
  TraceArguments given;
  ReexecutionOptions options;
  Execution execution;
  constexpr std::int64_t kMostSteps = INT64_C(1) << 40;
  arguments.positional("RUN", given.run, "Folder of a run, or its name in the store");
  arguments.option("--from STEP", given.from, "The first step to trace", 1, kMostSteps);
  arguments.option("--to STEP", given.to, "The last one (default: only one step)", 1, kMostSteps);
  arguments.option("--output FOLDER", given.output, "The new folder (default: RUN-steps-S-T.trace, here)");
  arguments.flag("--values", given.values, "With the values of all tensors, also of several steps");
  arguments.flag("--no-values", given.no_values, "Only digests, also of a single step");
  arguments.option("--store DIR", given.store, "The folder of all runs (default: runs)");
  arguments.option(
      "--data PLACE", options.data_folder,
      "Where to look for data files that are no longer at their place; for rows of PostgreSQL, the "
      "address of the database");
  arguments.flag("--run-command", options.run_command,
                 "Execute the recorded command of a program that is not Tessera's");
  arguments.flag("--json", given.json, "Print the outcome as one line of JSON");
  arguments.flag("--quiet", options.quiet, "No progress");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string folder = runs_folder(given.store, given.run);
  const runs::Record record = runs::read_record(folder);
  const runs::TraceRequest request = request_of(given, record, std::filesystem::path(folder).filename());
  execution.apply();
  const InterruptGuard stop_cleanly;  // without half a trace
  const runs::ReplayOutcome outcome = reexecution(options, execution)(
      folder, runs::replay_reaching(record, request.from, request.to), request);
  given.json ? print_json(request, outcome) : print_result(request, outcome);
  return outcome.mismatch ? ExitCode::kFailure : ExitCode::kSuccess;
}

}  // namespace tessera::cli
