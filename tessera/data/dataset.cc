#include "tessera/data/dataset.h"

#include <algorithm>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/hash.h"
#include "tessera/base/suggest.h"
#include "tessera/data/csv.h"
#include "tessera/data/idx.h"
#include "tessera/data/npy.h"
#include "tessera/data/numbers.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

InputFile input_file(const std::string& role, const std::string& path) {
  return {role, path, to_hex(sha256_of_file(path))};
}

// ---- Labels ----

std::vector<std::string> sorted_classes(std::vector<std::string> texts) {
  const bool integers = std::all_of(texts.begin(), texts.end(),
                                    [](const auto& text) { return parse_integer(text).has_value(); });
  std::sort(texts.begin(), texts.end(), [&](const auto& a, const auto& b) {
    return integers ? *parse_integer(a) < *parse_integer(b) : a < b;
  });
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

// `where(i)` begins the message about label i.
template <typename Where>
void set_labels(Dataset& dataset, const std::vector<std::string>& texts,
                const std::vector<std::string>& classes, Where where) {
  dataset.classes = classes.empty() ? sorted_classes(texts) : classes;
  std::vector<std::pair<std::string_view, std::int64_t>> order;
  for (std::size_t i = 0; i < dataset.classes.size(); ++i) order.emplace_back(dataset.classes[i], i);
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> labels(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto found =
        std::lower_bound(order.begin(), order.end(), std::pair<std::string_view, std::int64_t>(texts[i], -1));
    if (found == order.end() || found->first != texts[i])
      fail("{}: found the label '{}', expected one of the {} classes '{}' to '{}'", where(i), texts[i],
           dataset.classes.size(), dataset.classes.front(), dataset.classes.back());
    labels[i] = found->second;
  }
  dataset.labels = Tensor::from<std::int64_t>(labels, {static_cast<std::int64_t>(labels.size())});
}

// Whole numbers without a point, whatever the file wrote: "3" and "3.0" are one class.
std::string number_text(double number) {
  const bool whole =
      number > -1e15 && number < 1e15 && number == static_cast<double>(static_cast<std::int64_t>(number));
  return whole ? std::to_string(static_cast<std::int64_t>(number)) : fmt::format("{}", number);
}

std::vector<std::string> label_texts(const Column& column, const std::string& source) {
  if (column.missing > 0)
    fail("{}:{}: column '{}': found an empty field, expected a label", source, column.first_missing_line,
         column.name);
  if (!column.numeric) return column.texts;
  std::vector<std::string> texts;
  texts.reserve(column.numbers.size());
  for (const double number : column.numbers) texts.push_back(number_text(number));
  return texts;
}

std::vector<std::string> label_texts(const Tensor& labels, const std::string& source) {
  if (labels.rank() != 1)
    fail("{}: the labels have the shape {}, expected one axis", source, labels.shape().to_string());
  if (is_floating(labels.dtype()))
    fail("{}: the labels are {}, expected integers", source, dtype_name(labels.dtype()));
  std::vector<std::string> texts;
  for (const std::int64_t label : labels.to(DType::kInt64).to_vector<std::int64_t>())
    texts.push_back(std::to_string(label));
  return texts;
}

// ---- Features ----

Shape with_samples(std::int64_t samples, const Shape& sample_shape) {
  Shape shape{samples};
  for (const std::int64_t length : sample_shape) shape.append(length);
  return shape;
}

Shape features_shape(std::int64_t samples, std::int64_t values, const Shape& wanted, const Shape& found,
                     const std::string& source) {
  if (samples == 0) fail("{}: there are no samples, expected at least one", source);
  if (wanted.rank() == 0) return with_samples(samples, found);
  if (wanted.elements() * samples != values)
    fail("{}: each sample has {} values, expected {} for the shape {}", source, values / samples,
         wanted.elements(), wanted.to_string());
  return with_samples(samples, wanted);
}

bool is_finite(double value) {
  return value - value == 0;
}

Tensor csv_features(const Table& table, const DatasetSource& source) {
  std::vector<const std::vector<double>*> columns;
  std::vector<const Column*> all;
  for (const Column& column : table.columns) {
    if (column.name == source.label_column) continue;
    columns.push_back(&table.numbers(column.name));
    all.push_back(&column);
  }
  if (columns.empty())
    fail("{}: there is no column beside the label '{}'", table.source, source.label_column);
  const auto width = static_cast<std::int64_t>(columns.size());
  const Shape shape =
      features_shape(table.rows, table.rows * width, source.shape, Shape{width}, table.source);
  std::vector<float> values(static_cast<std::size_t>(table.rows * width));
  for (std::size_t c = 0; c < columns.size(); ++c)
    for (std::size_t row = 0; row < columns[c]->size(); ++row) {
      const double value = (*columns[c])[row];
      if (!is_finite(value))
        fail("{}: row {}, column '{}': found {}, expected a finite number", table.source, row + 1,
             all[c]->name, value);
      values[row * columns.size() + c] = static_cast<float>(value / source.scale);
    }
  return Tensor::from<float>(values, shape);
}

template <typename T>
void scale_into(const Tensor& array, double scale, std::vector<float>& out, const std::string& source) {
  const auto values = array.values<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(values[i]);
    if (!is_finite(value)) fail("{}: value {}: found {}, expected a finite number", source, i, value);
    out[i] = static_cast<float>(value / scale);
  }
}

