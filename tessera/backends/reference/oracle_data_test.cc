#include "tessera/backends/reference/oracle_data_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/tensor/ops.h"

namespace tessera::testing_data {
namespace {

double number_from(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (!value.is_string()) return value.get<double>();
  const std::string text = value;
  if (text == "inf") return INFINITY;
  if (text == "-inf") return -INFINITY;
  return NAN;
}

// Integers beyond 2^53 go around the double.
template <typename T>
T element_from(const nlohmann::json& value) {
  if (std::is_integral_v<T> && value.is_number_integer()) return static_cast<T>(value.get<std::int64_t>());
  return static_cast<T>(number_from(value));
}

template <typename T>
Tensor tensor_of(const nlohmann::json& data, const Shape& shape) {
  const std::size_t n = data.size();
  const auto values = std::make_unique<T[]>(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = element_from<T>(data[i]);
  return Tensor::from(std::span<const T>(values.get(), n), shape);
}

}  // namespace

std::optional<std::string> folder() {
  const char* path = std::getenv("TESSERA_DATA");
  if (path == nullptr || *path == '\0') return std::nullopt;
  return path;
}

void for_each_case(const std::string& path, const std::function<void(const nlohmann::json&)>& body) {
  const std::string text = read_file_maybe_gzip(path);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin)
      body(nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                 text.begin() + static_cast<std::ptrdiff_t>(end)));
    begin = end + 1;
  }
}

std::optional<Tensor> tensor_from(const nlohmann::json& value) {
  Shape shape;
  for (const std::int64_t length : value.at("shape")) shape.append(length);
  const std::string dtype = value.at("dtype");
  const nlohmann::json& data = value.at("data");
  if (dtype == "float32") return tensor_of<float>(data, shape);
  if (dtype == "float64") return tensor_of<double>(data, shape);
  if (dtype == "int64") return tensor_of<std::int64_t>(data, shape);
  if (dtype == "uint8") return tensor_of<std::uint8_t>(data, shape);
  if (dtype == "bool") return tensor_of<bool>(data, shape);
  return std::nullopt;
}

std::string difference(const Tensor& found, const Tensor& expected, double relative, double absolute) {
  if (found.dtype() != expected.dtype())
    return fmt::format("found {}, expected {}", dtype_name(found.dtype()), dtype_name(expected.dtype()));
  if (!(found.shape() == expected.shape()))
    return fmt::format("found {}, expected {}", found.shape().to_string(), expected.shape().to_string());
  if (!is_floating(found.dtype())) return same_bits(found, expected) ? "" : "the integers differ";
  const auto a = cast(found, DType::kFloat64).to_vector<double>(),
             b = cast(expected, DType::kFloat64).to_vector<double>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (a[i] == b[i]) continue;
    if (!(std::fabs(a[i] - b[i]) <= absolute + relative * std::fabs(b[i])))
      return fmt::format("element {}: found {}, expected {}", i, a[i], b[i]);
  }
  return "";
}

// The comparison itself must be able to fail.
TEST(OracleData, DifferenceSeesDifferences) {
  use_backend("reference");
  const Tensor a = Tensor::from<double>({1, NAN, INFINITY}, {3});
  EXPECT_EQ(difference(a, a, 0, 0), "");
  EXPECT_EQ(difference(a, Tensor::from<double>({1.1, NAN, INFINITY}, {3}), 1e-3, 0),
            "element 0: found 1, expected 1.1");
  EXPECT_NE(difference(a, Tensor::from<double>({1, 2, INFINITY}, {3}), 1, 1), "");
  EXPECT_NE(difference(a, a.reshape({3, 1}), 1, 1), "");
  EXPECT_NE(difference(Tensor::scalar<std::int64_t>(3), Tensor::scalar<std::int64_t>(4), 9, 9), "");
}

}  // namespace tessera::testing_data
