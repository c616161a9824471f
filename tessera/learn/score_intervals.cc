#include "tessera/learn/score_intervals.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/reduce.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/intervals.h"
#include "tessera/stats/moments.h"
#include "tessera/stats/ranks.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

// Of each, the share of the others that lie below it; equal ones count half.
std::vector<double> placements(std::span<const double> own, std::span<const double> all_ranks,
                               std::size_t others) {
  const std::vector<double> own_ranks = stats::ranks(own);
  std::vector<double> shares;
  for (std::size_t i = 0; i < own.size(); ++i)
    shares.push_back((all_ranks[i] - own_ranks[i]) / static_cast<double>(others));
  return shares;
}

}  // namespace

ScoreInterval accuracy_interval(std::int64_t correct, std::int64_t rows, double confidence) {
  const stats::Interval interval = stats::wilson_interval(correct, rows, confidence);
  return {static_cast<double>(correct) / static_cast<double>(rows), interval.low, interval.high};
}

ScoreInterval auc_interval(std::span<const double> scores, std::span<const std::int64_t> labels,
                           double confidence) {
  const FloatEnvironment contract;
  if (scores.size() != labels.size())
    fail("auc_interval: expected a label for each of {} scores, found {}", scores.size(), labels.size());
  if (!(confidence > 0 && confidence < 1))
    fail("auc_interval: the confidence is {}, expected above 0 and below 1", confidence);
  std::vector<double> positive, negative;
  for (std::size_t i = 0; i < scores.size(); ++i) (labels[i] == 1 ? positive : negative).push_back(scores[i]);
  const std::size_t above = positive.size(), below = negative.size();
  if (above < 2 || below < 2)
    fail("auc_interval: expected at least two rows of both classes, found {} and {}", below, above);
  std::vector<double> all = positive;
  all.insert(all.end(), negative.begin(), negative.end());
  const std::vector<double> ranks = stats::ranks(all);
  const std::vector<double> of_positive = placements(positive, std::span(ranks).first(above), below),
                            of_negative = placements(negative, std::span(ranks).subspan(above), above);
  const double area = numerics::mean(std::span<const double>(of_positive));
  const double variance = stats::variance(of_positive) / static_cast<double>(above) +
                          stats::variance(of_negative) / static_cast<double>(below);
  const double reach = stats::Normal(0, 1).quantile(0.5 + confidence / 2) * std::sqrt(variance);
  return {area, std::max(0.0, area - reach), std::min(1.0, area + reach)};
}

ScoreInterval bootstrap_score(std::int64_t rows,
                              const std::function<double(std::span<const std::int64_t>)>& score,
                              const BootstrapOptions& options) {
  if (rows < 1) fail("bootstrap_score: expected at least one row, found {}", rows);
  std::vector<double> positions(static_cast<std::size_t>(rows));
  std::iota(positions.begin(), positions.end(), 0.0);
  std::vector<std::int64_t> drawn(positions.size());
  const auto of_sample = [&](std::span<const double> sample) {
    std::ranges::transform(sample, drawn.begin(),
                           [](double place) { return static_cast<std::int64_t>(place); });
    return score(drawn);
  };
  RandomSource random(options.seed);
  const double whole = of_sample(positions);
  const stats::Interval interval = stats::bootstrap_interval(positions, of_sample, random, "bootstrap_score",
                                                             options.resamples, options.confidence);
  return {whole, interval.low, interval.high};
}

}  // namespace tessera::learn
