// Errors, the choice of how to compute, and estimators. A Model is fitted once and does not change afterwards: fit() makes another one, so that threads which
// predict with the old one are not disturbed, and a fit that was interrupted leaves nothing half-learned.
#include "tessera/learn/estimators.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "python/bindings/arrays.h"
#include "python/bindings/module.h"
#include "tessera/backends/backends.h"
#include "tessera/base/hash.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/text.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/mixture_model.h"
#include "tessera/learn/pca.h"
#include "tessera/learn/scalers.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/run.h"
#include "tessera/tabular/saved_estimator.h"

namespace tessera::python {
namespace {

PyObject* error_type = nullptr;
PyObject* stopped_type = nullptr;

void raise_error(const Error& error, PyObject* type) {
  const nb::object made = nb::borrow<nb::object>(type)(
      printable(without_passwords(error.what())));  // a file may be in any encoding
  made.attr("code") = static_cast<int>(error.code());
  PyErr_SetObject(type, made.ptr());
}

// ---- Fitting ----

// Asks after every step whether the user wants to stop (Ctrl-C), and tells a function of Python's, if there is one, of the step.
class Listener : public StepObserver {
 public:
  explicit Listener(nb::object function) : function_(std::move(function)) {}
  bool on_step(const StepReport& report) override {
    const nb::gil_scoped_acquire acquired;
    if (failed_) return false;
    if (PyErr_CheckSignals() != 0) return fail_with_python_error();
    if (function_.is_none()) return true;
    try {
      nb::dict scalars;
      for (const StepScalar& scalar : report.scalars)
        scalars[nb::str(scalar.name.data(), scalar.name.size())] = scalar.value;
      const nb::object answer = function_(report.step, scalars);
      const int truth = answer.is_none() ? 1 : PyObject_IsTrue(answer.ptr());
      if (truth < 0) throw nb::python_error();
      return truth != 0;
    } catch (nb::python_error& error) {
      error.restore();
      return fail_with_python_error();
    }
  }
  // With the interpreter's lock: raises what was raised while the estimator learned.
  void rethrow() {
    if (failed_) {
      nb::python_error error = std::move(*error_);
      throw error;
    }
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  }

