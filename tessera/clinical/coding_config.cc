#include "tessera/clinical/coding_config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/suggest.h"
#include "tessera/data/numbers.h"
#include "tessera/train/config_toml.h"

namespace tessera::clinical {
namespace {

using train::RawValue;

enum class Type : std::uint8_t { kText, kName, kChoice, kPath, kInteger, kReal, kBoolean };
enum class Place : std::uint8_t { kClaim, kClaimField, kCircumstances, kFound };

constexpr std::string_view kRequired = "<required>", kNone = "<none>";

struct Key {
  std::string_view name;
  Type type;
  double lowest, highest;
  std::string_view choices, standard;
  Place place;
  std::string_view meaning;
};

constexpr Key text(std::string_view name, std::string_view standard, std::string_view meaning,
                   Type type = Type::kText, Place place = Place::kClaim) {
  return {name, type, 0, 0, "", standard, place, meaning};
}
constexpr Key choice(std::string_view name, std::string_view choices, std::string_view standard,
                     std::string_view meaning) {
  return {name, Type::kChoice, 0, 0, choices, standard, Place::kClaim, meaning};
}
constexpr Key integer(std::string_view name, double lowest, double highest, std::string_view standard,
                      std::string_view meaning, Place place = Place::kClaim) {
  return {name, Type::kInteger, lowest, highest, "", standard, place, meaning};
}
constexpr Key real(std::string_view name, double lowest, double highest, std::string_view standard,
                   std::string_view meaning) {
  return {name, Type::kReal, lowest, highest, "", standard, Place::kClaim, meaning};
}
constexpr Key boolean(std::string_view name, std::string_view standard, std::string_view meaning) {
  return {name, Type::kBoolean, 0, 0, "", standard, Place::kClaim, meaning};
}

constexpr Key kKeys[] = {
    text("name", "notes", "Runs are called NAME-0001, NAME-0002, ...", Type::kName, Place::kCircumstances),
    integer("seed", 0, 9007199254740992, "1",
            "Every random number comes from it: split, order, initial weights, dropout.", Place::kClaimField),
    choice("data.format", "cmc json-lines mimic-csv mimic-sql", kRequired, "Kind of the source of notes."),
    text("data.path", kRequired,
         "The file of the notes, or the database. Relative to this file's folder; `${TESSERA_DATA}` is "
         "replaced.",
         Type::kPath, Place::kCircumstances),
    text("data.diagnoses", kNone, "mimic-csv: the file DIAGNOSES_ICD.", Type::kPath, Place::kCircumstances),
    text("data.code_origin", "CMC_MAJORITY", "cmc: whose codes."),
    text("data.id_field", "id", "json-lines: the field of a note's name."),
    text("data.text_field", "text", "json-lines: the field of its text."),
    text("data.label_field", "labels", "json-lines: the field of its labels."),
    text("data.note_category", "Discharge summary", "mimic-*: the category of notes."),
    real("data.validation", 0.01, 0.8, "0.15", "The share of the notes on which thresholds are tuned."),
    real("data.test", 0, 0.8, "0.15", "The share on which the result is measured; 0: none."),
    integer("text.min_count", 1, 1e9, "5", "A word is known if the training notes have it so often."),
    integer("text.top", 0, 1e9, "0", "At most so many words, the most frequent; 0: all."),
    integer("text.longest_sentence", 1, 1e6, "40", "Words; a longer sentence goes on as another one."),
    integer("text.most_sentences", 1, 1e6, "60", "Of a note; further ones are not read."),
    boolean("text.lines_end", "true", "Every line's end ends a sentence; false: an empty line does."),
    boolean("labels.roll_up", "false", "Take ICD-9 codes by their first three digits: 428.0 counts as 428."),
    integer("labels.top", 0, 1e6, "0", "Only so many labels, the most frequent; 0: all."),
    integer("labels.min_count", 1, 1e9, "1", "Only labels that so many training notes have."),
    choice("model.kind", "hierarchical_attention bag_of_words", "hierarchical_attention",
           "The network, or its baseline."),
    integer("model.embedding", 1, 4096, "64", "Numbers per word."),
    integer("model.word_hidden", 1, 4096, "32", "Of each direction of the GRU over words."),
    integer("model.sentence_hidden", 1, 4096, "32", "Of each direction of the GRU over sentences."),
    integer("model.attention", 1, 4096, "64", "Size of the questions that attention asks."),
    integer("model.pretrain_epochs", 0, 1e4, "0",
            "Begin with word vectors that skip-gram learned in so many passes over the training notes; 0: "
            "with random ones."),
    real("model.drop", 0, 0.95, "0.3",
         "Share of the embedded words, and of a note's vector, set to 0 in training."),
    integer("training.epochs", 1, 1e6, "20", "Passes over the training notes."),
    integer("training.batch", 1, 1e6, "16", "Notes per step."),
    real("training.learning_rate", 1e-9, 10, "0.003", "Of Adam."),
    real("training.weight_decay", 0, 10, "0",
         "Decoupled (AdamW): weights shrink by this times the rate at each step."),
    choice("decision.threshold", "shared per_label", "shared",
           "From which probability a label is said, tuned on the validation notes: one number for all labels "
           "by micro F1, or one for "
           "each label by its F1."),
    integer("record.digest_every", 1, 1e12, "50", "Steps between two digests of the state.",
            Place::kClaimField),
    integer("record.checkpoint_every", 0, 1e12, "500", "Steps between two checkpoints; 0: only at the end.",
            Place::kClaimField),
    integer("record.evaluate_every", 0, 1e9, "1",
            "Epochs between two looks at the validation notes; 0: only at the end."),
    text("found.labels", kNone, "The labels, in order.", Type::kText, Place::kFound),
    text("found.vocabulary", kNone, "Digest of the vocabulary.", Type::kText, Place::kFound),
    integer("found.words", 0, 1e12, kNone, "Size of the vocabulary.", Place::kFound),
    text("found.documents", kNone, "Digest of the notes and their labels.", Type::kText, Place::kFound),
};

const Key* key_of(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& key) { return key.name == name; });
  return found == std::end(kKeys) ? nullptr : found;
}

