// What the readers of data sets share: bytes with their digest, labels, numbers, arrays as features. Internal to this room.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/data/class_labels.h"
#include "tessera/data/dataset.h"

namespace tessera::data {

// The bytes of a file, unpacked; what was read is noted in the data set.
std::string read_input(const std::string& role, const std::string& path, Dataset& dataset);

Dataset read_cifar_dataset(const DatasetSource& source);

// Labels as positions in `classes`, or in those found; `where(i)` begins the message about label i.
template <typename Where>
void set_labels(Dataset& dataset, const std::vector<std::string>& texts,
                const std::vector<std::string>& classes, Where where) {
  dataset.classes = classes.empty() ? sorted_classes(texts) : classes;
  const std::vector<std::int64_t> labels = label_positions(texts, dataset.classes, where);
  dataset.labels = Tensor::from<std::int64_t>(labels, {static_cast<std::int64_t>(labels.size())});
}

// The shape of all samples: the one that is wanted for each, or the one found.
Shape features_shape(std::int64_t samples, std::int64_t values, const Shape& wanted, const Shape& found,
                     const std::string& source);

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

// Labels that are numbers; `where(i)` begins the message about label i.
template <typename Where>
void set_numbers(Dataset& dataset, const std::vector<double>& numbers, Where where) {
  std::vector<float> values;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    values.push_back(scaled(numbers[i], 1, [&] { return where(i); }));
  dataset.labels = Tensor::from<float>(values, {static_cast<std::int64_t>(values.size())});
}

// Of an array of samples [N, ...].
Tensor array_features(const Tensor& array, const DatasetSource& source);

}  // namespace tessera::data
