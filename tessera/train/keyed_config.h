// A configuration read against a table of keys: one TOML file, `--set` overrides and defaults, each value with its origin ("notes.toml:12",
// "--set", "default", "recorded"). For runs whose settings are not those of `tessera train` (train/config.h); a room has its table and a class
// that derives from KeyedConfig.
//
// A row of the table says a key's type, bounds, default, meaning, where its value goes in a record, and under which condition it is read:
// "model.kind=gan dcgan" reads it if the key model.kind, which stands in a row before it, is one of the two. A key that is given and not read is an error.
//
// Every value is held as canonical text. Errors (exit status 2) name file and line, what was found and what was expected; an unknown key gets a
// suggestion. Thread-safety: constant after construction.
//
// ```cpp
// static constexpr train::Key kKeys[] = {train::keys::choice("kind", "round square", "round", "Its form."),
//                                        train::keys::real("radius", 0, 10, "1", "In metres.").when("kind=round")};
// struct Form : train::KeyedConfig {
//   explicit Form(std::string_view toml) { parse_keys(kKeys, toml, "form.toml", {}, "."); }
// };
// assert(Form("radius = 2").real("radius") == 2 && Form("radius = 2").origin("radius") == "form.toml:1");
// assert(!Form("kind = \"square\"").has("radius"));
// ```
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::train {

enum class KeyType : std::uint8_t { kText, kName, kChoice, kPath, kInteger, kReal, kBoolean, kIntegers };

// Of a value: part of the claim's configuration, of a field that the claim has for it, of the circumstances (paths, names), or worked out from
// the data and claimed.
enum class KeyPlace : std::uint8_t { kClaim, kClaimField, kCircumstances, kFound };

inline constexpr std::string_view kKeyRequired = "<required>";
inline constexpr std::string_view kKeyNone = "<none>";  // may be left out, and has no value then

struct Key {
  std::string_view name;  // "training.batch"
  KeyType type = KeyType::kText;
  double lowest = 0, highest = 0;  // of a number, or of each number of a list
  std::string_view choices;        // separated by blanks
  std::string_view standard;       // canonical text of the default, kKeyRequired or kKeyNone
  KeyPlace place = KeyPlace::kClaim;
  std::string_view meaning;
  std::string_view condition = {};

  constexpr Key when(std::string_view another) const {
    Key key = *this;
    key.condition = another;
    return key;
  }
};

namespace keys {
constexpr Key text(std::string_view name, std::string_view standard, std::string_view meaning,
                   KeyType type = KeyType::kText, KeyPlace place = KeyPlace::kClaim) {
  return {name, type, 0, 0, "", standard, place, meaning};
}
constexpr Key choice(std::string_view name, std::string_view choices, std::string_view standard,
                     std::string_view meaning) {
  return {name, KeyType::kChoice, 0, 0, choices, standard, KeyPlace::kClaim, meaning};
}
constexpr Key integer(std::string_view name, double lowest, double highest, std::string_view standard,
                      std::string_view meaning, KeyPlace place = KeyPlace::kClaim) {
  return {name, KeyType::kInteger, lowest, highest, "", standard, place, meaning};
}
constexpr Key integers(std::string_view name, double lowest, double highest, std::string_view standard,
                       std::string_view meaning, KeyPlace place = KeyPlace::kClaim) {
  return {name, KeyType::kIntegers, lowest, highest, "", standard, place, meaning};
}
constexpr Key real(std::string_view name, double lowest, double highest, std::string_view standard,
                   std::string_view meaning) {
  return {name, KeyType::kReal, lowest, highest, "", standard, KeyPlace::kClaim, meaning};
}
constexpr Key boolean(std::string_view name, std::string_view standard, std::string_view meaning) {
  return {name, KeyType::kBoolean, 0, 0, "", standard, KeyPlace::kClaim, meaning};
}
}  // namespace keys

struct KeyedValue {
  std::string key, text, origin;
  bool claimed = true;  // false: it belongs to the circumstances of a run, or the claim has a field for it
};

class KeyedConfig {
 public:
  // The key must be in the table, and have a value.
  const std::string& text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  std::vector<std::int64_t> integers(std::string_view key) const;
  double real(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::string path(std::string_view key) const;  // from the folder of the file, with ${TESSERA_DATA} replaced
  bool has(std::string_view key) const;          // false: it has no value and no default, or is not read
  const std::string& origin(std::string_view key) const;
  const std::vector<KeyedValue>& values() const { return values_; }

  void set_found(const std::string& key, const std::string& text);  // what was worked out from the data

 protected:
  // `folder`: where relative paths start.
  void parse_keys(std::span<const Key> table, std::string_view toml, const std::string& source,
                  const std::vector<std::string>& overrides, const std::string& folder);
  // From a record; keys that belong to the circumstances may be missing.
  void recorded_keys(std::span<const Key> table, const std::map<std::string, std::string>& texts);

 private:
  const KeyedValue* find(std::string_view key) const;
  const KeyedValue& get(std::string_view key) const;
  std::vector<KeyedValue> values_;
  std::string folder_ = ".";
};

std::string folder_of_file(const std::string& path);    // "." for a name alone
std::string key_reference(std::span<const Key> table);  // every key with its bounds, default and meaning

}  // namespace tessera::train
