// What mixtures have in common: a row belongs to each component with a probability, and has a likelihood.
//
// predict() gives the most probable component of each row, of equally probable ones the first.
//
// Errors: those of estimator.h. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 10, 11, 12}, {6, 1});
// learn::GaussianMixture model({.n_components = 2});
// model.fit(x);
// const learn::MixtureModel& mixture = model;
// assert(mixture.predict_proba(x).shape() == (Shape{6, 2}));
// assert(std::abs(mixture.score(x) - mean(mixture.score_samples(x)).item<double>()) < 1e-12);
// ```
#pragma once

#include "tessera/learn/estimator.h"
#include "tessera/learn/expectation_maximisation.h"

namespace tessera::learn {

class MixtureModel : public Clusterer {
 public:
  Tensor predict_proba(
      const Tensor& features) const;  // float64 [N, K]: the responsibilities, rows sum to 1 up to rounding
  Tensor score_samples(const Tensor& features) const;  // float64 [N]: the log-likelihood of each row
  double score(const Tensor& features) const;          // their mean
  // Akaike's and the Bayesian information criterion of these rows: less is better (scikit-learn's aic, bic).
  double aic(const Tensor& features) const;
  double bic(const Tensor& features) const;
  virtual std::int64_t free_parameters() const = 0;

  Tensor weights() const { return weights_; }             // [K], their sum is 1
  double lower_bound() const { return em_.lower_bound; }  // the mean log-likelihood before the last M-step
  std::int64_t iterations() const { return em_.iterations; }  // of the start that was kept
  bool converged() const { return em_.converged != 0; }       // less than tol before max_iter

 protected:
  struct Posterior {
    Tensor responsibilities, log_likelihoods;  // [N, K], [N]
  };
  virtual Posterior posterior(const Tensor& x) const = 0;
  Tensor answer(const Tensor& x) const override;
  // Weights and what EM reported; derived classes add their components.
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

  Tensor weights_;
  EmResult em_;
};

}  // namespace tessera::learn
