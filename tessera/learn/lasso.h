// Least squares with an L1 penalty (lasso), or with L1 and L2 (elastic net): coefficients that do not help become exactly 0. Tibshirani,
// "Regression shrinkage and selection via the lasso", JRSS B 58 (1996); Zou and Hastie, JRSS B 67 (2005). As scikit-learn's:
//
//   minimise over w, b:  sum (y - x w - b)^2 / 2N + alpha l1_ratio |w|_1 + alpha (1 - l1_ratio) |w|^2 / 2       (lasso: l1_ratio = 1)
//
// Coordinate descent on the products of features (coordinate_descent.h) until the duality gap, which bounds how far the sum is above
// the least one, is at most `tol` times the sum of squares of the centred target, or max_iter sweeps. With more than 512 features, sweeps go over
// those only whose coefficients leave 0, with a look at all of them between; where none does, there is no sweep. Their sweeps are extrapolated (extrapolation.h), and once there are more
// of them than rows, nine sweeps of ten pass over coefficients that are 0 and the gap is computed after every tenth. The observer is told of "duality_gap" (over that sum of squares) after each sweep.
//
// Errors: those of estimator.h; numbers whose squares overflow. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({1, 1, 1, -1, -1, 1, -1, -1}, {4, 2}), y = Tensor::from<double>({3, 3, -3, -3}, {4});
// learn::Lasso model({.alpha = 1});
// model.fit(x, y);
// assert(model.coef().to_vector<double>() == (std::vector<double>{2, 0}));  // 3 - alpha, and a feature that says nothing
// ```
#pragma once

#include "tessera/learn/linear_model.h"

namespace tessera::learn {

// What both have.
class SparseRegression : public LinearModel {
 public:
  std::int64_t iterations() const { return iterations_; }  // sweeps
  double duality_gap() const { return gap_; }  // at the end, divided by N as the function that is minimised
  std::int64_t selected() const;               // coefficients that are not 0

 protected:
  struct Search {
    double alpha = 1, l1_ratio = 1;
    bool fit_intercept = true, positive = false;
    std::int64_t max_iter = 1000;
    double tol = 1e-4;
    void visit(ParameterVisitor& visitor);
  };
  void search(const Tensor& x, const Tensor& y, const Search& settings, StepObserver* observer);
  void visit_learned(StateVisitor& visitor) override;

 private:
  std::int64_t iterations_ = 0;
  double gap_ = 0;
};

class Lasso : public SparseRegression {
 public:
  struct Parameters {
    double alpha = 1;
    bool fit_intercept = true, positive = false;
    std::int64_t max_iter = 1000;
    double tol = 1e-4;
  };
  explicit Lasso(const Parameters& p) : search_{p.alpha, 1, p.fit_intercept, p.positive, p.max_iter, p.tol} {}
  Lasso() : Lasso(Parameters()) {}
  std::string_view name() const override { return "lasso"; }
  void visit_parameters(ParameterVisitor& visitor) override { search_.visit(visitor); }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override {
    search(x, y, search_, observer);
  }

 private:
  Search search_;
};

class ElasticNet : public SparseRegression {
 public:
  struct Parameters {
    double alpha = 1, l1_ratio = 0.5;
    bool fit_intercept = true, positive = false;
    std::int64_t max_iter = 1000;
    double tol = 1e-4;
  };
  explicit ElasticNet(const Parameters& p)
      : search_{p.alpha, p.l1_ratio, p.fit_intercept, p.positive, p.max_iter, p.tol} {}
  ElasticNet() : ElasticNet(Parameters()) {}
  std::string_view name() const override { return "elastic_net"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override {
    search(x, y, search_, observer);
  }

 private:
  Search search_;
};

}  // namespace tessera::learn
