#include "tessera/learn/svc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/present_classes.h"
#include "tessera/learn/restored.h"
#include "tessera/learn/smo.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kShapes[] = {"ovr", "ovo"};

using Numbers = std::vector<std::int64_t>;

Tensor as_tensor(const Numbers& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

// visit(pair, first, second) for 0 <= first < second < classes, in scikit-learn's order.
template <typename Visit>
void each_pair(std::int64_t classes, const Visit& visit) {
  std::int64_t pair = 0;
  for (std::int64_t i = 0; i < classes; ++i)
    for (std::int64_t j = i + 1; j < classes; ++j) visit(pair++, i, j);
}

// What the solvers of both share, in the order of the page.
template <typename Parameters>
void visit_solver(ParameterVisitor& visitor, Parameters& parameters) {
  visitor.real("tol", parameters.tol, Bounds::above(0),
               "How far the Karush-Kuhn-Tucker conditions may be violated at the end.");
  visitor.real("cache_size", parameters.cache_size, Bounds::at_least(0),
               "Megabytes of kernel rows that are kept; the result is the same.");
  visitor.integer("max_iter", parameters.max_iter, Bounds::at_least(-1), "Steps at most; -1: no limit.");
}

void require_finite_kernel(std::string_view owner, bool finite) {
  if (!finite)
    fail("{}: the kernel's values overflow: scale the features (standard_scaler), or lower gamma or degree",
         owner);
}

}  // namespace

// ---- Classification ----

struct SVC::Pairs {
  std::vector<Numbers> rows;           // of each present class
  std::vector<SmoSolution> solutions;  // of each pair: first the first class's rows, then the second's
};

void SVC::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("C", parameters_.C, Bounds::above(0), "What a row on the wrong side costs.");
  visit_kernel(visitor, name(), parameters_.kernel);
  visit_solver(visitor, parameters_);
  visitor.choice(
      "decision_function_shape", parameters_.decision_function_shape, kShapes,
      "What the decision function gives for more than two classes: a number per class, or per pair.");
  visitor.flag("break_ties", parameters_.break_ties,
               "Classes with equally many pairs are told apart by the decision function.");
}

void SVC::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  if (parameters_.break_ties && parameters_.decision_function_shape == DecisionShape::kOvo)
    fail_with(ExitCode::kUsage, "{}: break_ties is true, expected decision_function_shape \"ovr\" with it",
              name());
  const KernelFunction function = kernel_function(parameters_.kernel, x);
  gamma_ = function.gamma;
  Pairs pairs;
  Numbers there;
  std::vector<Numbers> all(at(classes()));
  const auto labels = y.values<std::int64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) all[at(labels[i])].push_back(static_cast<std::int64_t>(i));
  for (std::size_t c = 0; c < all.size(); ++c)
    if (!all[c].empty()) {
      there.push_back(static_cast<std::int64_t>(c));
      pairs.rows.push_back(std::move(all[c]));
    }
  present_ = as_tensor(there);

  std::vector<std::pair<std::int64_t, std::int64_t>> of_pair;
  each_pair(present(), [&](std::int64_t, std::int64_t i, std::int64_t j) { of_pair.emplace_back(i, j); });
  pairs.solutions.resize(of_pair.size());
  const std::int64_t count = static_cast<std::int64_t>(of_pair.size());
  const double bytes =
      parameters_.cache_size * 0x1p20 / static_cast<double>(std::min<std::int64_t>(count, thread_count()));
  parallel_for(count, [&](std::int64_t p) {
    const Numbers &first = pairs.rows[at(of_pair[at(p)].first)],
                  &second = pairs.rows[at(of_pair[at(p)].second)];
    Numbers which = first;
    which.insert(which.end(), second.begin(), second.end());
    KernelRows rows(function, x, which, bytes);
    SmoProblem problem{rows,
                       std::vector<double>(which.size(), -1.0),
                       std::vector<double>(which.size(), -parameters_.C),
                       std::vector<double>(which.size(), 0.0),
                       parameters_.tol,
                       parameters_.max_iter};
    for (std::size_t i = 0; i < first.size(); ++i) {
      problem.target[i] = 1;
      problem.least[i] = 0;
      problem.most[i] = parameters_.C;
    }
    pairs.solutions[at(p)] = solve_smo(std::move(problem));
  });
  keep_support(x, pairs);
}

