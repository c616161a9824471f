#include "tessera/train/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/base/suggest.h"
#include "tessera/data/numbers.h"
#include "tessera/train/config_toml.h"

namespace tessera::train {
namespace {

using Kind = RawValue::Kind;

[[noreturn]] void reject(const std::string& origin, const std::string& key, const std::string& found,
                         const std::string& expected, const std::string& hint = "") {
  fail_with(ExitCode::kUsage, "{}: {} is {}, expected {}{}", origin, key, found, expected, hint);
}

bool is_text_type(ValueType type) {
  return type == ValueType::kText || type == ValueType::kName || type == ValueType::kChoice ||
         type == ValueType::kPath;
}

bool within(const KeySpec& spec, double value) {
  return (spec.open_below ? value > spec.lowest : value >= spec.lowest) && value <= spec.highest;
}

// The canonical text of a number; nothing if it is not one, or out of bounds.
std::optional<std::string> number_text(const KeySpec& spec, const RawValue& value) {
  const bool whole = spec.type != ValueType::kReal;
  if (whole && value.kind == Kind::kInteger) {
    const auto number = data::parse_integer(value.text);
    if (number && within(spec, static_cast<double>(*number))) return std::to_string(*number);
  } else if (!whole && (value.kind == Kind::kReal || value.kind == Kind::kInteger)) {
    const auto number = data::parse_real(value.text);
    if (number && within(spec, *number)) return fmt::format("{}", *number == 0 ? 0.0 : *number);
  }
  return std::nullopt;
}

std::optional<std::string> list_text(const KeySpec& spec, const RawValue& value) {
  if (value.kind != Kind::kList) return std::nullopt;
  std::string out = "[";
  for (const RawValue& item : value.items) {
    std::optional<std::string> text;
    if (spec.type == ValueType::kIntegers) text = number_text(spec, item);
    const bool texts =
        spec.type == ValueType::kTexts || (spec.type == ValueType::kPaths && !item.text.empty());
    if (texts && item.kind == Kind::kText) text = canonical_json(item.text);
    if (!text) return std::nullopt;
    out += (out.size() > 1 ? ", " : "") + *text;
  }
  if (spec.type == ValueType::kPaths && value.items.empty()) return std::nullopt;
  return out + "]";
}

std::string canonical_text(const KeySpec& spec, const std::string& key, const RawValue& value,
                           const std::string& origin) {
  std::optional<std::string> text;
  std::string hint;
  if (is_text_type(spec.type)) {
    if (value.kind == Kind::kText && !value.text.empty()) text = value.text;
    const std::vector<std::string> choices = words(spec.choices);
    if (text && spec.type == ValueType::kChoice &&
        std::find(choices.begin(), choices.end(), *text) == choices.end()) {
      hint = did_you_mean(*text, choices);
      text.reset();
    }
    if (text && spec.type == ValueType::kName && !is_run_name(*text)) text.reset();
  } else if (spec.type == ValueType::kBoolean) {
    if (value.kind == Kind::kBoolean) text = value.text;
  } else if (spec.type == ValueType::kIntegers || spec.type == ValueType::kTexts ||
             spec.type == ValueType::kPaths) {
    text = list_text(spec, value);
  } else {
    text = number_text(spec, value);
  }
  if (!text) reject(origin, key, value.shown(), expectation(spec), hint);
  return *text;
}

// "network.3.units" -> layer 3 and the section-wide name "network.units"; layer 0 for other sections.
struct ParsedKey {
  std::string section, name;
  std::size_t layer = 0;
};

ParsedKey parse_key(const std::string& key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return {"", key, 0};
  ParsedKey out{key.substr(0, dot), key.substr(dot + 1), 0};
  if (out.section != "network") return out;
  const std::size_t second = out.name.find('.');
  if (second == std::string::npos) return out;
  const auto layer = data::parse_integer(out.name.substr(0, second));
  if (layer && *layer > 0) {
    out.layer = static_cast<std::size_t>(*layer);
    out.name = out.name.substr(second + 1);
  }
  return out;
}

std::string actual_key(const KeySpec& spec, std::size_t layer) {
  if (spec.section == "network") return Config::layer_key(layer, spec.name);
  return full_name(spec);
}

}  // namespace

// Puts entries, defaults and conditions together.
class ConfigReader {
 public:
  ConfigReader(std::string source, bool from_record)
      : source_(std::move(source)), from_record_(from_record) {}

