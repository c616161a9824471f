// How sure is a number? Intervals for a share, a mean, an odds ratio, and, by drawing from the sample again and again, for anything, here a median.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  std::printf("odds of 3/4: %g; odds of 3: probability %g\n\n", stats::odds(0.75),
              stats::probability_of_odds(3));

  std::printf("successes     share   95%% (Wilson)\n");
  for (const auto& [k, n] : {std::pair(0, 10), {8, 10}, {80, 100}, {800, 1000}}) {
    const stats::Interval share = stats::wilson_interval(k, n);
    std::printf("%4d of %4d   %.3f   %.3f to %.3f\n", k, n, static_cast<double>(k) / n, share.low,
                share.high);
  }

  // 12 of 17 with the treatment recover, 29 of 31 without.
  const stats::OddsRatio ratio = stats::odds_ratio(std::vector<std::int64_t>{12, 5, 29, 2});
  std::printf("\nodds ratio %.3f, 95%% %.3f to %.3f: below 1, but not by much\n\n", ratio.ratio,
              ratio.interval.low, ratio.interval.high);

  RandomSource random(6);
  const std::vector<double> waits =
      stats::sample(stats::Exponential(0.2), random, "waits", {60}).to_vector<double>();
  const stats::Interval mean = stats::mean_interval(waits);
  std::printf("60 waiting times: mean %.2f, standard error %.2f, 95%% %.2f to %.2f (exact: 5)\n",
              stats::mean(waits), stats::standard_error(waits), mean.low, mean.high);
  const stats::Statistic median = [](std::span<const double> sample) { return stats::median(sample); };
  const stats::Interval around = stats::bootstrap_interval(waits, median, random, "resamples", 2000);
  std::printf("                  median %.2f, bootstrap 95%% %.2f to %.2f (exact: %.2f)\n",
              stats::median(waits), around.low, around.high, stats::Exponential(0.2).quantile(0.5));

  int held = 0;
  for (std::uint64_t trial = 1; trial <= 1000; ++trial) {
    random.begin_step(trial);
    const std::vector<double> sample =
        stats::sample(stats::Normal(10, 3), random, "trial", {8}).to_vector<double>();
    const stats::Interval interval = stats::mean_interval(sample);
    held += interval.low <= 10 && 10 <= interval.high ? 1 : 0;
  }
  std::printf("of 1,000 intervals from 8 normal numbers, %d hold the mean\n", held);
}
