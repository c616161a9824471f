#include "tessera/embedding/embedding_run.h"

#include <chrono>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/numerics/functions.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/inputs.h"
#include "tessera/train/loss_watch.h"
#include "tessera/train/recorded_setup.h"
#include "tessera/train/text_data.h"
#include "tessera/train/training_setup.h"

namespace tessera::embedding {
namespace {

constexpr std::int64_t kFirst = data::Vocabulary::kFirstWord;

std::string summary_of(const EmbeddingSetup& setup) {
  const data::Vocabulary& vocabulary = setup.vocabulary();
  return fmt::format(
      "texts     {} to train, {} to test\nwords     {} with a vector (counted at least {} times), {} of the "
      "{} "
      "in the training texts\n",
      grouped_number(setup.training_texts()), grouped_number(setup.held_out_texts()),
      grouped_number(static_cast<std::uint64_t>(vocabulary.size() - kFirst)),
      setup.config().integer("text.min_count"),
      grouped_number(
          static_cast<std::uint64_t>(setup.training_words() - vocabulary.count(data::Vocabulary::kUnknown))),
      grouped_number(static_cast<std::uint64_t>(setup.training_words())));
}

EmbeddingResult complete(EmbeddingSetup& setup, runs::Run& run, const train::TrainOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  setup.keep_in(run);
  EmbeddingResult result;
  result.folder = run.folder();
  result.first_step = run.start();
  result.steps = setup.steps();
  result.summary = summary_of(setup);
  // Before the first step: a run that is stopped can be resumed, and its vocabulary is there already.
  result.vocabulary = train::vocabulary_path(run.folder());
  setup.vocabulary().write(result.vocabulary);
  Progress progress(run.name(), setup.steps(), result.first_step, {.quiet = options.quiet});
  train::LossWatch watch(run);
  if (!run.complete()) setup.run(result.first_step, watch, &progress);
  progress.finish();
  result.seal = run.finish();
  if (watch.not_finite_since()) result.not_finite_since = train::recorded_not_finite_since(result.folder);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.held_out_loss = setup.held_out_loss();
  result.untrained_loss =
      static_cast<double>(1 + setup.config().integer("model.negatives")) * numerics::log(2.0);
  return result;
}

runs::Claim embedding_claim(const std::string& run_folder) {
  runs::Claim claim = runs::read_claim(run_folder);
  if (claim.kind != kEmbeddingKind)
    fail_with(ExitCode::kCannotRerun,
              "{}: the run is of kind '{}', expected one that 'tessera embed train' made", run_folder,
              claim.kind);
  return claim;
}

data::Vocabulary vocabulary_of(const std::string& run_folder, const EmbeddingConfig& config,
                               const std::string& given) {
  const std::string path = given.empty() ? train::vocabulary_path(run_folder) : given;
  if (!exists(path))
    fail_with(ExitCode::kCannotRerun,
              "{}: the run's vocabulary is not there; it is kept beside the run's folder (the same training "
              "writes the same one)",
              path);
  data::Vocabulary vocabulary = data::Vocabulary::read(path);
  if (!config.has("found.vocabulary")) fail("{}: the record names no vocabulary, expected its digest", path);
  if (vocabulary.digest() != config.text("found.vocabulary"))
    fail_with(ExitCode::kInputChanged, "{}: not the run's vocabulary: its digest is {}, the record says {}",
              path, vocabulary.digest(), config.text("found.vocabulary"));
  return vocabulary;
}

}  // namespace

EmbeddingSetup setup_of_embedding_record(const std::string& run_folder, const std::string& data_folder) {
  const runs::Claim claim = embedding_claim(run_folder);
  train::require_contract(run_folder, claim);
  const auto paths = train::find_inputs(claim, runs::read_circumstances(run_folder), data_folder);
  const auto found = paths.find(kTextsRole);
  if (found == paths.end())
    fail_with(ExitCode::kCannotRerun, "{}: the record claims no input '{}'", run_folder, kTextsRole);
  return EmbeddingSetup(EmbeddingConfig::from_record(train::recorded_settings(claim)), found->second);
}

EmbeddingResult train_embedding(const EmbeddingConfig& config, const train::TrainOptions& options) {
  EmbeddingSetup setup(config);
  runs::Run run = train::open_run(setup.run_options(), options);
  return complete(setup, run, options);
}

EmbeddingResult resume_embedding(const std::string& run_folder, const train::TrainOptions& options) {
  EmbeddingSetup setup = setup_of_embedding_record(run_folder, options.data_folder);
  runs::Run run = train::resume_run(run_folder, setup.run_options(), options);
  return complete(setup, run, options);
}

bool is_embedding_run(const std::string& run_folder) {
  return train::is_run_of_kind(run_folder, kEmbeddingKind);
}

train::VerifyResult verify_embedding(const std::string& run_folder, const train::VerifyOptions& options) {
  return train::verify_setup(run_folder, options,
                             [&] { return setup_of_embedding_record(run_folder, options.data_folder); });
}

runs::ReplayOutcome reexecute_embedding(const std::string& run_folder, const runs::ReplayOptions& part,
                                        const std::optional<runs::TraceRequest>& trace,
                                        const train::VerifyOptions& options) {
  EmbeddingSetup setup = setup_of_embedding_record(run_folder, options.data_folder);
  return train::replay_setup(setup, run_folder, part, options, trace);
}

TrainedEmbedding::TrainedEmbedding(const std::string& run_folder, const std::string& vocabulary)
    : config_(EmbeddingConfig::from_record(train::recorded_settings(embedding_claim(run_folder)))) {
  const data::Vocabulary known = vocabulary_of(run_folder, config_, vocabulary);
  model_ = std::make_unique<models::SkipGram>(known.size(), model_settings(config_));
  const runs::SealedState sealed = runs::sealed_state(run_folder);
  runs::restore_object("model", *model_, sealed.tensors, sealed.path);
  std::vector<std::string> words;
  for (std::int64_t id = kFirst; id < known.size(); ++id) words.push_back(known.word(id));
  words_ = std::make_unique<models::WordVectors>(
      std::move(words), contiguous(slice(model_->vectors(), {Range(kFirst, known.size())})), run_folder);
}

std::string TrainedEmbedding::word_of(const std::string& text) const {
  const std::vector<std::string> words = data::words_of(text, text_source(config_, "-").tokens);
  if (words.size() != 1)
    fail_with(ExitCode::kUsage, "'{}' is {} words, expected one", printable(text), words.size());
  return words.front();
}

data::TextSamples TrainedEmbedding::read_texts(const std::string& path,
                                               const std::string& label_column) const {
  data::TextSource source = text_source(config_, path);
  source.read_labels = !label_column.empty();
  if (source.read_labels) source.label_column = label_column;
  return data::read_text_samples(source);
}

}  // namespace tessera::embedding
