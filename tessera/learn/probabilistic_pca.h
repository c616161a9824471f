// Probabilistic PCA: rows are a linear image of k normal variables plus the same noise in every direction. Tipping and Bishop, "Probabilistic
// principal component analysis", Journal of the Royal Statistical Society B 61 (1999).
//
//   n_components   k, below F; 0: F - 1
//   solver         closed_form: the principal directions, each as strong as its variance less the noise's, noise the mean of the variances that are left out;
//                  em: steps of EM (Bishop, "Pattern Recognition and Machine Learning", section 12.2.2) to the same optimum, whose likelihood never falls
//   tol, max_iter  of em: it ends when the mean log-likelihood rises by less than tol
//
// Variances have N - 1 as divisor, so that score() is that of scikit-learn's PCA with as many components (where there are more rows
// than features; with fewer that one spreads the noise over fewer directions, to less than the greatest likelihood). transform() gives what the hidden
// variables are expected to be. Errors: those of estimator.h; fewer than two rows; k not below F; no noise left (k directions explain all).
// Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({1, 0, -1, 0, 0, 0.5, 0, -0.5}, {4, 2});
// learn::ProbabilisticPCA model({.n_components = 1});
// model.fit(x);
// assert(std::abs(model.noise_variance() - 0.5 / 3) < 1e-15);
// assert(std::abs(model.loadings().at<double>({0, 0}) - std::sqrt(2.0 / 3 - 0.5 / 3)) < 1e-15);
// ```
#pragma once

#include "tessera/learn/estimator.h"

namespace tessera::learn {

class ProbabilisticPCA : public Transformer {
 public:
  enum class Solver : std::uint8_t { kClosedForm, kEm };
  struct Parameters {
    std::int64_t n_components = 0;
    Solver solver = Solver::kClosedForm;
    double tol = 1e-10;
    std::int64_t max_iter = 1000, seed = 0;
  };
  ProbabilisticPCA() = default;
  explicit ProbabilisticPCA(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "probabilistic_pca"; }
  void visit_parameters(ParameterVisitor& visitor) override;

  Tensor mean() const { return mean_; }  // [F]
  Tensor loadings() const {
    return loadings_;
  }  // [k, F], orthogonal lines of descending length, signs as PCA's
  double noise_variance() const { return noise_variance_; }
  std::int64_t iterations() const { return iterations_; }  // of em
  Tensor covariance() const;                               // [F, F], of the model
  Tensor score_samples(const Tensor& features) const;      // float64 [N]: the log-likelihood of each row
  double score(const Tensor& features) const;              // their mean

 protected:
  // The observer is told of "log_likelihood" after each iteration of em.
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  void closed_form(const Tensor& covariance, std::int64_t count);
  void em(const Tensor& covariance, std::int64_t count, StepObserver* observer);

  Parameters parameters_;
  Tensor mean_, loadings_;
  double noise_variance_ = 0;
  std::int64_t iterations_ = 0;
};

}  // namespace tessera::learn
