// Support vector machines with kernels: classification (SVC) and regression (SVR). Cortes and Vapnik, "Support-vector networks", Machine Learning 20 (1995);
// Smola and Schoelkopf, "A tutorial on support vector regression", Statistics and Computing 14 (2004). Names, defaults and semantics of scikit-learn's
// classes, whose engine is LIBSVM (Chang and Lin, ACM TIST 2, 2011); the optimum is found by sequential minimal optimisation in float64 (smo.h).
//
//   SVC   minimise |w|^2 / 2 + C sum_i max(0, 1 - t_i f(x_i))               for each pair of classes, t = 1 for the first of the two
//   SVR   minimise |w|^2 / 2 + C sum_i max(0, |y_i - f(x_i)| - epsilon)
//
// with f(x) = sum over support vectors of dual_coef * kernel(vector, x) + intercept. Kernels: kernel_functions.h. Of several classes, the one with
// the most pairs on its side is predicted, of equals the first; `break_ties` asks the decision function instead. decision_function() of more than two
// classes gives a number per class (votes, and within less than a vote the confidence) or, with decision_function_shape "ovo", per pair of classes.
// There are no probabilities: calibrated_classifier.h makes them.
//
// The features should have one scale (standard_scaler). The time grows like N^2 F: beyond 10^5 rows linear_svc.h is the one to try.
//
// Errors: those of estimator.h; a kernel that overflows; a class index between others that no row has is never predicted and no error.
// Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({-1, -1, -1, 1, 1, -1, 1, 1}, {4, 2});  // exclusive or: no line parts it
// const Tensor y = Tensor::from<std::int64_t>({0, 1, 1, 0}, {4});
// learn::SVC model({.C = 10});
// model.fit(x, y);
// assert(model.score(x, y) == 1 && model.support_vectors().size(0) == 4);
// learn::set_parameter(model, "kernel", "linear");
// model.fit(x, y);
// assert(model.score(x, y) < 1);
// ```
#pragma once

#include "tessera/learn/estimator.h"
#include "tessera/learn/kernel_functions.h"

namespace tessera::learn {

class SVC : public Classifier {
 public:
  enum class DecisionShape : std::uint8_t { kOvr, kOvo };
  struct Parameters {
    double C = 1;
    KernelSettings kernel = {};
    double tol = 1e-3;        // of the Karush-Kuhn-Tucker conditions
    double cache_size = 200;  // MB of kernel rows that are kept; changes no result
    std::int64_t max_iter = -1;
    DecisionShape decision_function_shape = DecisionShape::kOvr;
    bool break_ties = false;
  };
  SVC() = default;
  explicit SVC(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "svc"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool has_probabilities() const override { return false; }
  bool has_decision_function() const override { return true; }

  double gamma() const { return gamma_; }
  Tensor support() const { return support_; }                  // int64 [S]: their rows, class after class
  Tensor support_vectors() const { return support_vectors_; }  // [S, F]
  Tensor n_support() const { return n_support_; }              // int64 [present classes]
  // As scikit-learn orders them: [present classes - 1, S] and one intercept for each pair of them. Their sign is that of the first class of a pair, of two
  // classes that of class 1.
  Tensor dual_coef() const;
  Tensor intercept() const;
  bool converged() const { return converged_ != 0; }  // in max_iter steps

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  Tensor decisions(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  struct Pairs;
  void keep_support(const Tensor& x, const Pairs& pairs);
  Tensor pair_decisions(const Tensor& x) const;  // [N, pairs]: above 0 is the first class of the pair
  std::vector<std::int64_t> votes(const Tensor& pair_decisions) const;
  Tensor one_against_rest(const Tensor& pair_decisions) const;  // [N, present classes]
  std::int64_t present() const { return present_.size(0); }

  Parameters parameters_;
  double gamma_ = 0;
  std::int64_t converged_ = 0;
  Tensor present_, n_support_, support_;  // int64: the classes that rows were of; see above
  Tensor support_vectors_;
  Tensor dual_coef_, intercept_;  // [present - 1, S] and [pairs], positive for the first class of a pair
};

class SVR : public Regressor {
 public:
  struct Parameters {
    double C = 1;
    double epsilon = 0.1;  // errors up to this cost nothing
    KernelSettings kernel = {};
    double tol = 1e-3;
    double cache_size = 200;
    std::int64_t max_iter = -1;
  };
  SVR() = default;
  explicit SVR(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "svr"; }
  void visit_parameters(ParameterVisitor& visitor) override;

  double gamma() const { return gamma_; }
  Tensor support() const { return support_; }                  // int64 [S]: their rows
  Tensor support_vectors() const { return support_vectors_; }  // [S, F]
  Tensor dual_coef() const { return dual_coef_; }              // [S]
  double intercept() const { return intercept_; }
  bool converged() const { return converged_ != 0; }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  double gamma_ = 0, intercept_ = 0;
  std::int64_t converged_ = 0;
  Tensor support_, support_vectors_, dual_coef_;  // all without elements where every error is below epsilon
};

}  // namespace tessera::learn
