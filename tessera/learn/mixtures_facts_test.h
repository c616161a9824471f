// The table and the facts of mixtures_facts.py, for the tests of mixtures and of decompositions.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tessera/tensor/ops.h"

namespace tessera::learn::mixture_facts {

inline constexpr std::int64_t kFactRows = 60, kFactFeatures = 4;

inline Tensor fact_table() {
  std::vector<double> values;
  for (std::int64_t i = 0; i < kFactRows; ++i)
    for (std::int64_t f = 0; f < kFactFeatures; ++f)
      values.push_back(static_cast<double>(3 * ((i % 3) * (f + 2) % 3)) +
                       static_cast<double>((7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13) / 4 +
                       static_cast<double>(i * (f + 1) % 7) / 9);
  return Tensor::from(values, {kFactRows, kFactFeatures});
}

inline Tensor fact_counts() {
  std::vector<double> values;
  for (std::int64_t i = 0; i < kFactRows; ++i)
    for (std::int64_t f = 0; f < 5; ++f)
      values.push_back(
          static_cast<double>((7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % (2 + 3 * ((i + f) % 3))));
  return Tensor::from(values, {kFactRows, 5});
}

inline const std::vector<double>& fact(const std::string& name) {
  static const std::map<std::string, std::vector<double>> facts = {
#include "tessera/learn/mixtures_facts_test.inc"
  };
  return facts.at(name);
}

inline void expect_fact(const std::vector<double>& found, const std::string& name, double tolerance) {
  const std::vector<double>& expected = fact(name);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << name << ", element " << i;
}

inline void expect_fact(const Tensor& found, const std::string& name, double tolerance) {
  expect_fact(found.to_vector<double>(), name, tolerance);
}

inline double largest_difference(const Tensor& a, const Tensor& b) {
  return max(absolute(a - b)).item<double>();
}

}  // namespace tessera::learn::mixture_facts
