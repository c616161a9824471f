// Analysis of variance with one factor: do several groups of numbers have one mean?
//
// The squared differences from the mean of all are split into those of the groups' means ("between") and those within the groups; F is the one per
// degree of freedom over the other (Fisher, "Statistical Methods for Research Workers", 1925). Under the hypothesis of one mean, and normal
// numbers of one variance, F has Fisher's distribution with (groups - 1, numbers - groups) degrees of freedom. Numbers are first taken from the
// mean of all, so leading digits that they share cost nothing: NIST's certified sets in docs/statistics.md.
//
// Errors: fewer than two groups, an empty group, no degree of freedom within, NaN, infinities. Of groups that are constant F is infinite, and
// NaN if all numbers are equal. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<std::vector<double>> groups = {{1, 2, 3}, {2, 3, 4}, {5, 6, 7}};
// const stats::AnalysisOfVariance found = stats::analysis_of_variance(groups);
// assert(std::abs(found.statistic - 13) < 1e-13 && std::abs(found.between.squares - 26) < 1e-13 && std::abs(found.within.squares - 6) < 1e-13);
// assert(std::abs(found.p_value - 0.006591796875) < 1e-14 && found.between.degrees_of_freedom == 2);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::stats {

struct AnalysisOfVariance {
  struct Source {
    double squares = 0;  // the sum
    std::int64_t degrees_of_freedom = 0;
    double mean_square() const { return squares / static_cast<double>(degrees_of_freedom); }
  };
  Source between, within;
  double statistic = 0;  // F
  double p_value = 0;    // of an F at least as large
  double r_squared = 0;  // between.squares / (between.squares + within.squares)
};
AnalysisOfVariance analysis_of_variance(std::span<const std::vector<double>> groups);

}  // namespace tessera::stats
