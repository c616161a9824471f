#include "tessera/learn/estimators.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"
#include "tessera/learn/bagging.h"
#include "tessera/learn/calibrated_classifier.h"
#include "tessera/learn/category_encoder.h"
#include "tessera/learn/decision_tree.h"
#include "tessera/learn/embedding_encoder.h"
#include "tessera/learn/exhaustive_selection.h"
#include "tessera/learn/factor_analysis.h"
#include "tessera/learn/feature_selection.h"
#include "tessera/learn/gaussian_mixture.h"
#include "tessera/learn/hash_encoders.h"
#include "tessera/learn/hist_gradient_boosting.h"
#include "tessera/learn/isotonic_regression.h"
#include "tessera/learn/k_means.h"
#include "tessera/learn/k_neighbors.h"
#include "tessera/learn/kernel_ridge.h"
#include "tessera/learn/lasso.h"
#include "tessera/learn/linear_regression.h"
#include "tessera/learn/linear_svc.h"
#include "tessera/learn/logistic_regression.h"
#include "tessera/learn/multinomial_mixture.h"
#include "tessera/learn/naive_bayes.h"
#include "tessera/learn/one_hot_encoder.h"
#include "tessera/learn/ordered_target_encoders.h"
#include "tessera/learn/pca.h"
#include "tessera/learn/pipeline.h"
#include "tessera/learn/poisson_regressor.h"
#include "tessera/learn/probabilistic_pca.h"
#include "tessera/learn/random_forest.h"
#include "tessera/learn/ridge.h"
#include "tessera/learn/scalers.h"
#include "tessera/learn/select_from_model.h"
#include "tessera/learn/simple_imputer.h"
#include "tessera/learn/svc.h"
#include "tessera/learn/target_encoders.h"
#include "tessera/learn/voting.h"

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
    {"calibrated_classifier", "any classifier, with probabilities that mean what they say",
     make<CalibratedClassifier>},
    {"catboost_encoder", "categories as the mean of the target in the rows before", make<CatBoostEncoder>},
    {"count_encoder", "categories as how often they are there", make<CountEncoder>},
    {"decision_tree_classifier", "one tree of questions to single features", make<DecisionTreeClassifier>},
    {"decision_tree_regressor", "one tree of questions to single features, for numbers",
     make<DecisionTreeRegressor>},
    {"elastic_net", "least squares with an L1 and an L2 penalty", make<ElasticNet>},
    {"embedding_encoder", "categories as vectors that a small network has learned", make<EmbeddingEncoder>},
    {"exhaustive_selection", "the best of all subsets of the features, by cross-validation",
     make<ExhaustiveSelection>},
    {"extra_trees_classifier", "a forest of trees with random thresholds", make<ExtraTreesClassifier>},
    {"extra_trees_regressor", "a forest of trees with random thresholds, for numbers",
     make<ExtraTreesRegressor>},
    {"factor_analysis", "a few normal factors plus noise, each feature with its own", make<FactorAnalysis>},
    {"gaussian_mixture", "a mixture of normal distributions by EM", make<GaussianMixture>},
    {"gaussian_nb", "naive Bayes with normal features", make<GaussianNB>},
    {"hashing_encoder", "categories as hashes, a feature per bucket", make<HashingEncoder>},
    {"hist_gradient_boosting_classifier", "boosted trees on histograms, log loss",
     make<HistGradientBoostingClassifier>},
    {"hist_gradient_boosting_regressor", "boosted trees on histograms, squared error",
     make<HistGradientBoostingRegressor>},
    {"isotonic_regression", "the rising function of one feature that is nearest to the numbers",
     make<IsotonicRegression>},
    {"james_stein_encoder", "categories as means of the target, drawn to the mean of all",
     make<JamesSteinEncoder>},
    {"k_means", "clusters around means", make<KMeans>},
    {"k_neighbors_classifier", "the classes of the nearest rows", make<KNeighborsClassifier>},
    {"k_neighbors_regressor", "the mean of the nearest rows", make<KNeighborsRegressor>},
    {"kernel_ridge", "least squares with small weights, in a kernel's space", make<KernelRidge>},
    {"lasso", "least squares with an L1 penalty, which selects features", make<Lasso>},
    {"leave_one_out_encoder", "categories as the mean of the target in the other rows",
     make<LeaveOneOutEncoder>},
    {"linear_regression", "least squares", make<LinearRegression>},
    {"linear_svc", "a straight border with the widest margin", make<LinearSVC>},
    {"linear_svr", "a linear function within epsilon of most numbers", make<LinearSVR>},
    {"logistic_regression", "odds linear in the features, for two classes or more", make<LogisticRegression>},
    {"m_estimate_encoder", "categories as means of the target with a prior of m rows",
     make<MEstimateEncoder>},
    {"max_abs_scaler", "features divided by their largest absolute value", make<MaxAbsScaler>},
    {"min_max_scaler", "features moved into a range", make<MinMaxScaler>},
    {"multinomial_mixture", "a mixture of multinomial distributions over counts by EM",
     make<MultinomialMixture>},
    {"multinomial_nb", "naive Bayes over counts", make<MultinomialNB>},
    {"one_hot_encoder", "a feature per category", make<OneHotEncoder>},
    {"ordinal_encoder", "categories as their position", make<OrdinalEncoder>},
    {"pca", "the directions in which rows vary most", make<PCA>},
    {"pipeline_classifier", "transformers one after the other, and a classifier behind them",
     make<PipelineClassifier>},
    {"pipeline_clusterer", "transformers one after the other, and clusters of what they give",
     make<PipelineClusterer>},
    {"pipeline_regressor", "transformers one after the other, and a regressor behind them",
     make<PipelineRegressor>},
    {"pipeline_transformer", "transformers one after the other", make<PipelineTransformer>},
    {"poisson_regressor", "counts whose mean is an exponential of the features", make<PoissonRegressor>},
    {"probabilistic_pca", "a few normal variables plus the same noise everywhere", make<ProbabilisticPCA>},
    {"random_forest_classifier", "the mean of many trees from bootstrap samples",
     make<RandomForestClassifier>},
    {"random_forest_regressor", "the mean of many trees from bootstrap samples, for numbers",
     make<RandomForestRegressor>},
    {"ridge", "least squares with a penalty on the squared length of the coefficients", make<Ridge>},
    {"robust_scaler", "features less their median, divided by a distance of quantiles", make<RobustScaler>},
    {"select_from_model", "the features that a fitted model leans on", make<SelectFromModel>},
    {"select_k_best", "the features with the highest scores", make<SelectKBest>},
    {"select_percentile", "the features whose scores are above a percentile", make<SelectPercentile>},
    {"simple_imputer", "missing values filled in", make<SimpleImputer>},
    {"standard_scaler", "features less their mean, divided by their standard deviation",
     make<StandardScaler>},
    {"svc", "a border with the widest margin, in a kernel's space", make<SVC>},
    {"svr", "a function within epsilon of most numbers, in a kernel's space", make<SVR>},
    {"target_encoder", "categories as the mean of the target (likelihood encoding)", make<TargetEncoder>},
    {"two_hash_encoder", "categories as pairs of buckets, about the square root of their number each",
     make<TwoHashEncoder>},
    {"variance_threshold", "the features that vary enough", make<VarianceThreshold>},
    {"voting_classifier", "several classifiers vote", make<VotingClassifier>},
    {"voting_regressor", "the mean of several regressors", make<VotingRegressor>},
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
  const std::string meant = did_you_mean(name, names);
  fail_with(ExitCode::kUsage, "there is no estimator '{}'{}", name,
            meant.empty() ? fmt::format("; there are: {}", fmt::join(names, ", ")) : meant);
}

}  // namespace tessera::learn