 private:
  bool fail_with_python_error() {
    failed_ = true;
    error_.emplace();
    return false;
  }
  nb::object function_;
  bool failed_ = false;
  std::optional<nb::python_error> error_;
};

std::unique_ptr<learn::Estimator> with_same_settings(learn::Estimator& estimator) {
  std::unique_ptr<learn::Estimator> made = learn::make_estimator(estimator.name());
  learn::set_parameters(*made, learn::parameters_json(estimator));
  return made;
}

// What was learned, in memory of its own.
std::unique_ptr<learn::Estimator> copied(learn::Estimator& fitted) {
  std::unique_ptr<learn::Estimator> made = with_same_settings(fitted);
  runs::StateSet from;
  from.keep("estimator", fitted);
  std::vector<runs::NamedTensor> state = from.collect();
  for (runs::NamedTensor& named : state) named.tensor = copy(named.tensor);
  runs::restore_object("estimator", *made, state, std::string(made->name()));
  return made;
}

struct Learned {
  std::unique_ptr<learn::Estimator> estimator;
  Tensor transformed;
};

Learned learn_from(Model& settings, const Tensor& x, const Tensor& y, bool transform, Listener& listener) {
  // The settings as they are now: the function that the listener calls may look at the model, so it is not locked meanwhile.
  Learned learned{settings.alone([](learn::Estimator& before) { return with_same_settings(before); }), {}};
  const nb::gil_scoped_release released;
  auto* transformer = dynamic_cast<learn::Transformer*>(learned.estimator.get());
  if (!transform)
    learned.estimator->fit(x, y, &listener);
  else if (transformer != nullptr)
    learned.transformed = transformer->fit_transform(x, y, &listener);
  else
    fail("{}: it does not transform", learned.estimator->name());
  return learned;
}

nb::tuple fit(Model& settings, const Array& features, const std::optional<Array>& target, bool transform,
              nb::object observer) {
  Borrowed x(features);
  std::optional<Borrowed> y;
  if (target) y.emplace(*target);
  Listener listener(std::move(observer));
  Learned learned;
  try {
    learned = learn_from(settings, x.tensor(), y ? y->tensor() : Tensor(), transform, listener);
  } catch (const Error&) {
    listener.rethrow();  // what stopped it comes first
    throw;
  }
  listener.rethrow();
  const nb::object array = transform ? to_numpy(std::move(learned.transformed)) : nb::none();
  // Some methods learn by keeping the rows (k nearest neighbours): the caller's array may change later, theirs may not.
  const bool features_kept = x.kept(), target_kept = y && y->kept();
  if (features_kept || target_kept) {
    const nb::gil_scoped_release released;
    learned.estimator = copied(*learned.estimator);
  }
  return nb::make_tuple(python_model(std::move(learned.estimator)), array);
}

// ---- Using ----

template <typename Kind, typename Answer>
nb::object asked(const Model& model, const Array& features, const char* what, const Answer& answer) {
  const Borrowed x(features);
  Tensor result = model.reading([&](const learn::Estimator& estimator) {
    const auto* able = dynamic_cast<const Kind*>(&estimator);
    if (able == nullptr)
      fail("{}: a {} has no {}", estimator.name(), learn::task_name(estimator.task()), what);
    return answer(*able, x.tensor());
  });
  return to_numpy(std::move(result));
}

Tensor probabilities_of(const learn::Estimator& estimator, const Tensor& x) {
  if (const auto* mixture = dynamic_cast<const learn::MixtureModel*>(&estimator))
    return mixture->predict_proba(x);
  const auto* classifier = dynamic_cast<const learn::Classifier*>(&estimator);
  if (classifier == nullptr)
    fail("{}: a {} has no predict_proba", estimator.name(), learn::task_name(estimator.task()));
  return classifier->predict_proba(x);
}

Tensor way_back(const learn::Estimator& estimator, const Tensor& x) {
  if (const auto* scaler = dynamic_cast<const learn::Scaler*>(&estimator))
    return scaler->inverse_transform(x);
  const auto* components = dynamic_cast<const learn::PCA*>(&estimator);
  if (components == nullptr) fail("{}: it has no inverse_transform", estimator.name());
  return components->inverse_transform(x);
}

// The methods that answer, with the settings of now: classes in Python have them, and no others.
std::vector<std::string> abilities_of(Model& model) {
  return model.alone([](learn::Estimator& estimator) {
    std::vector<std::string> names;
    if (dynamic_cast<learn::Transformer*>(&estimator) != nullptr)
      names.insert(names.end(), {"transform", "fit_transform"});
    else
      names.emplace_back("predict");
    if (estimator.task() == learn::Task::kClassification || estimator.task() == learn::Task::kRegression)
      names.emplace_back("score");
    if (estimator.task() == learn::Task::kClustering) names.emplace_back("fit_predict");
    if (dynamic_cast<learn::MixtureModel*>(&estimator) != nullptr)
      names.insert(names.end(), {"predict_proba", "score_samples", "score"});
    if (dynamic_cast<learn::Scaler*>(&estimator) != nullptr ||
        dynamic_cast<learn::PCA*>(&estimator) != nullptr)
      names.emplace_back("inverse_transform");
    const auto* classifier = dynamic_cast<learn::Classifier*>(&estimator);
    if (classifier != nullptr && classifier->has_probabilities()) names.emplace_back("predict_proba");
    if (classifier != nullptr && classifier->has_decision_function()) names.emplace_back("decision_function");
    return names;
  });
}

nb::dict state_of(Model& model) {
  const std::vector<runs::NamedTensor> state = model.alone([](learn::Estimator& estimator) {
    runs::StateSet set;
    set.keep("estimator", estimator);
    return set.collect();
  });
  nb::dict result;
  for (const runs::NamedTensor& named : state)
    result[named.name.substr(std::string_view("estimator.").size()).c_str()] = to_numpy_view(named.tensor);
  return result;
}

// (name, kind, value as text, what is allowed, sentence); kind: "real", "integer", "flag", "choice" or "text".
using Parameter = std::tuple<std::string, std::string, std::string, std::string, std::string>;

std::vector<Parameter> parameters_of(Model& model) {
  return model.alone([](learn::Estimator& estimator) {
    std::vector<Parameter> result;
    const nlohmann::json values = learn::parameters_json(estimator);
    for (const learn::ParameterText& parameter : learn::parameters(estimator)) {
      const nlohmann::json& value = values.at(parameter.name);
      const std::string kind = value.is_boolean()                          ? "flag"
                               : value.is_number_integer()                 ? "integer"
                               : parameter.allowed.starts_with("a number") ? "real"
                               : parameter.allowed.starts_with("one of")   ? "choice"
                                                                           : "text";
      result.emplace_back(parameter.name, kind, parameter.value, parameter.allowed, parameter.sentence);
    }
    return result;
  });
}

// All of them, or none if one is refused.
void set_parameters(Model& model, const std::vector<std::pair<std::string, std::string>>& values) {
  model.alone([&](learn::Estimator& estimator) {
    const nlohmann::json before = learn::parameters_json(estimator);
    try {
      learn::set_parameters(estimator, values);
    } catch (...) {
      learn::set_parameters(estimator, before);
      throw;
    }
  });
}

nb::bytes bytes_of(Model& model, const std::vector<std::string>& classes, const std::string& type) {
  const std::string bytes = model.alone([&](learn::Estimator& estimator) {
    return tabular::estimator_bytes(estimator, {.names = classes, .type = type});
  });
  return nb::bytes(bytes.data(), bytes.size());
}

nb::tuple saved_tuple(tabular::SavedEstimator saved) {
  return nb::make_tuple(python_model(std::move(saved.estimator)), saved.classes.names, saved.classes.type);
}

}  // namespace

void add_errors(nb::module_& module) {
  error_type = PyErr_NewExceptionWithDoc(
      "tessera.Error", "Bad input: one sentence that says where, what was found and what was expected.",
      PyExc_ValueError, nullptr);
  stopped_type = PyErr_NewExceptionWithDoc(
      "tessera.Stopped", "A recorded run that the user stopped; its state is saved, and it can be resumed.",
      PyExc_KeyboardInterrupt, nullptr);
  module.attr("Error") = nb::borrow(error_type);
  module.attr("Stopped") = nb::borrow(stopped_type);
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const runs::Stopped& stopped) {
      raise_error(stopped, stopped_type);
    } catch (const Error& error) {
      raise_error(error, error_type);
    }
  });
}

