// Tables, schemas, features of tables, and recorded fits.
#include <fmt/ranges.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "python/bindings/arrays.h"
#include "python/bindings/module.h"
#include "tessera/backends/backends.h"
#include "tessera/base/hash.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/arrow_stream.h"
#include "tessera/data/csv.h"
#include "tessera/data/schema.h"
#include "tessera/data/table_file.h"
#include "tessera/learn/table_features.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/record.h"
#include "tessera/runs/safetensors.h"
#include "tessera/tabular/fit_run.h"
#include "tessera/tabular/saved_estimator.h"

namespace tessera::python {
namespace {

TableHandle handle_of(data::Table table) {
  return {std::make_shared<const data::Table>(std::move(table))};
}

template <typename Body>
auto without_gil(const Body& body) {
  const nb::gil_scoped_release released;
  return body();
}

// ---- Columns ----

// The column's own memory, read-only, kept by the array.
template <typename T>
nb::object shown(const std::vector<T>& values, const TableHandle& handle) {
  auto kept = std::make_unique<std::shared_ptr<const data::Table>>(handle.table);
  const nb::capsule owner(kept.get(), [](void* memory) noexcept {
    delete static_cast<std::shared_ptr<const data::Table>*>(memory);
  });
  (void)kept.release();
  const std::size_t size = values.size();
  return nb::cast(nb::ndarray<nb::numpy, const T, nb::ndim<1>>(values.data(), {size}, owner));
}

nb::object texts_of(const data::Column& column) {
  nb::list result;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row))
      result.append(nb::none());
    else
      result.append(nb::cast(column.text(row)));
  }
  return result;
}

nb::object values_of(const TableHandle& handle, const std::string& name) {
  const data::Column& column = handle.table->column(name);
  return column.numeric ? shown(column.numbers, handle) : texts_of(column);
}

nb::object codes_of(const TableHandle& handle, const std::string& name) {
  const data::Column& column = handle.table->column(name);
  if (!column.categorical)
    fail("{}: the column '{}' has {}, expected categories (make_category)", handle.table->source, name,
         data::type_name(column.type()));
  return shown(column.codes, handle);
}

nb::list missing_of(const TableHandle& handle, const std::string& name) {
  const data::Column& column = handle.table->column(name);
  nb::list result;
  for (std::int64_t row = 0; row < column.size(); ++row) result.append(column.is_missing(row));
  return result;
}

// ---- Making ----

char separator_of(const std::string& separator) {
  if (separator == "detect") return data::kDetectSeparator;
  if (separator.size() != 1)
    fail_with(ExitCode::kUsage, "separator: expected one character or 'detect', found '{}'", separator);
  return separator[0];
}

data::CsvOptions csv_options(const std::string& separator, bool header,
                             const std::vector<std::string>& text_columns,
                             const std::vector<std::string>& missing, bool trim) {
  return {.separator = separator_of(separator),
          .header = header,
          .text_columns = text_columns,
          .missing = missing,
          .trim = trim};
}

data::Column number_column(const std::string& name, const Array& array) {
  if (array.ndim() != 1) fail("table: the column '{}' has {} axes, expected 1", name, array.ndim());
  const Borrowed borrowed(array);
  data::Column column;
  column.name = name;
  column.numeric = true;
  column.numbers = borrowed.tensor().to(DType::kFloat64).to_vector<double>();
  return column;
}

void mark_missing(data::Column& column, std::size_t row) {
  if (column.missing++ == 0) column.first_missing_line = static_cast<std::int64_t>(row) + 1;
  if (!column.numeric) return;
  column.absent.resize(column.numbers.size(), 0);
  column.absent[row] = 1;
  column.numbers[row] = std::numeric_limits<double>::quiet_NaN();
}

