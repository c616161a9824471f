// An estimator that has learned, as one file: what `save` and pickling of the Python package write, and any program may read.
//
// The file is safetensors (runs/safetensors.h) and canonical: the same estimator gives the same bytes everywhere, so `sha256sum` tells whether two have
// learned the same. Its tensors are the state, named "estimator.NAME"; its metadata say the rest:
//
// | key | value |
// |---|---|
// | `format` | "tessera estimator 1" |
// | `estimator` | the name in learn/estimators.h |
// | `parameters` | every setting, as learn::parameters_json gives them, canonical JSON |
// | `classes`, `class_type` | of a classifier whose classes have names: a list of texts, and what they are: "text", "integer", "number" or "flag" |
//
// A file may come from somebody else: what it says is checked before anything is computed with it (learn::Estimator::check_restored), and settings that
// the file leaves out are refused, since a later default might be another one.
//
// Errors name the file, what was found and what was expected. Thread-safety: nobody may change the estimator meanwhile.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 10, 11}, {4, 1});
// learn::GaussianNB model;
// model.fit(x, Tensor::from<std::int64_t>({0, 0, 1, 1}, {4}));
// const std::string bytes = tabular::estimator_bytes(model, {.names = {"low", "high"}});
// const tabular::SavedEstimator later = tabular::parse_estimator(bytes, "model.safetensors");
// assert(later.classes.names[1] == "high" && same_bits(later.estimator->predict(x), model.predict(x)));
// assert(tabular::estimator_bytes(*later.estimator, later.classes) == bytes);
// ```
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::tabular {

// The names of the classes 0, 1, ... in their order; none: they are these numbers.
struct ClassNames {
  std::vector<std::string> names = {};
  std::string type =
      "text";  // what the names were: "text", "integer" ("-3"), "number" ("0.5"), "flag" ("true")
  bool operator==(const ClassNames&) const = default;
};

struct SavedEstimator {
  std::unique_ptr<learn::Estimator> estimator;
  ClassNames classes;
};

std::string estimator_bytes(learn::Estimator& fitted, const ClassNames& classes = {});
// `where` begins the messages: usually the path.
SavedEstimator parse_estimator(std::string_view bytes, const std::string& where);

void save_estimator(learn::Estimator& fitted, const std::string& path, const ClassNames& classes = {});
SavedEstimator load_estimator(const std::string& path);

// SHA-256, hexadecimal, of estimator_bytes without the names of classes: settings and everything learned.
std::string estimator_digest(learn::Estimator& fitted);

}  // namespace tessera::tabular
