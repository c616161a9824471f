#include "tessera/train/config_toml.h"

#include <toml++/toml.h>

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::train {
namespace {

using Kind = RawValue::Kind;

RawValue raw_value(const toml::node& node) {
  if (const auto* text = node.as_string()) return {Kind::kText, text->get(), {}};
  if (const auto* number = node.as_integer()) return {Kind::kInteger, std::to_string(number->get()), {}};
  if (const auto* number = node.as_floating_point())
    return {Kind::kReal, fmt::format("{}", number->get()), {}};
  if (const auto* flag = node.as_boolean()) return {Kind::kBoolean, flag->get() ? "true" : "false", {}};
  if (const auto* array = node.as_array()) {
    RawValue list{Kind::kList, "", {}};
    for (const toml::node& item : *array) list.items.push_back(raw_value(item));
    return list;
  }
  return {Kind::kOther, node.is_table() ? "a table" : "a date or time", {}};
}

class Flattener {
 public:
  Flattener(const std::string& source, std::string_view array, RawConfig& out)
      : source_(source), array_(array), out_(out) {}

  void table(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (name == array_) {
        layers(node);
      } else if (const auto* inner = node.as_table(); inner && prefix.empty()) {
        this->table(*inner, name + ".");
        if (inner->empty())
          lines_.emplace_back(node.source().begin.line, RawEntry{});  // an empty section: nothing to read
      } else {
        add(name, node, key.source().begin.line);
      }
    }
  }

  void finish() {  // the library sorts by name; messages follow the file
    std::stable_sort(lines_.begin(), lines_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [line, entry] : lines_)
      if (!entry.key.empty()) out_.entries.push_back(std::move(entry));
  }

 private:
  void layers(const toml::node& node) {
    const auto* array = node.as_array();
    if (!array ||
        !std::all_of(array->begin(), array->end(), [](const toml::node& item) { return item.is_table(); }))
      fail_with(ExitCode::kUsage, "{}:{}: {} is {}, expected tables, each beginning with a line [[{}]]",
                source_, node.source().begin.line, array_, raw_value(node).shown(), array_);
    for (const toml::node& layer : *array)
      table(*layer.as_table(), fmt::format("{}.{}.", array_, ++out_.layers));
  }

  void add(const std::string& name, const toml::node& node, std::uint32_t line) {
    lines_.emplace_back(line, RawEntry{name, raw_value(node), fmt::format("{}:{}", source_, line)});
  }

  const std::string& source_;
  std::string_view array_;
  RawConfig& out_;
  std::vector<std::pair<std::uint32_t, RawEntry>> lines_;
};

}  // namespace

std::string RawValue::shown() const {
  if (kind == Kind::kText) return fmt::format("\"{}\"", text.substr(0, 60));
  if (kind != Kind::kList) return text;
  std::string out = "[";
  for (const RawValue& item : items) out += (out.size() > 1 ? ", " : "") + item.shown();
  return out + "]";
}

RawConfig parse_toml(std::string_view text, const std::string& source, std::string_view array) {
  RawConfig config;
  try {
    const toml::table root = toml::parse(text);
    Flattener flattener(source, array, config);
    flattener.table(root, "");
    flattener.finish();
  } catch (const toml::parse_error& error) {
    const auto place = error.source().begin;
    fail_with(ExitCode::kUsage, "{}:{}:{}: not valid TOML: {}", source, place.line, place.column,
              error.description());
  }
  return config;
}

std::optional<RawValue> parse_toml_value(const std::string& text) {
  if (text.find('\n') != std::string::npos) return std::nullopt;
  try {
    const toml::table root = toml::parse("value = " + text);
    if (root.size() != 1) return std::nullopt;
    return raw_value(*root.get("value"));
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

}  // namespace tessera::train
