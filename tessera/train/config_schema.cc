#include "tessera/train/config_schema.h"

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::train {
namespace {

using enum ValueType;

std::string number(double value) {
  return value == static_cast<double>(static_cast<std::int64_t>(value))
             ? fmt::format("{}", static_cast<std::int64_t>(value))
             : fmt::format("{}", value);
}

std::string range(const KeySpec& spec) {
  if (spec.open_below)
    return fmt::format("above {} and at most {}", number(spec.lowest), number(spec.highest));
  return fmt::format("from {} to {}", number(spec.lowest), number(spec.highest));
}

std::string default_cell(const KeySpec& spec) {
  if (spec.default_text == kRequired) return "required";
  if (spec.default_text == kNone || spec.default_text == "[]") return "";
  const bool quoted = spec.type == kChoice || spec.type == kText || spec.type == kName;
  return quoted ? fmt::format("`\"{}\"`", spec.default_text) : fmt::format("`{}`", spec.default_text);
}

std::string condition_sentence(const KeySpec& spec) {
  if (spec.condition.empty()) return "";
  const std::size_t equals = spec.condition.find('=');
  return fmt::format(" Only with {} = {}.", spec.condition.substr(0, equals),
                     quoted_list(spec.condition.substr(equals + 1), ','));
}

constexpr std::string_view kIntroduction = R"(# Configuration

One TOML file describes a training run: `tessera train FILE`. Each value can be replaced on the command line, for example
`--set training.batch=64` or `--set network.1.channels=8` (layers are counted from 1), and `--set training.momentum=` takes the file's
value away. A key that nothing reads is an error. Where each value came from (file and line, `--set`, or a default) is shown by
`tessera show RUN`.

This page is made from the table of keys in `tessera/train/config_keys.cc`.
)";

}  // namespace

std::string full_name(const KeySpec& spec) {
  if (spec.section.empty()) return std::string(spec.name);
  return fmt::format("{}.{}{}", spec.section, spec.section == "network" ? "N." : "", spec.name);
}

std::string expectation(const KeySpec& spec) {
  switch (spec.type) {
    case kText:
      return "a text";
    case kName:
      return "a name of a-z, 0-9, '.', '_' and '-'";
    case kPath:
      return "the path of a file";
    case kPaths:
      return "a list of paths of files, at least one";
    case kChoice:
      return "one of " + quoted_list(spec.choices);
    case kInteger:
      return "a whole number " + range(spec);
    case kReal:
      return "a number " + range(spec);
    case kBoolean:
      return "true or false";
    case kIntegers:
      return "a list of whole numbers " + range(spec);
    case kTexts:
      return "a list of texts";
  }
  return "";
}

bool is_run_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && text[0] != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
         });
}

std::string quoted_list(std::string_view list, char separator) {
  std::string out;
  for (const std::string& word : words(list, separator))
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", word);
  return out;
}

std::vector<std::string> words(std::string_view list, char separator) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

std::string config_reference() {
  std::string out(kIntroduction);
  std::string_view section = "?";
  for (const KeySpec& spec : config_keys()) {
    if (spec.section != section) {
      section = spec.section;
      const std::string title = section.empty()        ? "At the top"
                                : section == "network" ? "`[[network]]`, one per layer"
                                                       : fmt::format("`[{}]`", section);
      out += fmt::format("\n## {}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", title);
    }
    out += fmt::format("| `{}` | {} | {} | {}{} |\n", spec.name, expectation(spec), default_cell(spec),
                       spec.documentation, condition_sentence(spec));
  }
  return out;
}

}  // namespace tessera::train