  void add(const RawEntry& entry, std::size_t layers) {
    const KeySpec& spec = find_spec(entry, layers);
    given_[entry.key] = {entry.key, canonical_text(spec, entry.key, entry.value, entry.origin), entry.origin,
                         &spec};
  }

  void add_text(const std::string& key, const std::string& text, const std::string& origin,
                std::size_t layers) {
    RawEntry entry{key, {Kind::kText, text, {}}, origin};
    const KeySpec& spec = find_spec(entry, layers);
    if (text.empty() && !from_record_) {  // "--set key=" takes the file's value away
      given_.erase(key);
      return;
    }
    const bool quoted = !from_record_ && text.size() > 1 && text.front() == '"';
    if (!is_text_type(spec.type) || quoted)
      if (const auto value = parse_toml_value(text)) entry.value = *value;
    if (spec.type == ValueType::kReal && entry.value.kind == Kind::kText)  // "1e-08" and the like
      if (const auto number = data::parse_real(text))
        entry.value = {Kind::kReal, fmt::format("{}", *number), {}};
    add(entry, layers);
  }

  Config finish(std::size_t layers, const std::string& folder) {
    prefer_override("training.epochs", "training.steps");
    Config config;
    config.layers_ = layers;
    config.folder_ = folder;
    if (layers == 0)
      fail_with(ExitCode::kUsage, "{}: there is no layer, expected at least one [[network]] with a 'layer'",
                source_);
    for (std::size_t first = 0; first < config_keys().size();) first = add_section(config, first, layers);
    check_together(config);
    return config;
  }

 private:
  // All layers of the network, or the one section, that begins at row `first`; returns the row after it.
  std::size_t add_section(Config& config, std::size_t first, std::size_t layers) {
    const auto rows = config_keys();
    std::size_t end = first;
    while (end < rows.size() && rows[end].section == rows[first].section) ++end;
    const std::size_t copies = rows[first].section == "network" ? layers : 1;
    for (std::size_t layer = 1; layer <= copies; ++layer)
      for (const KeySpec& spec : rows.subspan(first, end - first)) add_key(config, spec, layer);
    return end;
  }

  void add_key(Config& config, const KeySpec& spec, std::size_t layer) {
    const std::string key = actual_key(spec, layer);
    const auto found = given_.find(key);
    if (!condition_holds(config, spec, layer)) {
      if (found != given_.end()) report_unread(config, found->second, layer);
      return;
    }
    if (found != given_.end()) {
      config.values_.push_back(found->second);
    } else if (spec.default_text == kRequired) {
      if (from_record_ && spec.place == RecordPlace::kCircumstances) return;
      fail_with(ExitCode::kUsage, "{}: {} is missing, expected {}", source_, key, expectation(spec));
    } else if (spec.default_text != kNone) {
      config.values_.push_back(
          {key, std::string(spec.default_text), from_record_ ? "recorded" : "default", &spec});
    }
  }

  bool condition_holds(const Config& config, const KeySpec& spec, std::size_t layer) const {
    if (spec.condition.empty()) return true;
    const ConfigValue* other = config.find(condition_key(spec, layer));
    TESSERA_CHECK(other != nullptr, "condition of {} must stand before it", spec.name);
    for (const std::string& value : words(spec.condition.substr(spec.condition.find('=') + 1), ','))
      if (value == other->text) return true;
    return false;
  }

  static std::string condition_key(const KeySpec& spec, std::size_t layer) {
    const std::string name(spec.condition.substr(0, spec.condition.find('=')));
    if (spec.section == "network") return Config::layer_key(layer, name);
    return fmt::format("{}.{}", spec.section, name);
  }

  [[noreturn]] void report_unread(const Config& config, const ConfigValue& value, std::size_t layer) const {
    const std::string other = condition_key(*value.spec, layer);
    const bool overridden = config.origin(other) == "--set" && value.origin != "--set";
    fail_with(ExitCode::kUsage, "{}: nothing reads {} when {} is \"{}\"; it is only for {}{}", value.origin,
              value.key, other, config.text(other),
              quoted_list(value.spec->condition.substr(value.spec->condition.find('=') + 1), ','),
              overridden ? fmt::format(" (--set {}= leaves it out)", value.key) : "");
  }