std::string number_text(double value) {
  return value == static_cast<double>(static_cast<std::int64_t>(value))
             ? fmt::format("{}", static_cast<std::int64_t>(value))
             : fmt::format("{}", value);
}

std::string expectation(const Key& key) {
  switch (key.type) {
    case Type::kInteger:
      return fmt::format("a whole number from {} to {}", number_text(key.lowest), number_text(key.highest));
    case Type::kReal:
      return fmt::format("a number from {} to {}", number_text(key.lowest), number_text(key.highest));
    case Type::kBoolean:
      return "true or false";
    case Type::kChoice:
      return fmt::format("one of {}", key.choices);
    case Type::kName:
      return "a name of a-z, 0-9, '.', '_' and '-'";
    default:
      return "a text";
  }
}

bool is_choice(const Key& key, const std::string& value) {
  std::string_view rest = key.choices;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == value) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

bool is_name(const std::string& value) {
  return !value.empty() && value[0] != '.' && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

// The canonical text of a value; nothing if it is not what the key takes.
std::optional<std::string> canonical(const Key& key, const RawValue& value) {
  using Kind = RawValue::Kind;
  const bool whole = value.kind == Kind::kInteger;
  switch (key.type) {
    case Type::kInteger: {
      const auto number = whole ? data::parse_integer(value.text) : std::nullopt;
      if (!number || static_cast<double>(*number) < key.lowest || static_cast<double>(*number) > key.highest)
        return std::nullopt;
      return std::to_string(*number);
    }
    case Type::kReal: {
      const auto number = whole || value.kind == Kind::kReal ? data::parse_real(value.text) : std::nullopt;
      if (!number || !(*number >= key.lowest && *number <= key.highest)) return std::nullopt;
      return fmt::format("{}", *number == 0 ? 0.0 : *number);
    }
    case Type::kBoolean:
      return value.kind == Kind::kBoolean ? std::optional(value.text) : std::nullopt;
    case Type::kChoice:
      return value.kind == Kind::kText && is_choice(key, value.text) ? std::optional(value.text)
                                                                     : std::nullopt;
    case Type::kName:
      return value.kind == Kind::kText && is_name(value.text) ? std::optional(value.text) : std::nullopt;
    default:
      return value.kind == Kind::kText && !value.text.empty() ? std::optional(value.text) : std::nullopt;
  }
}

bool is_text(Type type) {
  return type == Type::kText || type == Type::kName || type == Type::kChoice || type == Type::kPath;
}

class Reader {
 public:
  void add(const std::string& name, const RawValue& value, const std::string& origin) {
    const Key* key = key_of(name);
    if (key == nullptr || (key->place == Place::kFound && origin != "recorded")) fail_unknown(name, origin);
    const auto found = canonical(*key, value);
    if (!found)
      fail_with(ExitCode::kUsage, "{}: {} is {}, expected {}", origin, name, value.shown(),
                expectation(*key));
    given_[name] = {name, *found, origin, key->place == Place::kClaim || key->place == Place::kFound};
  }

  // A value as text: of --set, or of a record.
  void add_text(const std::string& name, const std::string& value, const std::string& origin) {
    const Key* key = key_of(name);
    RawValue raw{RawValue::Kind::kText, value, {}};
    if (key != nullptr && !is_text(key->type))
      if (const auto parsed = train::parse_toml_value(value)) raw = *parsed;
    add(name, raw, origin);
  }

  std::vector<CodingValue> finish(const std::string& source, bool recorded) const {
    std::vector<CodingValue> values;
    for (const Key& key : kKeys) {
      const auto found = given_.find(key.name);
      const bool claimed = key.place == Place::kClaim || key.place == Place::kFound;
      if (found != given_.end())
        values.push_back(found->second);
      else if (key.standard == kRequired && !(recorded && key.place == Place::kCircumstances))
        fail_with(ExitCode::kUsage, "{}: {} is missing, expected {}", source, key.name, expectation(key));
      else if (key.standard != kRequired && key.standard != kNone)
        values.push_back(
            {std::string(key.name), std::string(key.standard), recorded ? "recorded" : "default", claimed});
    }
    return values;
  }

 private:
  [[noreturn]] static void fail_unknown(const std::string& name, const std::string& origin) {
    std::vector<std::string> names;
    for (const Key& key : kKeys)
      if (key.place != Place::kFound) names.emplace_back(key.name);
    fail_with(ExitCode::kUsage, "{}: unknown key '{}'{}", origin, name, did_you_mean(name, names));
  }
  std::map<std::string, CodingValue, std::less<>> given_;
};

}  // namespace

