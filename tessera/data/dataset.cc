#include "tessera/data/dataset.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"
#include "tessera/data/csv.h"
#include "tessera/data/dataset_parts.h"
#include "tessera/data/idx.h"
#include "tessera/data/npy.h"
#include "tessera/data/numbers.h"
#include "tessera/data/point_files.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

// ---- Labels ----

std::string without_blanks(std::string text) {
  text.erase(text.find_last_not_of(" \t") + 1);
  text.erase(0, text.find_first_not_of(" \t"));
  return text;
}

// The fields as they are written: as numbers, different labels could become one.
std::vector<std::string> label_texts(const Column& column, const std::string& source) {
  if (column.missing > 0)
    fail("{}:{}: column '{}': found an empty field, expected a label", source, column.first_missing_line,
         column.name);
  std::vector<std::string> texts = column.texts;
  for (std::string& text : texts)
    if (parse_real(text)) text = without_blanks(std::move(text));
  return texts;
}

std::vector<std::string> label_texts(const Tensor& labels, const std::string& source) {
  if (is_floating(labels.dtype()))
    fail("{}: the labels are {}, expected integers", source, dtype_name(labels.dtype()));
  std::vector<std::string> texts;
  for (const std::int64_t label : labels.to(DType::kInt64).to_vector<std::int64_t>())
    texts.push_back(std::to_string(label));
  return texts;
}

// ---- Features ----

std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  return names;
}

// A network knows its inputs by their place: the names say which column belongs there.
std::vector<std::string> chosen_columns(const Table& table, const DatasetSource& source) {
  std::vector<std::string> chosen = source.columns;
  if (chosen.empty())
    for (const Column& column : table.columns)
      if (column.name != source.label_column) chosen.push_back(column.name);
  if (chosen.empty()) fail("{}: there is no column beside the label '{}'", table.source, source.label_column);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i] == source.label_column)
      fail("{}: the column '{}' is the label, expected it not among the columns of the features",
           table.source, chosen[i]);
    if (std::find(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(i), chosen[i]) !=
        chosen.begin() + static_cast<std::ptrdiff_t>(i))
      fail("{}: the column '{}' is chosen twice, expected each column once", table.source, chosen[i]);
    if (!table.find(chosen[i]))
      fail("{}: there is no column '{}'{}, expected the columns of the training", table.source, chosen[i],
           did_you_mean(chosen[i], names_of(table)));
  }
  return chosen;
}

Tensor csv_features(const Table& table, const DatasetSource& source, const std::vector<std::string>& names) {
  std::vector<const Column*> columns;
  for (const std::string& name : names) {
    (void)table.numbers(name);  // throws when some field is not a number
    columns.push_back(table.find(name));
  }
  const auto width = static_cast<std::int64_t>(columns.size());
  const Shape shape =
      features_shape(table.rows, table.rows * width, source.shape, Shape{width}, table.source);
  std::vector<float> values(static_cast<std::size_t>(table.rows * width));
  for (std::size_t c = 0; c < columns.size(); ++c)
    for (std::size_t row = 0; row < columns[c]->numbers.size(); ++row)
      values[row * columns.size() + c] = scaled(columns[c]->numbers[row], source.scale, [&] {
        return fmt::format("{}:{}: column '{}'", table.source, table.lines[row], columns[c]->name);
      });
  return Tensor::from<float>(values, shape);
}

Dataset read_csv_dataset(const DatasetSource& source) {
  Dataset dataset;
  const std::string text = read_input("features", source.features, dataset);
  CsvOptions options;
  options.header = source.header;
  if (!source.numeric_labels) options.text_columns = {source.label_column};
  const Table table = parse_csv(text, source.features, options);
  const bool labelled = source.read_labels && !source.label_column.empty();
  // Looked up first: a mistyped label would otherwise count as a feature, and the shape be blamed.
  const Column* label = labelled ? &table.column(source.label_column) : nullptr;
  dataset.columns = chosen_columns(table, source);
  dataset.features = csv_features(table, source, dataset.columns);
  const auto where = [&](std::size_t i) {
    return fmt::format("{}:{}: column '{}'", table.source, table.lines[i], label->name);
  };
  if (label && source.numeric_labels)
    set_numbers(dataset, table.numbers(label->name), where);
  else if (label)
    set_labels(dataset, label_texts(*label, table.source), source.classes, where);
  return dataset;
}

bool is_table(std::string_view path) {
  return path.ends_with(".csv") || path.ends_with(".csv.gz");
}

// A table beside the array, one row for each sample.
Table label_table(const std::string& text, const DatasetSource& source) {
  CsvOptions options;
  if (!source.numeric_labels) options.text_columns = {source.label_column};
  Table table = parse_csv(text, source.labels, options);
  if (source.label_column.empty())
    fail("{}: the table has {} columns, expected a label column to be named", source.labels,
         table.columns.size());
  return table;
}

std::vector<std::string> table_label_texts(const std::string& text, const DatasetSource& source) {
  const Table table = label_table(text, source);
  return label_texts(table.column(source.label_column), table.source);
}

