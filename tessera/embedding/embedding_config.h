// The configuration of a training that learns word vectors: one TOML file, `--set` overrides and defaults, checked against one table of keys
// (embedding_config.cc), from which `tessera embed train --keys` prints its listing. train/keyed_config.h says how it is read and what its errors
// look like.
//
// ```cpp
// const embedding::EmbeddingConfig config = embedding::EmbeddingConfig::parse(
//     "[data]\npath = \"notes.txt\"\n[training]\nepochs = 3\n", "notes.toml", {"model.dimensions=16"});
// assert(config.integer("model.dimensions") == 16 && config.origin("training.epochs") == "notes.toml:4");
// assert(config.integer("text.min_count") == 5 && config.real("training.noise_power") == 0.75);
// ```
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/train/keyed_config.h"

namespace tessera::embedding {

class EmbeddingConfig : public train::KeyedConfig {
 public:
  static EmbeddingConfig read(const std::string& path, const std::vector<std::string>& overrides = {});
  static EmbeddingConfig parse(std::string_view toml, const std::string& source,
                               const std::vector<std::string>& overrides = {},
                               const std::string& folder = ".");
  // From a record; keys that belong to the circumstances may be missing.
  static EmbeddingConfig from_record(const std::map<std::string, std::string>& texts);
};

std::string embedding_config_reference();  // every key with its bounds, default and meaning

}  // namespace tessera::embedding
