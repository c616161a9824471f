// Linear support vector machines: classification (LinearSVC), one class against the rest, and regression (LinearSVR). Names, defaults and semantics of
// scikit-learn's classes, whose engine is LIBLINEAR (Fan et al., JMLR 9, 2008).
//
//   LinearSVC   minimise (|w|^2 + b^2) / 2 + C sum_i loss(max(0, 1 - t_i f(x_i)))            t_i = 1 where row i is of the class, else -1
//   LinearSVR   minimise (|w|^2 + b^2) / 2 + C sum_i loss(max(0, |y_i - f(x_i)| - epsilon))
//
// with f(x) = w.x + intercept_scaling * b: unlike in svc.h, the intercept is regularised, too, as the weight of one more column. The loss is the hinge or
// its square. A class against the rest is one problem, two classes are one problem. How they are solved: margin_solvers.h. The predicted class is the
// one with the largest f, of equals the first. There are no probabilities: calibrated_classifier.h makes them.
//
// The features should have one scale (standard_scaler). Newton's method costs N F^2 for a step of squared losses, of which there are about ten. Others take the
// rows one by one, a pass costs N F; where ten passes gain little Newton's method goes on (at most 256 columns, the intercept's among them), N F + F^3 for each of some tens or hundreds of steps, and N F^2 for the first ones.
//
// Errors: those of estimator.h. A class index between others that no row has is never predicted. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({-1, 0, -3, 2, 1, 0, 2, -2}, {4, 2});
// const Tensor y = Tensor::from<std::int64_t>({0, 0, 1, 1}, {4});
// learn::LinearSVC model({.loss = learn::LinearSVC::Loss::kHinge, .tol = 1e-9, .C = 100});
// model.fit(x, y);
// assert(model.score(x, y) == 1);
// const double margin = 1 / std::sqrt(sum_squares(model.coef()).item<double>());  // half the distance of the nearest rows, across the border
// assert(std::abs(margin - 1) < 1e-6);
// ```
#pragma once

#include "tessera/learn/estimator.h"
#include "tessera/learn/linear_model.h"

namespace tessera::learn {

class LinearSVC : public Classifier {
 public:
  enum class Loss : std::uint8_t { kHinge, kSquaredHinge };
  struct Parameters {
    Loss loss = Loss::kSquaredHinge;
    double tol = 1e-4;
    double C = 1;
    bool fit_intercept = true;
    double intercept_scaling = 1;
    std::int64_t max_iter = 1000;
    std::int64_t seed = 0;  // of the order in which rows are visited (hinge)
  };
  LinearSVC() = default;
  explicit LinearSVC(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "linear_svc"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool has_probabilities() const override { return false; }
  bool has_decision_function() const override { return true; }

  Tensor coef() const { return coef_; }  // [classes, F]; of two classes [1, F], positive towards class 1
  Tensor importances() const override { return coefficient_importances(coef_); }
  Tensor intercept() const { return intercept_; }          // [classes] or [1]
  std::int64_t iterations() const { return iterations_; }  // the most that a problem took
  bool converged() const { return converged_ != 0; }       // all of them, in max_iter

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor decisions(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Tensor coef_, intercept_;
  std::int64_t iterations_ = 0, converged_ = 0;
};

class LinearSVR : public Regressor {
 public:
  enum class Loss : std::uint8_t { kEpsilonInsensitive, kSquaredEpsilonInsensitive };
  struct Parameters {
    double epsilon = 0;
    double tol = 1e-4;
    double C = 1;
    Loss loss = Loss::kEpsilonInsensitive;
    bool fit_intercept = true;
    double intercept_scaling = 1;
    std::int64_t max_iter = 1000;
    std::int64_t seed = 0;
  };
  LinearSVR() = default;
  explicit LinearSVR(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "linear_svr"; }
  void visit_parameters(ParameterVisitor& visitor) override;

  Tensor coef() const { return coef_; }  // [F]
  Tensor importances() const override { return coefficient_importances(coef_); }
  double intercept() const { return intercept_; }
  std::int64_t iterations() const { return iterations_; }
  bool converged() const { return converged_ != 0; }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Tensor coef_;
  double intercept_ = 0;
  std::int64_t iterations_ = 0, converged_ = 0;
};

}  // namespace tessera::learn
