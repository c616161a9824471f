#include "tessera/data/dataset.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/suggest.h"
#include "tessera/data/cifar.h"
#include "tessera/data/class_labels.h"
#include "tessera/data/csv.h"
#include "tessera/data/idx.h"
#include "tessera/data/npy.h"
#include "tessera/data/numbers.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

// A file is read once: what is parsed are the very bytes whose digest is claimed, also when the path is a pipe or the file is being
// replaced meanwhile.
std::string read_input(const std::string& role, const std::string& path, Dataset& dataset) {
  std::string bytes = read_file(path);
  InputFile input{role, path, to_hex(sha256(bytes)), ""};
  const bool packed = bytes.starts_with("\x1f\x8b");
  bytes = unpack_maybe_gzip(std::move(bytes), path);
  input.unpacked_digest = packed ? to_hex(sha256(bytes)) : input.digest;
  dataset.inputs.push_back(std::move(input));
  return bytes;
}

// ---- Labels ----

// `where(i)` begins the message about label i.
template <typename Where>
void set_labels(Dataset& dataset, const std::vector<std::string>& texts,
                const std::vector<std::string>& classes, Where where) {
  dataset.classes = classes.empty() ? sorted_classes(texts) : classes;
  const std::vector<std::int64_t> labels = label_positions(texts, dataset.classes, where);
  dataset.labels = Tensor::from<std::int64_t>(labels, {static_cast<std::int64_t>(labels.size())});
}

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

template <typename Number>
bool is_finite(Number value) {
  return value - value == 0;
}

// `where()` begins the message.
template <typename Where>
float scaled(double value, double scale, Where where) {
  if (!is_finite(value)) fail("{}: found {}, expected a finite number", where(), value);
  const auto result = static_cast<float>(value / scale);
  if (!is_finite(result))
    fail("{}: found {}, which divided by the scale {} is too large, expected at most {} (float32)", where(),
         value, scale, std::numeric_limits<float>::max());
  return result;
}

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

template <typename T>
void scale_into(const Tensor& array, double scale, std::vector<float>& out, const std::string& source) {
  const auto values = array.values<T>();
  const std::size_t per_sample =
      array.size(0) == 0 ? 1 : values.size() / static_cast<std::size_t>(array.size(0));
  for (std::size_t i = 0; i < values.size(); ++i)
    out[i] = scaled(static_cast<double>(values[i]), scale, [&] {
      return fmt::format("{}: sample {}, value {}", source, i / per_sample, i % per_sample);
    });
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
    case DType::kBFloat16:
      scale_into<float>(array.to(DType::kFloat32), source.scale, values, source.features);
      break;
  }
  return Tensor::from<float>(values, shape);
}

Dataset read_csv_dataset(const DatasetSource& source) {
  Dataset dataset;
  const std::string text = read_input("features", source.features, dataset);
  const Table table = parse_csv(text, source.features, {.text_columns = {source.label_column}});
  const bool labelled = source.read_labels && !source.label_column.empty();
  // Looked up first: a mistyped label would otherwise count as a feature, and the shape be blamed.
  const Column* label = labelled ? &table.column(source.label_column) : nullptr;
  dataset.columns = chosen_columns(table, source);
  dataset.features = csv_features(table, source, dataset.columns);
  if (label)
    set_labels(dataset, label_texts(*label, table.source), source.classes, [&](std::size_t i) {
      return fmt::format("{}:{}: column '{}'", table.source, table.lines[i], label->name);
    });
  return dataset;
}

bool is_table(std::string_view path) {
  return path.ends_with(".csv") || path.ends_with(".csv.gz");
}

