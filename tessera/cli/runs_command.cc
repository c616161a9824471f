// tessera runs: what is in a store, and which of it has what was asked for.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/runs/index.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kRunsDetails =
    "EXPR compares keys with numbers or texts (= != < <= > >=), joined by and, or, not and parentheses. Keys "
    "are name,\n"
    "status, seed, steps, every configuration key and the last value of every recorded scalar; the last "
    "parts of a\n"
    "dotted key suffice.\n\n"
    "Examples:\n"
    "  tessera runs\n"
    "  tessera runs --where \"learning_rate < 0.1 and accuracy > 0.97\"\n"
    "  tessera runs --where \"status = 'interrupted'\" --json";

std::string scalars_of(const runs::RunSummary& run) {
  std::string text;
  for (const auto& [name, value] : run.scalars)
    text += fmt::format("{}{} {:.4g}", text.empty() ? "" : "  ", printable(name), value);
  return text;
}

std::string steps_of(const runs::RunSummary& run) {
  return run.planned == 0 ? fmt::format("{}", run.steps) : fmt::format("{}/{}", run.steps, run.planned);
}

void print_table(const std::vector<runs::RunSummary>& summaries) {
  std::size_t name_width = 4, steps_width = 5;
  for (const auto& run : summaries) {
    name_width = std::max(name_width, run.name.size());
    steps_width = std::max(steps_width, steps_of(run).size());
  }
  fmt::print("{:<{}}  {:<11}  {:>{}}  {:<12}  last values\n", "run", name_width, "status", "steps",
             steps_width, "seal");
  for (const auto& run : summaries) {
    fmt::print("{:<{}}  {:<11}  {:>{}}  {:<12}  {}\n", printable(run.name), name_width, run.status,
               steps_of(run), steps_width, run.seal.empty() ? "-" : run.seal.substr(0, 12), scalars_of(run));
  }
}

void print_json(const std::vector<runs::RunSummary>& summaries) {
  for (const auto& run : summaries) {
    nlohmann::json scalars = nlohmann::json::object();
    for (const auto& [name, value] : run.scalars) scalars[name] = hex_float(value);
    fmt::print("{}\n", canonical_json({{"name", run.name},
                                       {"folder", run.folder},
                                       {"status", run.status},
                                       {"kind", run.kind},
                                       {"seed", run.seed},
                                       {"steps", run.steps},
                                       {"planned", run.planned},
                                       {"seal", run.seal},
                                       {"started", run.started},
                                       {"scalars", scalars},
                                       {"configuration", run.configuration}}));
  }
}

}  // namespace

ExitCode run_runs(const Words& words) {
  Arguments arguments("runs", "List and search the runs of a store", kRunsDetails);
  std::string store = "runs", where;
  bool json = false, rebuild = false;
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--where EXPR", where, "Only the runs for which EXPR holds");
  arguments.flag("--json", json, "One line of JSON per run; real numbers in hexadecimal");
  arguments.flag("--rebuild", rebuild, "Make the index anew from the folders first");
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (rebuild) runs::rebuild_index(store);
  const auto summaries = runs::list_runs(store, where);
  if (json) {
    print_json(summaries);
  } else if (summaries.empty()) {
    fmt::print("no runs in '{}'{}\n", store, where.empty() ? "" : fmt::format(" with {}", where));
  } else {
    print_table(summaries);
  }
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
