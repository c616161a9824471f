#include "tessera/learn/linear_svc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "tessera/learn/margin_solvers.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kClassLosses[] = {"hinge", "squared_hinge"};
constexpr std::string_view kNumberLosses[] = {"epsilon_insensitive", "squared_epsilon_insensitive"};

template <typename Parameters>
void visit_shared(ParameterVisitor& visitor, Parameters& parameters, std::span<const std::string_view> losses,
                  std::string_view cost) {
  visitor.real("C", parameters.C, Bounds::above(0), cost);
  visitor.choice("loss", parameters.loss, losses, "What is added up over the rows.");
  visitor.flag("fit_intercept", parameters.fit_intercept, "The border need not go through the origin.");
  visitor.real(
      "intercept_scaling", parameters.intercept_scaling, Bounds::above(0),
      "The value of the column that stands for the intercept; the larger, the less that is held back.");
  visitor.real("tol", parameters.tol, Bounds::above(0), "How far from the optimum it may end.");
  visitor.integer("max_iter", parameters.max_iter, Bounds::at_least(1),
                  "Passes over the rows, or steps, at most.");
  visitor.integer("seed", parameters.seed, Bounds::at_least(0), "What the order of rows is drawn from.");
}

// All settings that both have go into the problem, but for the targets.
template <typename Parameters>
MarginProblem problem_of(const Parameters& parameters, const Tensor& x) {
  MarginProblem problem;
  problem.x = x;
  if (parameters.fit_intercept)
    problem.x = concatenate({x, full({x.size(0), 1}, parameters.intercept_scaling, DType::kFloat64)}, 1);
  problem.C = parameters.C;
  problem.tol = parameters.tol;
  problem.max_iter = parameters.max_iter;
  problem.seed = static_cast<std::uint64_t>(parameters.seed);
  return problem;
}

// One weight per feature, and the intercept.
struct Line {
  std::vector<double> coef;
  double intercept = 0;
};
template <typename Parameters>
Line line_of(const Parameters& parameters, const MarginSolution& found) {
  Line line{found.w, 0};
  if (parameters.fit_intercept) {
    line.intercept = found.w.back() * parameters.intercept_scaling;
    line.coef.pop_back();
  }
  return line;
}

}  // namespace

void LinearSVC::visit_parameters(ParameterVisitor& visitor) {
  visit_shared(visitor, parameters_, kClassLosses, "What a row on the wrong side costs.");
}

void LinearSVC::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  MarginProblem problem = problem_of(parameters_, x);
  problem.squared = parameters_.loss == Loss::kSquaredHinge;
  const auto labels = y.values<std::int64_t>();
  std::vector<double> coef, intercepts;
  iterations_ = 0;
  converged_ = 1;
  for (std::int64_t c = classes() == 2 ? 1 : 0; c < classes(); ++c) {
    problem.target.clear();
    for (const std::int64_t label : labels) problem.target.push_back(label == c ? 1 : -1);
    const bool there = std::ranges::find(labels, c) != labels.end();
    MarginSolution found;
    found.converged = true;
    if (there) found = solve_margin(problem);
    const Line line = there ? line_of(parameters_, found)
                            : Line{std::vector<double>(static_cast<std::size_t>(x.size(1))),
                                   std::numeric_limits<double>::lowest()};
    coef.insert(coef.end(), line.coef.begin(), line.coef.end());
    intercepts.push_back(line.intercept);
    iterations_ = std::max(iterations_, found.iterations);
    if (!found.converged) converged_ = 0;
  }
  const std::int64_t problems = static_cast<std::int64_t>(intercepts.size());
  coef_ = Tensor::from(coef, {problems, x.size(1)});
  intercept_ = Tensor::from(intercepts, {problems});
}

Tensor LinearSVC::decisions(const Tensor& x) const {
  const Tensor found = matmul(x, transpose(coef_)) + intercept_;
  return classes() == 2 ? reshape(found, {-1}) : found;
}

void LinearSVC::visit_learned(StateVisitor& visitor) {
  visitor.tensor("coef", coef_);
  visitor.tensor("intercept", intercept_);
  visitor.integer("iterations", iterations_);
  visitor.integer("converged", converged_);
}

void LinearSVC::check_learned() const {
  const std::int64_t problems = classes() == 2 ? 1 : classes();
  require_restored(name(), "coef", coef_, DType::kFloat64, {problems, features()});
  require_finite(name(), "coef", coef_);
  require_restored(name(), "intercept", intercept_, DType::kFloat64, {problems});
  require_finite(name(), "intercept", intercept_);
}

void LinearSVR::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("epsilon", parameters_.epsilon, Bounds::at_least(0), "Errors up to this cost nothing.");
  visit_shared(visitor, parameters_, kNumberLosses, "What an error beyond epsilon costs.");
}

void LinearSVR::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  MarginProblem problem = problem_of(parameters_, x);
  problem.squared = parameters_.loss == Loss::kSquaredEpsilonInsensitive;
  problem.regression = true;
  problem.epsilon = parameters_.epsilon;
  problem.target = y.to_vector<double>();
  const MarginSolution found = solve_margin(problem);
  const Line line = line_of(parameters_, found);
  coef_ = Tensor::from(line.coef, {x.size(1)});
  intercept_ = line.intercept;
  iterations_ = found.iterations;
  converged_ = found.converged ? 1 : 0;
}

Tensor LinearSVR::answer(const Tensor& x) const {
  return matmul(x, coef_) + intercept_;
}

void LinearSVR::visit_learned(StateVisitor& visitor) {
  visitor.tensor("coef", coef_);
  visitor.real("intercept", intercept_);
  visitor.integer("iterations", iterations_);
  visitor.integer("converged", converged_);
}

void LinearSVR::check_learned() const {
  require_restored(name(), "coef", coef_, DType::kFloat64, {features()});
  require_finite(name(), "coef", coef_);
  if (!std::isfinite(intercept_)) refuse_restored(name(), "'intercept' is not finite");
}

}  // namespace tessera::learn
