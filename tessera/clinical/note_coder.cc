#include "tessera/clinical/note_coder.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/clinical/coding_run.h"
#include "tessera/metrics/multilabel.h"
#include "tessera/numerics/functions.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/record.h"
#include "tessera/tensor/ops.h"

namespace tessera::clinical {
namespace {

constexpr double kLeastShare =
    0.05;  // of the strongest sentence's contribution: less speaks too softly to be shown

CodingConfig config_of(const std::string& folder) {
  const runs::Claim claim = runs::read_claim(folder);
  if (claim.kind != kCodingKind)
    fail_with(ExitCode::kCannotRerun,
              "{}: the run is of kind '{}', expected one that 'tessera code train' made", folder, claim.kind);
  std::map<std::string, std::string> texts = claim.configuration;
  texts["seed"] = std::to_string(claim.seed);
  return CodingConfig::from_record(texts);
}

data::LabelSet recorded_labels(const CodingConfig& config) {
  const nlohmann::json names = nlohmann::json::parse(config.text("found.labels"), nullptr, false);
  if (!names.is_array() ||
      !std::all_of(names.begin(), names.end(), [](const auto& name) { return name.is_string(); }))
    fail("the record's labels are not a list of texts");
  return data::LabelSet::of_names(names.get<std::vector<std::string>>());
}

data::Vocabulary recorded_vocabulary(const CodingConfig& config, const std::string& path) {
  if (!exists(path))
    fail_with(ExitCode::kCannotRerun,
              "{}: the run's vocabulary is not there; it is kept beside the run's folder (--vocabulary FILE "
              "says where)",
              path);
  data::Vocabulary vocabulary = data::Vocabulary::read(path);
  if (!config.has("found.vocabulary")) fail("{}: the record names no vocabulary, expected its digest", path);
  if (vocabulary.digest() != config.text("found.vocabulary"))
    fail_with(ExitCode::kInputChanged, "{}: not the run's vocabulary: its digest is {}, the record says {}",
              path, vocabulary.digest(), config.text("found.vocabulary"));
  return vocabulary;
}

std::vector<CodedSentence> sentences_of(const data::EncodedDocument& encoded, const Explained& explained) {
  std::vector<CodedSentence> sentences;
  for (std::size_t s = 0; s < encoded.sentences.size(); ++s) {
    const data::EncodedSentence& from = encoded.sentences[s];
    CodedSentence sentence;
    sentence.section = from.section;
    sentence.place = {from.places.front().begin, from.places.back().end};
    const auto at = static_cast<std::int64_t>(s);
    if (explained.sentences.defined()) sentence.attention = explained.sentences.at<float>({0, at});
    for (std::size_t w = 0; w < from.places.size(); ++w)
      sentence.words.push_back(
          {from.places[w],
           explained.words.defined() ? explained.words.at<float>({0, at, static_cast<std::int64_t>(w)}) : 0});
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

std::vector<SpeakingSentence> speaking(const Explained& explained, std::size_t sentences, std::int64_t label,
                                       std::int64_t most) {
  std::vector<SpeakingSentence> found;
  for (std::size_t s = 0; s < sentences; ++s) {
    const double contribution = explained.contributions.at<float>({0, static_cast<std::int64_t>(s), label});
    if (contribution > 0) found.push_back({s, contribution});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.contribution > b.contribution; });
  while (!found.empty() && found.back().contribution < kLeastShare * found.front().contribution)
    found.pop_back();
  if (static_cast<std::int64_t>(found.size()) > most) found.resize(static_cast<std::size_t>(most));
  return found;
}

data::DocumentSource source_of_file(const std::string& path, const std::string& diagnoses,
                                    const CodingConfig& config, bool labelled) {
  data::DocumentSource source = document_source(config);
  if (path.ends_with(".jsonl") || path.ends_with(".jsonl.gz")) source.format = "json-lines";
  source.path = path;
  source.diagnoses = diagnoses;
  source.labelled = labelled;
  return source;
}

// Is the file of the notes one of the training's?
bool holds_claimed_input(const data::DocumentSet& notes, const runs::Claim& claim) {
  const auto claimed = claim.inputs.find("notes");
  return claimed != claim.inputs.end() &&
         std::any_of(notes.inputs.begin(), notes.inputs.end(), [&](const data::InputFile& input) {
           return input.role == "notes" &&
                  (input.digest == claimed->second || input.unpacked_digest == claimed->second);
         });
}

// Of the notes of the training, those that it did not see.
void keep_held_out(LabelledNotes& found, const CodingConfig& config) {
  std::vector<data::Document>& documents = found.notes.documents;
  const NoteSplit split = split_notes(config, documents);
  if (split.test.empty()) {
    found.remark = "the model was trained on these notes, so this says little about new ones";
    return;
  }
  found.remark = fmt::format(
      "these are the notes of the training: only the {} of {} that were held out for a test are evaluated",
      split.test.size(), documents.size());
  std::vector<data::Document> held_out;
  for (const std::int64_t position : split.test)
    held_out.push_back(std::move(documents[static_cast<std::size_t>(position)]));
  documents = std::move(held_out);
}

}  // namespace

NoteCoder::NoteCoder(const std::string& run_folder, const CodingOptions& options)
    : config_(config_of(run_folder)),
      options_(options),
      labels_(recorded_labels(config_)),
      specialities_(options.specialities.empty() ? data::CodeSpecialities::standard()
                                                 : data::CodeSpecialities::read(options.specialities)) {
  const runs::SealedState sealed = runs::sealed_state(run_folder);
  vocabulary_ = recorded_vocabulary(
      config_, options.vocabulary.empty() ? vocabulary_path(run_folder) : options.vocabulary);
  model_ = std::make_unique<NoteModel>(config_, vocabulary_.size(), labels_.size());
  thresholds_.values = zeros({labels_.size()}, DType::kFloat64);
  runs::restore_object("model", model_->module(), sealed.tensors, sealed.path);
  runs::restore_object("thresholds", thresholds_, sealed.tensors, sealed.path);
  if (!options.titles.empty()) titles_ = data::CodeTitles::read(options.titles);
}

CodedNote NoteCoder::code_one(const data::Document& note) {
  const data::EncodedDocument encoded = data::encode(note, vocabulary_, encoding_settings(config_));
  const Explained explained =
      model_->explain(data::padded_words(std::vector<data::EncodedDocument>{encoded}));
  CodedNote coded{note, sentences_of(encoded, explained), {}, {}, encoded.left_out};
  const std::vector<float> values = sigmoid(explained.logits).to_vector<float>();
  const std::vector<double> probabilities(values.begin(), values.end()), thresholds = thresholds_.numbers();
  std::vector<std::pair<std::string, double>> scored;
  for (const std::int64_t label : metrics::ranked_labels(probabilities)) {
    const auto at = static_cast<std::size_t>(label);
    const bool said = probabilities[at] >= thresholds[at];
    if (!said && static_cast<std::int64_t>(coded.codes.size()) >= options_.most_codes) continue;
    const std::string& code = labels_.names()[at];
    coded.codes.push_back({code, titles_ ? titles_->title(code) : "", specialities_.speciality(code),
                           probabilities[at], thresholds[at], said,
                           speaking(explained, encoded.sentences.size(), label, options_.most_sentences)});
    if (said) scored.emplace_back(code, probabilities[at]);
  }
  coded.specialities = specialities_.rank(scored);
  return coded;
}

std::vector<CodedNote> NoteCoder::code(const std::vector<data::Document>& notes) {
  std::vector<CodedNote> coded;
  coded.reserve(notes.size());
  for (const data::Document& note : notes) coded.push_back(code_one(note));
  return coded;
}

Tensor NoteCoder::probabilities(const std::vector<data::Document>& notes) {
  std::vector<Tensor> rows;
  for (const data::Document& note : notes)
    rows.push_back(sigmoid(model_
                               ->explain(data::padded_words(std::vector<data::EncodedDocument>{
                                   data::encode(note, vocabulary_, encoding_settings(config_))}))
                               .logits));
  return concatenate(rows, 0);
}

data::DocumentSet read_notes(const std::string& path, const std::string& diagnoses,
                             const CodingConfig& config) {
  if (path.ends_with(".txt")) {
    const std::string name = std::filesystem::path(path).stem();
    return {path, {{name, {{"", read_file(path)}}, {}}}};
  }
  return data::read_documents(source_of_file(path, diagnoses, config, /*labelled=*/false));
}

LabelledNotes read_labelled_notes(const std::string& path, const std::string& diagnoses,
                                  const std::string& run_folder) {
  if (path.ends_with(".txt"))
    fail_with(ExitCode::kUsage,
              "{}: a note alone has no labels, expected JSON lines or a file as that of the training", path);
  const CodingConfig config = config_of(run_folder);
  LabelledNotes found{data::read_documents(source_of_file(path, diagnoses, config, /*labelled=*/true)), {}};
  if (found.notes.left_out > 0)
    found.remark = fmt::format("{} admissions without a note or a code are left out", found.notes.left_out);
  if (found.notes.digest() == config.text("found.documents")) {
    keep_held_out(found, config);
  } else if (holds_claimed_input(found.notes, runs::read_claim(run_folder))) {
    fail_with(ExitCode::kInputChanged,
              "{}: the notes of the training, but with other labels than there: which of them were held out "
              "is not known",
              path);
  }
  return found;
}

}  // namespace tessera::clinical