data::Column text_column(const std::string& name, const std::vector<std::optional<std::string>>& texts) {
  data::Column column;
  column.name = name;
  for (const std::optional<std::string>& text : texts) {
    column.texts.push_back(text.value_or(""));
    if (column.texts.back().empty())
      mark_missing(column, column.texts.size() - 1);
    else if (column.first_text_line == 0) {
      column.first_text_line = static_cast<std::int64_t>(column.texts.size());
      column.first_text = column.texts.back();
    }
  }
  return column;
}

// Columns are (name, array of numbers, rows whose value is missing) or (name, texts, None where missing).
TableHandle table_of_columns(const nb::list& columns, const std::string& source) {
  data::Table table;
  table.source = source;
  for (const nb::handle item : columns) {
    const auto parts = nb::cast<nb::tuple>(item);
    const auto name = nb::cast<std::string>(parts[0]);
    if (name.empty() || table.find(name) != nullptr)
      fail("{}: found the column name '{}' {}, expected different names", source, name,
           name.empty() ? "without a letter" : "twice");
    if (parts.size() == 3) {
      data::Column column = number_column(name, nb::cast<Array>(parts[1]));
      for (const std::int64_t row : nb::cast<std::vector<std::int64_t>>(parts[2]))
        mark_missing(column, static_cast<std::size_t>(row));
      table.columns.push_back(std::move(column));
    } else {
      table.columns.push_back(text_column(name, nb::cast<std::vector<std::optional<std::string>>>(parts[1])));
    }
    const data::Column& added = table.columns.back();
    if (table.columns.size() == 1) table.rows = added.size();
    if (added.size() != table.rows)
      fail("{}: the column '{}' has {} rows and '{}' has {}, expected the same number", source, name,
           added.size(), table.columns.front().name, table.rows);
  }
  for (std::int64_t row = 1; row <= table.rows; ++row) table.lines.push_back(row);
  return handle_of(std::move(table));
}

std::vector<std::int64_t> chosen_rows(const data::Table& table,
                                      const std::optional<std::vector<std::int64_t>>& rows) {
  std::vector<std::int64_t> chosen;
  for (std::int64_t row = 0; !rows && row < table.rows; ++row) chosen.push_back(row);
  if (rows) chosen = *rows;
  for (const std::int64_t row : chosen)
    if (row < 0 || row >= table.rows)
      fail("{}: row {} was asked for, expected 0 to {}", table.source, row, table.rows - 1);
  return chosen;
}

TableHandle with_categories(const TableHandle& handle, const std::string& name,
                            const std::vector<std::string>& categories) {
  data::Table changed = *handle.table;
  data::make_category(changed, name, categories);
  return handle_of(std::move(changed));
}

// ---- Arrow ----

constexpr const char* kStreamName = "arrow_array_stream";

nb::capsule stream_of(const TableHandle& handle) {
  auto stream = std::make_unique<ArrowArrayStream>();
  data::export_arrow(handle.table, *stream);
  const nb::capsule capsule(stream.get(), kStreamName, [](void* memory) noexcept {
    auto* owned = static_cast<ArrowArrayStream*>(memory);
    if (owned->release != nullptr) owned->release(owned);
    delete owned;
  });
  (void)stream.release();
  return capsule;
}

TableHandle table_of_stream(const nb::capsule& capsule, const std::string& source) {
  if (capsule.name() == nullptr || std::string_view(capsule.name()) != kStreamName)
    fail("{}: found a capsule called '{}', expected '{}'", source,
         capsule.name() == nullptr ? "" : capsule.name(), kStreamName);
  return handle_of(data::import_arrow(*static_cast<ArrowArrayStream*>(capsule.data()), source));
}

// ---- Features ----

// Constant after fit, as the Python class has it: another fit makes another one.
struct Features {
  learn::TableFeaturesOptions options;
  std::unique_ptr<learn::TableFeatures> learned;
};

