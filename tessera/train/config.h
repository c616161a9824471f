// The configuration of a training run: one TOML file, `--set` overrides, and defaults, checked against the table of keys
// (config_schema.h).
//
// Every value is held as its canonical text (the same setting, the same text) with its origin: "digits.toml:12", "--set" or
// "default". Errors (exit status 2) name file and line, what was found and what was expected; unknown keys get a suggestion; a key
// that nothing reads, such as `momentum` with Adam, is an error. Thread-safety: constant after construction.
//
// ```cpp
// train::Config config = train::Config::parse(R"(
//   name = "example"
//   [data]
//   format = "csv"
//   path = "points.csv"
//   label_column = "kind"
//   [[network]]
//   layer = "linear"
//   units = 2
//   [training]
//   epochs = 3
//   learning_rate = 0.1
// )", "example.toml", {"training.batch=8"});
// assert(config.integer("training.batch") == 8 && config.origin("training.batch") == "--set");
// assert(config.origin("training.epochs") == "example.toml:11" && config.layers() == 1);
// assert(config.text("training.optimizer") == "sgd" && config.origin("training.optimizer") == "default");
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/train/config_schema.h"

namespace tessera::train {

struct ConfigValue {
  std::string key;
  std::string text;    // canonical
  std::string origin;  // "digits.toml:12", "--set", "default", "recorded"
  const KeySpec* spec = nullptr;
};

class Config {
 public:
  // `overrides` are "key=value", as given with --set; "key=" takes the file's value away.
  static Config read(const std::string& path, const std::vector<std::string>& overrides = {});
  // `folder`: where relative paths start.
  static Config parse(std::string_view toml, const std::string& source,
                      const std::vector<std::string>& overrides = {}, const std::string& folder = ".");
  // From a record: canonical texts. Keys that belong to the circumstances (paths, the run's name) may be missing.
  static Config from_record(const std::map<std::string, std::string>& texts);

  // Typed values; the key must be in the table, of that type, and applicable, else it is a programming error.
  const std::string& text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  double real(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::vector<std::int64_t> integers(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  std::string path(std::string_view key) const;  // from the folder, with ${TESSERA_DATA} replaced
  std::vector<std::string> paths(std::string_view key) const;  // the same of a list

  bool has(std::string_view key) const;  // false: left out, without default
  const std::string& origin(std::string_view key) const;
  std::size_t layers() const { return layers_; }
  static std::string layer_key(std::size_t layer, std::string_view name);  // layers from 1

  // All of them in the order of the table, layer by layer: the listing of `tessera show` and of the claim.
  const std::vector<ConfigValue>& values() const { return values_; }
  // Fills in lists that were worked out from the data (classes, shape), so that the record says them.
  void set_found(const std::string& key, const std::vector<std::string>& texts);
  void set_found(const std::string& key, const std::vector<std::int64_t>& numbers);
  // The same for a key of a layer that may be left out, and was.
  void set_found(std::size_t layer, std::string_view name, std::int64_t number);

 private:
  friend class ConfigReader;
  const ConfigValue* find(std::string_view key) const;
  const ConfigValue& get(std::string_view key, std::initializer_list<ValueType> types) const;

  void replace(const std::string& key, const std::string& text);
  std::string expanded(const ConfigValue& value, std::string path) const;

  std::vector<ConfigValue> values_;
  std::size_t layers_ = 0;
  std::string folder_ = ".";
};

}  // namespace tessera::train