// The rows that some pair needs, class after class, and what they weigh in each.
void SVC::keep_support(const Tensor& x, const Pairs& pairs) {
  std::vector<std::vector<char>> needed;
  for (const Numbers& rows : pairs.rows) needed.emplace_back(rows.size(), 0);
  std::vector<double> intercepts;
  converged_ = 1;
  each_pair(present(), [&](std::int64_t p, std::int64_t i, std::int64_t j) {
    const SmoSolution& found = pairs.solutions[at(p)];
    require_finite_kernel(name(), found.finite);
    const std::size_t firsts = needed[at(i)].size();
    for (std::size_t t = 0; t < found.v.size(); ++t)
      if (found.v[t] != 0) (t < firsts ? needed[at(i)][t] : needed[at(j)][t - firsts]) = 1;
    intercepts.push_back(found.intercept);
    if (!found.converged) converged_ = 0;
  });
  Numbers support, counts;
  std::vector<Numbers> places = pairs.rows;  // of each row among the support vectors, or -1
  for (std::size_t c = 0; c < needed.size(); ++c) {
    const std::size_t before = support.size();
    for (std::size_t t = 0; t < needed[c].size(); ++t) {
      places[c][t] = needed[c][t] != 0 ? static_cast<std::int64_t>(support.size()) : -1;
      if (needed[c][t] != 0) support.push_back(pairs.rows[c][t]);
    }
    counts.push_back(static_cast<std::int64_t>(support.size() - before));
  }
  if (support.empty()) fail("{}: max_iter is {}, expected at least one step", name(), parameters_.max_iter);
  std::vector<double> dual(at(present() - 1) * support.size());
  each_pair(present(), [&](std::int64_t p, std::int64_t i, std::int64_t j) {
    const std::vector<double>& v = pairs.solutions[at(p)].v;
    const std::size_t firsts = places[at(i)].size();
    for (std::size_t t = 0; t < v.size(); ++t) {
      const std::int64_t place = t < firsts ? places[at(i)][t] : places[at(j)][t - firsts];
      if (place >= 0) dual[at(t < firsts ? j - 1 : i) * support.size() + at(place)] = v[t];
    }
  });
  const std::int64_t vectors = static_cast<std::int64_t>(support.size());
  support_ = as_tensor(support);
  n_support_ = as_tensor(counts);
  support_vectors_ = contiguous(gather(x, support_));
  dual_coef_ = Tensor::from(dual, {present() - 1, vectors});
  intercept_ = Tensor::from(intercepts, {static_cast<std::int64_t>(intercepts.size())});
}

Tensor SVC::dual_coef() const {
  return present() == 2 ? -dual_coef_ : dual_coef_;
}

Tensor SVC::intercept() const {
  return present() == 2 ? -intercept_ : intercept_;
}

Tensor SVC::pair_decisions(const Tensor& x) const {
  const std::int64_t vectors = support_.size(0), pairs = intercept_.size(0);
  const auto counts = n_support_.values<std::int64_t>();
  const auto dual = dual_coef_.values<double>();
  Numbers ends = {0};
  for (const std::int64_t count : counts) ends.push_back(ends.back() + count);
  std::vector<double> weights(at(vectors * pairs));
  each_pair(present(), [&](std::int64_t p, std::int64_t i, std::int64_t j) {
    for (std::int64_t s = ends[at(i)]; s < ends[at(i + 1)]; ++s)
      weights[at(s * pairs + p)] = dual[at((j - 1) * vectors + s)];
    for (std::int64_t s = ends[at(j)]; s < ends[at(j + 1)]; ++s)
      weights[at(s * pairs + p)] = dual[at(i * vectors + s)];
  });
  const KernelFunction function = kernel_function(parameters_.kernel, gamma_);
  return kernel_product(function, x, support_vectors_, Tensor::from(weights, {vectors, pairs})) + intercept_;
}

