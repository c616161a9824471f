// tessera evaluate: how good is a trained run on labelled samples, and which classes are hard?
#include <fmt/core.h>

#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/train/layer_builder.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kEvaluateRunDetails =
    "FILE has the form of the training data, with labels (without, where a fit learned without a target). If "
    "it is the file that the run was trained on, "
    "only the samples\n"
    "that were held out are used, so the number stays honest. Only that very table is known again: its rows "
    "in "
    "another file\n"
    "count as new ones. For a run of 'tessera fit' or 'search' FILE may also be an SQLite database or the "
    "address of a\n"
    "PostgreSQL database, postgresql://USER@HOST/DATABASE, whatever the run learned from; it is asked "
    "--query, "
    "or else the\n"
    "query of the run. No other database is asked.\n\n"
    "Examples:\n"
    "  tessera evaluate runs/digits-0001 data/digits.csv\n"
    "  tessera evaluate runs/fashion-0001 t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz";
}  // namespace

ExitCode run_evaluate(const Words& words) {
  Arguments arguments("evaluate", "Measure a trained run on a labelled file", kEvaluateRunDetails);
  std::string run, file, labels, query, store = "runs";
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.positional("FILE", file, "The samples");
  arguments.option("--labels FILE", labels, "Their labels, for formats that keep them apart (IDX, NPY)");
  arguments.option("--query SQL", query, "The rows are what this query of the database FILE gives");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string folder = runs_folder(store, run);
  execution.apply();
  if (tabular::is_fit_run(folder)) {
    if (!labels.empty())
      fail_with(ExitCode::kUsage,
                "--labels: the run has its target in the table, expected no file of labels");
    const tabular::FittedEvaluation found = tabular::FittedModel(folder).evaluate(file, query);
    if (!found.note.empty()) fmt::print(stderr, "note: {}\n", printable(found.note));
    fmt::print("{}", found.text);
    return ExitCode::kSuccess;
  }
  refuse_query(run, query);
  const train::TrainedModel model(folder);
  const train::Evaluation evaluation = train::evaluate(model, file, labels);
  if (!evaluation.note.empty()) fmt::print(stderr, "note: {}\n", evaluation.note);
  if (evaluation.numbers) {
    fmt::print("samples   {}\nRMSE      {:.6g}\nMAE       {:.6g}\nR2        {:.4f}\nloss      {:.6g}\n",
               evaluation.samples, evaluation.numbers->rmse, evaluation.numbers->mae, evaluation.numbers->r2,
               evaluation.loss);
    return ExitCode::kSuccess;
  }
  std::vector<std::string> classes;
  for (const std::string& name : evaluation.classes) classes.push_back(printable(name));
  const bool points = train::labels_points(model.config());
  fmt::print("{:<10}{}\naccuracy  {:.4f}\n{}loss      {:.4f}\n\n{}", train::judged_name(model.config()),
             evaluation.samples, evaluation.accuracy,
             points ? fmt::format("mean IoU  {:.4f}\n", evaluation.confusion.mean_iou()) : "",
             evaluation.loss, evaluation.confusion.per_class_table(classes));
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
