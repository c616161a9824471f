// The configuration of a training that learns codes for medical notes: one TOML file, `--set` overrides and defaults, checked against one table
// of keys (coding_config.cc), from which `tessera code train --keys` prints its listing.
//
// Every value is held as canonical text with its origin ("notes.toml:12", "--set", "default", "recorded"). Errors (exit status 2) name file and
// line, what was found and what was expected; an unknown key gets a suggestion. Thread-safety: constant after construction.
//
// ```cpp
// const clinical::CodingConfig config = clinical::CodingConfig::parse(
//     "[data]\nformat = \"cmc\"\npath = \"notes.xml\"\n[training]\nepochs = 3\n", "notes.toml", {"model.embedding=16"});
// assert(config.integer("model.embedding") == 16 && config.origin("training.epochs") == "notes.toml:5");
// assert(config.text("model.kind") == "hierarchical_attention" && config.integer("text.min_count") == 5);
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::clinical {

struct CodingValue {
  std::string key, text, origin;
  bool claimed = true;  // false: it belongs to the circumstances of a run (paths, names)
};

class CodingConfig {
 public:
  static CodingConfig read(const std::string& path, const std::vector<std::string>& overrides = {});
  static CodingConfig parse(std::string_view toml, const std::string& source,
                            const std::vector<std::string>& overrides = {}, const std::string& folder = ".");
  // From a record; keys that belong to the circumstances may be missing.
  static CodingConfig from_record(const std::map<std::string, std::string>& texts);

  // The key must be in the table, and have a value.
  const std::string& text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  double real(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::string path(std::string_view key) const;  // from the folder of the file, with ${TESSERA_DATA} replaced
  bool has(std::string_view key) const;          // false: it has no value and no default
  const std::string& origin(std::string_view key) const;
  const std::vector<CodingValue>& values() const { return values_; }

  void set_found(const std::string& key,
                 const std::string& text);  // what was worked out from the data: labels, digests

 private:
  const CodingValue* find(std::string_view key) const;
  const CodingValue& get(std::string_view key) const;
  std::vector<CodingValue> values_;
  std::string folder_ = ".";
};

std::string coding_config_reference();  // every key with its bounds, default and meaning

}  // namespace tessera::clinical
