#include "tessera/embedding/embedding_setup.h"

#include <algorithm>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/split.h"

namespace tessera::embedding {
namespace {

std::uint64_t seed_of(const EmbeddingConfig& config) {
  return static_cast<std::uint64_t>(config.integer("seed"));
}

data::Vocabulary build_vocabulary(const EmbeddingConfig& config, const data::TextSamples& texts,
                                  const std::vector<std::int64_t>& training, std::int64_t& counted) {
  data::WordCounts counts;
  for (const std::int64_t position : training)
    counts.add(texts.samples[static_cast<std::size_t>(position)].words);
  counted = counts.total();
  data::Vocabulary vocabulary = data::Vocabulary::build(
      counts, {.min_count = config.integer("text.min_count"), .top = config.integer("text.top")});
  if (vocabulary.size() == data::Vocabulary::kFirstWord)
    fail("{}: no word stands {} times in the texts that are trained on (text.min_count)", texts.source,
         config.integer("text.min_count"));
  return vocabulary;
}

bool has_field(const std::string& key) {
  return key == "seed" || key == "record.digest_every" || key == "record.checkpoint_every";
}

bool has_pair(const std::vector<std::int64_t>& text) {
  return std::count_if(text.begin(), text.end(),
                       [](std::int64_t id) { return id >= data::Vocabulary::kFirstWord; }) > 1;
}

}  // namespace

data::TextSource text_source(const EmbeddingConfig& config, const std::string& path) {
  data::TextSource source;
  source.format = "text";
  source.path = path.empty() ? config.path("data.path") : path;
  source.text_column = config.text("data.text_column");
  source.read_labels = false;
  source.tokens.lower_case = config.boolean("data.lower_case");
  source.tokens.mask_digits = config.boolean("data.mask_digits");
  return source;
}

models::SkipGramSettings model_settings(const EmbeddingConfig& config) {
  return {.dimensions = config.integer("model.dimensions"),
          .window = config.integer("model.window"),
          .negatives = config.integer("model.negatives"),
          .epochs = config.integer("training.epochs"),
          .batch = config.integer("training.batch"),
          .learning_rate = config.real("training.learning_rate"),
          .seed = seed_of(config)};
}

EmbeddingSetup::EmbeddingSetup(EmbeddingConfig config, const std::string& texts_path)
    : config_(std::move(config)) {
  const data::TextSamples texts = data::read_text_samples(text_source(config_, texts_path));
  input_ = texts.inputs.at(0);
  input_.role = kTextsRole;
  const data::Split split = data::hold_out(static_cast<std::int64_t>(texts.samples.size()),
                                           config_.real("data.test"), seed_of(config_));
  vocabulary_ = build_vocabulary(config_, texts, split.train, training_words_);
  for (const auto& [positions, into] : {std::pair(&split.train, &training_), {&split.held_out, &held_out_}})
    for (const std::int64_t position : *positions)
      into->push_back(vocabulary_.ids(texts.samples[static_cast<std::size_t>(position)].words));
  config_.set_found("found.vocabulary", vocabulary_.digest());
  config_.set_found("found.words", std::to_string(vocabulary_.size()));
  initialize();
}

void EmbeddingSetup::initialize() {
  model_ = std::make_unique<models::SkipGram>(vocabulary_.size(), model_settings(config_));
  trainer_ = std::make_unique<models::WindowTrainer>(
      *model_, training_,
      models::WindowSettings{.subsample = config_.real("training.subsample"),
                             .noise_power = config_.real("training.noise_power"),
                             .noise_words = config_.integer("training.noise_words")});
}

runs::RunOptions EmbeddingSetup::run_options() const {
  runs::RunOptions options;
  options.kind = kEmbeddingKind;
  options.base_name = config_.text("name");
  options.obey_environment = false;  // the caller says what is to be done with which run
  for (const train::KeyedValue& value : config_.values())
    (value.claimed && !has_field(value.key) ? options.configuration : options.other_settings)
        .push_back({value.key, value.text, value.origin});
  options.seed = seed_of(config_);
  options.inputs.push_back({input_.role, input_.path, input_.digest});
  options.steps = steps();
  options.digest_every = static_cast<std::uint64_t>(config_.integer("record.digest_every"));
  options.checkpoint_every = static_cast<std::uint64_t>(config_.integer("record.checkpoint_every"));
  return options;
}

void EmbeddingSetup::keep_in(runs::Run& run) {
  run.keep("model", *model_);
  run.keep("optimizer", trainer_->optimizer());
}

std::optional<double> EmbeddingSetup::held_out_loss() {
  if (std::none_of(held_out_.begin(), held_out_.end(), has_pair)) return std::nullopt;
  return trainer_->loss_of(held_out_);
}

std::uint64_t EmbeddingSetup::run(std::uint64_t done, StepObserver& observer, Progress* progress) {
  const std::int64_t every = config_.integer("record.evaluate_every");
  for (std::uint64_t step = done + 1; step <= steps(); ++step) {
    std::vector<StepScalar> scalars = {{"loss", trainer_->step(step)}};
    const std::int64_t epoch = trainer_->epoch_of(step);
    if (progress != nullptr)
      progress->update(step, fmt::format("epoch {}, loss {:.4f}", epoch + 1, scalars[0].value));
    if (step == steps() || (trainer_->last_of_epoch(step) && every > 0 && (epoch + 1) % every == 0))
      if (const auto loss = held_out_loss()) scalars.push_back({"held_out_loss", *loss});
    if (!observer.on_step({step, scalars})) return step;
  }
  return std::max(done, steps());
}

}  // namespace tessera::embedding