// A pair that is undecided counts for its second class, as in LIBSVM.
Numbers SVC::votes(const Tensor& pair_decisions) const {
  const auto decided = pair_decisions.values<double>();
  const std::int64_t rows = pair_decisions.size(0), pairs = pair_decisions.size(1);
  Numbers votes(at(rows * present()));
  for (std::int64_t row = 0; row < rows; ++row)
    each_pair(present(), [&](std::int64_t p, std::int64_t i, std::int64_t j) {
      ++votes[at(row * present() + (decided[at(row * pairs + p)] > 0 ? i : j))];
    });
  return votes;
}

// As scikit-learn makes it: votes (an undecided pair counts for its first class here), and the sum of what pairs say, squeezed into a third of a vote.
Tensor SVC::one_against_rest(const Tensor& pair_decisions) const {
  const auto decided = pair_decisions.values<double>();
  const std::int64_t rows = pair_decisions.size(0), pairs = pair_decisions.size(1), width = present();
  std::vector<double> result(at(rows * width)), sums(at(width));
  for (std::int64_t row = 0; row < rows; ++row) {
    std::ranges::fill(sums, 0.0);
    double* votes = result.data() + row * width;
    each_pair(width, [&](std::int64_t p, std::int64_t i, std::int64_t j) {
      const double says = decided[at(row * pairs + p)];
      sums[at(i)] += says;
      sums[at(j)] -= says;
      votes[says < 0 ? j : i] += 1;
    });
    for (std::int64_t c = 0; c < width; ++c) votes[c] += sums[at(c)] / (3 * (std::abs(sums[at(c)]) + 1));
  }
  return Tensor::from(result, {rows, width});
}

Tensor SVC::decisions(const Tensor& x) const {
  const Tensor pairs = pair_decisions(x);
  if (classes() == 2) return -reshape(pairs, {-1});
  if (parameters_.decision_function_shape == DecisionShape::kOvo) return pairs;
  const Tensor said = present() == 2 ? concatenate({pairs, -pairs}, 1) : one_against_rest(pairs);
  if (present() == classes()) return said;
  std::vector<double> all(at(x.size(0) * classes()), -std::numeric_limits<double>::infinity());
  const auto there = present_.values<std::int64_t>();
  const Tensor rows = contiguous(said);
  const auto values = rows.values<double>();
  for (std::int64_t row = 0; row < x.size(0); ++row)
    for (std::int64_t c = 0; c < present(); ++c)
      all[at(row * classes() + there[at(c)])] = values[at(row * present() + c)];
  return Tensor::from(all, {x.size(0), classes()});
}

Tensor SVC::answer(const Tensor& x) const {
  if (parameters_.break_ties && present() > 2) return argmax(decisions(x), 1);
  const Numbers counted = votes(pair_decisions(x));
  const auto there = present_.values<std::int64_t>();
  Numbers answers;
  for (std::int64_t row = 0; row < x.size(0); ++row) {
    const auto first = counted.begin() + row * present();
    answers.push_back(there[at(std::max_element(first, first + present()) - first)]);
  }
  return as_tensor(answers);
}

void SVC::visit_learned(StateVisitor& visitor) {
  visitor.real("gamma", gamma_);
  visitor.integer("converged", converged_);
  visitor.tensor("present", present_);
  visitor.tensor("n_support", n_support_);
  visitor.tensor("support", support_);
  visitor.tensor("support_vectors", support_vectors_);
  visitor.tensor("dual_coef", dual_coef_);
  visitor.tensor("intercept", intercept_);
}

