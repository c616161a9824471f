// Logistic regression of two classes, and its generalisation to several (softmax regression), by one of two equal views:
//
//   newton   the likelihood of a Bernoulli or categorical variable, p = 1 / (1 + e^-z) or softmax(z): Newton's method with a line search
//            (iteratively reweighted least squares). With many rows the second derivatives are those of a sample of them, whose optimum is also
//            where the search begins; with many coefficients they are a bound. The pairs of L-BFGS make up for the difference; the optimum is the same
//   margin   the margin loss log(1 + e^-m) of m = y z with y in {-1, 1}, or log(1 + sum_k e^-m_k) of m_k = z_y - z_k: L-BFGS with a line search
//
// Both minimise, as scikit-learn's class does for all its solvers,
//
//   C sum_i loss_i + |w|^2 / 2            l2 (l1: |w|_1;  elasticnet: l1_ratio |w|_1 + (1 - l1_ratio) |w|^2 / 2;  none: no penalty)
//
// and end when no element of the gradient of that, divided by C N, is above `tol`. The intercept is not penalised. A row's loss is log 2 at
// z = 0 and always above 0. An L1 penalty is dealt with by proximal Newton steps, whatever the solver, on features less their means where there is an
// intercept; features of very different scale make them slow. Classes that can be separated have no optimum without a penalty: coefficients then grow
// until the gradient is below `tol`. class_weight "balanced" weighs the rows of class c by N / (classes rows_c).
//
// Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", 2nd edition (2009), section 4.4; second derivatives and samples: linear_loss.h.
// The observer is told of "loss" (the mean, with the penalty) and "gradient" after each iteration.
//
// Errors: those of estimator.h; a class without a row; an L1 penalty on more than 4096 coefficients. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 3}, {4, 1}), y = Tensor::from<std::int64_t>({0, 1, 0, 1}, {4});
// learn::LogisticRegression likelihood({.tol = 1e-10});
// learn::LogisticRegression margins({.tol = 1e-10, .solver = learn::LogisticRegression::Solver::kMargin});
// likelihood.fit(x, y);
// margins.fit(x, y);
// assert(std::abs(likelihood.coef().at<double>({0, 0}) - margins.coef().at<double>({0, 0})) < 1e-9);
// ```
#pragma once

#include "tessera/learn/estimator.h"
#include "tessera/learn/linear_model.h"

namespace tessera::learn {

namespace internal {
enum class LossView : std::uint8_t;
}

class LogisticRegression : public Classifier {
 public:
  enum class Penalty : std::uint8_t { kL2, kL1, kElasticNet, kNone };
  enum class Solver : std::uint8_t { kNewton, kMargin };
  enum class ClassWeight : std::uint8_t { kNone, kBalanced };
  struct Parameters {
    Penalty penalty = Penalty::kL2;
    double C = 1, l1_ratio = 0.5;
    double tol = 1e-4;
    bool fit_intercept = true;
    ClassWeight class_weight = ClassWeight::kNone;
    Solver solver = Solver::kNewton;
    std::int64_t max_iter = 100;
  };
  LogisticRegression() = default;
  explicit LogisticRegression(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "logistic_regression"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  Tensor coef() const { return coef_; }  // [1, F] for two classes, [classes, F] for more
  Tensor importances() const override { return coefficient_importances(coef_); }
  Tensor intercept() const { return intercept_; }  // [1] or [classes]
  std::int64_t iterations() const { return iterations_; }
  bool converged() const { return converged_ != 0; }  // before max_iter
  bool has_decision_function() const override {
    return true;
  }  // log odds of class 1 of two, a score per class of more
  // The loss of each row, by the formula of the solver's view: [N]. Classes as learned.
  Tensor losses(const Tensor& features, const Tensor& target) const;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor probabilities(const Tensor& x) const override;
  Tensor decisions(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  internal::LossView view() const;
  std::int64_t outputs() const { return classes() == 2 ? 1 : classes(); }
  Tensor weights_of(const Tensor& y) const;
  Tensor scores(const Tensor& x) const;

  Parameters parameters_;
  Tensor coef_, intercept_;
  std::int64_t iterations_ = 0, converged_ = 0;
};

}  // namespace tessera::learn
