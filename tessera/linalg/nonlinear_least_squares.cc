#include "tessera/linalg/nonlinear_least_squares.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/damped_step.h"
#include "tessera/linalg/matrix.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg {
namespace {

using namespace internal;

constexpr const char* kWhere = "nonlinear_least_squares";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool finite(const std::vector<double>& x) {
  return std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
}

std::vector<double> checked(const Tensor& found, const Shape& expected, const char* what) {
  if (!found.defined() || found.dtype() != DType::kFloat64 || found.shape() != expected)
    fail("{}: {} gave {}, expected float64 {}", kWhere, what,
         found.defined() ? fmt::format("{} {}", dtype_name(found.dtype()), found.shape().to_string())
                         : "an undefined tensor",
         expected.to_string());
  return found.to_vector<double>();
}

// A place that was tried: parameters and what the functions give there.
struct Place {
  std::vector<double> parameters, residuals;
  double length = kInfinity;  // of the residuals; infinite where one is not finite
};

class Search {
 public:
  Search(const VectorFunction& residuals, const VectorFunction& jacobian, const Tensor& start,
         const NonlinearLeastSquaresOptions& options, StepObserver* observer)
      : residuals_(residuals), jacobian_(jacobian), options_(options), observer_(observer) {
    if (!start.defined() || start.rank() != 1 || start.dtype() != DType::kFloat64 || start.elements() == 0)
      fail("{}: the start is {}, expected float64 [parameters]", kWhere,
           start.defined() ? fmt::format("{} {}", dtype_name(start.dtype()), start.shape().to_string())
                           : "an undefined tensor");
    if (!(options.tolerance >= 0x1p-52 && options.tolerance < 1))
      fail("{}: tolerance is {}, expected a number in [2^-52, 1)", kWhere, options.tolerance);
    if (!(options.first_radius > 0 && options.first_radius < kInfinity))
      fail("{}: first_radius is {}, expected a positive number", kWhere, options.first_radius);
    if (options.most_steps < 1) fail("{}: most_steps is {}, expected at least 1", kWhere, options.most_steps);
    n_ = start.elements();
    exponents_.assign(static_cast<std::size_t>(n_), std::numeric_limits<int>::min());
    const Tensor first = residuals_(start);
    if (!first.defined() || first.rank() != 1 || first.elements() < n_)
      fail("{}: the residuals are {}, expected float64 [m] with m at least the {} parameters", kWhere,
           first.defined() ? first.shape().to_string() : "an undefined tensor", n_);
    m_ = first.elements();
    here_ = Place{start.to_vector<double>(), checked(first, {m_}, "the residuals' function"), 0};
    result_.evaluations = 1;
    here_.length = norm(here_.residuals);
    if (!finite(here_.parameters) || !std::isfinite(here_.length))
      fail("{}: a parameter or a residual at the start is not finite (or the residuals' squares overflow)",
           kWhere);
  }

  NonlinearLeastSquares run() {
    for (int round = 0; round < options_.most_steps && !over_; ++round) take_step(round == 0);
    if (result_.converged && options_.finish) finish();
    return described();
  }

 private:
  // The linearised problem at a place, in scaled parameters.
  DampedProblem linearised(const Place& place) {
    Matrix j(m_, n_);
    j.elements() = checked(jacobian_(to_tensor(place.parameters)), {m_, n_}, "the Jacobian");
    if (!finite(j.elements())) fail("{}: the Jacobian has an element that is not finite", kWhere);
    return {scaled_columns(j, place), place.residuals};
  }