template <typename Enum>
Enum chosen(const char* what, const std::string& text,
            std::initializer_list<std::pair<const char*, Enum>> names) {
  std::string all;
  for (const auto& [name, value] : names) {
    if (text == name) return value;
    all += fmt::format("{}'{}'", all.empty() ? "" : ", ", name);
  }
  fail_with(ExitCode::kUsage, "{}: expected one of {}, found '{}'", what, all, text);
}

learn::TableFeaturesOptions features_options(const std::string& categories, const std::string& missing,
                                             bool scale, std::int64_t most_categories,
                                             const std::map<std::string, std::string>& encoder,
                                             bool numbers) {
  using learn::MissingNumbers;
  return {.categories = learn::encoding_named(categories),
          .missing = chosen<MissingNumbers>("missing", missing,
                                            {{"mean", MissingNumbers::kMean},
                                             {"median", MissingNumbers::kMedian},
                                             {"zero", MissingNumbers::kZero},
                                             {"refuse", MissingNumbers::kRefuse},
                                             {"keep", MissingNumbers::kKeep}}),
          .scale = scale,
          .most_categories = most_categories,
          .encoder = encoder,
          .target_type = numbers ? learn::TargetType::kContinuous : learn::TargetType::kAuto};
}

// (what was learned, what the training rows become)
nb::tuple fitted_features(const Features& settings, const TableHandle& handle,
                          const std::optional<std::vector<std::string>>& columns,
                          const std::optional<std::vector<std::int64_t>>& rows,
                          const std::optional<Array>& target) {
  const data::Table& table = *handle.table;
  const std::vector<std::int64_t> training = chosen_rows(table, rows);
  std::optional<Borrowed> y;
  if (target) y.emplace(*target);
  auto result = std::make_unique<Features>(settings.options);
  result->learned = std::make_unique<learn::TableFeatures>(settings.options);
  Tensor x = without_gil([&] {
    const Tensor own = y ? copy(y->tensor()) : Tensor();
    return result->learned->fit_transform(table, columns.value_or(table.names()), training, own);
  });
  return nb::make_tuple(nb::cast(result.release(), nb::rv_policy::take_ownership), to_numpy(std::move(x)));
}

const learn::TableFeatures& learned_of(const Features& features) {
  if (features.learned == nullptr) fail("features of a table: nothing was learned yet: call fit first");
  return *features.learned;
}

nb::bytes features_bytes(const Features& features) {
  learned_of(features);
  runs::StateSet state;
  state.keep("features", *features.learned);
  const std::string bytes = runs::write_safetensors(state.collect());
  return nb::bytes(bytes.data(), bytes.size());
}

Features* restored_features(const Features& settings, const std::string& schema, const nb::bytes& bytes) {
  auto result = std::make_unique<Features>(settings.options);
  result->learned =
      std::make_unique<learn::TableFeatures>(settings.options, data::Schema::from_json(schema, "features"));
  const runs::SafetensorsFile file = runs::parse_safetensors({bytes.c_str(), bytes.size()}, "features");
  runs::restore_object("features", *result->learned, file.tensors, "features");
  result->learned->check_restored();
  return result.release();  // Python's
}

// ---- Runs ----

train::TrainOptions train_options(const std::string& store, const std::string& name, const std::string& key,
                                  bool quiet) {
  train::TrainOptions options{.store = store, .name = name, .key_file = key, .quiet = quiet};
  const std::string level = active_simd_level();
  options.environment = {{"backend", active_backend_name() + (level.empty() ? "" : "/" + level)},
                         {"threads", std::to_string(thread_count())}};
  return options;
}

nb::list candidate_list(const tabular::FitResult& result) {
  nb::list found;
  for (const tabular::Candidate& candidate : result.candidates) {
    nb::dict one, settings;
    for (const auto& [name, text] : candidate.settings) settings[name.c_str()] = text;
    one["settings"] = settings;
    one["folds"] = candidate.folds;
    one["mean"] = candidate.mean;
    one["rank"] = candidate.rank;
    found.append(one);
  }
  return found;
}

