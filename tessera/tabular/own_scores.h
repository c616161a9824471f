// How well what learns without a target describes rows, in the numbers that its method has for that: k_means in distances, mixtures and factor analyses
// in the mean log-likelihood of a row, PCA in the share of the variance that is left. Of a pipeline it is the last step, on what the others make of the rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::tabular {

struct OwnScore {
  std::string_view name, test_name;  // "inertia", "test_inertia"
  double value;
};

// For people: "log likelihood per row" of "log_likelihood", which is a mean.
std::string own_score_label(std::string_view name);
bool has_own_scores(const learn::Estimator& fitted);
// Nothing of a method without such a number, such as a scaler.
std::vector<OwnScore> own_scores(const learn::Estimator& fitted, const Tensor& features);

}  // namespace tessera::tabular
