#include "tessera/train/config_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/suggest.h"
#include "tessera/data/numbers.h"
#include "tessera/train/config_checks.h"
#include "tessera/train/training_loss.h"

namespace tessera::train {
namespace {

using Kind = RawValue::Kind;

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
  if (!text) reject_setting(origin, key, value.shown(), expectation(spec), hint);
  return *text;
}

std::string actual_key(const KeySpec& spec, std::size_t layer) {
  if (spec.section == "network") return Config::layer_key(layer, spec.name);
  return full_name(spec);
}

std::string condition_key(const KeySpec& spec, std::size_t layer) {
  const std::string name(spec.condition.substr(0, spec.condition.find('=')));
  if (spec.section == "network") return Config::layer_key(layer, name);
  return fmt::format("{}.{}", spec.section, name);
}

[[noreturn]] void report_unread(const Config& config, const ConfigValue& value, std::size_t layer) {
  const std::string other = condition_key(*value.spec, layer);
  const bool overridden = config.origin(other) == "--set" && value.origin != "--set";
  fail_with(ExitCode::kUsage, "{}: nothing reads {} when {} is \"{}\"; it is only for {}{}", value.origin,
            value.key, other, config.text(other),
            quoted_list(value.spec->condition.substr(value.spec->condition.find('=') + 1), ','),
            overridden ? fmt::format(" (--set {}= leaves it out)", value.key) : "");
}

// "learning_rate" at the top: it belongs to [training].
std::string name_elsewhere(const std::string& name) {
  for (const KeySpec& spec : config_keys())
    if (spec.name == name) return fmt::format(" (did you mean '{}'?)", full_name(spec));
  return "";
}

const KeySpec& find_spec(const RawEntry& entry, std::size_t layers) {
  const ParsedKey parsed = parse_key(entry.key);
  std::vector<std::string> candidates;
  for (const KeySpec& spec : config_keys()) {
    const bool same_section = spec.section == parsed.section;
    if (same_section && spec.name == parsed.name && (spec.section == "network") == (parsed.layer > 0)) {
      if (parsed.layer <= layers) return spec;
      fail_with(ExitCode::kUsage, "{}: {}: there is no layer {}, the network has {}", entry.origin, entry.key,
                parsed.layer, layers);
    }
    candidates.push_back(actual_key(spec, std::max<std::size_t>(parsed.layer, 1)));
  }
  std::string hint = did_you_mean(entry.key, candidates);
  if (hint.empty()) hint = name_elsewhere(parsed.name);
  fail_with(ExitCode::kUsage, "{}: unknown key '{}'{}", entry.origin, entry.key, hint);
}

}  // namespace

void reject_setting(const std::string& origin, const std::string& key, const std::string& found,
                    const std::string& expected, const std::string& hint) {
  fail_with(ExitCode::kUsage, "{}: {} is {}, expected {}{}", origin, key, found, expected, hint);
}

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

void ConfigReader::add(const RawEntry& entry, std::size_t layers) {
  const KeySpec& spec = find_spec(entry, layers);
  given_[entry.key] = {entry.key, canonical_text(spec, entry.key, entry.value, entry.origin), entry.origin,
                       &spec};
}

void ConfigReader::add_text(const std::string& key, const std::string& text, const std::string& origin,
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

Config ConfigReader::finish(std::size_t layers, const std::string& folder) {
  prefer_override("training.epochs", "training.steps");
  Config config;
  config.layers_ = layers;
  config.folder_ = folder;
  if (layers == 0)
    fail_with(ExitCode::kUsage, "{}: there is no layer, expected at least one [[network]] with a 'layer'",
              source_);
  for (std::size_t first = 0; first < config_keys().size();) first = add_section(config, first, layers);
  hold_out_by_number(config);
  check_together(config, source_);
  return config;
}

std::size_t ConfigReader::add_section(Config& config, std::size_t first, std::size_t layers) {
  const auto rows = config_keys();
  std::size_t end = first;
  while (end < rows.size() && rows[end].section == rows[first].section) ++end;
  const std::size_t copies = rows[first].section == "network" ? layers : 1;
  for (std::size_t layer = 1; layer <= copies; ++layer)
    for (const KeySpec& spec : rows.subspan(first, end - first)) add_key(config, spec, layer);
  return end;
}

void ConfigReader::add_key(Config& config, const KeySpec& spec, std::size_t layer) {
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

bool ConfigReader::condition_holds(const Config& config, const KeySpec& spec, std::size_t layer) {
  if (spec.condition.empty()) return true;
  const ConfigValue* other = config.find(condition_key(spec, layer));
  TESSERA_CHECK(other != nullptr, "condition of {} must stand before it", spec.name);
  for (const std::string& value : words(spec.condition.substr(spec.condition.find('=') + 1), ','))
    if (value == other->text) return true;
  return false;
}

// Of two keys that exclude each other, one given by --set replaces the one of the file.
void ConfigReader::prefer_override(const std::string& a, const std::string& b) {
  const auto first = given_.find(a), second = given_.find(b);
  if (first == given_.end() || second == given_.end()) return;
  const bool first_set = first->second.origin == "--set", second_set = second->second.origin == "--set";
  if (first_set == second_set)
    fail_with(ExitCode::kUsage, "{}: {} and {} ({}) exclude each other, expected one of them",
              second->second.origin, a, b, first->second.origin);
  given_.erase(first_set ? second : first);
}

// Numbers as labels make no classes that one could hold out the same share of.
void ConfigReader::hold_out_by_number(Config& config) {
  if (!predicts_numbers(config)) return;
  for (ConfigValue& value : config.values_)
    if (value.key == "data.stratified" && value.origin == "default") value.text = "false";
}

}  // namespace tessera::train