// One label for each sample or, of points, for each of the first two axes of the features.
void check_array_labels(const Tensor& labels, const DatasetSource& source, const Shape& features) {
  if (!source.labels_of_points) {
    if (labels.rank() != 1)
      fail("{}: the labels have the shape {}, expected one axis", source.labels, labels.shape().to_string());
    return;
  }
  if (features.rank() != 3)
    fail("{}: the samples have the shape {}, expected [samples, points, coordinates] for labels of points",
         source.features, features.to_string());
  const Shape expected{features[0], features[1]};
  if (labels.shape() != expected)
    fail("{}: the labels have the shape {}, expected {}, one for each point of {}", source.labels,
         labels.shape().to_string(), expected.to_string(), source.features);
}

std::vector<std::string> array_label_texts(const Tensor& labels, const DatasetSource& source,
                                           const Shape& features) {
  check_array_labels(labels, source, features);
  return label_texts(labels, source.labels);
}

void require_label_per_sample(std::size_t labels, const DatasetSource& source, std::int64_t expected) {
  if (static_cast<std::int64_t>(labels) != expected)
    fail("{}: there are {} labels, expected {}, one for each sample of {}", source.labels, labels, expected,
         source.features);
}

// The numbers beside an array of samples: a column of a table, or an array with one axis.
void set_numbers_beside(Dataset& dataset, const std::string& bytes, const DatasetSource& source,
                        Tensor (*parse)(std::string_view, const std::string&)) {
  std::vector<double> numbers;
  if (is_table(source.labels)) {
    numbers = label_table(bytes, source).numbers(source.label_column);
  } else {
    const Tensor labels = parse(bytes, source.labels);
    check_array_labels(labels, source, dataset.features.shape());
    numbers = labels.to(DType::kFloat64).to_vector<double>();
  }
  require_label_per_sample(numbers.size(), source, dataset.size());
  set_numbers(dataset, numbers,
              [&](std::size_t i) { return fmt::format("{}: sample {}", source.labels, i); });
}

Dataset read_array_dataset(const DatasetSource& source,
                           Tensor (*parse)(std::string_view, const std::string&)) {
  Dataset dataset;
  dataset.features =
      array_features(parse(read_input("features", source.features, dataset), source.features), source);
  if (source.labels.empty()) return dataset;
  const std::string bytes = read_input("labels", source.labels, dataset);
  if (source.numeric_labels) {
    set_numbers_beside(dataset, bytes, source, parse);
    return dataset;
  }
  const bool table = is_table(source.labels);
  if (table && source.labels_of_points)
    fail("{}: found a table, expected an array (IDX or NPY) with a label for each point", source.labels);
  const std::vector<std::string> texts =
      table ? table_label_texts(bytes, source)
            : array_label_texts(parse(bytes, source.labels), source, dataset.features.shape());
  const std::int64_t points = source.labels_of_points ? dataset.features.size(1) : 1;
  require_label_per_sample(texts.size(), source, dataset.size() * points);
  set_labels(dataset, texts, source.classes, [&](std::size_t i) {
    const auto at = static_cast<std::int64_t>(i);
    return source.labels_of_points
               ? fmt::format("{}: sample {}, point {}", source.labels, at / points, at % points)
               : fmt::format("{}: sample {}", source.labels, at);
  });
  if (source.labels_of_points) dataset.labels = reshape(dataset.labels, {dataset.size(), points});
  return dataset;
}

}  // namespace

bool has_own_labels(const std::string& format) {
  return format == "csv" || format == "cifar10" || format == "cifar100" || format == "points";
}

Shape Dataset::sample_shape() const {
  Shape shape;
  for (int axis = 1; axis < features.rank(); ++axis) shape.append(features.size(axis));
  return shape;
}

std::string format_of_path(const std::string& path) {
  std::string_view name = path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv")) return "csv";
  if (name.ends_with(".npy")) return "npy";
  if (name.ends_with(".idx") || name.ends_with("-ubyte")) return "idx";
  fail(
      "{}: the kind of file cannot be told from its name, expected .csv, .npy, .idx or -ubyte (also with "
      ".gz)",
      path);
}

Dataset read_dataset(const DatasetSource& source) {
  const std::string format = source.format.empty() ? format_of_path(source.features) : source.format;
  if (format == "csv") return read_csv_dataset(source);
  if (format == "idx") return read_array_dataset(source, parse_idx);
  if (format == "npy") return read_array_dataset(source, parse_npy);
  if (format == "cifar10" || format == "cifar100") return read_cifar_dataset(source);
  if (format == "points") return read_point_files(source);
  fail("the data format is '{}'{}, expected 'csv', 'idx', 'npy', 'cifar10', 'cifar100' or 'points'", format,
       did_you_mean(format, {"csv", "idx", "npy", "cifar10", "cifar100", "points"}));
}

Tensor take_samples(const Tensor& tensor, std::span<const std::int64_t> positions) {
  return gather(tensor, Tensor::from<std::int64_t>(positions, {static_cast<std::int64_t>(positions.size())}),
                0);
}

Dataset take(const Dataset& dataset, std::span<const std::int64_t> positions) {
  Dataset part = dataset;
  part.features = take_samples(dataset.features, positions);
  if (dataset.labels.defined()) part.labels = take_samples(dataset.labels, positions);
  if (!dataset.names.empty()) part.names.clear();
  for (const std::int64_t position : positions)
    if (!dataset.names.empty()) part.names.push_back(dataset.names[static_cast<std::size_t>(position)]);
  if (dataset.lengths.empty()) return part;
  part.lengths.clear();
  for (const std::int64_t position : positions)
    part.lengths.push_back(dataset.lengths[static_cast<std::size_t>(position)]);
  return part;
}

}  // namespace tessera::data
