#include "tessera/runs/json_fields.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"

namespace tessera::runs {

using nlohmann::json;

namespace {

// The messages quote keys and values of a file that somebody else may have written.
template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(printable(fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace

JsonFields::JsonFields(const json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) refuse("{}: expected an object, found {}", where_, object.type_name());
}

bool JsonFields::has(const std::string& key) const {
  return object_.contains(key);
}

const json& JsonFields::field(const std::string& key) {
  const auto found = object_.find(key);
  if (found == object_.end()) refuse("{}: '{}' is missing", where_, key);
  ++read_;
  return *found;
}

std::string JsonFields::text(const std::string& key) {
  const json& value = field(key);
  if (!value.is_string()) refuse("{}: '{}' is to be a text, found {}", where_, key, value.type_name());
  return value.get<std::string>();
}

std::uint64_t JsonFields::integer(const std::string& key) {
  const json& value = field(key);
  if (!value.is_number_unsigned())
    refuse("{}: '{}' is to be a natural number, found {}", where_, key, value.dump());
  return value.get<std::uint64_t>();
}

bool JsonFields::boolean(const std::string& key) {
  const json& value = field(key);
  if (!value.is_boolean())
    refuse("{}: '{}' is to be true or false, found {}", where_, key, value.type_name());
  return value.get<bool>();
}

std::string JsonFields::digest_text(const std::string& key) {
  return to_hex(digest(key));
}

Digest JsonFields::digest(const std::string& key) {
  const std::string value = text(key);
  try {
    return digest_from_hex(value);
  } catch (const Error& error) {
    refuse("{}: '{}': {}", where_, key, error.what());
  }
}

const json& JsonFields::object(const std::string& key) {
  const json& value = field(key);
  if (!value.is_object()) refuse("{}: '{}' is to be an object, found {}", where_, key, value.type_name());
  return value;
}

const json& JsonFields::array(const std::string& key) {
  const json& value = field(key);
  if (!value.is_array()) refuse("{}: '{}' is to be a list, found {}", where_, key, value.type_name());
  return value;
}

std::map<std::string, std::string> JsonFields::texts(const std::string& key) {
  const json& map = object(key);
  JsonFields fields(map, where_ + ": " + key);
  std::map<std::string, std::string> result;
  for (const auto& item : map.items()) result[item.key()] = fields.text(item.key());
  return result;
}

std::map<std::string, std::string> JsonFields::digest_texts(const std::string& key) {
  const json& map = object(key);
  JsonFields fields(map, where_ + ": " + key);
  std::map<std::string, std::string> result;
  for (const auto& item : map.items()) result[item.key()] = fields.digest_text(item.key());
  return result;
}

std::vector<std::string> JsonFields::text_list(const std::string& key) {
  std::vector<std::string> result;
  for (const json& value : array(key)) {
    if (!value.is_string())
      refuse("{}: '{}' is to be a list of texts, found {}", where_, key, value.type_name());
    result.push_back(value.get<std::string>());
  }
  return result;
}

void JsonFields::expect_text(const std::string& key, std::string_view value) {
  const std::string found = text(key);
  if (found != value) refuse("{}: '{}' is to be '{}', found '{}'", where_, key, value, found);
}

void JsonFields::done() const {
  if (read_ < object_.size()) {
    std::string keys;
    for (const auto& item : object_.items()) keys += (keys.empty() ? "" : ", ") + item.key();
    refuse("{}: an unexpected field among {}", where_, keys);
  }
}

double scalar_value(const nlohmann::json& value, const std::string& name, const std::string& where) {
  if (!value.is_string())
    fail("{}: scalar '{}' is to be a hexadecimal text, found {}", where, printable(name),
         printable(value.dump()));
  try {
    return hex_float_value(value.get<std::string>());
  } catch (const Error& error) {
    fail("{}: scalar '{}': {}", where, printable(name), error.what());
  }
}

std::string readable(const std::string& text) {
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

}  // namespace tessera::runs
