#include "tessera/learn/naive_bayes.h"

#include <algorithm>
#include <span>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/class_sums.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr double kTwoPi = 6.283185307179586;

}  // namespace

Tensor NaiveBayes::class_rows(const Tensor& y, bool fit_prior) {
  std::vector<double> counts(static_cast<std::size_t>(classes()));
  for (const std::int64_t label : y.values<std::int64_t>()) ++counts[static_cast<std::size_t>(label)];
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] == 0) fail("{}: there is no row of class {} of {}", name(), c, counts.size());
  const Tensor rows = Tensor::from(counts, {classes()});
  log_prior_ = fit_prior ? log(rows / static_cast<double>(y.elements()))
                         : log(full({classes()}, 1.0 / static_cast<double>(classes()), DType::kFloat64));
  return reshape(rows, {classes(), 1});
}

Tensor NaiveBayes::memberships(const Tensor& y) const {
  const Tensor number = reshape(arange(classes()), {classes(), 1});
  return cast(equal(number, reshape(y, {1, -1})), DType::kFloat64);
}

Tensor NaiveBayes::probabilities(const Tensor& x) const {
  return softmax(log_joint(x), 1);
}

// ---- Gaussian ----

void GaussianNB::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("var_smoothing", parameters_.var_smoothing, Bounds::at_least(0),
               "Share of the largest variance of a feature that is added to every variance.");
}

void GaussianNB::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const std::span<const double> values = x.values<double>();
  const std::span<const std::int64_t> labels = y.values<std::int64_t>();
  const std::int64_t width = x.size(1);
  const Tensor rows = class_rows(y, true);
  const ClassSums sums = class_sums(
      values, width, labels, classes(), [](double value, std::int64_t) { return value; },
      [](double value, std::int64_t, std::int64_t) { return value; });
  const Tensor average = Tensor::from(sums.of_all, {width}) / static_cast<double>(x.size(0));
  means_ = Tensor::from(sums.of_class, {classes(), width}) / rows;

  const double *const averages = average.values<double>().data(), *const means =
                                                                      means_.values<double>().data();
  const ClassSums squares = class_sums(
      values, width, labels, classes(),
      [averages](double value, std::int64_t f) { return (value - averages[f]) * (value - averages[f]); },
      [means, width](double value, std::int64_t label, std::int64_t f) {
        const double from_mean = value - means[label * width + f];
        return from_mean * from_mean;
      });
  const double largest =
      *std::max_element(squares.of_all.begin(), squares.of_all.end()) / static_cast<double>(x.size(0));
  const Tensor spread = Tensor::from(squares.of_class, {classes(), width}) / rows;
  variances_ = spread + parameters_.var_smoothing * largest;
  if (!(min(variances_).item<double>() > 0))
    fail("{}: a feature is constant within a class; set var_smoothing above 0{}", name(),
         largest > 0 ? "" : ", and give features that vary");
}

namespace {

// The sum of (x - m)^2 / v over features, by the contract's rule 3.
double scaled_square(const double* x, const double* means, const double* variances, std::int64_t features) {
  constexpr std::int64_t kBlock = numerics::kReduceBlock, kLanes = numerics::kReduceLanes;
  const auto term = [&](std::int64_t f) {
    const double from_mean = x[f] - means[f];
    return from_mean * from_mean / variances[f];
  };
  const auto of_block = [&](std::int64_t block) {
    double lanes[kLanes] = {};
    const std::int64_t last = std::min(features, (block + 1) * kBlock);
    std::int64_t f = block * kBlock;
    for (; f + kLanes <= last; f += kLanes)
      for (std::int64_t l = 0; l < kLanes; ++l) lanes[l] += term(f + l);
    for (std::int64_t l = 0; f + l < last; ++l) lanes[l] += term(f + l);
    for (std::int64_t s = kLanes / 2; s > 0; s /= 2)
      for (std::int64_t l = 0; l < s; ++l) lanes[l] += lanes[l + s];
    return lanes[0];
  };
  return numerics::tree_combine((features + kBlock - 1) / kBlock, of_block,
                                [](double a, double b) { return a + b; });
}

}  // namespace