void add_execution(nb::module_& module) {
  use_default_backend();
  module.def(
      "set_thread_count",
      [](int count) {
        if (count < 1 || count > 1024)
          fail_with(ExitCode::kUsage, "set_thread_count: expected 1 to 1024 threads, found {}", count);
        const nb::gil_scoped_release released;
        set_thread_count(count);
      },
      nb::arg("count"), "Computes with so many threads from now on; never changes a bit of a result.");
  module.def("thread_count", &thread_count, "The number of threads that compute.");
  module.def(
      "use_backend", [](const std::string& name) { use_backend(name); }, nb::arg("name"),
      "Computes with 'cpu' (the default) or 'reference', the slow definition; never changes a bit of a "
      "result.");
  module.def(
      "use_simd_level", [](const std::string& level) { use_simd_level(level); }, nb::arg("level"),
      "Uses at most this vector width, 'avx2' or 'avx512'; '' for the best. Never changes a bit of a "
      "result.");
  module.def("backend_names", &backend_names, "The names that use_backend takes.");
  module.def("simd_levels", &available_simd_levels, "The vector widths of this processor, the best first.");
  module.def(
      "active_backend",
      [] {
        const std::string level = active_simd_level();
        return active_backend_name() + (level.empty() ? "" : "/" + level);
      },
      "What computes now, such as 'cpu/avx512'.");
  module.def(
      "array_digest",
      [](const Array& array) {
        const Borrowed borrowed(array);
        const nb::gil_scoped_release released;
        return to_hex(runs::tensor_digest("", borrowed.tensor()));
      },
      nb::arg("array"));
}

