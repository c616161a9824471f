// tessera search: the settings of an estimator that are best by cross-validation, as one recorded run.
#include <fmt/core.h>

#include <cstdio>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/shell_words.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/runs/run.h"
#include "tessera/tabular/fit_run.h"
#include "tessera/tabular/step_only.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kSearchDetails =
    "Every candidate is judged by cross-validation on the training rows (evaluate.folds); the best one "
    "learns "
    "from all of them\n"
    "and is tested once on the rows that were held out (data.test). Without --random and --step-by-step "
    "every "
    "combination is\n"
    "tried. Step by step means one parameter after the other in the given order, keeping the best value. A "
    "list whose values\n"
    "have commas has bars between them: 'steps=standard_scaler, gaussian_nb|gaussian_nb'. A range of whole "
    "numbers gives whole\n"
    "numbers. The other settings are those of 'tessera fit'; 'tessera predict', 'evaluate', 'verify', "
    "'resume' and 'diff' take\n"
    "such a run as one of 'tessera fit'.\n\n"
    "Examples:\n"
    "  tessera search k_neighbors_classifier iris.csv --target species --grid n_neighbors=1,3,5,9 --grid "
    "weights=uniform,distance\n"
    "  tessera search hist_gradient_boosting_classifier adult.csv --target income --random 20 --range "
    "learning_rate=0.01..0.5:log\n"
    "      --range max_leaf_nodes=7..63 --score roc_auc --csv candidates.csv\n"
    "  tessera search pipeline_classifier wine.csv --target kind --set "
    "'steps=standard_scaler, select_k_best, gaussian_nb'\n"
    "      --step-by-step --grid select_k_best__k=2,4,8 --grid gaussian_nb__var_smoothing=1e-9,1e-3,0.1";

void require_searchable(const std::string& name) {
  const std::unique_ptr<learn::Estimator> estimator = learn::make_estimator(name);
  tabular::refuse_step_only(*estimator);
  if (!tabular::predicts_a_target(*estimator))
    fail_with(ExitCode::kUsage, "'{}' is for {} and cannot be searched: there is no score of a fold", name,
              learn::task_name(estimator->task()));
}

// That an Error ended the search counts, not that its table cannot be written.
void keep_part(const std::string& csv, const tabular::SearchTable& table) {
  if (csv.empty() || table.csv.empty()) return;
  try {
    write_user_file(csv, table.csv);
    fmt::print(stderr, "note: {} has {} of {} candidates\n", printable(csv), table.tried, table.planned);
  } catch (const Error& error) {
    fmt::print(stderr, "note: {}\n", printable(error.what()));
  }
}

tabular::FitResult searched(const std::string& csv, const RunsSearch& search, tabular::SearchTable& table) {
  try {
    return search(table);
  } catch (const runs::Stopped& stop) {  // it says how to go on
    keep_part(csv, table);
    throw runs::Stopped(csv.empty() ? stop.what() : fmt::format("{} --csv {}", stop.what(), shell_word(csv)));
  } catch (const Error&) {
    keep_part(csv, table);
    throw;
  }
}

}  // namespace

void search_and_print(const std::string& csv, const RunsSearch& search) {
  if (!csv.empty()) check_user_place(csv);
  tabular::SearchTable table;
  print_fit_result(searched(csv, search, table));
  if (csv.empty()) return;
  std::fflush(stdout);  // the table may go to the same place
  write_user_file(csv, table.csv);
}

ExitCode run_search(const Words& words) {
  Arguments arguments("search",
                      "Find the best settings of an estimator by cross-validation, and record the run",
                      kSearchDetails);
  std::string estimator, table, target, csv;
  std::vector<std::string> settings;
  tabular::SearchOptions search;
  train::TrainOptions options;
  Execution execution;
  arguments.positional("ESTIMATOR", estimator, "Its name (see 'tessera fit --list')");
  arguments.positional("TABLE", table,
                       "CSV, NPY, NPZ, an SQLite database, or postgresql://USER@HOST/DATABASE");
  arguments.option("--target COLUMN", target, "The column that is to be predicted");
  arguments.option("--grid NAME=VALUE,VALUE", search.grid, "Values of a parameter; may be repeated");
  arguments.option("--range NAME=LOW..HIGH", search.ranges,
                   "With --random: a range, LOW..HIGH:log evenly in its logarithm; may be repeated");
  arguments.option("--random N", search.random, "Draw so many candidates", 0, 10'000);
  arguments.flag("--step-by-step", search.step_by_step, "One parameter after the other, keeping the best");
  arguments.option("--score NAME", search.scoring,
                   "What candidates are judged by (default: accuracy, or r2 of numbers)");
  arguments.option("--set NAME=VALUE", settings, "A fixed parameter or another setting; may be repeated");
  arguments.option("--csv FILE", csv,
                   "Write the table of candidates there; what there is of it when the search is interrupted");
  arguments.option("--store DIR", options.store, "The folder of all runs (default: runs)");
  arguments.option("--name NAME", options.name, "Name of the run (default: search and a number)");
  arguments.option("--key FILE", options.key_file,
                   "Sign the seal with this private key (see 'tessera key new')");
  arguments.flag("--quiet", options.quiet, "No progress");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  require_searchable(estimator);
  if (target.empty())
    fail_with(ExitCode::kUsage, "tessera search needs --target COLUMN, the column that is to be predicted");
  const auto config = tabular::FitConfig::of_search(estimator, table, target, settings, search);
  execution.apply();
  options.environment = execution.environment();
  search_and_print(csv, [&](tabular::SearchTable& tried) { return tabular::fit(config, options, &tried); });
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
