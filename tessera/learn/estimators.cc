#include "tessera/learn/estimators.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"
#include "tessera/learn/k_neighbors.h"
#include "tessera/learn/naive_bayes.h"

namespace tessera::learn {

namespace {

template <typename T>
std::unique_ptr<Estimator> make() {
  return std::make_unique<T>();
}

constexpr EstimatorRow kEstimators[] = {
    {"bernoulli_nb", "naive Bayes over features that are there or not", make<BernoulliNB>},
    {"gaussian_nb", "naive Bayes with normal features", make<GaussianNB>},
    {"k_neighbors_classifier", "the classes of the nearest rows", make<KNeighborsClassifier>},
    {"k_neighbors_regressor", "the mean of the nearest rows", make<KNeighborsRegressor>},
    {"multinomial_nb", "naive Bayes over counts", make<MultinomialNB>},
};

}  // namespace

std::span<const EstimatorRow> estimators() {
  return kEstimators;
}

std::unique_ptr<Estimator> make_estimator(std::string_view name) {
  std::vector<std::string> names;
  for (const EstimatorRow& row : kEstimators) {
    if (row.name == name) return row.make();
    names.emplace_back(row.name);
  }
  fail_with(ExitCode::kUsage, "there is no estimator '{}'{}; there are: {}", name, did_you_mean(name, names),
            fmt::join(names, ", "));
}

}  // namespace tessera::learn
