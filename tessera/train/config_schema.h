// Every key that a configuration may have, in one table: type, bounds, default and what it does. The reader, its messages, `--set`
// and docs/configuration.md come from the rows; a new key is a new row and the line that reads it.
//
// Keys are written "section.name"; those of the network's layers "network.1.channels", layers counted from 1.
// Thread-safety: everything here is constant.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::train {

enum class ValueType : std::uint8_t {
  kText,
  kName,
  kChoice,
  kPath,
  kPaths,
  kInteger,
  kReal,
  kBoolean,
  kIntegers,
  kTexts
};

// Where a value goes in the record: into the claim's configuration, into a claim field of its own, or into the circumstances.
enum class RecordPlace : std::uint8_t { kConfiguration, kClaimField, kCircumstances };

struct KeySpec {
  std::string_view section;  // "" for the top
  std::string_view name;
  ValueType type;
  double lowest, highest;  // of numbers; `open_below`: lowest itself is not allowed
  bool open_below;
  std::string_view choices;       // of kChoice: "csv idx npy"
  std::string_view default_text;  // canonical text; kRequired, or kNone for "may be left out"
  std::string_view condition;  // the key is read only if "name=value1,value2" holds in its section; "" always
  RecordPlace place;
  std::string_view documentation;  // one or two sentences
};

inline constexpr std::string_view kRequired = "<required>";
inline constexpr std::string_view kNone = "<none>";

std::span<const KeySpec> config_keys();
std::string full_name(const KeySpec& spec);    // "training.batch", "network.N.units", "seed"
std::string expectation(const KeySpec& spec);  // "a whole number from 1 to 64", "one of \"sgd\", \"adam\""
bool is_run_name(std::string_view text);  // of a run or a sweep: a-z, 0-9, '.', '_' and '-', not '.' first
std::string quoted_list(std::string_view list, char separator = ' ');  // "\"sgd\", \"adam\""
std::vector<std::string> words(std::string_view list, char separator = ' ');

// The page docs/configuration.md: a table per section.
std::string config_reference();

}  // namespace tessera::train