// Of a table beside the array, one row for each sample.
std::vector<std::string> table_label_texts(const std::string& text, const DatasetSource& source) {
  const Table table = parse_csv(text, source.labels, {.text_columns = {source.label_column}});
  if (source.label_column.empty())
    fail("{}: the table has {} columns, expected a label column to be named", source.labels,
         table.columns.size());
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

Dataset read_array_dataset(const DatasetSource& source,
                           Tensor (*parse)(std::string_view, const std::string&)) {
  Dataset dataset;
  dataset.features =
      array_features(parse(read_input("features", source.features, dataset), source.features), source);
  if (source.labels.empty()) return dataset;
  const std::string bytes = read_input("labels", source.labels, dataset);
  const bool table = is_table(source.labels);
  if (table && source.labels_of_points)
    fail("{}: found a table, expected an array (IDX or NPY) with a label for each point", source.labels);
  const std::vector<std::string> texts =
      table ? table_label_texts(bytes, source)
            : array_label_texts(parse(bytes, source.labels), source, dataset.features.shape());
  const std::int64_t points = source.labels_of_points ? dataset.features.size(1) : 1;
  if (static_cast<std::int64_t>(texts.size()) != dataset.size() * points)
    fail("{}: there are {} labels, expected {}, one for each sample of {}", source.labels, texts.size(),
         dataset.size(), source.features);
  set_labels(dataset, texts, source.classes, [&](std::size_t i) {
    const auto at = static_cast<std::int64_t>(i);
    return source.labels_of_points
               ? fmt::format("{}: sample {}, point {}", source.labels, at / points, at % points)
               : fmt::format("{}: sample {}", source.labels, at);
  });
  if (source.labels_of_points) dataset.labels = reshape(dataset.labels, {dataset.size(), points});
  return dataset;
}

std::vector<std::string> cifar100_classes(const std::string& kind) {
  std::vector<std::string> names;
  for (int label = 0; label < (kind == "fine" ? 100 : 20); ++label) names.push_back(std::to_string(label));
  return names;
}

// Where sample `i` of all files stands.
std::string record_text(const std::vector<std::string>& files, const std::vector<Tensor>& images,
                        std::size_t i) {
  std::size_t file = 0;
  for (; i >= static_cast<std::size_t>(images[file].size(0)); ++file)
    i -= static_cast<std::size_t>(images[file].size(0));
  return fmt::format("{}: record {}", files[file], i);
}

// The samples of every file, one file after the other.
Dataset read_cifar_dataset(const DatasetSource& source) {
  const bool ten = source.format == "cifar10";
  if (!ten && source.label_column != "fine" && source.label_column != "coarse")
    fail("{}: the label column is '{}', expected 'fine' or 'coarse', the two labels of CIFAR-100",
         source.features, source.label_column);
  if (ten && !source.label_column.empty())
    fail("{}: the label column is '{}', expected none, as CIFAR-10 has one label only", source.features,
         source.label_column);
  const std::vector<std::string> names = ten ? cifar10_classes() : cifar100_classes(source.label_column);
  std::vector<std::string> files = {source.features};
  files.insert(files.end(), source.more_features.begin(), source.more_features.end());
  Dataset dataset;
  std::vector<Tensor> images;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string role = i == 0 ? "features" : fmt::format("features_{}", i + 1);
    const std::string bytes = read_input(role, files[i], dataset);
    const CifarImages read = ten ? parse_cifar10(bytes, files[i]) : parse_cifar100(bytes, files[i]);
    images.push_back(read.images);
    const Tensor& labels = source.label_column == "coarse" ? read.coarse_labels : read.labels;
    for (const std::int64_t label : labels.to_vector<std::int64_t>())
      texts.push_back(names[static_cast<std::size_t>(label)]);
  }
  dataset.features = array_features(concatenate(images, 0), source);
  if (source.read_labels)
    set_labels(dataset, texts, source.classes.empty() ? names : source.classes,
               [&](std::size_t i) { return record_text(files, images, i); });
  return dataset;
}

}  // namespace

bool has_own_labels(const std::string& format) {
  return format == "csv" || format == "cifar10" || format == "cifar100";
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
  fail("the data format is '{}'{}, expected 'csv', 'idx', 'npy', 'cifar10' or 'cifar100'", format,
       did_you_mean(format, {"csv", "idx", "npy", "cifar10", "cifar100"}));
}

Tensor take_samples(const Tensor& tensor, std::span<const std::int64_t> positions) {
  return gather(tensor, Tensor::from<std::int64_t>(positions, {static_cast<std::int64_t>(positions.size())}),
                0);
}

Dataset take(const Dataset& dataset, std::span<const std::int64_t> positions) {
  Dataset part = dataset;
  part.features = take_samples(dataset.features, positions);
  if (dataset.labels.defined()) part.labels = take_samples(dataset.labels, positions);
  if (dataset.lengths.empty()) return part;
  part.lengths.clear();
  for (const std::int64_t position : positions)
    part.lengths.push_back(dataset.lengths[static_cast<std::size_t>(position)]);
  return part;
}

}  // namespace tessera::data
