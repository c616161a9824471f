// What depends on the order of numbers only: quantiles, ranks, and the correlations of Spearman and Kendall.
//
//   quantile    NumPy's "linear": between the sorted numbers around place (n - 1) q, the same bits as numpy.quantile
//   ranks       from 1, equal numbers sharing the mean of their places
//   spearman    Pearson's correlation of the ranks
//   kendall     tau-b: (concordant - discordant) / sqrt(pairs without a tie in x * pairs without a tie in y), counted exactly, in n log n steps (Knight, JASA 61, 1966)
//
// Correlations with a constant are NaN. Errors: no numbers, NaN, infinities, samples of different lengths, q outside of [0, 1]. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<double> x = {3, 1, 4, 1, 5};
// assert(stats::median(x) == 3 && stats::quantile(x, 0.9) == 4.6);
// assert(stats::ranks(x) == (std::vector<double>{3, 1.5, 4, 1.5, 5}));
// assert(stats::kendall(x, x) == 1 && stats::spearman(x, x) == 1);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::stats {

double quantile(std::span<const double> x, double q);
std::vector<double> quantiles(std::span<const double> x, std::span<const double> q);  // sorts once
double median(std::span<const double> x);
std::vector<double> ranks(std::span<const double> x);
double spearman(std::span<const double> x, std::span<const double> y);
double kendall(std::span<const double> x, std::span<const double> y);

}  // namespace tessera::stats