  // Columns to lengths near 1 where they are the longest so far, by powers of two: exact.
  Matrix scaled_columns(const Matrix& j, const Place& place) {
    Matrix lines = transposed(j);
    steepest_ = 0;
    for (std::int64_t c = 0; c < n_; ++c) {
      double* line = lines.row(c);
      const double top = norm(line, m_);
      int& exponent = exponents_[static_cast<std::size_t>(c)];
      if (top > 0 && !frozen_) exponent = std::max(exponent, std::ilogb(1.5 * top));
      for (std::int64_t i = 0; i < m_; ++i)
        line[i] = scaled(line[i], -exponent_of(static_cast<std::size_t>(c)));
      const double lengths = norm(line, m_) * place.length;
      if (lengths > 0)
        steepest_ = std::max(steepest_, std::abs(dot(line, place.residuals.data(), m_)) / lengths);
    }
    return transposed(lines);
  }

  int exponent_of(std::size_t j) const {
    return exponents_[j] == std::numeric_limits<int>::min() ? 0 : exponents_[j];
  }
  double scaled_length(const std::vector<double>& parameters) const {
    std::vector<double> x(parameters.size());
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = scaled(parameters[j], exponent_of(j));
    return norm(x);
  }

  Place moved(const Place& from, const std::vector<double>& step) {
    Place there = from;
    for (std::size_t j = 0; j < step.size(); ++j)
      there.parameters[j] = there.parameters[j] + scaled(step[j], -exponent_of(j));
    there.residuals = checked(residuals_(to_tensor(there.parameters)), {m_}, "the residuals' function");
    ++result_.evaluations;
    const double length = norm(there.residuals);
    there.length = std::isfinite(length) ? length : kInfinity;
    return there;
  }

  void end(bool converged) {
    over_ = true;
    result_.converged = converged;
  }

  // One Jacobian, and trials with ever smaller radii until one is better.
  void take_step(bool first) {
    const DampedProblem problem = linearised(here_);
    if (here_.length == 0 || steepest_ <= 0x1p-52) return end(true);
    if (first) {
      const double length = scaled_length(here_.parameters);
      radius_ = length > 0 ? options_.first_radius * length : options_.first_radius;
    }
    for (bool better = false; !better && !over_;) {
      const DampedStep step = problem.within(radius_, damping_);
      damping_ = step.damping;
      if (first && result_.evaluations == 1) radius_ = std::min(radius_, step.length);
      better = judge(step, moved(here_, step.step));
    }
  }

  // Moves to `there` if it is better; sets the next radius; asks whether this is the end.
  bool judge(const DampedStep& step, const Place& there) {
    const double ratio_of_lengths = there.length / here_.length;
    const double fall = 0.1 * ratio_of_lengths < 1 ? 1 - ratio_of_lengths * ratio_of_lengths : -1;
    const double linear = step.linear_length / here_.length;
    const double damped = numerics::sqrt(step.damping) * (step.length / here_.length);
    const double predicted = linear * linear + 2 * (damped * damped),
                 slope = -(linear * linear + damped * damped);
    const double share = predicted == 0 ? 0 : fall / predicted;
    if (share <= 0.25) {
      double factor = fall >= 0 ? 0.5 : 0.5 * slope / (slope + 0.5 * fall);
      if (0.1 * ratio_of_lengths >= 1 || !(factor >= 0.1)) factor = 0.1;
      radius_ = factor * std::min(radius_, step.length / 0.1);
      damping_ = damping_ / factor;
    } else if (step.damping == 0 || share >= 0.75) {
      radius_ = step.length / 0.5;
      damping_ = 0.5 * damping_;
    }
    const bool better = share >= 1e-4;
    if (better) {
      here_ = there;
      report();
    }
    const bool flat = std::abs(fall) <= options_.tolerance && predicted <= options_.tolerance && share <= 2;
    if (!over_ &&
        (flat || here_.length == 0 || radius_ <= options_.tolerance * scaled_length(here_.parameters)))
      end(true);
    return better;
  }

  void report() {
    ++result_.steps;
    const StepScalar scalars[] = {
        {"residual_squares", here_.length * here_.length}, {"radius", radius_}, {"damping", damping_}};
    if (observer_ != nullptr && !observer_->on_step({static_cast<std::uint64_t>(result_.steps), scalars}))
      end(false);
  }

