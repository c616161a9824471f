// Entropy and mutual information estimated from samples, in nats.
//
// Of categories, by counting. The plug-in estimate of an entropy is too low by about (m - 1) / (2n), for m categories that occurred among n samples (Miller,
// 1955); that of a mutual information is too high by about (mx - 1)(my - 1) / (2n) where all pairs occur. Miller and Madow's correction adds the first term to each of
// the three entropies; what is left is of order 1 / n^2. A corrected mutual information may be negative.
//
// Of continuous numbers:
//   histogram    both axes cut into equal bins between the extremes (as numpy.histogram2d), then by counting: biased up by the bins, and by the
//                sample as above
//   neighbours   Kraskov, Stoegbauer & Grassberger, "Estimating mutual information", Physical Review E 69 (2004), algorithm 1: distances to the k-th
//                neighbour in the plane (maximum norm) against numbers of neighbours along each axis. The bias vanishes for independent
//                numbers; with strong dependence it is downwards and falls with n. k trades variance (small k) for bias (large k)
//   with a class Ross, "Mutual information between discrete and continuous data sets", PLOS ONE 9 (2014)
// The last two are what scikit-learn's mutual_info_regression and mutual_info_classif compute, and like there a negative estimate becomes 0, numbers are divided by
// their standard deviation, and equal numbers are told apart by a little noise (by counter; 0 leaves it out). Against scikit-learn without noise: equal to 1e-13, but for single
// neighbours at exactly the k-th distance, which its rounding may count (5e-4 in one of six comparisons).
// All three are blind to the unit: numbers whose squares would leave float64's range are multiplied by a power of two first.
//
// Time: n log n for sorting, and for each sample a walk along x until no nearer neighbour can come: about n sqrt(n) steps.
//
// Errors: samples of different lengths or with too few numbers, NaN, infinities, k below 1 or too large. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<std::int64_t> x = {0, 0, 1, 1}, y = {1, 1, 0, 0};
// assert(std::abs(stats::mutual_information_of_labels(x, y) - numerics::log(2.0)) < 1e-15);
// const std::vector<double> u = RandomSource(1).normal("u", {500}, DType::kFloat64).to_vector<double>();
// assert(stats::mutual_information_by_neighbours(u, u) > 2);
// ```
#pragma once

#include <cstdint>
#include <span>

namespace tessera::stats {

enum class BiasCorrection { kNone, kMillerMadow };

// Counts of categories; those that are 0 do not matter.
double entropy_of_counts(std::span<const std::int64_t> counts,
                         BiasCorrection correction = BiasCorrection::kNone);
// Labels are any integers.
double entropy_of_labels(std::span<const std::int64_t> labels,
                         BiasCorrection correction = BiasCorrection::kNone);
double mutual_information_of_labels(std::span<const std::int64_t> x, std::span<const std::int64_t> y,
                                    BiasCorrection correction = BiasCorrection::kNone);

struct NeighbourSettings {
  std::int64_t neighbours = 3;
  double noise = 1e-10;  // relative to max(1, mean |x|) of the scaled numbers; 0: none
  std::uint64_t seed = 0;
};
double mutual_information_by_histogram(std::span<const double> x, std::span<const double> y,
                                       std::int64_t bins, BiasCorrection correction = BiasCorrection::kNone);
double mutual_information_by_neighbours(std::span<const double> x, std::span<const double> y,
                                        const NeighbourSettings& settings = {});
// A class of one sample is left out, as scikit-learn does.
double mutual_information_with_class(std::span<const double> x, std::span<const std::int64_t> labels,
                                     const NeighbourSettings& settings = {});

}  // namespace tessera::stats
