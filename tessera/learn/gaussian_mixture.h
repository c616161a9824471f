// A mixture of normal distributions by EM, with scikit-learn's names, defaults and steps (GaussianMixture).
//
//   covariance_type  full: each component its own matrix; tied: one matrix for all; diag: variances of each component; spherical: one variance each
//   reg_covar        is added to every variance, so that none vanishes
//   tol, max_iter    it ends when the mean log-likelihood changes by less than tol
//   n_init, init_params, seed    starts: clusters of k-means, random shares, or rows drawn; the start of greatest likelihood is kept
//
// The likelihood never falls (up to what reg_covar takes). Covariances are sums around the new means, not differences of large numbers. An iteration
// takes N K F (F + 1) fused operations (full, tied) or 2 N K F (diag, spherical), in threads over pieces of rows. Dempster, Laird and Rubin (1977);
// Bishop, "Pattern Recognition and Machine Learning" (2006), section 9.2.
//
// Errors: those of estimator.h; more components than rows; a covariance that is not positive definite (rows all alike, columns that depend on each
// other, and reg_covar too small). Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 10, 11, 12}, {6, 1});
// learn::GaussianMixture model({.n_components = 2});
// model.fit(x);
// const std::vector<std::int64_t> found = model.predict(x).to_vector<std::int64_t>();
// assert(found[0] == found[2] && found[3] == found[5] && found[0] != found[3]);
// assert(std::abs(mean(model.means()).item<double>() - 6) < 1e-6);
// ```
#pragma once

#include "tessera/learn/gaussian_components.h"
#include "tessera/learn/mixture_model.h"

namespace tessera::learn {

class GaussianMixture : public MixtureModel {
 public:
  struct Parameters {
    std::int64_t n_components = 1;
    CovarianceType covariance_type = CovarianceType::kFull;
    double tol = 1e-3, reg_covar = 1e-6;
    std::int64_t max_iter = 100, n_init = 1;
    MixtureStart init_params = MixtureStart::kKMeans;
    std::int64_t seed = 0;
  };
  GaussianMixture() = default;
  explicit GaussianMixture(const Parameters& parameters);

  std::string_view name() const override { return "gaussian_mixture"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  std::int64_t free_parameters() const override;

  // Where the next fit() starts, instead of what init_params says: weights [K], means [K, F], precisions in the shape of the covariance type; what is
  // left out comes from init_params (scikit-learn's weights_init, means_init, precisions_init). Part of neither settings nor state.
  void start_at(const Tensor& weights, const Tensor& means, const Tensor& precisions);

  Tensor means() const { return model_.means; }  // [K, F]
  Tensor covariances() const {
    return model_.covariances;
  }                           // full [K, F, F], tied [F, F], diag [K, F], spherical [K]
  Tensor precisions() const;  // their inverses
  // n rows drawn from the mixture, by counter from `seed`: row i of n is row i of any other number.
  struct Sample {
    Tensor features, components;  // float64 [n, F], int64 [n]
  };
  Sample sample(std::int64_t n, std::int64_t seed) const;

 protected:
  // The observer is told of "log_likelihood", the mean over the rows, after each iteration.
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Posterior posterior(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  class Problem;
  ComponentSettings component_settings() const;
  void check_start(const Tensor& x) const;
  Shape covariance_shape(std::int64_t features) const;

  EmSettings settings_;
  CovarianceType type_ = CovarianceType::kFull;
  double reg_covar_ = 1e-6;
  GaussianComponents model_, start_;  // start_.factors holds precisions
};

}  // namespace tessera::learn
