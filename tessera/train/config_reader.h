// Puts the entries of a file, overrides, defaults and conditions together to a Config. Internal to this room.
//
// Errors: Error (kUsage) that names the line, what was found and what was expected. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "tessera/train/config.h"
#include "tessera/train/config_toml.h"

namespace tessera::train {

[[noreturn]] void reject_setting(const std::string& origin, const std::string& key, const std::string& found,
                                 const std::string& expected, const std::string& hint = "");

// "network.3.units" -> layer 3 and the section-wide name "network.units"; layer 0 for other sections.
struct ParsedKey {
  std::string section, name;
  std::size_t layer = 0;
};
ParsedKey parse_key(const std::string& key);

class ConfigReader {
 public:
  ConfigReader(std::string source, bool from_record)
      : source_(std::move(source)), from_record_(from_record) {}

  void add(const RawEntry& entry, std::size_t layers);
  // As --set gives it, or a record: "key=" of --set takes the file's value away.
  void add_text(const std::string& key, const std::string& text, const std::string& origin,
                std::size_t layers);
  Config finish(std::size_t layers, const std::string& folder);

 private:
  // All layers of the network, or the one section, that begins at row `first`; returns the row after it.
  std::size_t add_section(Config& config, std::size_t first, std::size_t layers);
  void add_key(Config& config, const KeySpec& spec, std::size_t layer);
  static bool condition_holds(const Config& config, const KeySpec& spec, std::size_t layer);
  void prefer_override(const std::string& a, const std::string& b);
  static void hold_out_by_number(Config& config);

  std::string source_;
  bool from_record_;
  std::map<std::string, ConfigValue> given_;
};

}  // namespace tessera::train
