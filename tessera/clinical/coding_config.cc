#include "tessera/clinical/coding_config.h"

#include "tessera/base/error.h"
#include "tessera/base/files.h"

namespace tessera::clinical {
namespace {

namespace keys = train::keys;
using train::Key, train::KeyPlace, train::KeyType, train::kKeyNone, train::kKeyRequired;

constexpr Key kKeys[] = {
    keys::text("name", "notes", "Runs are called NAME-0001, NAME-0002, ...", KeyType::kName,
               KeyPlace::kCircumstances),
    keys::integer("seed", 0, 9007199254740992, "1",
                  "Every random number comes from it: split, order, initial weights, dropout.",
                  KeyPlace::kClaimField),
    keys::choice("data.format", "cmc json-lines mimic-csv mimic-sql", kKeyRequired,
                 "Kind of the source of notes."),
    keys::text("data.path", kKeyRequired,
               "The file of the notes, or the database. Relative to this file's folder; `${TESSERA_DATA}` is "
               "replaced.",
               KeyType::kPath, KeyPlace::kCircumstances),
    keys::text("data.diagnoses", kKeyNone, "mimic-csv: the file DIAGNOSES_ICD.", KeyType::kPath,
               KeyPlace::kCircumstances),
    keys::text("data.code_origin", "CMC_MAJORITY", "cmc: whose codes."),
    keys::text("data.id_field", "id", "json-lines: the field of a note's name."),
    keys::text("data.text_field", "text", "json-lines: the field of its text."),
    keys::text("data.label_field", "labels", "json-lines: the field of its labels."),
    keys::text(
        "data.patient_field", kKeyNone,
        "json-lines: the field that says whose note it is; notes of one patient stay on one side of the "
        "split."),
    keys::text("data.note_category", "Discharge summary", "mimic-*: the category of notes."),
    keys::real("data.validation", 0.01, 0.8, "0.15", "The share of the notes on which thresholds are tuned."),
    keys::real("data.test", 0, 0.8, "0.15", "The share on which the result is measured; 0: none."),
    keys::integer("text.min_count", 1, 1e9, "5", "A word is known if the training notes have it so often."),
    keys::integer("text.top", 0, 1e9, "0", "At most so many words, the most frequent; 0: all."),
    keys::integer("text.longest_sentence", 1, 1e6, "40", "Words; a longer sentence goes on as another one."),
    keys::integer("text.most_sentences", 1, 1e6, "60", "Of a note; further ones are not read."),
    keys::boolean("text.lines_end", "true", "Every line's end ends a sentence; false: an empty line does."),
    keys::boolean("labels.roll_up", "false",
                  "Take ICD-9 codes by their first three digits: 428.0 counts as 428."),
    keys::integer("labels.top", 0, 1e6, "0", "Only so many labels, the most frequent; 0: all."),
    keys::integer("labels.min_count", 1, 1e9, "1", "Only labels that so many training notes have."),
    keys::choice("model.kind", "hierarchical_attention bag_of_words", "hierarchical_attention",
                 "The network, or its baseline."),
    keys::integer("model.embedding", 1, 4096, "64", "Numbers per word."),
    keys::integer("model.word_hidden", 1, 4096, "32", "Of each direction of the GRU over words."),
    keys::integer("model.sentence_hidden", 1, 4096, "32", "Of each direction of the GRU over sentences."),
    keys::integer("model.attention", 1, 4096, "64", "Size of the questions that attention asks."),
    keys::integer(
        "model.pretrain_epochs", 0, 1e4, "0",
        "Begin with word vectors that skip-gram learned in so many passes over the training notes; 0: "
        "with random ones."),
    keys::real("model.drop", 0, 0.95, "0.3",
               "Share of the embedded words, and of a note's vector, set to 0 in training."),
    keys::integer("training.epochs", 1, 1e6, "20", "Passes over the training notes."),
    keys::integer("training.batch", 1, 1e6, "16", "Notes per step."),
    keys::real("training.learning_rate", 1e-9, 10, "0.003", "Of Adam."),
    keys::real("training.weight_decay", 0, 10, "0",
               "Decoupled (AdamW): weights shrink by this times the rate at each step."),
    keys::choice(
        "decision.threshold", "shared per_label", "shared",
        "From which probability a label is said, tuned on the validation notes: one number for all labels "
        "by micro F1, or one for "
        "each label by its F1."),
    keys::integer("record.digest_every", 1, 1e12, "50", "Steps between two digests of the state.",
                  KeyPlace::kClaimField),
    keys::integer("record.checkpoint_every", 0, 1e12, "500",
                  "Steps between two checkpoints; 0: only at the end.", KeyPlace::kClaimField),
    keys::integer("record.evaluate_every", 0, 1e9, "1",
                  "Epochs between two looks at the validation notes; 0: only at the end."),
    keys::text("found.labels", kKeyNone, "The labels, in order.", KeyType::kText, KeyPlace::kFound),
    keys::text("found.vocabulary", kKeyNone, "Digest of the vocabulary.", KeyType::kText, KeyPlace::kFound),
    keys::integer("found.words", 0, 1e12, kKeyNone, "Size of the vocabulary.", KeyPlace::kFound),
    keys::text("found.documents", kKeyNone, "Digest of the notes and their labels.", KeyType::kText,
               KeyPlace::kFound),
};

}  // namespace

CodingConfig CodingConfig::read(const std::string& path, const std::vector<std::string>& overrides) {
  return parse(read_file(path), path, overrides, train::folder_of_file(path));
}

CodingConfig CodingConfig::parse(std::string_view toml, const std::string& source,
                                 const std::vector<std::string>& overrides, const std::string& folder) {
  CodingConfig config;
  config.parse_keys(kKeys, toml, source, overrides, folder);
  if (config.text("data.format") == "mimic-csv" && !config.has("data.diagnoses"))
    fail_with(ExitCode::kUsage, "{}: data.diagnoses is missing, expected the file DIAGNOSES_ICD", source);
  if (config.real("data.validation") + config.real("data.test") > 0.9)
    fail_with(ExitCode::kUsage,
              "{}: data.validation and data.test take {} of the notes, expected at most 0.9", source,
              config.real("data.validation") + config.real("data.test"));
  return config;
}

CodingConfig CodingConfig::from_record(const std::map<std::string, std::string>& texts) {
  CodingConfig config;
  config.recorded_keys(kKeys, texts);
  return config;
}

std::string coding_config_reference() {
  return train::key_reference(kKeys);
}

}  // namespace tessera::clinical
