// Odds, and intervals that hold an unknown quantity with a stated confidence.
//
//   odds             p / (1 - p): 3 to 1 is a probability of 3/4
//   odds ratio       of a 2x2 table, (a d) / (b c), with Woolf's interval: log ratio +- z sqrt(1/a + 1/b + 1/c + 1/d)
//   share            Wilson's score interval for a probability, k successes of n (JASA 22, 1927): right where p +- z sqrt(p (1-p) / n) fails, near 0 and 1
//   mean             of a normal sample: mean +- t standard errors (Student); with the deviation known, mean +- z deviation / sqrt(n)
//   bootstrap        of any statistic: its quantiles over samples drawn anew from the sample, as large as it (Efron, Annals of Statistics 7, 1979; percentile
//                    interval). Resample r draws elements r n ... r n + n - 1 of a named stream, so it is the same everywhere
//
// Checked against scipy.stats (binomtest, contingency.odds_ratio, norm, t): to 1e-12.
//
// Errors: counts that are negative or do not fit, samples too small, NaN, a confidence outside of (0, 1). Thread-safety: pure functions; `statistic` is called from the
// calling thread.
//
// ```cpp
// assert(stats::odds(0.75) == 3 && stats::probability_of_odds(3) == 0.75);
// const stats::Interval share = stats::wilson_interval(8, 10);
// assert(std::abs(share.low - 0.490162) < 1e-6 && std::abs(share.high - 0.943318) < 1e-6);
// const std::vector<double> x = {4.1, 5.0, 5.5, 6.2, 7.1};
// RandomSource random(1);
// const auto median = [](std::span<const double> sample) { return stats::median(sample); };
// const stats::Interval around = stats::bootstrap_interval(x, median, random, "resamples", 500);
// assert(around.low >= 4.1 && around.low < 5.5 && around.high > 5.5);
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "tessera/tensor/random.h"

namespace tessera::stats {

double odds(double probability);  // infinite at 1
double probability_of_odds(double odds);

struct Interval {
  double low, high;
};

struct OddsRatio {
  double ratio;           // 0, infinite or NaN (0/0) where counts are 0
  double standard_error;  // of its logarithm; infinite where a count is 0
  Interval interval;      // of the ratio; 0 to infinity where a count is 0
};
// Counts {exposed with, exposed without, others with, others without}.
OddsRatio odds_ratio(std::span<const std::int64_t> counts, double confidence = 0.95);

Interval wilson_interval(std::int64_t successes, std::int64_t trials, double confidence = 0.95);
Interval mean_interval(std::span<const double> sample, double confidence = 0.95);
Interval mean_interval_known_deviation(std::span<const double> sample, double deviation,
                                       double confidence = 0.95);

using Statistic = std::function<double(std::span<const double>)>;
// The statistic of each resample, in their order.
std::vector<double> bootstrap(std::span<const double> sample, const Statistic& statistic,
                              RandomSource& random, std::string_view name, std::int64_t resamples);
Interval bootstrap_interval(std::span<const double> sample, const Statistic& statistic, RandomSource& random,
                            std::string_view name, std::int64_t resamples, double confidence = 0.95);

}  // namespace tessera::stats
