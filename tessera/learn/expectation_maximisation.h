// Expectation-maximisation, whatever is mixed: starts, steps, when to stop, the best of several starts. Internal to this room.
//
// An E-step gives each row to the components in shares (responsibilities), an M-step estimates the components from the shares; the likelihood never falls.
// Dempster, Laird and Rubin, "Maximum likelihood from incomplete data via the EM algorithm", Journal of the Royal Statistical Society B 39 (1977).
// Steps, stops and what is reported are scikit-learn's (BaseMixture.fit): it ends when the mean log-likelihood changed by less than `tol`.
//
// Errors: more components than rows. Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 10, 11}, {4, 1});
// const Tensor shares = learn::starting_responsibilities(x, {.components = 2}, 0, "example");
// assert((shares.shape() == Shape{4, 2}) && sum(shares).item<double>() == 4);
// ```
#pragma once

#include <cstdint>
#include <string_view>

#include "tessera/learn/parameters.h"
#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

// How the first shares are made: k-means (a row belongs to its cluster), random shares, or one row drawn for each component.
enum class MixtureStart : std::uint8_t { kKMeans, kRandom, kRandomFromData };

struct EmSettings {
  std::int64_t components = 1;
  double tol = 1e-3;
  std::int64_t max_iter = 100, n_init = 1;
  MixtureStart init_params = MixtureStart::kKMeans;
  std::int64_t seed = 0;  // k-means of start i has the seed `seed` + i; draws are by counter at step i
};
void visit_em_settings(ParameterVisitor& visitor, EmSettings& settings);

// float64 [N, components].
Tensor starting_responsibilities(const Tensor& x, const EmSettings& settings, std::int64_t trial,
                                 std::string_view owner);

class EmProblem {
 public:
  virtual ~EmProblem() = default;
  virtual void start(std::int64_t trial) = 0;
  virtual double expect() = 0;   // the mean log-likelihood of the components as they are; notes the shares
  virtual void maximise() = 0;   // components from the shares
  virtual void keep_best() = 0;  // the components as they are, until a better start
};

struct EmResult {
  double lower_bound = 0;  // of the start that was kept, before its last M-step
  std::int64_t iterations = 0, converged = 0;
};
// The observer is told of "log_likelihood", the mean over the rows, after each iteration.
EmResult maximise_expectation(EmProblem& problem, const EmSettings& settings, StepObserver* observer);

}  // namespace tessera::learn