// As the command line takes its words: the password of an address is kept for that address, and nothing sees it.
std::vector<std::string> without_password_of(std::vector<std::string> settings) {
  for (std::string& setting : settings) setting = take_password(setting);
  return settings;
}

// Parameters with their values, each a text.
using Grid = std::vector<std::pair<std::string, std::vector<std::string>>>;

// As --grid takes it, with bars where a value has a comma; that is no way to write a single such value, which is there twice.
bool stands_twice(const std::vector<std::string>& values) {
  return values.size() == 1 && values[0].find(',') != std::string::npos;
}

std::string grid_text(const std::string& name, const std::vector<std::string>& values) {
  bool commas = false;
  for (const std::string& value : values) {
    if (value.find('|') != std::string::npos)
      fail_with(ExitCode::kUsage, "grid: {}: found the value '{}', expected none with a bar", name, value);
    commas = commas || value.find(',') != std::string::npos;
  }
  return fmt::format("{}={}{}", name, fmt::join(values, commas ? "|" : ","),
                     stands_twice(values) ? "|" + values[0] : "");
}

tabular::FitConfig search_config(const std::string& estimator, const std::string& table,
                                 const std::string& target, const std::vector<std::string>& settings,
                                 const Grid& grid, tabular::SearchOptions search) {
  for (const auto& [name, values] : grid) search.grid.push_back(grid_text(name, values));
  auto config = tabular::FitConfig::of_search(estimator, table, target, settings, search);
  nlohmann::json plan = nlohmann::json::parse(config.text("search.plan"));
  for (std::size_t i = 0; i < grid.size(); ++i)
    if (stands_twice(grid[i].second)) plan["parameters"][i]["values"] = grid[i].second;
  config.set_found("search.plan", tabular::SearchPlan::from_json(plan.dump()).to_json());
  return config;
}

nb::dict result_of(const tabular::FitResult& result) {
  nb::dict found;
  found["folder"] = result.folder;
  found["seal"] = result.seal;
  found["estimator"] = result.estimator;
  found["training_rows"] = result.training_rows;
  found["test_rows"] = result.test_rows;
  found["folds"] = result.folds;
  nb::dict scores;
  for (const auto& [name, value] : result.final_scores) scores[name.c_str()] = value;
  found["scores"] = scores;
  found["candidates"] = candidate_list(result);
  return found;
}

nb::dict verified(const train::VerifyResult& result) {
  nb::dict found;
  found["identical"] = result.code == ExitCode::kSuccess;
  found["code"] = static_cast<int>(result.code);
  found["message"] = result.message;
  found["notes"] = result.notes;
  found["seal"] = result.seal;
  return found;
}

nb::tuple model_of(tabular::FittedModel& fitted) {
  // Its bytes, so that the model is one of its own.
  auto& estimator = const_cast<learn::Estimator&>(fitted.estimator());
  const tabular::ClassNames classes = {.names = fitted.classes()};
  tabular::SavedEstimator saved =
      tabular::parse_estimator(tabular::estimator_bytes(estimator, classes), "run");
  return nb::make_tuple(python_model(std::move(saved.estimator)), saved.classes.names, saved.classes.type);
}

}  // namespace

