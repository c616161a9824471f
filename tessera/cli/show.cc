// tessera show: everything that is to be said about one run without executing it.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/show_trace.h"
#include "tessera/runs/check.h"
#include "tessera/runs/index.h"
#include "tessera/runs/record.h"
#include "tessera/runs/trace_file.h"
#include "tessera/tabular/fit_run.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kShowDetails =
    "Shows the configuration with the origin of each value (file and line, --set, or default), the inputs, "
    "the sessions\n"
    "that worked on the run, the last steps and the seal, and says whether the record is intact. Nothing is "
    "re-executed:\n"
    "that is 'tessera verify'. Of a fit it shows the 20 largest coefficients, or importances of features, "
    "where "
    "the\n"
    "estimator has such numbers. Of a trace ('tessera trace') it shows what it is about, with --ops every "
    "operation, like a\n"
    "disassembly: number, inputs, shape, first digits of the digest, place in the program.\n\n"
    "Examples:\n"
    "  tessera show digits-0001\n"
    "  tessera show runs/digits-0001 --steps 20\n"
    "  tessera show digits-0001-steps-7-7.trace --ops";

void heading(std::string_view text) {
  fmt::print("\n{}\n", text);
}

// Long lists (the names of 64 columns) would hide the rest.
std::string abbreviated(const std::string& text) {
  constexpr std::size_t kLongest = 60;
  return text.size() <= kLongest ? text : text.substr(0, kLongest - 4) + " ...";
}

void show_configuration(const runs::Claim& claim, const runs::Circumstances& circumstances) {
  heading("configuration");
  std::size_t key_width = 0, value_width = 0;
  for (const auto& value : circumstances.configuration) {
    key_width = std::max(key_width, printable(value.key).size());
    value_width = std::max(value_width, std::min<std::size_t>(printable(value.value).size(), 40));
  }
  for (const auto& value : circumstances.configuration) {
    fmt::print("  {:<{}}  {:<{}}  {}\n", printable(value.key), key_width, abbreviated(printable(value.value)),
               value_width, printable(value.origin));
  }
  heading("inputs");
  for (const auto& [name, digest] : claim.inputs) {
    const auto place =
        std::find_if(circumstances.inputs.begin(), circumstances.inputs.end(),
                     [&wanted = name](const runs::InputPlace& input) { return input.name == wanted; });
    fmt::print("  {}  {}  {}\n", printable(name), digest,
               place == circumstances.inputs.end() ? "" : printable(place->path));
  }
  if (claim.inputs.empty()) fmt::print("  none\n");
}

// A session that was killed, or that still runs, has not written its end: the chain says how far it came.
void show_sessions(const runs::Circumstances& circumstances, const runs::Record& record, bool running) {
  heading("sessions");
  const auto& sessions = circumstances.sessions;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const runs::Session& session = sessions[i];
    const bool last = i + 1 == sessions.size();
    const std::string end = !session.end.empty() ? printable(session.end)
                            : last && running    ? std::string("running")
                                                 : std::string("killed");
    const std::string reached = !session.end.empty() ? fmt::format("-{}", session.last_step)
                                : last               ? fmt::format("-{}", record.last_step())
                                                     : fmt::format("-{}", sessions[i + 1].first_step);
    fmt::print("  {} steps {}{}: {}\n", printable(session.started), session.first_step, reached, end);
    for (const auto& [name, value] : session.environment)
      fmt::print("    {:<16} {}\n", printable(name), printable(value));
  }
  for (const std::string& note : circumstances.notes) fmt::print("  note: {}\n", printable(note));
}

void show_steps(const runs::Record& record, std::size_t count) {
  heading("last steps");
  const std::size_t first = record.lines.size() - std::min(count, record.lines.size());
  for (std::size_t i = first; i < record.lines.size(); ++i) {
    const runs::ChainLine& line = record.lines[i].line;
    std::string text;
    for (const auto& [name, value] : line.scalars) text += fmt::format("  {} {:.6g}", printable(name), value);
    if (!line.state.empty()) text += fmt::format("  digests of {} tensors", line.state.size());
    if (!line.checkpoint.empty()) text += fmt::format("  checkpoint {}", line.checkpoint.substr(0, 12));
    if (line.closing) text += "  closing line";
    fmt::print("  {:>8}{}\n", line.step, text);
  }
}

// What a fit leans on, if its method has numbers for that; without its data.
void show_weights(const std::string& folder) {
  const tabular::FittedModel model(folder);
  std::string text = model.weights();
  if (text.empty() && !tabular::predicts_a_target(model.estimator())) return;
  if (text.empty()) text = fmt::format("{} has no coefficients or importances\n", model.estimator().name());
  heading("learned");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    fmt::print("  {}\n", text.substr(begin, end - begin));
    begin = end + 1;
  }
}

void show_seal(const runs::CheckResult& check) {
  heading("seal");
  fmt::print("  {}\n", check.seal.empty() ? "none: the run has not finished" : check.seal);
  if (!check.signed_by.empty())
    fmt::print("  signed by the key {}; check it with verify --trust\n", printable(check.signed_by));
  for (const std::string& note : check.notes) fmt::print("  note: {}\n", printable(note));
  for (const runs::CheckProblem& problem : check.problems)
    fmt::print("  {}: {}\n", printable(problem.place), printable(problem.message));
  if (check.intact()) fmt::print("  the record is intact; 'tessera verify' re-executes it\n");
}

}  // namespace

ExitCode run_show(const Words& words) {
  Arguments arguments("show", "Show one run: configuration, circumstances, progress, seal", kShowDetails);
  std::string run, store = "runs";
  std::int64_t steps = 5;
  bool operations = false;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store; or the folder of a trace");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--steps N", steps, "How many of the last steps to show (default 5)", 0, 1'000'000'000);
  arguments.flag("--ops", operations, "Of a trace: list its operations");
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (runs::is_trace(run)) {
    show_trace(run, operations);
    return ExitCode::kSuccess;
  }
  const std::string folder = runs::find_run(store, run);
  if (operations)
    fail_with(
        ExitCode::kUsage,
        "--ops lists the operations of a trace, and {} is a run: 'tessera trace {} --from STEP' makes one",
        folder, run);
  const runs::CheckResult check = runs::check_record(folder);
  try {
    const runs::Record record = runs::read_record(folder);
    const runs::Circumstances circumstances = runs::read_circumstances(folder);
    fmt::print("{}  {}  steps {}{}\n", printable(circumstances.name),
               runs::status_name(runs::run_status(folder)), record.last_step(),
               record.claim.steps == 0 ? "" : fmt::format(" of {}", record.claim.steps));
    fmt::print("numerics contract {}, seed {}\n", printable(record.claim.contract), record.claim.seed);
    show_configuration(record.claim, circumstances);
    show_sessions(circumstances, record, runs::run_status(folder) == runs::RunStatus::kRunning);
    show_steps(record, static_cast<std::size_t>(steps));
    if (check.intact() && !check.seal.empty() && tabular::is_fit_run(folder)) show_weights(folder);
  } catch (const Error& error) {
    fmt::print("\n{}\n", printable(error.what()));
  }
  show_seal(check);
  return check.code() == ExitCode::kUnsealed ? ExitCode::kSuccess : check.code();
}

}  // namespace tessera::cli