  // Gauss-Newton steps; the place from which the next one is shortest is kept. Among a problem's directions some may swing before they settle: a few
  // steps may be longer than the shortest so far.
  void finish() {
    constexpr int kMost = 60, kPatience = 4;
    frozen_ = true;  // lengths of steps are compared
    Place place = here_;
    DampedProblem problem = linearised(place);
    DampedStep step = problem.gauss_newton();
    double shortest = step.length;
    for (int i = 0, since = 0; i < kMost && since < kPatience && step.length > 0; ++i) {
      Place next = moved(place, step.step);
      if (!problem.full_rank() || next.length == kInfinity || next.parameters == place.parameters) return;
      place = std::move(next);
      problem = linearised(place);
      step = problem.gauss_newton();
      ++since;
      if (!problem.full_rank() || !(step.length < 4 * shortest)) return;
      if (!(step.length < shortest)) continue;
      shortest = step.length;
      here_ = place;
      since = 0;
    }
  }

  NonlinearLeastSquares described() {
    const DampedProblem problem = linearised(here_);
    result_.solution = to_tensor(here_.parameters);
    result_.residuals = to_tensor(here_.residuals);
    result_.residual_squares = dot(here_.residuals.data(), here_.residuals.data(), m_);
    result_.rank = problem.rank();
    result_.offset = problem.offset();
    if (problem.full_rank()) {
      Matrix inverse = problem.inverse_gram();
      for (std::int64_t i = 0; i < n_; ++i)
        for (std::int64_t j = 0; j < n_; ++j)
          inverse(i, j) = scaled(inverse(i, j), -exponent_of(static_cast<std::size_t>(i)) -
                                                    exponent_of(static_cast<std::size_t>(j)));
      result_.covariance = to_tensor(inverse);
    }
    return result_;
  }

  const VectorFunction& residuals_;
  const VectorFunction& jacobian_;
  const NonlinearLeastSquaresOptions& options_;
  StepObserver* observer_;
  std::int64_t m_ = 0, n_ = 0;
  std::vector<int> exponents_;  // parameter j is measured in units of 2^-exponent
  Place here_;
  double radius_ = 0, damping_ = 0;
  double steepest_ = 0;  // the largest cosine of a column and the residuals, where it was linearised last
  bool over_ = false, frozen_ = false;
  NonlinearLeastSquares result_;
};

}  // namespace

NonlinearLeastSquares nonlinear_least_squares(const VectorFunction& residuals, const VectorFunction& jacobian,
                                              const Tensor& start,
                                              const NonlinearLeastSquaresOptions& options,
                                              StepObserver* observer) {
  const FloatEnvironment contract;
  return Search(residuals, jacobian, start, options, observer).run();
}

VectorFunction numerical_jacobian(VectorFunction function) {
  return [function = std::move(function)](const Tensor& p) {
    const FloatEnvironment contract;
    const std::vector<double> at = p.to_vector<double>();
    const auto n = static_cast<std::int64_t>(at.size());
    Matrix columns;
    for (std::int64_t j = 0; j < n; ++j) {
      const double x = at[static_cast<std::size_t>(j)];
      const double h = scaled(1, (x == 0 ? 0 : std::ilogb(x)) - 14);
      std::vector<double> values[4];
      for (int k = 0; k < 4; ++k) {
        constexpr double kSteps[] = {-2, -1, 1, 2};
        std::vector<double> moved = at;
        moved[static_cast<std::size_t>(j)] = x + kSteps[k] * h;
        values[k] = function(to_tensor(moved)).to_vector<double>();
      }
      if (j == 0) columns = Matrix(n, static_cast<std::int64_t>(values[0].size()));
      for (std::int64_t i = 0; i < columns.columns(); ++i) {
        const auto k = static_cast<std::size_t>(i);
        columns(j, i) = (8 * (values[2][k] - values[1][k]) - (values[3][k] - values[0][k])) / (12 * h);
      }
    }
    return to_tensor(transposed(columns));
  };
}

}  // namespace tessera::linalg
