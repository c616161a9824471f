#include "tessera/clinical/coding_setup.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/progress.h"
#include "tessera/data/icd9.h"
#include "tessera/data/loader.h"
#include "tessera/data/split.h"
#include "tessera/nn/losses.h"
#include "tessera/tensor/ops.h"

namespace tessera::clinical {
namespace {

constexpr std::size_t kEvaluationBatch = 32;
constexpr std::int64_t kPretrainingWindow = 3, kPretrainingBatch = 1024;  // pairs

std::uint64_t seed_of(const CodingConfig& config) {
  return static_cast<std::uint64_t>(config.integer("seed"));
}

std::vector<std::int64_t> picked(const std::vector<std::int64_t>& from,
                                 const std::vector<std::int64_t>& positions) {
  std::vector<std::int64_t> out;
  for (const std::int64_t position : positions) out.push_back(from[static_cast<std::size_t>(position)]);
  return out;
}

// Positions of the notes of each patient; patients in the order of their first notes.
std::vector<std::vector<std::int64_t>> notes_by_patient(const std::vector<data::Document>& notes) {
  std::vector<std::vector<std::int64_t>> patients;
  std::map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    std::size_t patient = patients.size();
    if (!notes[i].patient.empty()) patient = known.try_emplace(notes[i].patient, patient).first->second;
    if (patient == patients.size()) patients.emplace_back();
    patients[patient].push_back(static_cast<std::int64_t>(i));
  }
  return patients;
}

std::vector<std::int64_t> notes_of(const std::vector<std::vector<std::int64_t>>& patients,
                                   const std::vector<std::int64_t>& chosen) {
  std::vector<std::int64_t> notes;
  for (const std::int64_t patient : chosen) {
    const auto& own = patients[static_cast<std::size_t>(patient)];
    notes.insert(notes.end(), own.begin(), own.end());
  }
  std::sort(notes.begin(), notes.end());
  return notes;
}

data::DocumentSource source_at(const CodingConfig& config, const std::string& notes,
                               const std::string& diagnoses) {
  data::DocumentSource source = document_source(config);
  source.path = notes.empty() ? config.path("data.path") : notes;
  if (source.format == "mimic-csv")
    source.diagnoses = diagnoses.empty() ? config.path("data.diagnoses") : diagnoses;
  return source;
}

}  // namespace

data::DocumentSource document_source(const CodingConfig& config) {
  data::DocumentSource source;
  source.format = config.text("data.format");
  source.code_origin = config.text("data.code_origin");
  source.id_field = config.text("data.id_field");
  source.text_field = config.text("data.text_field");
  source.label_field = config.text("data.label_field");
  if (config.has("data.patient_field")) source.patient_field = config.text("data.patient_field");
  source.note_category = config.text("data.note_category");
  return source;
}

data::EncodingSettings encoding_settings(const CodingConfig& config) {
  data::EncodingSettings settings;
  settings.sentences.lines_end = config.boolean("text.lines_end");
  settings.longest_sentence = config.integer("text.longest_sentence");
  settings.most_sentences = config.integer("text.most_sentences");
  return settings;
}

std::vector<std::vector<std::string>> labels_of(const CodingConfig& config, const data::DocumentSet& notes) {
  std::vector<std::vector<std::string>> labels = notes.labels();
  if (!config.boolean("labels.roll_up")) return labels;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    std::set<std::string> rolled;
    for (const std::string& code : labels[i]) {
      if (!data::is_icd9_code(code))
        fail("{}: note {}: a label is no code of ICD-9-CM, which labels.roll_up expects", notes.source,
             i + 1);
      rolled.insert(data::icd9_three_digits(code));
    }
    labels[i].assign(rolled.begin(), rolled.end());
  }
  return labels;
}

NoteSplit split_notes(const CodingConfig& config, const std::vector<data::Document>& notes) {
  const std::vector<std::vector<std::int64_t>> patients = notes_by_patient(notes);
  const double test = config.real("data.test"), validation = config.real("data.validation");
  const data::Split outer = data::hold_out(static_cast<std::int64_t>(patients.size()), test, seed_of(config));
  const data::Split inner = data::hold_out(static_cast<std::int64_t>(outer.train.size()),
                                           validation / (1 - test), seed_of(config) + 1);
  NoteSplit split{notes_of(patients, picked(outer.train, inner.train)),
                  notes_of(patients, picked(outer.train, inner.held_out)),
                  notes_of(patients, outer.held_out)};
  if (split.validation.empty())
    fail("{} notes: none is left to tune thresholds on, expected more notes or a larger data.validation",
         notes.size());
  return split;
}

