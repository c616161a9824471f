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

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/train/keyed_config.h"

namespace tessera::clinical {

using CodingValue = train::KeyedValue;

class CodingConfig : public train::KeyedConfig {
 public:
  static CodingConfig read(const std::string& path, const std::vector<std::string>& overrides = {});
  static CodingConfig parse(std::string_view toml, const std::string& source,
                            const std::vector<std::string>& overrides = {}, const std::string& folder = ".");
  // From a record; keys that belong to the circumstances may be missing.
  static CodingConfig from_record(const std::map<std::string, std::string>& texts);
};

std::string coding_config_reference();  // every key with its bounds, default and meaning

}  // namespace tessera::clinical
