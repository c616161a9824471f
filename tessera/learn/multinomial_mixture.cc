#include "tessera/learn/multinomial_mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

// Probabilities of 0 (alpha = 0) count as the least number there is: what they rule out is then merely hopeless, and 0 * log 0 stays 0.
Tensor safe_log(const Tensor& x) {
  return log(maximum(x, std::numeric_limits<double>::min()));
}

struct Components {
  Tensor weights, log_probabilities;  // [K], [K, F]
};

void refuse_negative(const Tensor& x, std::string_view owner) {
  const double least = min(x).item<double>();
  if (least < 0) fail("{}: expected counts of at least 0, found {}", owner, least);
}

Components estimate(const Tensor& x, const Tensor& shares, double alpha) {
  const Tensor counts = matmul(transpose(shares), x) + alpha;
  const Tensor totals = maximum(sum(counts, {1}, true), std::numeric_limits<double>::min());
  const Tensor rows = sum(shares, {0}) + 10 * std::numeric_limits<double>::epsilon();
  return {rows / sum(rows), safe_log(counts / totals)};
}

}  // namespace

class MultinomialMixture::Problem : public EmProblem {
 public:
  Problem(const MultinomialMixture& owner, const Tensor& x) : owner_(owner), x_(x) {}

  void start(std::int64_t trial) override {
    if (owner_.start_weights_.defined()) {
      now_ = {owner_.start_weights_, safe_log(owner_.start_probabilities_)};
      return;
    }
    const Tensor sums = sum(x_, {1}, true);
    const Tensor of_row = x_ / select(equal(sums, 0.0), 1.0, sums);
    now_ = estimate(x_, starting_responsibilities(of_row, owner_.settings_, trial, owner_.name()),
                    owner_.alpha_);
  }
  double expect() override {
    const Posterior found = posterior_of(x_, now_);
    shares_ = found.responsibilities;
    const double prior = owner_.alpha_ * sum(now_.log_probabilities).item<double>();
    return mean(found.log_likelihoods).item<double>() + prior / static_cast<double>(x_.size(0));
  }
  void maximise() override { now_ = estimate(x_, shares_, owner_.alpha_); }
  void keep_best() override { best_ = now_; }
  const Components& best() const { return best_; }

  static Posterior posterior_of(const Tensor& x, const Components& model) {
    const Tensor joint = matmul(x, transpose(model.log_probabilities)) + log(model.weights);
    const Tensor largest = max(joint, {1}, true);
    const Tensor from_largest = exp(joint - largest);
    const Tensor sums = sum(from_largest, {1}, true);
    return {from_largest / sums, reshape(largest + log(sums), {-1})};
  }

 private:
  const MultinomialMixture& owner_;
  const Tensor& x_;
  Tensor shares_;
  Components now_, best_;
};

MultinomialMixture::MultinomialMixture(const Parameters& p)
    : settings_{p.n_components, p.tol, p.max_iter, p.n_init, p.init_params, p.seed}, alpha_(p.alpha) {}

void MultinomialMixture::visit_parameters(ParameterVisitor& visitor) {
  visit_em_settings(visitor, settings_);
  visitor.real("alpha", alpha_, Bounds::at_least(0),
               "What is added to every expected count (Laplace: 1, Lidstone: less).");
}

std::int64_t MultinomialMixture::free_parameters() const {
  return settings_.components * (features() - 1) + settings_.components - 1;
}

void MultinomialMixture::start_at(const Tensor& weights, const Tensor& probabilities) {
  if (weights.defined() != probabilities.defined())
    fail("{}: start_at: expected both weights and probabilities, or none", name());
  start_weights_ = start_probabilities_ = {};
  if (!weights.defined()) return;
  const Tensor shares = contiguous(cast(weights, DType::kFloat64));
  const Tensor lines = contiguous(cast(probabilities, DType::kFloat64));
  const std::int64_t components = settings_.components;
  if (shares.shape() != Shape{components} || lines.rank() != 2 || lines.size(0) != components)
    fail("{}: start_at: expected weights [{}] and probabilities [{}, features], found {} and {}", name(),
         components, components, shares.shape().to_string(), lines.shape().to_string());
  const auto usable = [](double value) { return value >= 0 && value <= 1; };
  if (!std::ranges::all_of(shares.values<double>(), [](double value) { return value > 0 && value <= 1; }) ||
      !std::ranges::all_of(lines.values<double>(), usable))
    fail("{}: start_at: expected numbers from 0 to 1, weights above 0", name());
  start_weights_ = shares;
  start_probabilities_ = lines;
}

void MultinomialMixture::learn(const Tensor& x, const Tensor&, StepObserver* observer) {
  if (settings_.components > x.size(0))
    fail("{}: n_components: expected at most the {} rows, found {}", name(), x.size(0), settings_.components);
  refuse_negative(x, name());
  if (start_probabilities_.defined() && start_probabilities_.size(1) != x.size(1))
    fail("{}: start_at: probabilities: expected {} features, found {}", name(), x.size(1),
         start_probabilities_.size(1));
  Problem problem(*this, x);
  em_ = maximise_expectation(problem, settings_, observer);
  weights_ = problem.best().weights;
  log_probabilities_ = problem.best().log_probabilities;
}

Tensor MultinomialMixture::probabilities() const {
  const FloatEnvironment contract;
  require_fitted();
  return exp(log_probabilities_);
}

MixtureModel::Posterior MultinomialMixture::posterior(const Tensor& x) const {
  refuse_negative(x, name());
  return Problem::posterior_of(x, {weights_, log_probabilities_});
}

void MultinomialMixture::visit_learned(StateVisitor& visitor) {
  MixtureModel::visit_learned(visitor);
  visitor.tensor("log_probabilities", log_probabilities_);
}

void MultinomialMixture::check_learned() const {
  MixtureModel::check_learned();
  require_restored(name(), "weights", weights_, DType::kFloat64, {settings_.components});
  require_restored(name(), "log_probabilities", log_probabilities_, DType::kFloat64,
                   {settings_.components, features()});
  require_finite(name(), "log_probabilities", log_probabilities_);
}

}  // namespace tessera::learn
