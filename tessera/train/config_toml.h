// TOML read into a flat list of keys and plain values with their lines; only config_toml.cc sees the TOML library.
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::train {

struct RawValue {
  enum class Kind : std::uint8_t { kText, kInteger, kReal, kBoolean, kList, kOther };
  Kind kind = Kind::kOther;
  std::string text;  // the text; a number in its shortest decimal form; true or false; kOther: what it is
  std::vector<RawValue> items;  // of a list
  std::string shown() const;    // as it stands in messages
};

struct RawEntry {
  std::string key;  // "training.batch", "network.1.units"
  RawValue value;
  std::string origin;  // "digits.toml:12"
};

struct RawConfig {
  std::vector<RawEntry> entries;  // in the order of the file
  std::size_t layers = 0;  // tables of the array
};

// `array` is the one array of tables, [[network]], whose keys are counted: "network.1.units". Throws Error (kUsage) with file, line and
// column for text that is not TOML.
RawConfig parse_toml(std::string_view text, const std::string& source, std::string_view array = "network");
// One value in TOML notation; nothing if it is none.
std::optional<RawValue> parse_toml_value(const std::string& text);

}  // namespace tessera::train
