// The settings of an estimator, declared once.
//
// An estimator walks its settings in one function (visit_parameters), each with its name, its bounds and a sentence. From that walk come
// the list for people, setting one from text or JSON, the configuration that a record claims, copies, and the axes of a search. Names
// are scikit-learn's, so that what is known there is known here.
//
// Errors: an unknown name (with a suggestion), text that is not of the kind, a value out of its bounds: one sentence that names
// estimator and parameter. Thread-safety: as the estimator that is walked.
//
// ```cpp
// learn::KNeighborsClassifier model;
// learn::set_parameter(model, "n_neighbors", "3");
// assert(learn::parameters(model)[0].name == "n_neighbors" && learn::parameters(model)[0].value == "3");
// ```
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tessera::learn {

class Estimator;

// Bounds of a number; `above` and `below` leave the bound itself out.
struct Bounds {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool least_excluded = false;

  static Bounds at_least(double value) { return {.least = value}; }
  static Bounds above(double value) { return {.least = value, .least_excluded = true}; }
  static Bounds between(double least, double most) { return {.least = least, .most = most}; }
  bool contains(double value) const {
    return value <= most && (least_excluded ? value > least : value >= least);
  }
  std::string text() const;  // "at least 1", "above 0", "from 0 to 1", "any number"
};

class ParameterVisitor {
 public:
  virtual ~ParameterVisitor() = default;
  virtual void real(std::string_view name, double& value, const Bounds& bounds,
                    std::string_view sentence) = 0;
  virtual void integer(std::string_view name, std::int64_t& value, const Bounds& bounds,
                       std::string_view sentence) = 0;
  virtual void flag(std::string_view name, bool& value, std::string_view sentence) = 0;
  // `value` is an index into `names`.
  virtual void choice(std::string_view name, int& value, std::span<const std::string_view> names,
                      std::string_view sentence) = 0;
  // Any text, such as a list of names; the walk itself refuses, after this call, a value that cannot be.
  virtual void text(std::string_view name, std::string& value, std::string_view sentence) = 0;

  // The same for an enumeration whose values count from 0.
  template <typename Enum>
  void choice(std::string_view name, Enum& value, std::span<const std::string_view> names,
              std::string_view sentence) {
    int index = static_cast<int>(value);
    choice(name, index, names, sentence);
    value = static_cast<Enum>(index);
  }
};

struct ParameterText {
  std::string name, value;
  std::string allowed;   // "a whole number, at least 1", "one of \"l1\", \"l2\""
  std::string sentence;  // what it is for
};

std::vector<ParameterText> parameters(Estimator& estimator);
void set_parameter(Estimator& estimator, std::string_view name, std::string_view text);
// {"n_neighbors": 3, "weights": "uniform", "C": "0x1p+0"}: every setting, real numbers as base/json.h writes them.
nlohmann::json parameters_json(Estimator& estimator);
// Every key of `values` is set; settings that are not there keep their values. A setting comes before those of the parts that it names ("steps" before
// "pca__n_components", "estimator" before "estimator__steps"), in whatever order they are given.
void set_parameters(Estimator& estimator, const nlohmann::json& values);
void set_parameters(Estimator& estimator, std::vector<std::pair<std::string, std::string>> name_and_text);

}  // namespace tessera::learn
