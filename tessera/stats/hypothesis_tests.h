// Tests of hypotheses: Kolmogorov-Smirnov, chi-square, Student's t.
//
// Each gives its statistic and the p-value: how probable a statistic at least as extreme is, if the hypothesis holds.
//
//   kolmogorov_smirnov  the largest distance of a sample's distribution function from that of a continuous distribution, or from another
//                       sample's. One sample: exact up to 2,000 numbers (Marsaglia, Tsang & Wang, J. Statistical Software 8, 2003), then the limit with Vrbik's
//                       correction (absolute error 1e-6); p below 1e-3 by Smirnov's one-sided formula whatever the size. Two samples: exact by
//                       counting paths up to 10^7 pairs (for numbers without ties), then the limit
//   chi_square          sum (observed - expected)^2 / expected. Good when expected counts are 5 or more. Of a table: are rows and columns independent?
//   t                   is the mean that number; have two samples one mean (Welch's, or with equal variances); are pairs alike
//
// Against scipy.stats (kstest, ks_2samp, chisquare, chi2_contingency, ttest_1samp, ttest_ind, ttest_rel): p-values to 1e-12, those of the
// limit to 1e-6 (two samples: 1e-2 of themselves). All p-values are two-sided. Of constant samples t is infinite or NaN, p 0 or NaN.
//
// Errors: samples too small, NaN, negative counts, expected counts that are not above 0 or add to something else than the observed ones. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<std::int64_t> dice = {9, 11, 8, 12, 10, 10};
// const stats::TestResult fair = stats::chi_square_test(dice, std::vector<double>(6, 10.0));
// assert(fair.statistic == 1 && fair.degrees_of_freedom == 5 && std::abs(fair.p_value - 0.9625657732472964) < 1e-13);
// const std::vector<double> x = {0.1, 0.4, 0.7};
// assert(std::abs(stats::kolmogorov_smirnov_test(x, stats::Uniform(0, 1)).statistic - 0.3) < 1e-15);
// ```
#pragma once

#include <cstdint>
#include <span>

#include "tessera/stats/distribution.h"

namespace tessera::stats {

struct TestResult {
  double statistic = 0;
  double p_value = 0;
  double degrees_of_freedom = 0;  // 0 where there are none
};

TestResult kolmogorov_smirnov_test(std::span<const double> sample, const Distribution& distribution);
TestResult kolmogorov_smirnov_test(std::span<const double> a, std::span<const double> b);
// How probable a distance of at least d is, for one sample of n numbers.
double kolmogorov_survival(std::int64_t n, double d);

// `fitted`: how many parameters of the expected counts were estimated from the observed ones; each takes a degree of freedom.
TestResult chi_square_test(std::span<const std::int64_t> observed, std::span<const double> expected,
                           std::int64_t fitted = 0);
TestResult chi_square_independence(
    std::int64_t rows, std::int64_t columns,
    std::span<const std::int64_t> counts);  // row-major, without Yates's correction

enum class Variances { kUnequal, kEqual };
TestResult t_test(std::span<const double> sample, double mean);
TestResult t_test(std::span<const double> a, std::span<const double> b,
                  Variances variances = Variances::kUnequal);
TestResult paired_t_test(std::span<const double> a, std::span<const double> b);

}  // namespace tessera::stats
