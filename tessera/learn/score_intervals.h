// How sure a score is: intervals that hold the score of all rows that could come, with a stated confidence, from the rows that were judged.
//
//   accuracy      a share of rows: Wilson's score interval (stats/intervals.h)
//   roc auc       DeLong, DeLong & Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating characteristic curves", Biometrics 44 (1988): area +- z
//                 standard errors, cut to [0, 1]; by midranks in n log n (Sun & Xu 2014)
//   any score     bootstrap: quantiles of the score over samples of the rows, drawn anew with replacement by counter (Efron 1979)
//
// Errors: no rows, lengths that do not fit, fewer than two rows of a class for auc, a confidence outside of (0, 1). Thread-safety: pure functions.
//
// ```cpp
// const std::vector<double> scores = {0.1, 0.4, 0.35, 0.8};
// const std::vector<std::int64_t> labels = {0, 0, 1, 1};
// const learn::ScoreInterval area = learn::auc_interval(scores, labels);
// assert(area.score == 0.75 && area.low < 0.5 && area.high == 1);
// const auto share = [&](std::span<const std::int64_t> rows) {
//   double ones = 0;
//   for (const std::int64_t row : rows) ones += double(labels[std::size_t(row)]);
//   return ones / double(rows.size());
// };
// const learn::ScoreInterval bootstrapped = learn::bootstrap_score(4, share, {.resamples = 200});
// assert(bootstrapped.score == 0.5 && bootstrapped.low < 0.5 && bootstrapped.high > 0.5);
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace tessera::learn {

struct ScoreInterval {
  double score = 0, low = 0, high = 0;
};

ScoreInterval accuracy_interval(std::int64_t correct, std::int64_t rows, double confidence = 0.95);
// `labels`: 1 is what high scores stand for, everything else is not.
ScoreInterval auc_interval(std::span<const double> scores, std::span<const std::int64_t> labels,
                           double confidence = 0.95);

struct BootstrapOptions {
  std::int64_t resamples = 1000;
  std::uint64_t seed = 0;
  double confidence = 0.95;
};
// `score` is called with positions in [0, rows), ascending at first, then with samples of them.
ScoreInterval bootstrap_score(std::int64_t rows,
                              const std::function<double(std::span<const std::int64_t>)>& score,
                              const BootstrapOptions& options = {});

}  // namespace tessera::learn