void add_tables(nb::module_& module) {
  nb::class_<TableHandle>(module, "Table")
      .def_prop_ro("source", [](const TableHandle& t) { return t.table->source; })
      .def_prop_ro("rows", [](const TableHandle& t) { return t.table->rows; })
      .def_prop_ro("names", [](const TableHandle& t) { return t.table->names(); })
      .def("type",
           [](const TableHandle& t, const std::string& n) {
             return std::string(data::type_name(t.table->column(n).type()));
           })
      .def("values", &values_of)
      .def("codes", &codes_of)
      .def("categories",
           [](const TableHandle& t, const std::string& n) { return t.table->column(n).categories; })
      .def("missing", &missing_of)
      .def("missing_count",
           [](const TableHandle& t, const std::string& n) { return t.table->column(n).missing; })
      .def("with_categories", &with_categories)
      .def("take_rows",
           [](const TableHandle& t, const std::vector<std::int64_t>& rows) {
             return handle_of(data::take_rows(*t.table, chosen_rows(*t.table, rows)));
           })
      .def("take_columns",
           [](const TableHandle& t, const std::vector<std::string>& names) {
             return handle_of(data::take_columns(*t.table, names));
           })
      .def("numbers",
           [](const TableHandle& t, const std::vector<std::string>& names) {
             return to_numpy(without_gil([&] { return data::to_tensor(*t.table, names); }));
           })
      .def("digest", [](const TableHandle& t) { return without_gil([&] { return data::digest(*t.table); }); })
      .def("csv", [](const TableHandle& t) { return data::csv_text(*t.table); })
      .def("schema",
           [](const TableHandle& t, const std::vector<std::string>& names) {
             return data::Schema::of(*t.table, names).to_json();
           })
      .def(
          "conform",
          [](const TableHandle& t, const std::string& schema, const std::string& unseen, bool allow_missing) {
            const data::ConformOptions options = {
                .unseen = chosen<data::UnseenCategory>("unseen", unseen,
                                                       {{"refuse", data::UnseenCategory::kRefuse},
                                                        {"missing", data::UnseenCategory::kMissing},
                                                        {"other", data::UnseenCategory::kOther}}),
                .allow_missing = allow_missing};
            return handle_of(data::conform(*t.table, data::Schema::from_json(schema, "schema"), options));
          })
      .def("stream", &stream_of);
  module.def("read_table", [](const std::string& path, const std::string& query, const std::string& separator,
                              bool header, const std::vector<std::string>& text_columns,
                              const std::vector<std::string>& missing, bool trim) {
    const data::TableFileOptions options = {csv_options(separator, header, text_columns, missing, trim),
                                            query};
    return without_gil([&] { return handle_of(data::read_table_file(take_password(path), options)); });
  });
  module.def("read_csv", [](const std::string& path, const std::string& separator, bool header,
                            const std::vector<std::string>& text_columns,
                            const std::vector<std::string>& missing, bool trim) {
    const data::CsvOptions options = csv_options(separator, header, text_columns, missing, trim);
    return without_gil([&] { return handle_of(data::read_csv(path, options)); });
  });
  module.def("parse_csv", [](const std::string& text, const std::string& source, const std::string& separator,
                             bool header, const std::vector<std::string>& text_columns,
                             const std::vector<std::string>& missing, bool trim) {
    const data::CsvOptions options = csv_options(separator, header, text_columns, missing, trim);
    return without_gil([&] { return handle_of(data::parse_csv(text, source, options)); });
  });
  module.def("table_of_columns", &table_of_columns);
  module.def("table_of_stream", &table_of_stream);
  module.def("check_schema",
             [](const std::string& json) { return data::Schema::from_json(json, "schema").to_json(); });
  nb::class_<Features>(module, "Features")
      .def(
          "__init__",
          [](Features* place, const std::string& categories, const std::string& missing, bool scale,
             std::int64_t most_categories, const std::map<std::string, std::string>& encoder, bool numbers) {
            new (place) Features{
                features_options(categories, missing, scale, most_categories, encoder, numbers), nullptr};
          },
          nb::kw_only(), nb::arg("categories"), nb::arg("missing"), nb::arg("scale"),
          nb::arg("most_categories"), nb::arg("encoder"), nb::arg("numbers"))
      .def("fit", &fitted_features, nb::arg("table"), nb::arg("columns").none(), nb::arg("rows").none(),
           nb::arg("target").none())
      .def_prop_ro("looks_at_target",
                   [](const Features& f) { return learn::looks_at_target(f.options.categories); })
      .def("transform",
           [](const Features& f, const TableHandle& t) {
             return to_numpy(without_gil([&] { return learned_of(f).transform(*t.table); }));
           })
      .def("state_bytes", &features_bytes)
      .def("restored", &restored_features)
      .def("names", [](const Features& f) { return learned_of(f).names(); })
      .def("schema", [](const Features& f) { return learned_of(f).schema().to_json(); });
}

