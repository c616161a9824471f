// Do probabilities mean what they say? The reliability diagram as numbers, the calibration error, and Brier's score.
//
// Of the rows to which a calibrated classifier gives 0.8, eight in ten are of the class. DeGroot and Fienberg, "The comparison and evaluation of
// forecasters", The Statistician 32 (1983); Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950);
// Guo et al., "On calibration of modern neural networks", ICML 2017, for the calibration error. The bins are those of scikit-learn's calibration_curve,
// which shows only those with rows; the score is that of brier_score_loss.
//
//   brier_score                  mean of (p - hit)^2; of several classes, the mean over rows of the sum of (p_c - [row is of c])^2 over classes
//   expected_calibration_error   mean of |mean probability - share of hits| over bins, weighted by their rows
//
// Shapes: probabilities [N] in [0, 1], hits [N], 1 where the row is of the class, else 0; or float64 [N, C] and int64 [N]. Errors: no
// rows, numbers that do not fit, probabilities outside of [0, 1]. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<double> p = {0.1, 0.2, 0.7, 0.9};
// const std::vector<std::int64_t> hits = {0, 1, 1, 1};
// const std::vector<metrics::ReliabilityBin> bins = metrics::reliability(p, hits, {.bins = 2});
// assert(bins[0].rows == 2 && bins[0].share == 0.5 && bins[1].mean_probability == 0.8);
// assert(std::abs(metrics::brier_score(p, hits) - 0.1875) < 1e-15);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::metrics {

enum class BinEdges : std::uint8_t { kUniform, kQuantile };  // of equal width, or of equally many rows

struct ReliabilityOptions {
  std::int64_t bins = 5;
  BinEdges edges = BinEdges::kUniform;
};

struct ReliabilityBin {
  double least = 0, most = 0;  // a probability that is an edge belongs to the bin below it
  std::int64_t rows = 0;
  double mean_probability = 0, share = 0;  // what was said, and the share of hits; 0 without rows
};
std::vector<ReliabilityBin> reliability(std::span<const double> probabilities,
                                        std::span<const std::int64_t> hits,
                                        const ReliabilityOptions& options = {});
double expected_calibration_error(const std::vector<ReliabilityBin>& bins);
// One line per bin: its edges, rows, what was said, what came, and the difference as a bar.
std::string reliability_table(const std::vector<ReliabilityBin>& bins);

double brier_score(std::span<const double> probabilities, std::span<const std::int64_t> hits);
double brier_score(const Tensor& probabilities, const Tensor& labels);

}  // namespace tessera::metrics