// Sum over features of -(x - m)^2 / 2v - log(2 pi v) / 2, for one class after the other: the squares are not multiplied out, which
// would lose digits where means are large.
Tensor GaussianNB::log_joint(const Tensor& x) const {
  constexpr std::int64_t kRowsOfTask = 64;
  const Tensor constant = log_prior_ - sum(log(variances_ * kTwoPi), {1}) * 0.5;
  const std::int64_t rows = x.size(0), features = x.size(1), classes_of = means_.size(0);
  const double *const values = x.values<double>().data(), *const means = means_.values<double>().data(),
                      *const variances = variances_.values<double>().data(),
                      *const constants = constant.values<double>().data();
  std::vector<double> result(static_cast<std::size_t>(rows * classes_of));
  parallel_for((rows + kRowsOfTask - 1) / kRowsOfTask, [&](std::int64_t task) {
    for (std::int64_t i = task * kRowsOfTask; i < std::min(rows, (task + 1) * kRowsOfTask); ++i)
      for (std::int64_t c = 0; c < classes_of; ++c)
        result[static_cast<std::size_t>(i * classes_of + c)] =
            scaled_square(values + i * features, means + c * features, variances + c * features, features) *
                -0.5 +
            constants[c];
  });
  return Tensor::from(result, {rows, classes_of});
}

void GaussianNB::visit_learned(StateVisitor& visitor) {
  visitor.tensor("log_prior", log_prior_);
  visitor.tensor("means", means_);
  visitor.tensor("variances", variances_);
}

// ---- Multinomial ----

namespace {

void visit_counting(ParameterVisitor& visitor, double& alpha, bool& fit_prior) {
  visitor.real("alpha", alpha, Bounds::above(0),
               "What is added to every count (Laplace: 1, Lidstone: less).");
  visitor.flag("fit_prior", fit_prior, "Classes are as probable as they are frequent; false: all the same.");
}

}  // namespace

void MultinomialNB::visit_parameters(ParameterVisitor& visitor) {
  visit_counting(visitor, parameters_.alpha, parameters_.fit_prior);
}

void MultinomialNB::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  if (min(x).item<double>() < 0)
    fail("{}: expected counts of at least 0, found {}", name(), min(x).item<double>());
  class_rows(y, parameters_.fit_prior);
  const Tensor counts = matmul(memberships(y), x) + parameters_.alpha;
  log_probabilities_ = log(counts) - log(sum(counts, {1}, true));
}

Tensor MultinomialNB::log_joint(const Tensor& x) const {
  return matmul(x, transpose(log_probabilities_)) + log_prior_;
}

void MultinomialNB::visit_learned(StateVisitor& visitor) {
  visitor.tensor("log_prior", log_prior_);
  visitor.tensor("log_probabilities", log_probabilities_);
}

// ---- Bernoulli ----

void BernoulliNB::visit_parameters(ParameterVisitor& visitor) {
  visit_counting(visitor, parameters_.alpha, parameters_.fit_prior);
  visitor.real("binarize", parameters_.binarize, {}, "A feature is there when it is above this.");
}

Tensor BernoulliNB::present(const Tensor& x) const {
  return cast(greater(x, parameters_.binarize), DType::kFloat64);
}

void BernoulliNB::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const Tensor rows = class_rows(y, parameters_.fit_prior);
  const Tensor log_rows = log(rows + 2 * parameters_.alpha);
  const Tensor there = matmul(memberships(y), present(x));
  log_there_ = log(there + parameters_.alpha) - log_rows;
  log_not_there_ = log(rows - there + parameters_.alpha) - log_rows;
}

Tensor BernoulliNB::log_joint(const Tensor& x) const {
  return matmul(present(x), transpose(log_there_ - log_not_there_)) + sum(log_not_there_, {1}) + log_prior_;
}

void BernoulliNB::visit_learned(StateVisitor& visitor) {
  visitor.tensor("log_prior", log_prior_);
  visitor.tensor("log_there", log_there_);
  visitor.tensor("log_not_there", log_not_there_);
}

// ---- What was read from a file ----

void GaussianNB::check_learned() const {
  require_restored(name(), "log_prior", log_prior_, DType::kFloat64, {classes()});
  require_restored(name(), "means", means_, DType::kFloat64, {classes(), features()});
  require_restored(name(), "variances", variances_, DType::kFloat64, {classes(), features()});
}

void MultinomialNB::check_learned() const {
  require_restored(name(), "log_prior", log_prior_, DType::kFloat64, {classes()});
  require_restored(name(), "log_probabilities", log_probabilities_, DType::kFloat64, {classes(), features()});
}

void BernoulliNB::check_learned() const {
  require_restored(name(), "log_prior", log_prior_, DType::kFloat64, {classes()});
  require_restored(name(), "log_there", log_there_, DType::kFloat64, {classes(), features()});
  require_restored(name(), "log_not_there", log_not_there_, DType::kFloat64, {classes(), features()});
}

}  // namespace tessera::learn
