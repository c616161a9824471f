// tessera fit: an estimator learns from a table, with cross-validation and a held-out test, recorded.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/tabular/fit_run.h"
#include "tessera/tabular/own_scores.h"
#include "tessera/tabular/step_only.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kFitDetails =
    "TABLE is a CSV file with a header (also NPY, NPZ, or with --set data.query='SELECT ... ORDER BY ...' an "
    "SQLite database or the\n"
    "address of a PostgreSQL one, postgresql://USER@HOST/DATABASE; a password is better in PGPASSWORD or "
    "~/.pgpass, and is never\n"
    "recorded). Part of its rows is held out (data.test), the others are used for cross-validation\n"
    "(evaluate.folds) and then all of them to learn; what features need is learned from training rows only. "
    "'tessera predict',\n"
    "'evaluate', 'verify', 'resume' and 'diff' take such a run as any other.\n"
    "--set takes a parameter of the estimator by its name (see --parameters) and every other setting by its "
    "key (see --keys);\n"
    "parameters.NAME is the parameter where both have a name: parameters.seed.\n"
    "Clusterings and transformations (k_means, gaussian_mixture, pca, standard_scaler, ...) take no target "
    "and "
    "learn from all\n"
    "rows; 'predict' then gives clusters, or the new columns.\n\n"
    "Examples:\n"
    "  tessera fit gaussian_nb iris.csv --target species\n"
    "  tessera fit k_means iris.csv --set n_clusters=3 --set data.ignore=species\n"
    "  tessera fit ridge postgresql://me@db.example/clinic --target stay --set 'data.query=SELECT * FROM "
    "stays "
    "ORDER BY id'\n"
    "  tessera fit bernoulli_nb adult.csv --target income --set alpha=0.5 --set 'data.missing=?' --set "
    "evaluate.folds=10";

void print_estimators() {
  for (const learn::EstimatorRow& row : learn::estimators()) {
    const std::unique_ptr<learn::Estimator> estimator = row.make();
    fmt::print("{:<36} {:<14}  {}{}\n", row.name, learn::task_name(estimator->task()), row.sentence,
               tabular::is_step_only(*estimator) ? " (in a pipeline)" : "");
  }
}

void print_parameters(const std::string& name) {
  const std::unique_ptr<learn::Estimator> estimator = learn::make_estimator(name);
  for (const learn::ParameterText& parameter : learn::parameters(*estimator))
    fmt::print("{} = {}    {}\n    {}\n", parameter.name, parameter.value, parameter.allowed,
               parameter.sentence);
}

// "accuracy 0.8021 +- 0.0123 over 5 folds": mean and standard deviation.
std::string folds_text(const std::vector<double>& folds, std::string_view score) {
  double sum = 0, squares = 0;
  for (const double value : folds) sum += value;
  const double mean = sum / static_cast<double>(folds.size());
  for (const double value : folds) squares += (value - mean) * (value - mean);
  const double deviation =
      std::sqrt(squares / static_cast<double>(std::max<std::size_t>(folds.size() - 1, 1)));
  return fmt::format("{} {:.4f}, deviation {:.4f}, over {} folds", score, mean, deviation, folds.size());
}

// "'?' 4262 cells, 'NA' none"
std::string missing_text(const std::vector<tabular::MissingText>& texts) {
  std::string line;
  for (const tabular::MissingText& one : texts)
    line += fmt::format("{}'{}' {}", line.empty() ? "" : ", ", printable(one.text),
                        one.cells == 0   ? "none"
                        : one.cells == 1 ? "1 cell"
                                         : fmt::format("{} cells", one.cells));
  return line;
}

void print_candidates(const std::vector<tabular::Candidate>& candidates) {
  fmt::print("\n{}\n", tabular::candidates_table(candidates, tabular::kMostCandidates));
  const auto best = std::ranges::find(candidates, 1, &tabular::Candidate::rank);
  fmt::print("best      {}\n", tabular::settings_text(best->settings));
}

}  // namespace