Quality quality_of(const Tensor& probabilities, const Tensor& targets,
                   const std::vector<double>& thresholds) {
  const metrics::MultilabelCounts counts(probabilities, targets, thresholds);
  Quality quality;
  quality.notes = counts.samples();
  quality.micro_f1 = counts.micro_f1();
  quality.macro_f1 = counts.macro_f1();
  quality.macro_f1_of_present = counts.macro_f1_of_present();
  quality.micro_precision = counts.micro_precision();
  quality.micro_recall = counts.micro_recall();
  quality.micro_auc = metrics::micro_auc(probabilities, targets);
  quality.macro_auc = metrics::macro_auc(probabilities, targets);
  quality.exact = counts.exact_matches();
  quality.precision_at_1 = metrics::precision_at(probabilities, targets, 1);
  quality.precision_at_5 = metrics::precision_at(probabilities, targets, 5);
  return quality;
}

CodingSetup::CodingSetup(CodingConfig config, const std::string& notes_path,
                         const std::string& diagnoses_path)
    : config_(std::move(config)),
      notes_(data::read_documents(source_at(config_, notes_path, diagnoses_path))),
      split_(split_notes(config_, notes_.documents)),
      random_(seed_of(config_)) {
  const data::EncodingSettings encoding = encoding_settings(config_);
  const std::vector<std::vector<std::string>> labels = labels_of(config_, notes_);
  data::WordCounts counts;
  std::vector<std::vector<std::string>> train_labels;
  for (const std::int64_t position : split_.train) {
    data::count_words(notes_.documents[static_cast<std::size_t>(position)], encoding, counts);
    train_labels.push_back(labels[static_cast<std::size_t>(position)]);
  }
  vocabulary_ = data::Vocabulary::build(
      counts, {.min_count = config_.integer("text.min_count"), .top = config_.integer("text.top")});
  labels_ = data::LabelSet::build(
      train_labels, {.top = config_.integer("labels.top"), .min_count = config_.integer("labels.min_count")});
  for (const data::Document& note : notes_.documents)
    encoded_.push_back(data::encode(note, vocabulary_, encoding));
  targets_ = labels_.encode(labels);
  config_.set_found("found.labels", canonical_json(labels_.names()));
  config_.set_found("found.vocabulary", vocabulary_.digest());
  config_.set_found("found.words", std::to_string(vocabulary_.size()));
  config_.set_found("found.documents", notes_.digest());
  const data::BatchPlan plan({.samples = static_cast<std::int64_t>(split_.train.size()),
                              .batch = config_.integer("training.batch")});
  steps_ = static_cast<std::uint64_t>(plan.steps_per_epoch() * config_.integer("training.epochs"));
  initialize();
}

void CodingSetup::initialize() {
  random_ = RandomSource(seed_of(config_));
  model_ = std::make_unique<NoteModel>(config_, vocabulary_.size(), labels_.size());
  model_->module().initialize(random_);
  if (model_->embedding() != nullptr && config_.integer("model.pretrain_epochs") > 0) {
    models::SkipGram words(vocabulary_.size(), pretraining_settings());
    models::train_skipgram(words, training_sentences());
    model_->embedding()->weight().value = words.vectors();
  }
  optimizer_ = std::make_unique<nn::Adam>(
      model_->module().parameters(),
      nn::AdamSettings{.weight_decay = config_.real("training.weight_decay"), .decoupled = true});
  thresholds_.values = full({labels_.size()}, 0.5, DType::kFloat64);
}

std::vector<std::vector<std::int64_t>> CodingSetup::training_sentences() const {
  std::vector<std::vector<std::int64_t>> sentences;
  for (const std::int64_t position : split_.train)
    for (const data::EncodedSentence& sentence : encoded_[static_cast<std::size_t>(position)].sentences)
      sentences.push_back(sentence.words);
  return sentences;
}

models::SkipGramSettings CodingSetup::pretraining_settings() const {
  return {.dimensions = config_.integer("model.embedding"),
          .window = kPretrainingWindow,
          .epochs = config_.integer("model.pretrain_epochs"),
          .batch = kPretrainingBatch,
          .seed = seed_of(config_)};
}

