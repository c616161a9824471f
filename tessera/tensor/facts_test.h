// Tables of what other programs answered (*_facts.py write them), the exact inputs of both sides, and their comparison.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tessera/tensor/ops.h"

namespace tessera::facts {

using Table = std::map<std::string, std::vector<double>>;

// Element i is ((37 i + 101 seed) mod 127 - 63) / 64 * scale, float64.
inline Tensor pattern(std::int64_t seed, const Shape& shape, double scale = 1) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < shape.elements(); ++i)
    values.push_back(static_cast<double>((37 * i + 101 * seed) % 127 - 63) / 64 * scale);
  return Tensor::from(values, shape);
}

// All elements of these tensors, one after the other, against the fact of this name; the tolerance is relative above 1.
inline void expect_fact(const Table& table, const std::string& name, const std::vector<Tensor>& found,
                        double tolerance) {
  const std::vector<double>& expected = table.at(name);
  std::vector<double> values;
  for (const Tensor& tensor : found)
    for (const double value : tensor.to_vector<double>()) values.push_back(value);
  ASSERT_EQ(values.size(), expected.size()) << name;
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << name << ", element " << i;
}

}  // namespace tessera::facts
