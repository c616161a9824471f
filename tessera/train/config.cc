#include "tessera/train/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/data/numbers.h"
#include "tessera/train/config_reader.h"

namespace tessera::train {
namespace {

void apply_override(ConfigReader& reader, const std::string& assignment, std::size_t layers) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    fail_with(ExitCode::kUsage, "--set: found '{}', expected key=value, for example training.batch=64",
              assignment);
  reader.add_text(assignment.substr(0, equals), assignment.substr(equals + 1), "--set", layers);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Config Config::parse(std::string_view toml, const std::string& source,
                     const std::vector<std::string>& overrides, const std::string& folder) {
  const RawConfig raw = parse_toml(toml, source);
  ConfigReader reader(source, false);
  for (const RawEntry& entry : raw.entries) reader.add(entry, raw.layers);
  for (const std::string& assignment : overrides) apply_override(reader, assignment, raw.layers);
  return reader.finish(raw.layers, folder);
}

Config Config::read(const std::string& path, const std::vector<std::string>& overrides) {
  return parse(read_file(path), path, overrides, folder_of(path));
}

Config Config::from_record(const std::map<std::string, std::string>& texts) {
  std::size_t layers = 0;
  for (const auto& [key, text] : texts) layers = std::max(layers, parse_key(key).layer);
  ConfigReader reader("the record", true);
  if (layers > texts.size()) fail("the record: {} layers in {} configuration values", layers, texts.size());
  for (const auto& [key, text] : texts) reader.add_text(key, text, "recorded", layers);
  Config config = reader.finish(layers, ".");
  for (const ConfigValue& value : config.values_) {
    const auto recorded = texts.find(value.key);
    if (recorded != texts.end() && recorded->second != value.text)
      fail("the record: {} is '{}', which is not its canonical form '{}'", value.key, recorded->second,
           value.text);
  }
  return config;
}

const ConfigValue* Config::find(std::string_view key) const {
  for (const ConfigValue& value : values_)
    if (value.key == key) return &value;
  return nullptr;
}

const ConfigValue& Config::get(std::string_view key, std::initializer_list<ValueType> types) const {
  const ConfigValue* value = find(key);
  TESSERA_CHECK(value != nullptr, "the configuration has no key '{}'", key);
  TESSERA_CHECK(std::find(types.begin(), types.end(), value->spec->type) != types.end(),
                "'{}' has another type", key);
  return *value;
}

const std::string& Config::text(std::string_view key) const {
  const ConfigValue* value = find(key);
  TESSERA_CHECK(value != nullptr, "the configuration has no key '{}'", key);
  return value->text;
}

std::int64_t Config::integer(std::string_view key) const {
  return *data::parse_integer(get(key, {ValueType::kInteger}).text);
}
double Config::real(std::string_view key) const {
  return *data::parse_real(get(key, {ValueType::kReal}).text);
}
bool Config::boolean(std::string_view key) const {
  return get(key, {ValueType::kBoolean}).text == "true";
}

std::vector<std::int64_t> Config::integers(std::string_view key) const {
  return parse_json(get(key, {ValueType::kIntegers}).text, std::string(key)).get<std::vector<std::int64_t>>();
}
std::vector<std::string> Config::texts(std::string_view key) const {
  return parse_json(get(key, {ValueType::kTexts}).text, std::string(key)).get<std::vector<std::string>>();
}

std::string Config::path(std::string_view key) const {
  const ConfigValue& value = get(key, {ValueType::kPath});
  return expanded(value, value.text);
}

std::vector<std::string> Config::paths(std::string_view key) const {
  const ConfigValue& value = get(key, {ValueType::kPaths});
  auto paths = parse_json(value.text, std::string(key)).get<std::vector<std::string>>();
  for (std::string& path : paths) path = expanded(value, std::move(path));
  return paths;
}

std::string Config::expanded(const ConfigValue& value, std::string path) const {
  // Only this variable: what a run reads must not depend on whatever else the environment holds.
  constexpr std::string_view kVariable = "${TESSERA_DATA}";
  if (const std::size_t place = path.find(kVariable); place != std::string::npos) {
    const char* folder = std::getenv("TESSERA_DATA");
    if (!folder || !*folder)
      fail_with(ExitCode::kUsage, "{}: {} is \"{}\", but the environment variable TESSERA_DATA is not set",
                value.origin, value.key, path);
    path.replace(place, kVariable.size(), folder);
  }
  if (path.find("${") != std::string::npos)
    reject_setting(value.origin, value.key, fmt::format("\"{}\"", path),
                   "no variable other than ${TESSERA_DATA}");
  if (path.starts_with('/') || folder_ == ".") return path;
  return folder_ + "/" + path;
}

bool Config::has(std::string_view key) const {
  return find(key) != nullptr;
}

const std::string& Config::origin(std::string_view key) const {
  const ConfigValue* value = find(key);
  TESSERA_CHECK(value != nullptr, "the configuration has no key '{}'", key);
  return value->origin;
}

std::string Config::layer_key(std::size_t layer, std::string_view name) {
  return fmt::format("network.{}.{}", layer, name);
}

void Config::set_found(const std::string& key, const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + canonical_json(text);
  replace(key, "[" + list + "]");
}

void Config::set_found(const std::string& key, const std::vector<std::int64_t>& numbers) {
  replace(key, fmt::format("[{}]", fmt::join(numbers, ", ")));
}

void Config::set_found(std::size_t layer, std::string_view name, std::int64_t number) {
  const std::string key = layer_key(layer, name);
  const auto rows = config_keys();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const KeySpec& spec) {
    return spec.section == "network" && spec.name == name;
  });
  TESSERA_CHECK(row != rows.end() && !has(key), "'{}' is no key that was left out", key);
  // Behind what stands before it in the table.
  const std::string start = layer_key(layer, "");
  auto place = std::find_if(values_.begin(), values_.end(),
                            [&](const ConfigValue& value) { return value.key.starts_with(start); });
  while (place != values_.end() && place->key.starts_with(start) && place->spec < &*row) ++place;
  values_.insert(place, {key, std::to_string(number), "found in the data", &*row});
}

void Config::replace(const std::string& key, const std::string& text) {
  for (ConfigValue& value : values_) {
    if (value.key != key || value.text == text) continue;
    value.text = text;
    value.origin = "found in the data";
  }
}

}  // namespace tessera::train
