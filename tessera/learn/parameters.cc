#include "tessera/learn/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/suggest.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/estimator.h"

namespace tessera::learn {

namespace {

std::string quoted(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", name);
  return text;
}

std::string with_bounds(std::string_view kind, const Bounds& bounds) {
  return fmt::format("{}, {}", kind, bounds.text());
}

class Lister : public ParameterVisitor {
 public:
  void real(std::string_view name, double& value, const Bounds& bounds, std::string_view sentence) override {
    add(name, fmt::format("{}", value), with_bounds("a number", bounds), sentence);
  }
  void integer(std::string_view name, std::int64_t& value, const Bounds& bounds,
               std::string_view sentence) override {
    add(name, fmt::format("{}", value), with_bounds("a whole number", bounds), sentence);
  }
  void flag(std::string_view name, bool& value, std::string_view sentence) override {
    add(name, value ? "true" : "false", "true or false", sentence);
  }
  void choice(std::string_view name, int& value, std::span<const std::string_view> names,
              std::string_view sentence) override {
    add(name, std::string(names[static_cast<std::size_t>(value)]), "one of " + quoted(names), sentence);
  }

  void text(std::string_view name, std::string& value, std::string_view sentence) override {
    add(name, value, "a text", sentence);
  }

  std::vector<ParameterText> found;

 private:
  void add(std::string_view name, std::string value, std::string allowed, std::string_view sentence) {
    found.push_back({std::string(name), std::move(value), std::move(allowed), std::string(sentence)});
  }
};

// Sets the one that is called `name` from text; remembers whether there was one.
class Setter : public ParameterVisitor {
 public:
  Setter(std::string_view estimator, std::string_view name, std::string_view text, bool of_json)
      : estimator_(estimator), name_(name), text_(text), of_json_(of_json) {}

  void real(std::string_view name, double& value, const Bounds& bounds, std::string_view) override {
    if (!is_it(name)) return;
    const bool hexadecimal = of_json_ && (text_.starts_with("0x") || text_.starts_with("-0x"));
    const auto number =
        hexadecimal ? std::optional(hex_float_value(std::string(text_))) : data::parse_real(text_);
    if (!number || !std::isfinite(*number) || !bounds.contains(*number))
      refuse(with_bounds("a number", bounds));
    value = *number;
  }
  void integer(std::string_view name, std::int64_t& value, const Bounds& bounds, std::string_view) override {
    if (!is_it(name)) return;
    const auto number = data::parse_integer(text_);
    if (!number || !bounds.contains(static_cast<double>(*number)))
      refuse(with_bounds("a whole number", bounds));
    value = *number;
  }
  void flag(std::string_view name, bool& value, std::string_view) override {
    if (!is_it(name)) return;
    if (text_ != "true" && text_ != "false") refuse("true or false");
    value = text_ == "true";
  }
  void choice(std::string_view name, int& value, std::span<const std::string_view> names,
              std::string_view) override {
    if (!is_it(name)) return;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == text_) {
        value = static_cast<int>(i);
        return;
      }
    refuse("one of " + quoted(names));
  }
  void text(std::string_view name, std::string& value, std::string_view) override {
    if (is_it(name)) value = std::string(text_);
  }

  bool found() const { return found_; }

 private:
  bool is_it(std::string_view name) {
    found_ = found_ || name == name_;
    return name == name_;
  }
  [[noreturn]] void refuse(const std::string& expected) const {
    fail_with(ExitCode::kUsage, "{}: {}: expected {}, found '{}'", estimator_, name_, expected, text_);
  }

  std::string_view estimator_, name_, text_;
  bool of_json_, found_ = false;
};

class JsonWriter : public ParameterVisitor {
 public:
  void real(std::string_view name, double& value, const Bounds&, std::string_view) override {
    values[std::string(name)] = hex_float(value);
  }
  void integer(std::string_view name, std::int64_t& value, const Bounds&, std::string_view) override {
    values[std::string(name)] = value;
  }
  void flag(std::string_view name, bool& value, std::string_view) override {
    values[std::string(name)] = value;
  }
  void choice(std::string_view name, int& value, std::span<const std::string_view> names,
              std::string_view) override {
    values[std::string(name)] = std::string(names[static_cast<std::size_t>(value)]);
  }
  void text(std::string_view name, std::string& value, std::string_view) override {
    values[std::string(name)] = value;
  }

  nlohmann::json values = nlohmann::json::object();
};

void set_one(Estimator& estimator, std::string_view name, std::string_view text, bool of_json) {
  Setter setter(estimator.name(), name, text, of_json);
  estimator.visit_parameters(setter);
  if (setter.found()) return;
  std::vector<std::string> names;
  for (const ParameterText& parameter : parameters(estimator)) names.push_back(parameter.name);
  fail_with(ExitCode::kUsage, "{}: there is no parameter '{}'{}; there are: {}", estimator.name(), name,
            did_you_mean(name, names), names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

// How many parts within parts a setting belongs to: what has fewer says which parts there are.
std::size_t depth(std::string_view name) {
  std::size_t found = 0;
  for (std::size_t at = name.find("__"); at != std::string_view::npos; at = name.find("__", at + 2)) ++found;
  return found;
}

void set_by_depth(Estimator& estimator, std::vector<std::pair<std::string, std::string>> values,
                  bool of_json) {
  std::ranges::stable_sort(values, {}, [](const auto& item) { return depth(item.first); });
  for (const auto& [name, text] : values) set_one(estimator, name, text, of_json);
}

}  // namespace

std::string Bounds::text() const {
  const bool lower = least > -std::numeric_limits<double>::infinity();
  const bool upper = most < std::numeric_limits<double>::infinity();
  if (lower && upper) return fmt::format("{} {} to {}", least_excluded ? "above" : "from", least, most);
  if (lower) return fmt::format("{} {}", least_excluded ? "above" : "at least", least);
  return upper ? fmt::format("at most {}", most) : "any";
}

std::vector<ParameterText> parameters(Estimator& estimator) {
  Lister lister;
  estimator.visit_parameters(lister);
  return lister.found;
}

void set_parameter(Estimator& estimator, std::string_view name, std::string_view text) {
  set_one(estimator, name, text, false);
}

nlohmann::json parameters_json(Estimator& estimator) {
  JsonWriter writer;
  estimator.visit_parameters(writer);
  return writer.values;
}

void set_parameters(Estimator& estimator, const nlohmann::json& values) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& [name, value] : values.items())
    texts.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  set_by_depth(estimator, std::move(texts), true);
}

void set_parameters(Estimator& estimator, std::vector<std::pair<std::string, std::string>> name_and_text) {
  set_by_depth(estimator, std::move(name_and_text), false);
}

}  // namespace tessera::learn