runs::RunOptions CodingSetup::run_options() const {
  runs::RunOptions options;
  options.kind = kCodingKind;
  options.base_name = config_.text("name");
  options.obey_environment = false;  // the caller says what is to be done with which run
  for (const CodingValue& value : config_.values()) {
    if (value.key == "seed" || value.key == "record.digest_every" || value.key == "record.checkpoint_every")
      options.other_settings.push_back(
          {value.key, value.text, value.origin});  // the claim has fields for them
    else
      (value.claimed ? options.configuration : options.other_settings)
          .push_back({value.key, value.text, value.origin});
  }
  options.seed = seed_of(config_);
  for (const data::InputFile& input : notes_.inputs)
    options.inputs.push_back({input.role, input.path, input.digest});
  options.steps = steps_;
  options.digest_every = static_cast<std::uint64_t>(config_.integer("record.digest_every"));
  options.checkpoint_every = static_cast<std::uint64_t>(config_.integer("record.checkpoint_every"));
  return options;
}

void CodingSetup::keep_in(runs::Run& run) {
  run.keep("model", model_->module());
  run.keep("optimizer", *optimizer_);
  run.keep("thresholds", thresholds_);
}

Tensor CodingSetup::words_of(const std::vector<std::int64_t>& positions) const {
  std::vector<const data::EncodedDocument*> documents;
  for (const std::int64_t position : positions)
    documents.push_back(&encoded_[static_cast<std::size_t>(position)]);
  return data::padded_words(documents);
}

Tensor CodingSetup::targets(const std::vector<std::int64_t>& positions) const {
  return gather(targets_,
                Tensor::from<std::int64_t>(positions, {static_cast<std::int64_t>(positions.size())}));
}

double CodingSetup::step(const data::Batch& batch) {
  random_.begin_step(batch.step);
  const std::vector<std::int64_t> positions = picked(split_.train, batch.positions);
  const Tensor words = words_of(positions), wanted = targets(positions);
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : optimizer_->parameters()) weights.push_back(parameter->value);
  Tape tape;
  tape.watch(weights);
  nn::Context context;
  context.training = true;
  context.random = &random_;
  const Tensor loss = nn::binary_cross_entropy_loss(model_->module().forward(words, context), wanted);
  tape.stop();
  optimizer_->step(tape.gradient(loss, weights), config_.real("training.learning_rate"));
  return loss.item_as_double();
}

Tensor CodingSetup::probabilities(const std::vector<std::int64_t>& positions) {
  const NoTape constant;
  std::vector<Tensor> parts;
  for (std::size_t first = 0; first < positions.size(); first += kEvaluationBatch) {
    const auto begin = positions.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end =
        positions.begin() + static_cast<std::ptrdiff_t>(std::min(first + kEvaluationBatch, positions.size()));
    parts.push_back(sigmoid(model_->module().evaluate(words_of({begin, end}))));
  }
  return concatenate(parts, 0);
}

std::vector<StepScalar> CodingSetup::validate() {
  const Tensor found = probabilities(split_.validation), wanted = targets(split_.validation);
  const double shared = metrics::best_shared_threshold(found, wanted);
  std::vector<double> thresholds(static_cast<std::size_t>(labels_.size()), shared);
  if (config_.text("decision.threshold") == "per_label")
    thresholds = metrics::best_thresholds(found, wanted, shared);
  thresholds_.values = Tensor::from<double>(thresholds, {labels_.size()});
  const Quality quality = quality_of(found, wanted, thresholds);
  return {{"validation_micro_f1", quality.micro_f1}, {"validation_micro_auc", quality.micro_auc}};
}

std::uint64_t CodingSetup::run(std::uint64_t done, StepObserver& observer, Progress* progress) {
  data::BatchPlan plan({.samples = static_cast<std::int64_t>(split_.train.size()),
                        .batch = config_.integer("training.batch"),
                        .seed = seed_of(config_)});
  const std::int64_t every = config_.integer("record.evaluate_every");
  std::string validation;
  for (const data::Batch& batch : plan.steps(done + 1, steps_)) {
    std::vector<StepScalar> scalars = {{"loss", step(batch)}};
    if (batch.step == steps_ || (batch.last_of_epoch && every > 0 && (batch.epoch + 1) % every == 0)) {
      const std::vector<StepScalar> found = validate();
      scalars.insert(scalars.end(), found.begin(), found.end());
      validation = fmt::format(", validation micro F1 {:.3f}", found[0].value);
    }
    if (progress != nullptr)
      progress->update(batch.step,
                       fmt::format("epoch {}, loss {:.4f}{}", batch.epoch + 1, scalars[0].value, validation));
    if (!observer.on_step({batch.step, scalars})) return batch.step;
  }
  return std::max(done, steps_);
}

Quality CodingSetup::test_quality() {
  if (split_.test.empty()) fail("no note is held out for a test (data.test is 0)");
  return quality_of(probabilities(split_.test), targets(split_.test), thresholds_.numbers());
}

}  // namespace tessera::clinical
