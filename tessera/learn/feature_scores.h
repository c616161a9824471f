// How much each feature says about the target, one feature at a time: what select_k_best and select_percentile (feature_selection.h) order features by.
//
//   f_classif               one-way analysis of variance: the variance between the classes over that within them; p-value of the F distribution
//   f_regression            of the linear regression on that feature alone: r^2 / (1 - r^2) (N - 2); p-value of the F distribution
//   chi2                    sum (observed - expected)^2 / expected of the feature's sums within the classes: for counts and frequencies, which are at least 0
//   mutual_info_classif     nats, estimated by nearest neighbours (stats/mutual_information.h: Ross 2014)
//   mutual_info_regression  nats (Kraskov, Stoegbauer, Grassberger 2004)
//
// Names and values are scikit-learn's (to rounding; the noise that tells equal numbers apart in the last two is drawn by counter here). A feature that is constant
// has the score NaN, of f_regression 0; one that equals the target up to a linear map has infinity, of f_regression the largest number.
//
// Shapes: features float64 [N, F], labels and target of length N; F scores. Errors: lengths that do not fit, fewer than two classes, no more rows than classes, fewer than
// three rows of f_regression, a negative feature of chi2. Features are computed beside each other. Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 5, 1, 7, 9, 6, 8, 5}, {4, 2});
// const std::vector<std::int64_t> labels = {0, 0, 1, 1};
// const learn::FeatureScores found = learn::f_classif(x, labels);
// assert(found.scores[0] == 128 && found.p_values[0] < 0.01 && found.scores[1] < 1);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

struct FeatureScores {
  std::vector<double> scores;
  std::vector<double> p_values;  // none of mutual information
};

FeatureScores f_classif(const Tensor& x, std::span<const std::int64_t> labels);
FeatureScores f_regression(const Tensor& x, std::span<const double> target);
FeatureScores chi2(const Tensor& x, std::span<const std::int64_t> labels);

struct MutualInformationSettings {
  std::int64_t n_neighbors = 3;
  std::uint64_t seed = 0;  // of the noise
};
FeatureScores mutual_info_classif(const Tensor& x, std::span<const std::int64_t> labels,
                                  const MutualInformationSettings& settings = {});
FeatureScores mutual_info_regression(const Tensor& x, std::span<const double> target,
                                     const MutualInformationSettings& settings = {});

}  // namespace tessera::learn
