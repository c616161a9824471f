#include "tessera/stats/intervals.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/constants.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/moments.h"
#include "tessera/stats/parameters.h"
#include "tessera/stats/probabilities.h"
#include "tessera/stats/ranks.h"

namespace tessera::stats {
namespace {

// How much probability lies beyond an interval, on either side.
double side(const char* where, double confidence) {
  if (!(confidence > 0 && confidence < 1))
    fail("{}: the confidence is {}, expected between 0 and 1", where, confidence);
  return (1 - confidence) / 2;
}

}  // namespace

double odds(double p) {
  const FloatEnvironment contract;
  probability("odds", "the probability", p);
  return p / (1 - p);
}
double probability_of_odds(double odds) {
  const FloatEnvironment contract;
  if (!(odds >= 0)) fail("probability_of_odds: the odds are {}, expected 0 or more", odds);
  return odds == kInfinity ? 1 : odds / (1 + odds);
}

OddsRatio odds_ratio(std::span<const std::int64_t> counts, double confidence) {
  const FloatEnvironment contract;
  if (counts.size() != 4) fail("odds_ratio: {} counts, expected the four of a 2x2 table", counts.size());
  double n[4], inverse = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (counts[i] < 0) fail("odds_ratio: count {} is {}, expected 0 or more", i, counts[i]);
    n[i] = static_cast<double>(counts[i]);
    inverse = inverse + 1 / n[i];
  }
  const double z = -numerics::normal_quantile(side("odds_ratio", confidence));
  const double ratio = n[0] * n[3] / (n[1] * n[2]), error = numerics::sqrt(inverse);
  if (error == kInfinity) return {ratio, error, {0, kInfinity}};
  const double centre = numerics::log(ratio);
  return {ratio, error, {numerics::exp(centre - z * error), numerics::exp(centre + z * error)}};
}

Interval wilson_interval(std::int64_t successes, std::int64_t trials, double confidence) {
  const FloatEnvironment contract;
  if (trials < 1 || successes < 0 || successes > trials)
    fail("wilson_interval: {} successes of {} trials, expected at least one trial and no more successes",
         successes, trials);
  const double z = -numerics::normal_quantile(side("wilson_interval", confidence)), square = z * z;
  const auto n = static_cast<double>(trials), k = static_cast<double>(successes);
  const double centre = (k + square / 2) / (n + square);
  const double half = z / (n + square) * numerics::sqrt(k * (n - k) / n + square / 4);
  return {successes == 0 ? 0 : std::max(0.0, centre - half),
          successes == trials ? 1 : std::min(1.0, centre + half)};
}

Interval mean_interval(std::span<const double> sample, double confidence) {
  const FloatEnvironment contract;
  check_sample("mean_interval", sample, 2);
  const double t =
      -StudentT(static_cast<double>(sample.size() - 1)).quantile(side("mean_interval", confidence));
  const double centre = numerics::mean(sample), half = t * standard_error(sample);
  return {centre - half, centre + half};
}

Interval mean_interval_known_deviation(std::span<const double> sample, double deviation, double confidence) {
  const FloatEnvironment contract;
  check_sample("mean_interval_known_deviation", sample, 1);
  positive("mean_interval_known_deviation", "the deviation", deviation);
  const double z = -numerics::normal_quantile(side("mean_interval_known_deviation", confidence));
  const double centre = numerics::mean(sample),
               half = z * deviation / numerics::sqrt(static_cast<double>(sample.size()));
  return {centre - half, centre + half};
}

std::vector<double> bootstrap(std::span<const double> sample, const Statistic& statistic,
                              RandomSource& random, std::string_view name, std::int64_t resamples) {
  const FloatEnvironment contract;
  check_sample("bootstrap", sample, 1);
  if (resamples < 1) fail("bootstrap: {} resamples, expected at least one", resamples);
  const auto n = static_cast<std::int64_t>(sample.size());
  std::vector<double> values, resample(sample.size());
  for (std::int64_t r = 0; r < resamples; ++r) {
    const std::vector<double> places =
        random.uniform(name, {n}, DType::kFloat64, static_cast<std::uint64_t>(r * n)).to_vector<double>();
    for (std::size_t i = 0; i < resample.size(); ++i) {
      const auto at =
          static_cast<std::size_t>(places[i] * static_cast<double>(n));  // below n unless rounded up to it
      resample[i] = sample[std::min(at, sample.size() - 1)];
    }
    values.push_back(statistic(resample));
  }
  return values;
}

Interval bootstrap_interval(std::span<const double> sample, const Statistic& statistic, RandomSource& random,
                            std::string_view name, std::int64_t resamples, double confidence) {
  const FloatEnvironment contract;
  const double beyond = side("bootstrap_interval", confidence);
  const std::vector<double> values = bootstrap(sample, statistic, random, name, resamples);
  const std::vector<double> ends = quantiles(values, std::vector<double>{beyond, 1 - beyond});
  return {ends[0], ends[1]};
}

}  // namespace tessera::stats
