// tessera predict: the classes of samples that nobody has labelled.
#include <fmt/core.h>

#include <algorithm>

#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/interchange/weights.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kPredictRunDetails =
    "FILE has the form of the training data (CSV with the same feature columns, where the label may be "
    "missing; IDX; NPY;\n"
    "for a run on texts also JSON lines, or .txt with one text per line; for one on tags CoNLL; for one on "
    "meshes and clouds a\n"
    "file or a folder of them). The output is CSV: row (or file), prediction, and the probability of each "
    "class; "
    "of a run on\n"
    "numbers, or of a support vector machine, row and prediction; of a clustering row and cluster, of a "
    "transformation the\n"
    "columns that it makes. The prediction of a row does not depend on the other rows of the file, by not "
    "one "
    "bit.\n"
    "For a run of 'tessera fit' or 'search' FILE may be any table, also an SQLite database or the address of "
    "a "
    "PostgreSQL\n"
    "database, postgresql://USER@HOST/DATABASE, whatever the run learned from; a database is asked --query, "
    "or else the query\n"
    "of the run.\n"
    "--text takes the place of FILE: the answer is for people. --gates adds what the network shows at each "
    "word: the means\n"
    "of the reset gate r and the update gate z of a GRU, of i, f and o of an LSTM, the weights of attention; "
    "a word that the\n"
    "vocabulary lacks has a '?'.\n\n"
    "Examples:\n"
    "  tessera predict runs/digits-0001 new_digits.csv --output classes.csv\n"
    "  tessera predict runs/fit-0001 clinic.sqlite --query 'SELECT * FROM admitted ORDER BY id'\n"
    "  tessera predict runs/sentiment-0001 --text \"the film was not good\" --gates";

void say_left_out(const train::Predictions& predictions) {
  if (predictions.left_out > 0)
    fmt::print(stderr, "note: {} words beyond data.longest were not read\n", predictions.left_out);
}

std::string of_file(const train::TrainedModel& model, const std::string& file) {
  const train::Predictions predictions = train::predict(model, file);
  say_left_out(predictions);
  return predictions.to_csv();
}

std::string of_text(const train::TrainedModel& model, const std::string& text, bool gates) {
  train::TextReading reading = train::read_text(model, text);
  say_left_out(reading.predictions);
  if (gates && reading.columns.empty())
    fail_with(ExitCode::kUsage, "--gates: the run has no GRU, LSTM or attention, expected one of them");
  if (!gates) reading.columns.clear();
  return reading.to_text();
}

void write_answer(const std::string& output, const std::string& answer) {
  if (output.empty())
    fmt::print("{}", answer);
  else
    write_user_file(output, answer);
}

}  // namespace

ExitCode run_predict(const Words& words) {
  Arguments arguments("predict", "Say what a trained run makes of the rows of a file", kPredictRunDetails);
  std::string run, file, store = "runs", output, weights, text, query;
  bool gates = false;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.positional("FILE", file, "The samples", false);
  arguments.option("--text TEXT", text, "A text in the place of FILE, for a run on words");
  arguments.flag("--gates", gates, "With --text: what the network shows of itself at each word");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--weights FILE", weights,
                   "Use the run's network with the weights of this safetensors file");
  arguments.option("--query SQL", query, "The rows are what this query of the database FILE gives");
  arguments.option("--output FILE", output, "Write there instead of to standard output");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const bool text_given = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "--text" || word.starts_with("--text=");
  });
  if (text_given && text.empty() && file.empty())
    fail_with(ExitCode::kUsage, "--text: found an empty text, expected at least one word");
  if (file.empty() == text.empty())
    fail_with(ExitCode::kUsage,
              "tessera predict needs either a FILE or --text TEXT (see 'tessera predict --help')");
  if (gates && text.empty()) fail_with(ExitCode::kUsage, "--gates: expected --text TEXT beside it");
  const std::string folder = runs_folder(store, run);
  execution.apply();
  if (!output.empty()) check_user_place(output);
  if (tabular::is_fit_run(folder)) {
    if (file.empty() || !weights.empty())
      fail_with(ExitCode::kUsage,
                "{}: the run learned from a table, expected a FILE, without --text and --weights", run);
    const tabular::FittedModel fitted(folder);
    const data::Table table = fitted.read(file, query);
    for (const std::string& note : fitted.notes(table)) fmt::print(stderr, "note: {}\n", printable(note));
    write_answer(output, fitted.predictions_csv(table));
    return ExitCode::kSuccess;
  }
  refuse_query(run, query);
  const train::TrainedModel model(folder);
  if (!weights.empty()) interchange::load_weights_file(model.network(), weights);
  write_answer(output, text.empty() ? of_file(model, file) : of_text(model, text, gates));
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