void print_fit_result(const tabular::FitResult& result) {
  const bool classes = !result.classes.empty();
  const std::string_view score = classes ? "accuracy" : "R2";
  fmt::print("run       {}\n", result.folder);
  fmt::print("rows      {} to train, {} to test, {} features{}\n", result.training_rows, result.test_rows,
             result.features, classes ? fmt::format(", {} classes", result.classes.size()) : "");
  if (!result.missing.empty()) fmt::print("missing   {}\n", missing_text(result.missing));
  if (!result.candidates.empty()) print_candidates(result.candidates);
  if (!result.folds.empty())
    fmt::print("folds     {}\n", folds_text(result.folds, result.scoring.empty() ? score : result.scoring));
  for (const auto& [name, value] : result.final_scores) {
    if (name.starts_with("folds")) continue;  // said above
    std::string label = tabular::own_score_label(name);
    if (name == "training_score" || name == "test_score") label.replace(label.size() - 5, 5, score);
    fmt::print("final     {} {}\n", label, tabular::score_text(value));
  }
  fmt::print("time      {:.1f} s\nseal      {}\n", result.seconds, result.seal);
  for (const std::string& note : result.notes) fmt::print(stderr, "note: {}\n", printable(note));
}

ExitCode run_fit(const Words& words) {
  if (std::ranges::count(words, "--no-header") > 0)  // of other commands
    fail_with(ExitCode::kUsage,
              "tessera fit has no option --no-header, expected --set data.header=false, or with names --set "
              "data.columns=a,b,...");
  Arguments arguments("fit", "Let an estimator learn from a table, and record the run", kFitDetails);
  std::string estimator, table, target;
  std::vector<std::string> settings;
  train::TrainOptions options;
  Execution execution;
  bool list = false, keys = false, parameters = false;
  arguments.positional("ESTIMATOR", estimator, "Its name (see --list)", false);
  arguments.positional("TABLE", table,
                       "CSV, NPY, NPZ, an SQLite database, or postgresql://USER@HOST/DATABASE", false);
  arguments.option("--target COLUMN", target,
                   "The column that is to be predicted, if ESTIMATOR predicts one");
  arguments.option("--set NAME=VALUE", settings, "A parameter or another setting; may be repeated");
  arguments.option("--store DIR", options.store, "The folder of all runs (default: runs)");
  arguments.option("--name NAME", options.name, "Name of the run (default: fit and a number)");
  arguments.option("--key FILE", options.key_file,
                   "Sign the seal with this private key (see 'tessera key new')");
  arguments.flag("--quiet", options.quiet, "No progress");
  arguments.flag("--list", list, "List the estimators, and stop");
  arguments.flag("--parameters", parameters, "List the parameters of ESTIMATOR, and stop");
  arguments.flag("--keys", keys, "List every other setting, and stop");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (list) {
    print_estimators();
    return ExitCode::kSuccess;
  }
  if (keys) {
    fmt::print("{}", tabular::fit_config_reference());
    return ExitCode::kSuccess;
  }
  if (estimator.empty())
    fail_with(ExitCode::kUsage,
              "tessera fit needs an estimator: tessera fit ESTIMATOR TABLE --target COLUMN (see 'tessera fit "
              "--list')");
  if (parameters) {
    print_parameters(estimator);
    return ExitCode::kSuccess;
  }
  const std::unique_ptr<learn::Estimator> named = learn::make_estimator(estimator);
  tabular::refuse_step_only(*named);
  const bool wants_target = tabular::predicts_a_target(*named);
  if (!wants_target && table.empty())
    fail_with(ExitCode::kUsage, "tessera fit {0} needs a table: tessera fit {0} TABLE", estimator);
  if (wants_target && (table.empty() || target.empty()))
    fail_with(ExitCode::kUsage,
              "tessera fit {0} needs a table and --target: tessera fit {0} TABLE --target COLUMN", estimator);
  const auto config = tabular::FitConfig::of(estimator, table, target, settings);
  execution.apply();
  options.environment = execution.environment();
  print_fit_result(tabular::fit(config, options));
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
