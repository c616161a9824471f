#include "tessera/train/keyed_config.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/suggest.h"
#include "tessera/data/numbers.h"
#include "tessera/train/config_schema.h"
#include "tessera/train/config_toml.h"

namespace tessera::train {
namespace {

using Kind = RawValue::Kind;

using Table = std::span<const Key>;

const Key* key_of(Table table, std::string_view name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Key& key) { return key.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::string number_text(double value) {
  return std::abs(value) < 0x1p63 && value == static_cast<double>(static_cast<std::int64_t>(value))
             ? fmt::format("{}", static_cast<std::int64_t>(value))
             : fmt::format("{}", value);
}

std::string bounds_text(const Key& key) {
  return fmt::format("from {} to {}", number_text(key.lowest), number_text(key.highest));
}

std::string expectation(const Key& key) {
  switch (key.type) {
    case KeyType::kInteger:
      return "a whole number " + bounds_text(key);
    case KeyType::kIntegers:
      return "a list of whole numbers " + bounds_text(key) + ", at least one";
    case KeyType::kReal:
      return "a number " + bounds_text(key);
    case KeyType::kBoolean:
      return "true or false";
    case KeyType::kChoice:
      return fmt::format("one of {}", key.choices);
    case KeyType::kName:
      return "a name of a-z, 0-9, '.', '_' and '-'";
    default:
      return "a text";
  }
}

bool is_choice(std::string_view choices, const std::string& value) {
  const std::vector<std::string> all = words(choices);
  return std::find(all.begin(), all.end(), value) != all.end();
}

std::optional<std::string> integer_text(const Key& key, const RawValue& value) {
  const auto number = value.kind == RawValue::Kind::kInteger ? data::parse_integer(value.text) : std::nullopt;
  if (!number || static_cast<double>(*number) < key.lowest || static_cast<double>(*number) > key.highest)
    return std::nullopt;
  return std::to_string(*number);
}

std::optional<std::string> integers_text(const Key& key, const RawValue& value) {
  if (value.kind != RawValue::Kind::kList || value.items.empty()) return std::nullopt;
  std::string out = "[";
  for (const RawValue& item : value.items) {
    const auto number = integer_text(key, item);
    if (!number) return std::nullopt;
    out += (out.size() > 1 ? ", " : "") + *number;
  }
  return out + "]";
}

std::optional<std::string> real_number_text(const Key& key, const RawValue& value) {
  const bool number_kind = value.kind == RawValue::Kind::kInteger || value.kind == RawValue::Kind::kReal;
  const auto number = number_kind ? data::parse_real(value.text) : std::nullopt;
  if (!number || !(*number >= key.lowest && *number <= key.highest)) return std::nullopt;
  return fmt::format("{}", *number == 0 ? 0.0 : *number);
}

// The canonical text of a value; nothing if it is not what the key takes.
std::optional<std::string> canonical(const Key& key, const RawValue& value) {
  const auto text_if = [&](bool good) { return good ? std::optional(value.text) : std::nullopt; };
  switch (key.type) {
    case KeyType::kInteger:
      return integer_text(key, value);
    case KeyType::kIntegers:
      return integers_text(key, value);
    case KeyType::kReal:
      return real_number_text(key, value);
    case KeyType::kBoolean:
      return text_if(value.kind == Kind::kBoolean);
    case KeyType::kChoice:
      return text_if(value.kind == Kind::kText && is_choice(key.choices, value.text));
    case KeyType::kName:
      return text_if(value.kind == Kind::kText && is_run_name(value.text));
    default:
      return text_if(value.kind == Kind::kText && !value.text.empty());
  }
}

bool is_text(KeyType type) {
  return type == KeyType::kText || type == KeyType::kName || type == KeyType::kChoice ||
         type == KeyType::kPath;
}

class Reader {
 public:
  explicit Reader(Table table) : table_(table) {}

  void add(const std::string& name, const RawValue& value, const std::string& origin) {
    const Key* key = key_of(table_, name);
    if (key == nullptr || (key->place == KeyPlace::kFound && origin != "recorded"))
      fail_unknown(name, origin);
    const auto found = canonical(*key, value);
    if (!found)
      fail_with(ExitCode::kUsage, "{}: {} is {}, expected {}", origin, name, value.shown(),
                expectation(*key));
    given_[name] = {name, *found, origin, is_claimed(*key)};
  }

  // A value as text: of --set, or of a record.
  void add_text(const std::string& name, const std::string& value, const std::string& origin) {
    const Key* key = key_of(table_, name);
    RawValue raw{RawValue::Kind::kText, value, {}};
    if (key != nullptr && !is_text(key->type))
      if (const auto parsed = parse_toml_value(value)) raw = *parsed;
    add(name, raw, origin);
  }

  std::vector<KeyedValue> finish(const std::string& source, bool recorded) const {
    std::vector<KeyedValue> values;
    for (const Key& key : table_) {
      const auto found = given_.find(key.name);
      if (const KeyedValue* other = against(key, values)) {
        if (found != given_.end())
          fail_with(ExitCode::kUsage, "{}: {} is not read where {} is {}", found->second.origin, key.name,
                    other->key, other->text);
        continue;
      }
      if (found != given_.end())
        values.push_back(found->second);
      else if (key.standard == kKeyRequired && !(recorded && key.place == KeyPlace::kCircumstances))
        fail_with(ExitCode::kUsage, "{}: {} is missing, expected {}", source, key.name, expectation(key));
      else if (key.standard != kKeyRequired && key.standard != kKeyNone)
        values.push_back({std::string(key.name), std::string(key.standard), recorded ? "recorded" : "default",
                          is_claimed(key)});
    }
    return values;
  }

 private:
  static bool is_claimed(const Key& key) {
    return key.place == KeyPlace::kClaim || key.place == KeyPlace::kFound;
  }
  // The value that stands against a key's condition; nullptr if the key is read.
  static const KeyedValue* against(const Key& key, const std::vector<KeyedValue>& values) {
    if (key.condition.empty()) return nullptr;
    const std::size_t equals = key.condition.find('=');
    for (const KeyedValue& value : values)
      if (value.key == key.condition.substr(0, equals))
        return is_choice(key.condition.substr(equals + 1), value.text) ? nullptr : &value;
    TESSERA_CHECK(false, "the condition of {} must stand before it and have a value", key.name);
  }
  [[noreturn]] void fail_unknown(const std::string& name, const std::string& origin) const {
    std::vector<std::string> names;
    for (const Key& key : table_)
      if (key.place != KeyPlace::kFound) names.emplace_back(key.name);
    fail_with(ExitCode::kUsage, "{}: unknown key '{}'{}", origin, name, did_you_mean(name, names));
  }
  Table table_;
  std::map<std::string, KeyedValue, std::less<>> given_;
};

}  // namespace

void KeyedConfig::parse_keys(Table table, std::string_view toml, const std::string& source,
                             const std::vector<std::string>& overrides, const std::string& folder) {
  Reader reader(table);
  for (const RawEntry& entry : parse_toml(toml, source).entries)
    reader.add(entry.key, entry.value, entry.origin);
  for (const std::string& override_text : overrides) {
    const std::size_t equals = override_text.find('=');
    if (equals == std::string::npos || equals == 0)
      fail_with(ExitCode::kUsage, "--set {}: expected KEY=VALUE", override_text);
    reader.add_text(override_text.substr(0, equals), override_text.substr(equals + 1), "--set");
  }
  values_ = reader.finish(source, false);
  folder_ = folder;
}

void KeyedConfig::recorded_keys(Table table, const std::map<std::string, std::string>& texts) {
  Reader reader(table);
  for (const auto& [key, value] : texts) reader.add_text(key, value, "recorded");
  values_ = reader.finish("the record", true);
}

const KeyedValue* KeyedConfig::find(std::string_view key) const {
  for (const KeyedValue& value : values_)
    if (value.key == key) return &value;
  return nullptr;
}

const KeyedValue& KeyedConfig::get(std::string_view key) const {
  const KeyedValue* found = find(key);
  TESSERA_CHECK(found != nullptr, "the key '{}' has no value", key);
  return *found;
}

const std::string& KeyedConfig::text(std::string_view key) const {
  return get(key).text;
}
std::int64_t KeyedConfig::integer(std::string_view key) const {
  return data::parse_integer(get(key).text).value();
}
std::vector<std::int64_t> KeyedConfig::integers(std::string_view key) const {
  return parse_json(get(key).text, std::string(key)).get<std::vector<std::int64_t>>();
}
double KeyedConfig::real(std::string_view key) const {
  return data::parse_real(get(key).text).value();
}
bool KeyedConfig::boolean(std::string_view key) const {
  return get(key).text == "true";
}
bool KeyedConfig::has(std::string_view key) const {
  return find(key) != nullptr;
}
const std::string& KeyedConfig::origin(std::string_view key) const {
  return get(key).origin;
}

std::string KeyedConfig::path(std::string_view key) const {
  constexpr std::string_view kVariable = "${TESSERA_DATA}";
  std::string path = get(key).text;
  if (const std::size_t at = path.find(kVariable); at != std::string::npos) {
    const char* folder = std::getenv("TESSERA_DATA");
    if (folder == nullptr)
      fail_with(ExitCode::kUsage, "{}: {} names {}, but the environment variable is not set", origin(key),
                key, kVariable);
    path.replace(at, kVariable.size(), folder);
  }
  return path.starts_with('/') || is_postgresql_uri(path) || folder_ == "." ? path : folder_ + "/" + path;
}

void KeyedConfig::set_found(const std::string& key, const std::string& value) {
  for (KeyedValue& old : values_)
    if (old.key == key) {
      old.text = value;
      return;
    }
  values_.push_back({key, value, "data", true});
}

std::string folder_of_file(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

std::string key_reference(Table table) {
  std::string out;
  for (const Key& key : table) {
    if (key.place == KeyPlace::kFound) continue;
    const std::string standard = key.standard == kKeyRequired ? "required"
                                 : key.standard == kKeyNone   ? ""
                                                              : std::string(key.standard);
    out += fmt::format("{}: {}{}\n    {}{}\n", key.name, expectation(key),
                       standard.empty() ? "" : fmt::format(" ({})", standard),
                       key.condition.empty() ? "" : fmt::format("Where {}: ", key.condition), key.meaning);
  }
  return out;
}

}  // namespace tessera::train