void add_runs(nb::module_& module) {
  module.def("fit_run", [](const std::string& estimator, const std::string& table, const std::string& target,
                           const std::vector<std::string>& settings, const std::string& store,
                           const std::string& name, const std::string& key, bool quiet) {
    const auto config = tabular::FitConfig::of(estimator, table, target, without_password_of(settings));
    const train::TrainOptions options = train_options(store, name, key, quiet);
    return result_of(without_gil([&] { return tabular::fit(config, options); }));
  });
  module.def("search_run", [](const std::string& estimator, const std::string& table,
                              const std::string& target, const std::vector<std::string>& settings,
                              const Grid& grid, const std::vector<std::string>& ranges, std::int64_t random,
                              bool step_by_step, const std::string& scoring, const std::string& store,
                              const std::string& name, const std::string& key, bool quiet) {
    const auto config =
        search_config(estimator, table, target, without_password_of(settings), grid,
                      {.ranges = ranges, .random = random, .step_by_step = step_by_step, .scoring = scoring});
    const train::TrainOptions options = train_options(store, name, key, quiet);
    return result_of(without_gil([&] { return tabular::fit(config, options); }));
  });
  module.def("resume_run", [](const std::string& folder, const std::string& key,
                              const std::string& data_folder, bool quiet) {
    train::TrainOptions options = train_options("", "", key, quiet);
    options.data_folder = take_password(data_folder);
    return result_of(without_gil([&] { return tabular::resume_fit(folder, options); }));
  });
  module.def("verify_run",
             [](const std::string& folder, const std::string& trust, const std::string& data_folder) {
               train::VerifyOptions options{
                   .trust_key_file = trust, .data_folder = take_password(data_folder), .quiet = true};
               options.environment = train_options("", "", "", true).environment;
               return verified(without_gil([&] { return tabular::verify_fit(folder, options); }));
             });
  module.def("fit_reference", &tabular::fit_config_reference);
  nb::class_<tabular::FittedModel>(module, "FittedModel")
      .def("__init__",
           [](tabular::FittedModel* place, const std::string& folder) {
             const nb::gil_scoped_release released;
             new (place) tabular::FittedModel(folder);
           })
      .def_prop_ro("classes", &tabular::FittedModel::classes)
      .def("model", &model_of)
      .def("settings",
           [](const tabular::FittedModel& f) {
             std::map<std::string, std::string> settings;
             for (const train::KeyedValue& value : f.config().values()) settings[value.key] = value.text;
             return settings;
           })
      .def("read",
           [](const tabular::FittedModel& f, const std::string& file, const std::string& query) {
             return without_gil([&] { return handle_of(f.read(take_password(file), query)); });
           })
      .def("features",
           [](const tabular::FittedModel& f, const TableHandle& t) {
             return to_numpy(without_gil([&] { return f.features(*t.table); }));
           })
      .def("predictions_csv",
           [](const tabular::FittedModel& f, const TableHandle& t) {
             return without_gil([&] { return f.predictions_csv(*t.table); });
           })
      .def("evaluate", [](const tabular::FittedModel& f, const std::string& file, const std::string& query) {
        const tabular::FittedEvaluation found =
            without_gil([&] { return f.evaluate(take_password(file), query); });
        return std::make_pair(found.text, found.note);
      });
  module.def("run_seal", [](const std::string& folder) -> std::optional<std::string> {
    const std::optional<runs::Seal> seal = runs::read_seal(folder);
    return seal ? std::optional(to_hex(runs::seal_value(*seal))) : std::nullopt;
  });
}

}  // namespace tessera::python
