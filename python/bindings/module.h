// The parts of the extension module `tessera._core`. What users see is written in Python above it (python/tessera).
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "tessera/data/table.h"
#include "tessera/learn/estimator.h"

namespace tessera::python {

// An estimator and who may touch it: predictions beside each other, everything else alone.
class Model {
 public:
  explicit Model(std::unique_ptr<learn::Estimator> estimator) : estimator_(std::move(estimator)) {}

  // Without the interpreter's lock, which a computation of seconds must not hold.
  template <typename Body>
  auto reading(const Body& body) const {
    const nanobind::gil_scoped_release released;
    const std::shared_lock lock(mutex_);
    return body(*estimator_);
  }
  template <typename Body>
  auto alone(const Body& body) {
    const nanobind::gil_scoped_release released;
    const std::unique_lock lock(mutex_);
    return body(*estimator_);
  }
  std::string name() const { return std::string(estimator_->name()); }
  learn::Task task() const { return estimator_->task(); }

 private:
  mutable std::shared_mutex mutex_;
  std::unique_ptr<learn::Estimator> estimator_;
};

inline nanobind::object python_model(std::unique_ptr<learn::Estimator> estimator) {
  return nanobind::cast(new Model(std::move(estimator)), nanobind::rv_policy::take_ownership);
}

struct TableHandle {
  std::shared_ptr<const data::Table> table;
};

// tessera.Error is a ValueError with `code`; tessera.Stopped a KeyboardInterrupt.
void add_errors(nanobind::module_& module);
void add_execution(nanobind::module_& module);
void add_estimators(nanobind::module_& module);
void add_tables(nanobind::module_& module);
void add_runs(nanobind::module_& module);

}  // namespace tessera::python
