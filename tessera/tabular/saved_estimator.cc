#include "tessera/tabular/saved_estimator.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/json.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/estimators.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/safetensors.h"

namespace tessera::tabular {
namespace {

constexpr const char* kFormat = "tessera estimator 1";
constexpr const char* kObject = "estimator";

bool is_of_type(const std::string& name, const std::string& type) {
  if (type == "integer") return data::parse_integer(name).has_value();
  if (type == "number") return data::parse_real(name).has_value();
  return type == "flag" ? name == "true" || name == "false" : type == "text";
}

// The reason why these cannot be the names of an estimator's classes; empty if they can.
std::string fault_of(const ClassNames& classes, const learn::Estimator& estimator) {
  if (classes.names.empty()) return "";
  const std::int64_t count = static_cast<std::int64_t>(classes.names.size());
  if (count != estimator.classes())
    return fmt::format("found {} names of classes, expected {}", count, estimator.classes());
  for (const std::string& name : classes.names)
    if (!is_of_type(name, classes.type))
      return fmt::format("the class '{}' is no '{}', expected one of text, integer, number, flag", name,
                         classes.type);
  if (std::set<std::string>(classes.names.begin(), classes.names.end()).size() != classes.names.size())
    return "found a class twice, expected different ones";
  return "";
}

// The metadata of one file, and what may stand there.
class Metadata {
 public:
  Metadata(std::map<std::string, std::string> values, const std::string& where)
      : values_(std::move(values)), where_(where) {
    static const std::set<std::string> kKnown = {"format", "estimator", "parameters", "classes",
                                                 "class_type"};
    if (text("format") != kFormat)
      fail("{}: found the format '{}', expected '{}'", where_, text("format"), kFormat);
    for (const auto& [key, value] : values_)
      if (!kKnown.contains(key)) fail("{}: found '{}' in the metadata, which is unknown", where_, key);
    if (values_.contains("classes") != values_.contains("class_type"))
      fail("{}: found one of 'classes' and 'class_type', expected both or none", where_);
  }

  const std::string& text(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) fail("{}: not a saved estimator: '{}' is not in the metadata", where_, key);
    return found->second;
  }

  std::unique_ptr<learn::Estimator> estimator() const {
    std::unique_ptr<learn::Estimator> made = learn::make_estimator(text("estimator"));
    const nlohmann::json found = parse_canonical_json(text("parameters"), where_ + ", parameters");
    if (!found.is_object()) fail("{}: 'parameters' is to be an object, found {}", where_, found.type_name());
    learn::set_parameters(*made, found);
    const nlohmann::json all = learn::parameters_json(*made);
    for (const auto& [name, value] : all.items())
      if (!found.contains(name)) fail("{}: the parameter '{}' is missing", where_, name);
    return made;
  }

  ClassNames classes() const {
    ClassNames classes;
    if (!values_.contains("classes")) return classes;
    classes.type = text("class_type");
    const nlohmann::json names = parse_canonical_json(text("classes"), where_ + ", classes");
    if (!names.is_array() || names.empty())
      fail("{}: 'classes' is to be a list of texts, found {}", where_, names.type_name());
    for (const auto& name : names) {
      if (!name.is_string()) fail("{}: a class is to be a text, found {}", where_, name.type_name());
      classes.names.push_back(name.get<std::string>());
    }
    return classes;
  }

 private:
  std::map<std::string, std::string> values_;
  const std::string& where_;
};

void restore(SavedEstimator& saved, const runs::SafetensorsFile& file, const std::string& where) {
  runs::restore_object(kObject, *saved.estimator, file.tensors, where);
  if (!std::ranges::all_of(file.tensors,
                           [](const auto& named) { return named.name.starts_with("estimator."); }))
    fail("{}: found a tensor that is not the estimator's", where);
  saved.estimator->check_restored();
  const std::string fault = fault_of(saved.classes, *saved.estimator);
  if (!fault.empty()) fail("{}", fault);
}

}  // namespace

std::string estimator_bytes(learn::Estimator& fitted, const ClassNames& classes) {
  if (!fitted.fitted()) fail("{}: it has learned nothing yet: call fit first", fitted.name());
  const std::string fault = fault_of(classes, fitted);
  if (!fault.empty()) fail("{}: {}", fitted.name(), fault);
  std::map<std::string, std::string> metadata = {
      {"format", kFormat},
      {"estimator", std::string(fitted.name())},
      {"parameters", canonical_json(learn::parameters_json(fitted))}};
  if (!classes.names.empty()) {
    metadata["classes"] = canonical_json(nlohmann::json(classes.names));
    metadata["class_type"] = classes.type;
  }
  runs::StateSet state;
  state.keep(kObject, fitted);
  return runs::write_safetensors(state.collect(), metadata);
}

SavedEstimator parse_estimator(std::string_view bytes, const std::string& where) {
  const runs::SafetensorsFile file = runs::parse_safetensors(bytes, where);
  const Metadata metadata(file.metadata, where);
  try {
    SavedEstimator saved{metadata.estimator(), metadata.classes()};
    restore(saved, file, where);
    return saved;
  } catch (const Error& error) {  // what speaks of the estimator alone, too, is about this file
    const std::string message = error.what();
    throw Error(message.starts_with(where) ? message : where + ": " + message);
  }
}

void save_estimator(learn::Estimator& fitted, const std::string& path, const ClassNames& classes) {
  write_file_atomically(path, estimator_bytes(fitted, classes));
}

SavedEstimator load_estimator(const std::string& path) {
  return parse_estimator(read_regular_file(path), path);
}

std::string estimator_digest(learn::Estimator& fitted) {
  return to_hex(sha256(estimator_bytes(fitted)));
}

}  // namespace tessera::tabular
