// What scikit-learn says (selection_facts.py), by name.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tessera/tensor/tensor.h"

// A namespace of its own: other facts of this room have functions of these names.
namespace tessera::learn::selection {

inline const std::vector<double>& fact(const std::string& name) {
  static const std::map<std::string, std::vector<double>> facts = {
#include "tessera/learn/selection_facts_test.inc"
  };
  return facts.at(name);
}

inline Tensor fact_table(const std::string& name, std::int64_t columns) {
  return Tensor::from(fact(name), {static_cast<std::int64_t>(fact(name).size()) / columns, columns});
}
inline Tensor fact_numbers(const std::string& name) {
  return Tensor::from(fact(name), {static_cast<std::int64_t>(fact(name).size())});
}
inline std::vector<std::int64_t> fact_integers(const std::string& name) {
  return {fact(name).begin(), fact(name).end()};
}
inline Tensor fact_classes(const std::string& name) {
  const std::vector<std::int64_t> labels = fact_integers(name);
  return Tensor::from(labels, {static_cast<std::int64_t>(labels.size())});
}

// Relative where numbers are large, absolute where they are small.
inline void expect_fact(const std::vector<double>& found, const std::string& name, double tolerance = 1e-10) {
  const std::vector<double>& expected = fact(name);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << name << " " << i;
}

}  // namespace tessera::learn::selection