void SVC::check_learned() const {
  require_present_classes(name(), present_, classes());
  require_restored(name(), "support", support_, DType::kInt64, {-1});
  const std::int64_t vectors = support_.size(0);
  require_restored(name(), "n_support", n_support_, DType::kInt64, {present()});
  require_below(name(), "n_support", n_support_, vectors + 1);
  if (sum(n_support_).item<std::int64_t>() != vectors)
    refuse_restored(name(), "'n_support' does not count the support vectors");
  require_restored(name(), "support_vectors", support_vectors_, DType::kFloat64, {vectors, features()});
  require_finite(name(), "support_vectors", support_vectors_);
  require_restored(name(), "dual_coef", dual_coef_, DType::kFloat64, {present() - 1, vectors});
  require_finite(name(), "dual_coef", dual_coef_);
  require_restored(name(), "intercept", intercept_, DType::kFloat64, {present() * (present() - 1) / 2});
  require_finite(name(), "intercept", intercept_);
}

// ---- Regression ----

void SVR::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("C", parameters_.C, Bounds::above(0), "What an error beyond epsilon costs.");
  visitor.real("epsilon", parameters_.epsilon, Bounds::at_least(0), "Errors up to this cost nothing.");
  visit_kernel(visitor, name(), parameters_.kernel);
  visit_solver(visitor, parameters_);
}

// Two variables for each row: one that lifts the function there, one that presses it down.
void SVR::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const KernelFunction function = kernel_function(parameters_.kernel, x);
  gamma_ = function.gamma;
  const std::int64_t rows = x.size(0);
  Numbers which(at(rows));
  for (std::int64_t i = 0; i < rows; ++i) which[at(i)] = i;
  KernelRows kernel(function, x, which, parameters_.cache_size * 0x1p20);
  SmoProblem problem{kernel,
                     std::vector<double>(at(2 * rows)),
                     std::vector<double>(at(2 * rows), 0.0),
                     std::vector<double>(at(2 * rows), 0.0),
                     parameters_.tol,
                     parameters_.max_iter};
  const auto target = y.values<double>();
  for (std::int64_t i = 0; i < rows; ++i) {
    problem.target[at(i)] = target[at(i)] - parameters_.epsilon;
    problem.most[at(i)] = parameters_.C;
    problem.target[at(rows + i)] = target[at(i)] + parameters_.epsilon;
    problem.least[at(rows + i)] = -parameters_.C;
  }
  const SmoSolution found = solve_smo(std::move(problem));
  require_finite_kernel(name(), found.finite);
  Numbers support;
  std::vector<double> dual;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double weight = found.v[at(i)] + found.v[at(rows + i)];
    if (weight == 0) continue;
    support.push_back(i);
    dual.push_back(weight);
  }
  intercept_ = found.intercept;
  converged_ = found.converged ? 1 : 0;
  support_ = as_tensor(support);
  support_vectors_ = contiguous(gather(x, support_));
  dual_coef_ = Tensor::from(dual, {static_cast<std::int64_t>(dual.size())});
}

Tensor SVR::answer(const Tensor& x) const {
  if (support_.size(0) == 0) return full({x.size(0)}, intercept_, DType::kFloat64);
  const KernelFunction function = kernel_function(parameters_.kernel, gamma_);
  return reshape(kernel_product(function, x, support_vectors_, reshape(dual_coef_, {-1, 1})), {-1}) +
         intercept_;
}

void SVR::visit_learned(StateVisitor& visitor) {
  visitor.real("gamma", gamma_);
  visitor.real("intercept", intercept_);
  visitor.integer("converged", converged_);
  visitor.tensor("support", support_);
  visitor.tensor("support_vectors", support_vectors_);
  visitor.tensor("dual_coef", dual_coef_);
}

void SVR::check_learned() const {
  const std::int64_t vectors = support_.defined() && support_.rank() == 1 ? support_.size(0) : -1;
  require_restored(name(), "support", support_, DType::kInt64, {vectors});
  require_restored(name(), "support_vectors", support_vectors_, DType::kFloat64, {vectors, features()});
  require_finite(name(), "support_vectors", support_vectors_);
  require_restored(name(), "dual_coef", dual_coef_, DType::kFloat64, {vectors});
  require_finite(name(), "dual_coef", dual_coef_);
  if (!std::isfinite(intercept_)) refuse_restored(name(), "'intercept' is not finite");
}

}  // namespace tessera::learn