Tensor array_features(const Tensor& array, const DatasetSource& source) {
  if (array.rank() < 1) fail("{}: the array is a single value, expected an axis of samples", source.features);
  Shape found;
  for (int axis = 1; axis < array.rank(); ++axis) found.append(array.size(axis));
  if (found.rank() == 0) found.append(1);
  const Shape shape = features_shape(array.size(0), array.elements(), source.shape, found, source.features);
  std::vector<float> values(static_cast<std::size_t>(array.elements()));
  switch (array.dtype()) {
    case DType::kFloat32:
      scale_into<float>(array, source.scale, values, source.features);
      break;
    case DType::kFloat64:
      scale_into<double>(array, source.scale, values, source.features);
      break;
    case DType::kInt64:
      scale_into<std::int64_t>(array, source.scale, values, source.features);
      break;
    case DType::kUInt8:
      scale_into<std::uint8_t>(array, source.scale, values, source.features);
      break;
    case DType::kBool:
      scale_into<bool>(array, source.scale, values, source.features);
      break;
  }
  return Tensor::from<float>(values, shape);
}

Dataset read_csv_dataset(const DatasetSource& source) {
  const Table table = read_csv(source.features);
  const bool labelled = source.read_labels && !source.label_column.empty();
  // Looked up first: a mistyped label would otherwise count as a feature, and the shape be blamed.
  const Column* label = labelled ? &table.column(source.label_column) : nullptr;
  Dataset dataset;
  dataset.features = csv_features(table, source);
  if (label)
    set_labels(dataset, label_texts(*label, table.source), source.classes, [&](std::size_t i) {
      return fmt::format("{}: row {}, column '{}'", table.source, i + 1, label->name);
    });
  return dataset;
}

Dataset read_array_dataset(const DatasetSource& source, Tensor (*read)(const std::string&)) {
  Dataset dataset;
  dataset.features = array_features(read(source.features), source);
  if (source.labels.empty()) return dataset;
  const std::vector<std::string> texts = label_texts(read(source.labels), source.labels);
  if (static_cast<std::int64_t>(texts.size()) != dataset.size())
    fail("{}: there are {} labels, expected {}, one for each sample of {}", source.labels, texts.size(),
         dataset.size(), source.features);
  set_labels(dataset, texts, source.classes,
             [&](std::size_t i) { return fmt::format("{}: label {}", source.labels, i); });
  return dataset;
}

}  // namespace

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
  Dataset dataset;
  if (format == "csv") {
    dataset = read_csv_dataset(source);
  } else if (format == "idx") {
    dataset = read_array_dataset(source, read_idx);
  } else if (format == "npy") {
    dataset = read_array_dataset(source, read_npy);
  } else {
    fail("the data format is '{}'{}, expected 'csv', 'idx' or 'npy'", format,
         did_you_mean(format, {"csv", "idx", "npy"}));
  }
  dataset.inputs.push_back(input_file("features", source.features));
  if (!source.labels.empty()) dataset.inputs.push_back(input_file("labels", source.labels));
  return dataset;
}

Tensor take_samples(const Tensor& tensor, std::span<const std::int64_t> positions) {
  return gather(tensor, Tensor::from<std::int64_t>(positions, {static_cast<std::int64_t>(positions.size())}),
                0);
}

Dataset take(const Dataset& dataset, std::span<const std::int64_t> positions) {
  Dataset part = dataset;
  part.features = take_samples(dataset.features, positions);
  if (dataset.labels.defined()) part.labels = take_samples(dataset.labels, positions);
  return part;
}

}  // namespace tessera::data
