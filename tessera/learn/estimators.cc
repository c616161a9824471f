#include "tessera/learn/estimators.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"
#include "tessera/learn/bagging.h"
#include "tessera/learn/category_encoder.h"
#include "tessera/learn/decision_tree.h"
#include "tessera/learn/hash_encoders.h"
#include "tessera/learn/hist_gradient_boosting.h"
#include "tessera/learn/k_means.h"
#include "tessera/learn/k_neighbors.h"
#include "tessera/learn/naive_bayes.h"
#include "tessera/learn/one_hot_encoder.h"
#include "tessera/learn/ordered_target_encoders.h"
#include "tessera/learn/random_forest.h"
#include "tessera/learn/scalers.h"
#include "tessera/learn/simple_imputer.h"
#include "tessera/learn/target_encoders.h"

namespace tessera::learn {

namespace {

template <typename T>
std::unique_ptr<Estimator> make() {
  return std::make_unique<T>();
}

constexpr EstimatorRow kEstimators[] = {
    {"bagging_classifier", "the mean of one classifier that learned from many samples",
     make<BaggingClassifier>},
    {"bagging_regressor", "the mean of one regressor that learned from many samples", make<BaggingRegressor>},
    {"bernoulli_nb", "naive Bayes over features that are there or not", make<BernoulliNB>},
    {"catboost_encoder", "categories as the mean of the target in the rows before", make<CatBoostEncoder>},
    {"count_encoder", "categories as how often they are there", make<CountEncoder>},
    {"decision_tree_classifier", "one tree of questions to single features", make<DecisionTreeClassifier>},
    {"decision_tree_regressor", "one tree of questions to single features, for numbers",
     make<DecisionTreeRegressor>},
    {"extra_trees_classifier", "a forest of trees with random thresholds", make<ExtraTreesClassifier>},
    {"extra_trees_regressor", "a forest of trees with random thresholds, for numbers",
     make<ExtraTreesRegressor>},
    {"gaussian_nb", "naive Bayes with normal features", make<GaussianNB>},
    {"hashing_encoder", "categories as hashes, a feature per bucket", make<HashingEncoder>},
    {"hist_gradient_boosting_classifier", "boosted trees on histograms, log loss",
     make<HistGradientBoostingClassifier>},
    {"hist_gradient_boosting_regressor", "boosted trees on histograms, squared error",
     make<HistGradientBoostingRegressor>},
    {"james_stein_encoder", "categories as means of the target, drawn to the mean of all",
     make<JamesSteinEncoder>},
    {"k_means", "clusters around means", make<KMeans>},
    {"k_neighbors_classifier", "the classes of the nearest rows", make<KNeighborsClassifier>},
    {"k_neighbors_regressor", "the mean of the nearest rows", make<KNeighborsRegressor>},
    {"leave_one_out_encoder", "categories as the mean of the target in the other rows",
     make<LeaveOneOutEncoder>},
    {"m_estimate_encoder", "categories as means of the target with a prior of m rows",
     make<MEstimateEncoder>},
    {"max_abs_scaler", "features divided by their largest absolute value", make<MaxAbsScaler>},
    {"min_max_scaler", "features moved into a range", make<MinMaxScaler>},
    {"multinomial_nb", "naive Bayes over counts", make<MultinomialNB>},
    {"one_hot_encoder", "a feature per category", make<OneHotEncoder>},
    {"ordinal_encoder", "categories as their position", make<OrdinalEncoder>},
    {"random_forest_classifier", "the mean of many trees from bootstrap samples",
     make<RandomForestClassifier>},
    {"random_forest_regressor", "the mean of many trees from bootstrap samples, for numbers",
     make<RandomForestRegressor>},
    {"robust_scaler", "features less their median, divided by a distance of quantiles", make<RobustScaler>},
    {"simple_imputer", "missing values filled in", make<SimpleImputer>},
    {"standard_scaler", "features less their mean, divided by their standard deviation",
     make<StandardScaler>},
    {"target_encoder", "categories as the mean of the target (likelihood encoding)", make<TargetEncoder>},
    {"two_hash_encoder", "categories as pairs of buckets, about the square root of their number each",
     make<TwoHashEncoder>},
    {"woe_encoder", "categories as the weight of their evidence for a class", make<WOEEncoder>},
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
