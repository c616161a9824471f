// Every estimator by name: what `tessera fit NAME` and searches know, and the tests of every estimator run over.
//
// Errors: an unknown name, with a suggestion and the list. Thread-safety: pure functions.
//
// ```cpp
// const auto model = learn::make_estimator("gaussian_nb");
// assert(model->name() == "gaussian_nb" && !model->fitted());
// ```
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "tessera/learn/estimator.h"

namespace tessera::learn {

struct EstimatorRow {
  std::string_view name;
  std::string_view sentence;  // what it is, for lists
  std::unique_ptr<Estimator> (*make)();
};

std::span<const EstimatorRow> estimators();  // in the order of their names
std::unique_ptr<Estimator> make_estimator(std::string_view name);

}  // namespace tessera::learn
