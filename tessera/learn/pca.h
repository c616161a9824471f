// Principal component analysis: the directions in which rows vary most, with scikit-learn's names and signs (PCA).
//
// Center, covariance, eigenvectors in descending order of variance, project. Of each component the element of the largest absolute value, of several the first,
// is positive. Pearson (1901); Hotelling (1933); Halko, Martinsson and Tropp (2011) for randomized.
//
//   n_components   0: all min(N, F); a whole number: so many; between 0 and 1: as many as explain more than this share of the variance
//   svd_solver     full: SVD of the centered rows, the most exact; covariance_eigh: eigenvectors of the covariance, for many more rows than features;
//                  randomized: by random projection, for few components of many features; auto: scikit-learn's choice between them
//   whiten         components are divided by their standard deviation
//   iterated_power, n_oversamples, seed   of randomized; iterated_power -1: 7 where few components are asked for (below a tenth), 4 otherwise
//
// What is left out has the mean variance noise_variance(), of the min(N, F) directions that the rows have (with fewer rows than features scikit-learn's
// covariance_eigh takes the mean over F - n), and the model so completed is Tipping and Bishop's (probabilistic_pca.h), whose
// log-likelihood score_samples() gives, whatever whiten says (scikit-learn's changes with it).
//
// Errors: those of estimator.h; fewer than two rows; more components than min(N, F); a likelihood where nothing is left out and components vanish.
// Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({-1, -1, -2, -1, -3, -2, 1, 1, 2, 1, 3, 2}, {6, 2});
// learn::PCA model({.n_components = 1});
// model.fit(x);
// assert(std::abs(model.explained_variance_ratio().at<double>({0}) - 0.99244289) < 1e-8);
// assert(model.transform(x).shape() == (Shape{6, 1}) && model.inverse_transform(model.transform(x)).shape() == x.shape());
// ```
#pragma once

#include "tessera/learn/estimator.h"

namespace tessera::learn {

class PCA : public Transformer {
 public:
  enum class Solver : std::uint8_t { kAuto, kFull, kCovarianceEigh, kRandomized };
  struct Parameters {
    double n_components = 0;
    bool whiten = false;
    Solver svd_solver = Solver::kAuto;
    std::int64_t iterated_power = -1, n_oversamples = 10, seed = 0;
  };
  PCA() = default;
  explicit PCA(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "pca"; }
  void visit_parameters(ParameterVisitor& visitor) override;

  Tensor mean() const { return mean_; }                                          // [F]
  Tensor components() const { return components_; }                              // [n, F], lines of length 1
  Tensor explained_variance() const { return explained_variance_; }              // [n], with N - 1 as divisor
  Tensor explained_variance_ratio() const { return explained_variance_ratio_; }  // [n]
  Tensor singular_values() const { return singular_values_; }                    // [n], of the centered rows
  double noise_variance() const { return noise_variance_; }

  Tensor inverse_transform(const Tensor& transformed) const;  // [N, n] -> [N, F]
  Tensor covariance() const;                                  // [F, F], of the model: components and noise
  Tensor score_samples(const Tensor& features) const;         // float64 [N]: the log-likelihood of each row
  double score(const Tensor& features) const;                 // their mean

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  struct Spectrum;
  Solver solver_for(const Tensor& x) const;
  void keep(const Spectrum& spectrum, std::int64_t rows, std::int64_t features);

  Parameters parameters_;
  Tensor mean_, components_, explained_variance_, explained_variance_ratio_, singular_values_;
  double noise_variance_ = 0;
};

}  // namespace tessera::learn