void add_estimators(nb::module_& module) {
  module.def("estimator_rows", [] {
    std::vector<std::tuple<std::string, std::string, std::string>> rows;
    for (const learn::EstimatorRow& row : learn::estimators())
      rows.emplace_back(row.name, learn::task_name(row.make()->task()), row.sentence);
    return rows;
  });
  nb::class_<Model>(module, "Model")
      .def("__init__",
           [](Model* place, const std::string& name) { new (place) Model(learn::make_estimator(name)); })
      .def_prop_ro("name", &Model::name)
      .def_prop_ro("task", [](const Model& model) { return std::string(learn::task_name(model.task())); })
      .def_prop_ro("features",
                   [](const Model& m) { return m.reading([](const auto& e) { return e.features(); }); })
      .def_prop_ro("classes",
                   [](const Model& m) { return m.reading([](const auto& e) { return e.classes(); }); })
      .def_prop_ro(
          "accepts_missing",
          [](const Model& m) { return m.reading([](const auto& e) { return e.accepts_missing(); }); })
      .def("abilities", &abilities_of)
      .def("parameters", &parameters_of)
      .def("set_parameters", &set_parameters)
      .def("fit", &fit, nb::arg("features"), nb::arg("target").none(), nb::arg("transform"),
           nb::arg("observer").none())
      .def("predict",
           [](const Model& model, const Array& features) {
             return asked<learn::Estimator>(model, features, "predict",
                                            [](const auto& e, const Tensor& x) { return e.predict(x); });
           })
      .def("predict_proba",
           [](const Model& model, const Array& features) {
             return asked<learn::Estimator>(model, features, "predict_proba", probabilities_of);
           })
      .def("score_samples",
           [](const Model& model, const Array& features) {
             return asked<learn::MixtureModel>(
                 model, features, "score_samples",
                 [](const auto& e, const Tensor& x) { return e.score_samples(x); });
           })
      .def("log_likelihood",
           [](const Model& model, const Array& features) {
             const Borrowed x(features);
             return model.reading([&](const learn::Estimator& e) {
               const auto* mixture = dynamic_cast<const learn::MixtureModel*>(&e);
               if (mixture == nullptr) fail("{}: it has no log-likelihood", e.name());
               return mixture->score(x.tensor());
             });
           })
      .def("inverse_transform",
           [](const Model& model, const Array& features) {
             return asked<learn::Estimator>(model, features, "inverse_transform", way_back);
           })
      .def("importances",
           [](const Model& model) -> nb::object {
             const Tensor found = model.reading([](const auto& e) { return e.importances(); });
             return found.defined() ? to_numpy_view(found) : nb::none();
           })
      .def("decision_function",
           [](const Model& model, const Array& features) {
             return asked<learn::Classifier>(
                 model, features, "decision_function",
                 [](const auto& e, const Tensor& x) { return e.decision_function(x); });
           })
      .def("transform",
           [](const Model& model, const Array& features) {
             return asked<learn::Transformer>(model, features, "transform",
                                              [](const auto& e, const Tensor& x) { return e.transform(x); });
           })
      .def("score",
           [](const Model& model, const Array& features, const Array& target) {
             const Borrowed x(features), y(target);
             return model.reading([&](const auto& e) { return e.score(x.tensor(), y.tensor()); });
           })
      .def("state", &state_of)
      .def("to_bytes", &bytes_of, nb::arg("classes"), nb::arg("class_type"))
      .def("digest", [](Model& model) {
        return model.alone([](learn::Estimator& e) { return tabular::estimator_digest(e); });
      });
  module.def("save_model", [](Model& model, const std::string& path, const std::vector<std::string>& classes,
                              const std::string& type) {
    model.alone(
        [&](learn::Estimator& e) { tabular::save_estimator(e, path, {.names = classes, .type = type}); });
  });
  module.def("load_model",
             [](const std::string& path) { return saved_tuple(tabular::load_estimator(path)); });
  module.def("parse_model", [](const nb::bytes& bytes, const std::string& where) {
    return saved_tuple(tabular::parse_estimator({bytes.c_str(), bytes.size()}, where));
  });
}

}  // namespace tessera::python

NB_MODULE(_core, module) {
  using namespace tessera::python;
  module.attr("version") = TESSERA_VERSION;
  add_errors(module);
  add_execution(module);
  add_estimators(module);
  add_tables(module);
  add_runs(module);
}
