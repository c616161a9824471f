// For tests: the cases of torch_grad.jsonl.gz below TESSERA_DATA, PyTorch's outputs and gradients in float64.
#pragma once

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/files.h"
#include "tessera/tensor/ops.h"

namespace tessera::torch_cases {

using Json = nlohmann::json;
using NamedTensors = std::map<std::string, Tensor>;

// Nothing when TESSERA_DATA is unset: the test is to be skipped then.
inline std::optional<std::vector<Json>> read() {
  const char* folder = std::getenv("TESSERA_DATA");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  const std::string text = read_file_maybe_gzip(std::string(folder) + "/torch/torch_grad.jsonl.gz");
  std::vector<Json> cases;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) cases.push_back(Json::parse(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return cases;
}

inline Tensor tensor_of(const Json& value) {
  Shape shape;
  for (const std::int64_t length : value.at("shape")) shape.append(length);
  if (value.at("dtype") == "int64")
    return Tensor::from(value.at("data").get<std::vector<std::int64_t>>(), shape);
  return Tensor::from(value.at("data").get<std::vector<double>>(), shape);
}

inline NamedTensors tensors_of(const Json& values) {
  NamedTensors result;
  for (const auto& [name, value] : values.items()) result[name] = tensor_of(value);
  return result;
}

// The largest |found - expected|, infinite when the shapes differ.
inline double distance(const Tensor& found, const Tensor& expected) {
  if (found.shape() != expected.shape()) return INFINITY;
  const auto a = found.to_vector<double>(), b = expected.to_vector<double>();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    if (!(difference <= largest)) largest = difference;  // NaN too
  }
  return largest;
}

}  // namespace tessera::torch_cases
