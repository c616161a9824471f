// tessera embed train, nearest, analogy, encode: word vectors by skip-gram, recorded, and what they are good for.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_command.h"
#include "tessera/cli/training_report.h"
#include "tessera/data/csv.h"
#include "tessera/embedding/embedding_run.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kEmbedTrainDetails =
    "CONFIG is a TOML file that describes the texts, the vectors and the training; 'tessera embed train "
    "--keys' lists every key.\n"
    "Nothing of the texts gets into the record or onto the screen; the vocabulary is written beside the "
    "run's "
    "folder. 'tessera verify',\n"
    "'resume', 'report', 'diff' and 'trace' take such a run as any other; 'tessera export' writes its "
    "vectors.\n\n"
    "Examples:\n"
    "  tessera embed train examples/text/word_vectors.toml\n"
    "  tessera embed train examples/text/word_vectors.toml --set model.dimensions=50 --name small";
constexpr std::string_view kNearestDetails =
    "Words whose vectors point most nearly the same way, by the cosine of the angle.\n\n"
    "Example: tessera embed nearest runs/transcription-words-0001 kidney --count 5";
constexpr std::string_view kAnalogyDetails =
    "The word for D in 'A is to B as C is to D': that whose vector points most nearly as B - A + C does.\n\n"
    "Example: tessera embed analogy runs/transcription-words-0001 he his she --count 3";
constexpr std::string_view kEncodeDetails =
    "Each text of FILE (.txt, .csv, .jsonl) becomes the mean of the vectors of its words: a row of the CSV "
    "file, "
    "with the columns v1,\n"
    "v2, ... and, with --label, the label; 'tessera train' takes it as any table. What a text gets does not "
    "depend "
    "on the others, by not\n"
    "one bit. A text without a known word gets 0 everywhere, and their number is said.\n\n"
    "Example: tessera embed encode runs/transcription-words-0001 notes.csv --label ward --output notes-v.csv";

struct SelectedEmbedding {
  std::string run, store = "runs", vocabulary;
  Execution execution;
  void declare(Arguments& arguments) {
    arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  }
  void declare_options(Arguments& arguments) {
    arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
    arguments.option("--vocabulary FILE", vocabulary, "The run's vocabulary (default: beside its folder)");
    execution.declare(arguments);
  }
  embedding::TrainedEmbedding open() {
    const std::string folder = runs_folder(store, run);
    execution.apply();
    return embedding::TrainedEmbedding(folder, vocabulary);
  }
};

void print_near(const std::vector<models::NearWord>& words, bool json) {
  if (json) {
    nlohmann::json list = nlohmann::json::array();
    for (const models::NearWord& near : words) list.push_back({{"word", near.word}, {"cosine", near.cosine}});
    fmt::print("{}\n", list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  for (const models::NearWord& near : words) fmt::print("{:.4f}  {}\n", near.cosine, printable(near.word));
}

// v1,v2,...,label
std::string encoded_csv(const models::WordVectors& vectors, const data::TextSamples& texts,
                        const std::string& label, std::size_t& unknown) {
  std::string csv;
  for (std::int64_t i = 0; i < vectors.dimensions(); ++i)
    csv += fmt::format("{}v{}", i == 0 ? "" : ",", i + 1);
  csv += label.empty() ? "\n" : fmt::format(",{}\n", data::csv_field(label));
  for (const data::TextSample& text : texts.samples) {
    unknown += std::none_of(text.words.begin(), text.words.end(),
                            [&](const std::string& word) { return vectors.find(word).has_value(); });
    const std::vector<float> numbers = vectors.encode(text.words).to_vector<float>();
    csv += fmt::format("{}", fmt::join(numbers, ","));
    csv += label.empty() ? "\n" : fmt::format(",{}\n", data::csv_field(text.labels.at(0)));
  }
  return csv;
}

}  // namespace

void print_embedding_result(const embedding::EmbeddingResult& result) {
  fmt::print("run       {}\nvocabulary {}\n", result.folder, result.vocabulary);
  fmt::print("steps     {}{} in {:.1f} s\n{}", result.steps,
             result.first_step == 0 ? "" : fmt::format(" (resumed after {})", result.first_step),
             result.seconds, result.summary);
  if (result.held_out_loss)
    fmt::print("test      loss per pair {:.4f}, untrained {:.4f}\n", *result.held_out_loss,
               result.untrained_loss);
  print_not_finite(result.not_finite_since);
  fmt::print("seal      {}\n", result.seal);
}

ExitCode run_embed_train(const Words& words) {
  auto command =
      parse_training_command({"embed train", "Learn vectors of words, and record the run", kEmbedTrainDetails,
                              "texts, vectors and training", embedding::embedding_config_reference},
                             words);
  if (!command) return ExitCode::kSuccess;
  const auto config = embedding::EmbeddingConfig::read(command->config_file, command->settings);
  print_embedding_result(embedding::train_embedding(config, command->apply()));
  return ExitCode::kSuccess;
}

ExitCode run_embed_nearest(const Words& words) {
  Arguments arguments("embed nearest", "List the words that are nearest to one", kNearestDetails);
  SelectedEmbedding selected;
  std::string word;
  std::int64_t count = 10;
  bool json = false;
  selected.declare(arguments);
  arguments.positional("WORD", word, "A word of the run's vocabulary");
  arguments.option("--count N", count, "So many words (default: 10)", 1, INT64_C(1) << 31);
  arguments.flag("--json", json, "Print them as one line of JSON");
  selected.declare_options(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const embedding::TrainedEmbedding trained = selected.open();
  print_near(trained.words().nearest(trained.word_of(word), count), json);
  return ExitCode::kSuccess;
}

ExitCode run_embed_analogy(const Words& words) {
  Arguments arguments("embed analogy", "Say what is to C as B is to A", kAnalogyDetails);
  SelectedEmbedding selected;
  std::string a, b, c;
  std::int64_t count = 10;
  bool json = false;
  selected.declare(arguments);
  arguments.positional("A", a, "A word of the run's vocabulary");
  arguments.positional("B", b, "What A is to be related to");
  arguments.positional("C", c, "A word to find the same relation of");
  arguments.option("--count N", count, "So many answers (default: 10)", 1, INT64_C(1) << 31);
  arguments.flag("--json", json, "Print them as one line of JSON");
  selected.declare_options(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const embedding::TrainedEmbedding trained = selected.open();
  print_near(trained.words().analogy(trained.word_of(a), trained.word_of(b), trained.word_of(c), count),
             json);
  return ExitCode::kSuccess;
}

ExitCode run_embed_encode(const Words& words) {
  Arguments arguments("embed encode", "Write texts as vectors: the means of those of their words",
                      kEncodeDetails);
  SelectedEmbedding selected;
  std::string file, label, output;
  selected.declare(arguments);
  arguments.positional("FILE", file, "The texts, in the column of the run's texts");
  arguments.option("--output FILE", output, "Write this CSV file");
  arguments.option("--label COLUMN", label, "A column (.csv) or field (.jsonl) to keep as the last one");
  selected.declare_options(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (output.empty()) fail_with(ExitCode::kUsage, "--output is missing, expected the CSV file to write");
  check_user_place(output);
  const embedding::TrainedEmbedding trained = selected.open();
  std::size_t unknown = 0;
  write_user_file(output, encoded_csv(trained.words(), trained.read_texts(file, label), label, unknown));
  if (unknown > 0)
    fmt::print(stderr, "note: {} texts have no word that the run knows, and are 0 everywhere\n", unknown);
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
