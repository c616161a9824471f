// The configuration of a training that learns to make images: one TOML file, `--set` overrides and defaults, checked against one table of keys
// (generation_config.cc), from which `tessera generate train --keys` prints its listing. train/keyed_config.h says how it is read and what its
// errors look like.
//
// ```cpp
// const generative::GenerationConfig config = generative::GenerationConfig::parse(
//     "[data]\nimages = \"clothes.npy\"\n[model]\nkind = \"dcgan\"\n[training]\nepochs = 3\n", "clothes.toml", {"model.latent=16"});
// assert(config.integer("model.latent") == 16 && config.origin("training.epochs") == "clothes.toml:6");
// assert(config.integers("model.channels") == (std::vector<std::int64_t>{32, 64}) && !config.has("model.code"));
// ```
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/train/keyed_config.h"

namespace tessera::generative {

class GenerationConfig : public train::KeyedConfig {
 public:
  static GenerationConfig read(const std::string& path, const std::vector<std::string>& overrides = {});
  static GenerationConfig parse(std::string_view toml, const std::string& source,
                                const std::vector<std::string>& overrides = {},
                                const std::string& folder = ".");
  // From a record; keys that belong to the circumstances may be missing.
  static GenerationConfig from_record(const std::map<std::string, std::string>& texts);
};

std::string generation_config_reference();  // every key with its bounds, default and meaning

}  // namespace tessera::generative
