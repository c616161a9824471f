// tessera code train, evaluate, predict: clinical notes to codes, with the sentences that speak for each code.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_command.h"
#include "tessera/cli/training_report.h"
#include "tessera/clinical/coding_run.h"
#include "tessera/clinical/note_coder.h"

namespace tessera::cli {

namespace {

constexpr std::size_t kHardestLabels = 10;
constexpr std::string_view kCodeTrainDetails =
    "CONFIG is a TOML file that describes the notes, the network and the training; 'tessera code train "
    "--keys' lists every key. Nothing\n"
    "of the notes' text gets into the record or onto the screen; the vocabulary is written beside the run's "
    "folder. 'tessera verify',\n"
    "'resume', 'diff' and 'trace' take such a run as any other.\n\n"
    "Examples:\n"
    "  tessera code train examples/text/radiology.toml\n"
    "  tessera code train examples/text/radiology.toml --set model.kind=bag_of_words --name baseline";
constexpr std::string_view kEvaluateDetails =
    "Without FILE the notes are those of the training that were held out for a test. FILE has the form of "
    "the training notes, or is JSON\n"
    "lines (.jsonl), with labels; labels that the run does not know are passed over. If it holds the notes "
    "of "
    "the training, only those\n"
    "that were held out are used, so the numbers stay honest. Then come the codes that are hardest for the "
    "run.\n\n"
    "Example: tessera code evaluate runs/radiology-0001";
constexpr std::string_view kPredictDetails =
    "FILE is one note (.txt), JSON lines with the fields id and text (.jsonl), or has the form of the "
    "training notes. The result for a note\n"
    "does not depend on the others, by not one bit. It quotes the notes; keep it as you keep them.\n\n"
    "Examples:\n"
    "  tessera code predict runs/radiology-0001 note.txt\n"
    "  tessera code predict runs/radiology-0001 notes.jsonl --format html --output codes.html --titles "
    "icd9cm_v32_long_dx.txt.gz";

struct Selected {
  std::string run, store = "runs", vocabulary;
  void declare(Arguments& arguments) {
    arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
    arguments.option("--vocabulary FILE", vocabulary, "The run's vocabulary (default: beside its folder)");
  }
};

}  // namespace

void print_coding_result(const clinical::CodingResult& result) {
  fmt::print("run       {}\nvocabulary {}\n", result.folder, result.vocabulary);
  fmt::print("steps     {}{} in {:.1f} s\n{}", result.steps,
             result.first_step == 0 ? "" : fmt::format(" (resumed after {})", result.first_step),
             result.seconds, result.summary);
  if (result.test) fmt::print("{}", clinical::quality_text(*result.test));
  print_not_finite(result.not_finite_since);
  fmt::print("seal      {}\n", result.seal);
}

ExitCode run_code_train(const Words& words) {
  auto command = parse_training_command(
      {"code train", "Learn to give notes their codes, and record the run", kCodeTrainDetails,
       "notes, network and training", clinical::coding_config_reference},
      words);
  if (!command) return ExitCode::kSuccess;
  const auto config = clinical::CodingConfig::read(command->config_file, command->settings);
  print_coding_result(clinical::train_coding(config, command->apply()));
  return ExitCode::kSuccess;
}

ExitCode run_code_evaluate(const Words& words) {
  Arguments arguments("code evaluate", "Measure a coding run on notes with labels", kEvaluateDetails);
  Selected selected;
  std::string file, diagnoses, data_folder;
  Execution execution;
  arguments.positional("RUN", selected.run, "Folder of a run, or its name in the store");
  arguments.positional("FILE", file, "The notes (default: the held-out ones of the training)", false);
  arguments.option("--diagnoses FILE", diagnoses, "For tables of MIMIC-III as CSV: DIAGNOSES_ICD");
  arguments.option("--data DIR", data_folder,
                   "Where to look for the notes of the training if they were moved");
  selected.declare(arguments);
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string folder = runs_folder(selected.store, selected.run);
  execution.apply();
  clinical::NoteCoder coder(folder, {.vocabulary = selected.vocabulary});
  data::DocumentSet notes;
  if (file.empty()) {
    const clinical::CodingSetup setup = clinical::setup_of_coding_record(folder, data_folder);
    for (const std::int64_t position : setup.split().test)
      notes.documents.push_back(setup.notes().documents[static_cast<std::size_t>(position)]);
    if (notes.documents.empty()) fail("{}: no note was held out for a test; name a file of notes", folder);
  } else {
    clinical::LabelledNotes found = clinical::read_labelled_notes(file, diagnoses, folder);
    if (!found.remark.empty()) fmt::print(stderr, "note: {}\n", found.remark);
    notes = std::move(found.notes);
  }
  const Tensor targets = coder.labels().encode(clinical::labels_of(coder.config(), notes));
  const Tensor probabilities = coder.probabilities(notes.documents);
  const metrics::MultilabelCounts counts(probabilities, targets, coder.thresholds());
  fmt::print("{}\n{}",
             clinical::quality_text(clinical::quality_of(probabilities, targets, coder.thresholds())),
             clinical::hardest_labels_text(counts, coder.labels(), kHardestLabels));
  return ExitCode::kSuccess;
}

ExitCode run_code_predict(const Words& words) {
  Arguments arguments("code predict", "Give notes their codes, with the sentences that speak for each",
                      kPredictDetails);
  Selected selected;
  clinical::CodingOptions options;
  std::string file, diagnoses, output, format = "text";
  std::int64_t first = 0;
  Execution execution;
  arguments.positional("RUN", selected.run, "Folder of a run, or its name in the store");
  arguments.positional("FILE", file, "The notes");
  arguments.option("--format NAME", format, "text, json (one line per note) or html (default: text)");
  arguments.option("--output FILE", output, "Write there instead of to standard output");
  arguments.option("--titles FILE", options.titles, "List of titles of the codes");
  arguments.option("--specialities FILE", options.specialities,
                   "CSV with the columns first, last, speciality (default: by chapter)");
  arguments.option("--codes N", options.most_codes, "Show at least so many codes of a note (default: 5)", 0,
                   100000);
  arguments.option("--first N", first, "Only the first so many notes of the file", 1, INT64_C(1) << 40);
  arguments.option("--diagnoses FILE", diagnoses, "For tables of MIMIC-III as CSV: DIAGNOSES_ICD");
  selected.declare(arguments);
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (format != "text" && format != "json" && format != "html")
    fail_with(ExitCode::kUsage, "--format: found '{}', expected text, json or html", printable(format));
  const std::string folder = runs_folder(selected.store, selected.run);
  execution.apply();
  options.vocabulary = selected.vocabulary;
  if (!output.empty()) check_user_place(output);
  clinical::NoteCoder coder(folder, options);
  data::DocumentSet notes = clinical::read_notes(file, diagnoses, coder.config());
  if (first > 0 && static_cast<std::int64_t>(notes.documents.size()) > first)
    notes.documents.resize(static_cast<std::size_t>(first));
  const std::vector<clinical::CodedNote> coded = coder.code(notes.documents);
  const std::string name =
      (std::filesystem::path(folder) / "").parent_path().filename();  // of "runs/x/", too
  const std::string out = format == "html"   ? clinical::coded_page(coded, name)
                          : format == "json" ? clinical::coded_json(coded)
                                             : clinical::coded_text(coded);
  if (output.empty())
    fmt::print("{}", out);
  else
    write_user_file(output, out);
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
