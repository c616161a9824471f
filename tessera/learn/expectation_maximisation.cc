#include "tessera/learn/expectation_maximisation.h"

#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/learn/k_means.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kStarts[] = {"kmeans", "random", "random_from_data"};

// Row i has share 1 of component of[i]; rows of -1 have none.
Tensor whole_shares(const std::vector<std::int64_t>& of, std::int64_t components) {
  std::vector<double> shares(of.size() * static_cast<std::size_t>(components));
  for (std::size_t i = 0; i < of.size(); ++i)
    if (of[i] >= 0) shares[i * static_cast<std::size_t>(components) + static_cast<std::size_t>(of[i])] = 1;
  return Tensor::from(shares, {static_cast<std::int64_t>(of.size()), components});
}

// One start; false when the observer has asked to stop.
bool one_start(EmProblem& problem, const EmSettings& settings, EmResult& result, std::uint64_t& step,
               StepObserver* observer) {
  double before = 0;
  for (std::int64_t i = 1; i <= settings.max_iter; ++i) {
    result.lower_bound = problem.expect();
    problem.maximise();
    result.iterations = i;
    const StepScalar scalar{"log_likelihood", result.lower_bound};
    if (observer != nullptr && !observer->on_step({++step, {&scalar, 1}})) return false;
    result.converged = i > 1 && std::abs(result.lower_bound - before) < settings.tol ? 1 : 0;
    if (result.converged != 0) break;
    before = result.lower_bound;
  }
  return true;
}

}  // namespace

void visit_em_settings(ParameterVisitor& visitor, EmSettings& settings) {
  visitor.integer("n_components", settings.components, Bounds::at_least(1), "How many components are mixed.");
  visitor.real("tol", settings.tol, Bounds::at_least(0),
               "Ends when the mean log-likelihood changes by less than this.");
  visitor.integer("max_iter", settings.max_iter, Bounds::at_least(1), "Iterations at most, for each start.");
  visitor.integer("n_init", settings.n_init, Bounds::at_least(1),
                  "How many starts are tried; the one of greatest likelihood is kept.");
  visitor.choice("init_params", settings.init_params, kStarts,
                 "Where it starts: clusters of k-means, random shares, or rows drawn from the data.");
  visitor.integer("seed", settings.seed, Bounds::at_least(0), "Of the random numbers of the starts.");
}

Tensor starting_responsibilities(const Tensor& x, const EmSettings& settings, std::int64_t trial,
                                 std::string_view owner) {
  const std::int64_t rows = x.size(0), components = settings.components;
  if (components > rows)
    fail("{}: n_components: expected at most the {} rows, found {}", owner, rows, components);
  if (components == 1) return ones({rows, 1}, DType::kFloat64);
  if (settings.init_params == MixtureStart::kKMeans) {
    KMeans clusters({.n_clusters = components, .seed = settings.seed + trial});
    clusters.fit(x);
    return whole_shares(clusters.predict(x).to_vector<std::int64_t>(), components);
  }
  RandomSource random(static_cast<std::uint64_t>(settings.seed));
  if (trial > 0) random.begin_step(static_cast<std::uint64_t>(trial));
  if (settings.init_params == MixtureStart::kRandom) {
    const Tensor draws = random.uniform("mixture.shares", {rows, components}, DType::kFloat64);
    return draws / sum(draws, {1}, true);
  }
  const std::vector<std::int64_t> order = random.permutation("mixture.rows", rows).to_vector<std::int64_t>();
  std::vector<std::int64_t> of(static_cast<std::size_t>(rows), -1);
  for (std::int64_t k = 0; k < components; ++k)
    of[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])] = k;
  return whole_shares(of, components);
}

EmResult maximise_expectation(EmProblem& problem, const EmSettings& settings, StepObserver* observer) {
  EmResult best;
  std::uint64_t step = 0;
  for (std::int64_t trial = 0; trial < settings.n_init; ++trial) {
    problem.start(trial);
    EmResult result;
    const bool going = one_start(problem, settings, result, step, observer);
    if (trial == 0 || result.lower_bound > best.lower_bound) {
      best = result;
      problem.keep_best();
    }
    if (!going) break;
  }
  return best;
}

}  // namespace tessera::learn
