#include "tessera/learn/logistic_regression.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/proximal_newton.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kPenalties[] = {"l2", "l1", "elasticnet", "none"};
constexpr std::string_view kLogisticSolvers[] = {"newton", "margin"};
constexpr std::string_view kClassWeights[] = {"none", "balanced"};
constexpr std::size_t kMostSparse = 4096;  // coefficients

std::vector<double> rows_of_classes(const Tensor& y, std::int64_t classes) {
  std::vector<double> rows(static_cast<std::size_t>(classes));
  for (const std::int64_t c : y.values<std::int64_t>()) ++rows[static_cast<std::size_t>(c)];
  return rows;
}

}  // namespace

void LogisticRegression::visit_parameters(ParameterVisitor& visitor) {
  visitor.choice("penalty", parameters_.penalty, kPenalties, "What keeps coefficients small.");
  visitor.real("C", parameters_.C, Bounds::above(0), "How much the rows' losses count beside the penalty.");
  visitor.real("l1_ratio", parameters_.l1_ratio, Bounds::between(0, 1),
               "The share of L1 in the penalty elasticnet; the rest is L2.");
  visitor.real("tol", parameters_.tol, Bounds::at_least(0),
               "Iterations end when no element of the mean loss's gradient is above this.");
  visitor.flag("fit_intercept", parameters_.fit_intercept, "Learn an intercept, which is not penalised.");
  visitor.choice("class_weight", parameters_.class_weight, kClassWeights,
                 "How much the rows of a class count: all the same, or each class as much as the others.");
  visitor.choice("solver", parameters_.solver, kLogisticSolvers,
                 "By likelihood or by margins; the optimum is the same.");
  visitor.integer("max_iter", parameters_.max_iter, Bounds::at_least(1), "Iterations at most.");
}

internal::LossView LogisticRegression::view() const {
  if (parameters_.solver == Solver::kMargin)
    return classes() == 2 ? internal::LossView::kMargin : internal::LossView::kCategoricalMargin;
  return classes() == 2 ? internal::LossView::kBernoulli : internal::LossView::kCategorical;
}

// Undefined where all rows count the same.
Tensor LogisticRegression::weights_of(const Tensor& y) const {
  std::vector<double> rows = rows_of_classes(y, classes());
  for (std::size_t c = 0; c < rows.size(); ++c)
    if (rows[c] == 0) fail("{}: there is no row of class {} of {}", name(), c, rows.size());
  if (parameters_.class_weight == ClassWeight::kNone) return {};
  for (double& count : rows)
    count = static_cast<double>(y.elements()) / (static_cast<double>(rows.size()) * count);
  return reshape(gather(Tensor::from(rows, {classes()}), y), {-1, 1});
}

void LogisticRegression::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  const double whole =
      1 / (parameters_.C * static_cast<double>(x.size(0)));  // the penalty's factor beside the mean loss
  const Penalty penalty = parameters_.penalty;
  const double l1_share = penalty == Penalty::kL1           ? 1
                          : penalty == Penalty::kElasticNet ? parameters_.l1_ratio
                                                            : 0;
  const double l1 = penalty == Penalty::kNone ? 0 : whole * l1_share;
  const double l2 = penalty == Penalty::kNone ? 0 : whole * (1 - l1_share);
  // The sparse search changes one coefficient at a time: it would crawl along a valley where features are far from 0 beside their deviation, as years are. An intercept
  // takes any offset, so it searches on features less their means.
  const bool centre = l1 > 0 && parameters_.fit_intercept;
  const internal::Centred centred(x, zeros({x.size(0)}, DType::kFloat64), centre);
  internal::LinearLoss loss(centred.x(), y,
                            {view(), parameters_.fit_intercept, l2, classes(), weights_of(y)});
  if (l1 > 0 && loss.size() > kMostSparse)
    fail("{}: penalty {}: expected at most {} coefficients, found {}", name(),
         kPenalties[static_cast<std::size_t>(penalty)], kMostSparse, loss.size());
  const internal::MinimizeOptions options{
      .tolerance = parameters_.tol, .max_iterations = parameters_.max_iter, .observer = observer};
  std::vector<double> at(loss.size()), factors(loss.size());
  for (std::size_t i = 0; i < at.size(); ++i) factors[i] = loss.is_intercept(i) ? 0 : l1;
  if (l1 == 0) loss.start_from_sample(at, options);
  const internal::Minimum found =
      l1 > 0 ? internal::minimize_sparse(loss, at, factors, options) : internal::minimize(loss, at, options);
  iterations_ = found.iterations;
  converged_ = found.converged ? 1 : 0;
  coef_ = loss.coef(at);
  intercept_ = loss.intercept(at);
  if (centre) intercept_ = intercept_ - reshape(matmul(coef_, reshape(centred.x_mean, {-1, 1})), {-1});
  // What is added to all classes alike changes nothing: of all such optima the one whose sum is 0.
  if (loss.outputs() > 1) intercept_ = intercept_ - mean(intercept_);
  if (loss.outputs() > 1 && penalty == Penalty::kNone) coef_ = coef_ - mean(coef_, {0});
}

Tensor LogisticRegression::scores(const Tensor& x) const {
  return linear(x, coef_, intercept_);
}

Tensor LogisticRegression::probabilities(const Tensor& x) const {
  const Tensor z = scores(x);
  return classes() == 2 ? concatenate({sigmoid(-z), sigmoid(z)}, 1) : softmax(z, 1);
}

Tensor LogisticRegression::decisions(const Tensor& x) const {
  const Tensor z = scores(x);
  return classes() == 2 ? reshape(z, {-1}) : z;
}

Tensor LogisticRegression::losses(const Tensor& features, const Tensor& target) const {
  const FloatEnvironment contract;
  require_fitted();
  const Tensor z = scores(checked_features(features, false)), y = checked_target(target, z.size(0));
  if (const std::int64_t most = max(y).item<std::int64_t>(); most >= classes())
    fail("{}: expected classes below {}, as it has learned, found {}", name(), classes(), most);
  return internal::losses(view(), z, y);
}

void LogisticRegression::visit_learned(StateVisitor& visitor) {
  visitor.tensor("coef", coef_);
  visitor.tensor("intercept", intercept_);
  visitor.integer("iterations", iterations_);
  visitor.integer("converged", converged_);
}

void LogisticRegression::check_learned() const {
  require_restored(name(), "coef", coef_, DType::kFloat64, {outputs(), features()});
  require_restored(name(), "intercept", intercept_, DType::kFloat64, {outputs()});
  require_finite(name(), "coef", coef_);
  require_finite(name(), "intercept", intercept_);
}

}  // namespace tessera::learn
