// tessera sweep: trainings with many settings, which can be killed and goes on; the table, the best one, and its hard classes.
#include "tessera/train/sweep.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/report/held_out.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kSweepDetails =
    "PLAN is a TOML file: base = \"training.toml\", method = \"grid\", \"random\" or \"step_by_step\" (one "
    "setting after "
    "the other, in\n"
    "the given order), and [[parameter]] tables with key and values. Each trial is a recorded run in "
    "DIR/NAME/trial-NNNN.\n"
    "The same command goes on with a sweep that was interrupted; trials that are finished are not trained "
    "again.\n\n"
    "Examples:\n"
    "  tessera sweep examples/train/digits_sweep.toml\n"
    "  tessera sweep examples/train/digits_sweep.toml --set training.epochs=3\n"
    "  tessera runs --store sweeps/digits_sweep --where 'held_out_accuracy > 0.98'";

std::string number_text(const std::optional<double>& number) {
  return number ? fmt::format("{:.4f}", *number) : "-";
}

std::string settings_text(const train::TrialSettings& settings) {
  std::string text;
  for (const std::string& setting : train::overrides_of(settings))
    text += (text.empty() ? "" : ", ") + printable(setting);
  return text;
}

void print_trial(std::size_t number, std::int64_t trials, const train::SweepTrial& trial) {
  fmt::print(
      "trial {:>3} of {}  {}loss {:>7}  {}{}\n", number, trials,
      trial.accuracy || !trial.loss ? fmt::format("accuracy {:>6}  ", number_text(trial.accuracy)) : "",
      number_text(trial.loss), settings_text(trial.result.settings),
      trial.problem.empty() ? "" : fmt::format("  failed: {}", printable(trial.problem)));
  std::fflush(stdout);
}

void print_hard_classes(const std::string& run, const std::string& data_folder) {
  try {
    const report::HeldOutResult result = report::evaluate_held_out(run, data_folder);
    if (result.numbers) {
      fmt::print("\non {} held-out samples: RMSE {:.6g}, MAE {:.6g}, R2 {:.4f}\n", result.samples,
                 result.numbers->errors.rmse, result.numbers->errors.mae, result.numbers->errors.r2);
      return;
    }
    std::vector<std::string> classes;
    for (const std::string& name : result.classes) classes.push_back(printable(name));
    fmt::print("\nits classes on {} held-out {}, hardest first:\n{}", result.samples, result.judged,
               result.confusion.per_class_table(classes));
  } catch (const Error& error) {  // the sweep itself is done
    fmt::print(stderr, "note: no table of the classes: {}\n", printable(error.what()));
  }
}

}  // namespace

ExitCode run_sweep(const Words& words) {
  Arguments arguments("sweep", "Train with many settings, one recorded run each, and say which is best",
                      kSweepDetails);
  std::string plan_file;
  train::SweepOptions options;
  Execution execution;
  arguments.positional("PLAN", plan_file, "TOML file that says what is tried");
  arguments.option("--set KEY=VALUE", options.overrides,
                   "Override one key of the base configuration; may be repeated");
  arguments.option("--store DIR", options.store, "The folder of all sweeps (default: sweeps)");
  arguments.option("--data DIR", options.data_folder,
                   "Where to look for data files of interrupted trials that are no longer at their place");
  arguments.flag("--quiet", options.quiet, "No progress");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const train::SweepPlan plan = train::SweepPlan::read(plan_file);
  execution.apply();
  options.environment = execution.environment();
  const train::SweepResult result = train::run_sweep(
      plan, options,
      [&](std::size_t number, const train::SweepTrial& trial) { print_trial(number, plan.trials(), trial); });
  if (!result.best) fail("{}: every trial failed", result.folder);
  const train::SweepTrial& best = result.trials[*result.best];
  fmt::print("\nbest      {} = {:.4f} with {}\nrun       {}\ntable     {}/results.csv\n", plan.metric,
             *best.result.metric, settings_text(best.result.settings), best.run, result.folder);
  print_hard_classes(best.run, options.data_folder);
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
