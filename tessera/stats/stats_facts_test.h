// For tests: samples, and what scipy, numpy and scikit-learn make of them (stats_facts.py wrote the table).
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace tessera::stats {

inline const std::vector<double>& fact(const std::string& name) {
  static const std::map<std::string, std::vector<double>> kFacts = {
#include "tessera/stats/stats_facts_test.inc"
  };
  return kFacts.at(name);
}

// The tolerance is relative above 1.
inline void expect_fact(const std::string& name, const std::vector<double>& found, double tolerance) {
  const std::vector<double>& expected = fact(name);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i])))
        << name << ", element " << i;
}
// Relative, however small: for p-values.
inline void expect_fact_relative(const std::string& name, const std::vector<double>& found,
                                 double tolerance) {
  const std::vector<double>& expected = fact(name);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * std::abs(expected[i])) << name << ", element " << i;
}

}  // namespace tessera::stats
