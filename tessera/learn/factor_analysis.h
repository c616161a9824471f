// Factor analysis: rows are a linear image of k normal factors plus noise, each feature with its own. scikit-learn's FactorAnalysis. Barber, "Bayesian
// Reasoning and Machine Learning" (2012), algorithm 21.1; Rubin and Thayer, "EM algorithms for ML factor analysis", Psychometrika 47 (1982).
//
//   n_components   k; 0: as many as features
//   tol, max_iter  it ends when the log-likelihood of all rows rises by less than tol
//   rotation       none, varimax or quartimax (Kaiser 1958): the same model, with loadings that are easier to read
//
// An iteration takes the eigenvectors of the covariance [F, F] in units of the noise, whatever the number of rows; scikit-learn takes the SVD of the rows each
// time, to the same numbers, except that its likelihood takes the logarithm of directions that vary less than their noise, too, for which there is no factor, and may end early
// by it. It starts from noise of variance 1 everywhere, as scikit-learn does: a feature whose own noise is far larger can capture a factor, so
// bring features to one scale first. The log-likelihood never falls. transform() gives what the factors are expected to be.
//
// Errors: those of estimator.h; more components than features. Thread-safety: as estimator.h.
//
// ```cpp
// RandomSource random(1);
// const Tensor x = matmul(random.normal("factor", {200, 1}, DType::kFloat64), Tensor::from<double>({2, -1, 1}, {1, 3})) +
//                  random.normal("noise", {200, 3}, DType::kFloat64) * 0.5;
// learn::FactorAnalysis model({.n_components = 1});
// model.fit(x);
// assert(model.components().shape() == (Shape{1, 3}) && model.noise_variance().shape() == (Shape{3}));
// ```
#pragma once

#include "tessera/learn/estimator.h"

namespace tessera::learn {

class FactorAnalysis : public Transformer {
 public:
  enum class Rotation : std::uint8_t { kNone, kVarimax, kQuartimax };
  struct Parameters {
    std::int64_t n_components = 0;
    double tol = 1e-2;
    std::int64_t max_iter = 1000;
    Rotation rotation = Rotation::kNone;
  };
  FactorAnalysis() = default;
  explicit FactorAnalysis(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "factor_analysis"; }
  void visit_parameters(ParameterVisitor& visitor) override;

  Tensor mean() const { return mean_; }                      // [F]
  Tensor components() const { return components_; }          // [k, F], the loadings
  Tensor noise_variance() const { return noise_variance_; }  // [F]
  double log_likelihood() const { return log_likelihood_; }  // of all rows that were learned from
  std::int64_t iterations() const { return iterations_; }
  Tensor covariance() const;                           // [F, F], of the model
  Tensor score_samples(const Tensor& features) const;  // float64 [N]: the log-likelihood of each row
  double score(const Tensor& features) const;          // their mean

 protected:
  // The observer is told of "log_likelihood" in each iteration.
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Tensor mean_, components_, noise_variance_;
  double log_likelihood_ = 0;
  std::int64_t iterations_ = 0;
};

}  // namespace tessera::learn