CodingConfig CodingConfig::read(const std::string& path, const std::vector<std::string>& overrides) {
  const std::string folder = std::filesystem::path(path).parent_path();
  return parse(read_file(path), path, overrides, folder.empty() ? "." : folder);
}

CodingConfig CodingConfig::parse(std::string_view toml, const std::string& source,
                                 const std::vector<std::string>& overrides, const std::string& folder) {
  Reader reader;
  for (const train::RawEntry& entry : train::parse_toml(toml, source).entries)
    reader.add(entry.key, entry.value, entry.origin);
  for (const std::string& override_text : overrides) {
    const std::size_t equals = override_text.find('=');
    if (equals == std::string::npos || equals == 0)
      fail_with(ExitCode::kUsage, "--set {}: expected KEY=VALUE", override_text);
    reader.add_text(override_text.substr(0, equals), override_text.substr(equals + 1), "--set");
  }
  CodingConfig config;
  config.values_ = reader.finish(source, false);
  config.folder_ = folder;
  if (config.text("data.format") == "mimic-csv" && !config.has("data.diagnoses"))
    fail_with(ExitCode::kUsage, "{}: data.diagnoses is missing, expected the file DIAGNOSES_ICD", source);
  if (config.real("data.validation") + config.real("data.test") > 0.9)
    fail_with(ExitCode::kUsage,
              "{}: data.validation and data.test take {} of the notes, expected at most 0.9", source,
              config.real("data.validation") + config.real("data.test"));
  return config;
}

CodingConfig CodingConfig::from_record(const std::map<std::string, std::string>& texts) {
  Reader reader;
  for (const auto& [key, value] : texts) reader.add_text(key, value, "recorded");
  CodingConfig config;
  config.values_ = reader.finish("the record", true);
  return config;
}

const CodingValue* CodingConfig::find(std::string_view key) const {
  for (const CodingValue& value : values_)
    if (value.key == key) return &value;
  return nullptr;
}

const CodingValue& CodingConfig::get(std::string_view key) const {
  const CodingValue* found = find(key);
  TESSERA_CHECK(found != nullptr, "the key '{}' has no value", key);
  return *found;
}

const std::string& CodingConfig::text(std::string_view key) const {
  return get(key).text;
}
std::int64_t CodingConfig::integer(std::string_view key) const {
  return data::parse_integer(get(key).text).value();
}
double CodingConfig::real(std::string_view key) const {
  return data::parse_real(get(key).text).value();
}
bool CodingConfig::boolean(std::string_view key) const {
  return get(key).text == "true";
}
bool CodingConfig::has(std::string_view key) const {
  return find(key) != nullptr;
}
const std::string& CodingConfig::origin(std::string_view key) const {
  return get(key).origin;
}

std::string CodingConfig::path(std::string_view key) const {
  constexpr std::string_view kVariable = "${TESSERA_DATA}";
  std::string path = get(key).text;
  if (const std::size_t at = path.find(kVariable); at != std::string::npos) {
    const char* folder = std::getenv("TESSERA_DATA");
    if (folder == nullptr)
      fail_with(ExitCode::kUsage, "{}: {} names {}, but the environment variable is not set", origin(key),
                key, kVariable);
    path.replace(at, kVariable.size(), folder);
  }
  return path.starts_with('/') || folder_ == "." ? path : folder_ + "/" + path;
}

void CodingConfig::set_found(const std::string& key, const std::string& value) {
  for (CodingValue& old : values_)
    if (old.key == key) {
      old.text = value;
      return;
    }
  values_.push_back({key, value, "data", true});
}

std::string coding_config_reference() {
  std::string out;
  for (const Key& key : kKeys) {
    if (key.place == Place::kFound) continue;
    const std::string standard = key.standard == kRequired ? "required"
                                 : key.standard == kNone   ? ""
                                                           : std::string(key.standard);
    out += fmt::format("{}: {}{}\n    {}\n", key.name, expectation(key),
                       standard.empty() ? "" : fmt::format(" ({})", standard), key.meaning);
  }
  return out;
}

}  // namespace tessera::clinical
