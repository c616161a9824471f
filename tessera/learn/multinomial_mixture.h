// A mixture of multinomial distributions over counts by EM: a row is as many draws as its counts add up to, all of one component. The same steps as
// gaussian_mixture.h with other components; used for texts as counts of words. Nigam, McCallum, Thrun and Mitchell, "Text classification from labeled and
// unlabeled documents using EM", Machine Learning 39 (2000).
//
//   alpha            is added to every expected count of a component (Laplace: 1, Lidstone: less; 0: nothing), so that no count is impossible
//   n_components, tol, max_iter, n_init, init_params, seed    as gaussian_mixture.h; k-means clusters shares of each row's sum, not counts
//
// What EM raises, and lower_bound() holds, is the mean log-likelihood plus alpha times the sum of the log probabilities divided by N (the smoothing as a
// prior); it never falls. Likelihoods leave the multinomial coefficient out: they are those of the draws in their order. An iteration is two matrix products.
//
// Errors: those of estimator.h; counts below 0; more components than rows. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({9, 1, 8, 2, 9, 2, 1, 9, 2, 7, 1, 8}, {6, 2});
// learn::MultinomialMixture model({.n_components = 2});
// model.fit(x);
// const std::vector<std::int64_t> found = model.predict(x).to_vector<std::int64_t>();
// assert(found[0] == found[2] && found[3] == found[5] && found[0] != found[3]);
// ```
#pragma once

#include "tessera/learn/mixture_model.h"

namespace tessera::learn {

class MultinomialMixture : public MixtureModel {
 public:
  struct Parameters {
    std::int64_t n_components = 1;
    double alpha = 1, tol = 1e-3;
    std::int64_t max_iter = 100, n_init = 1;
    MixtureStart init_params = MixtureStart::kKMeans;
    std::int64_t seed = 0;
  };
  MultinomialMixture() = default;
  explicit MultinomialMixture(const Parameters& parameters);

  std::string_view name() const override { return "multinomial_mixture"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  std::int64_t free_parameters() const override;

  // Where the next fit() starts, instead of what init_params says: weights [K], probabilities [K, F] (lines that add up to 1). Part of neither settings nor
  // state. No tensors: as before.
  void start_at(const Tensor& weights, const Tensor& probabilities);

  Tensor probabilities() const;                                    // [K, F], lines add up to 1
  Tensor log_probabilities() const { return log_probabilities_; }  // [K, F]

 protected:
  // The observer is told of "log_likelihood" (as lower_bound()) after each iteration.
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Posterior posterior(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  class Problem;
  EmSettings settings_;
  double alpha_ = 1;
  Tensor log_probabilities_, start_weights_, start_probabilities_;
};

}  // namespace tessera::learn