  const KeySpec& find_spec(const RawEntry& entry, std::size_t layers) const {
    const ParsedKey parsed = parse_key(entry.key);
    std::vector<std::string> candidates;
    for (const KeySpec& spec : config_keys()) {
      const bool same_section = spec.section == parsed.section;
      if (same_section && spec.name == parsed.name && (spec.section == "network") == (parsed.layer > 0)) {
        if (parsed.layer <= layers) return spec;
        fail_with(ExitCode::kUsage, "{}: {}: there is no layer {}, the network has {}", entry.origin,
                  entry.key, parsed.layer, layers);
      }
      candidates.push_back(actual_key(spec, std::max<std::size_t>(parsed.layer, 1)));
    }
    std::string hint = did_you_mean(entry.key, candidates);
    if (hint.empty()) hint = name_elsewhere(parsed.name);
    fail_with(ExitCode::kUsage, "{}: unknown key '{}'{}", entry.origin, entry.key, hint);
  }

  // "learning_rate" at the top: it belongs to [training].
  static std::string name_elsewhere(const std::string& name) {
    for (const KeySpec& spec : config_keys())
      if (spec.name == name) return fmt::format(" (did you mean '{}'?)", full_name(spec));
    return "";
  }

  // Of two keys that exclude each other, one given by --set replaces the one of the file.
  void prefer_override(const std::string& a, const std::string& b) {
    const auto first = given_.find(a), second = given_.find(b);
    if (first == given_.end() || second == given_.end()) return;
    const bool first_set = first->second.origin == "--set", second_set = second->second.origin == "--set";
    if (first_set == second_set)
      fail_with(ExitCode::kUsage, "{}: {} and {} ({}) exclude each other, expected one of them",
                second->second.origin, a, b, first->second.origin);
    given_.erase(first_set ? second : first);
  }

  void check_together(const Config& config) const {
    if (!config.has("training.epochs") && !config.has("training.steps"))
      fail_with(ExitCode::kUsage, "{}: training.epochs is missing, expected it or training.steps", source_);
    const ConfigValue& shards = *config.find("training.shards");
    if (config.integer("training.shards") > config.integer("training.batch"))
      reject(shards.origin, shards.key, shards.text,
             fmt::format("at most training.batch, which is {}", config.text("training.batch")));
    check_selection(config);
    const std::string& schedule = config.text("training.schedule");
    if ((schedule == "plateau" || schedule == "one_cycle") && config.integer("training.warm_up_steps") > 0)
      reject(config.origin("training.warm_up_steps"), "training.warm_up_steps",
             config.text("training.warm_up_steps"),
             fmt::format("0 with training.schedule = \"{}\", which has a beginning of its own", schedule));
    if (config.has("training.average") && config.has("training.dtype") &&
        config.text("training.dtype") == "bfloat16")
      reject(config.origin("training.average"), "training.average", config.text("training.average"),
             "no average with training.dtype = \"bfloat16\", whose eight bits would round it away");
    if (config.has("training.label_smoothing") && config.has("training.loss") &&
        config.text("training.loss") == "multi_class_hinge")
      reject(config.origin("training.label_smoothing"), "training.label_smoothing",
             config.text("training.label_smoothing"), "none with training.loss = \"multi_class_hinge\"");
    const bool nesterov = config.has("training.nesterov") && config.boolean("training.nesterov");
    if (nesterov && config.real("training.momentum") == 0)
      reject(config.origin("training.nesterov"), "training.nesterov", "true",
             "a training.momentum above 0 beside it");
  }

  // What looks at the held-out samples needs some, and needs to be shown them.
  void check_selection(const Config& config) const {
    if (config.has("training.average_decay") &&
        (!config.has("training.average") || config.text("training.average") != "exponential"))
      reject(config.origin("training.average_decay"), "training.average_decay",
             config.text("training.average_decay"), "training.average = \"exponential\" beside it");
    for (const auto& [key, text] :
         {std::pair("training.keep", "best"), std::pair("training.early_stopping", ""),
          std::pair("training.schedule", "plateau")}) {
      if (!config.has(key) || (*text && config.text(key) != text)) continue;
      if (config.real("data.held_out") == 0)
        reject(config.origin(key), key, config.text(key), "data.held_out above 0 beside it");
      if (config.integer("record.evaluate_every") == 0)
        reject(config.origin(key), key, config.text(key), "record.evaluate_every above 0 beside it");
    }
  }

  std::string source_;
  bool from_record_;
  std::map<std::string, ConfigValue> given_;
};

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
    reject(value.origin, value.key, fmt::format("\"{}\"", path), "no variable other than ${TESSERA_DATA}");
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
