#include "tessera/learn/linear_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kLeastSquaresSolvers[] = {"auto", "qr", "normal", "gradient_descent"};

constexpr std::int64_t kSmallTable = 1024;  // numbers; smaller ones are QR's
constexpr int kCorrections = 4;
constexpr double kTrusted = 1e-8;      // what the first correction of coefficients may be, as a share of them
constexpr double kIndependent = 1e-8;  // of a feature's squares at least so much is not explained by others

double largest(const Tensor& values) {
  return max(absolute(values)).item<double>();
}

// Of products of vectors of length 1: what is left of the squares of the one that depends most on those before it.
double least_left(const Tensor& factor) {
  double least = 1;
  for (std::int64_t i = 0; i < factor.size(0); ++i) {
    const double diagonal = factor.at<double>({i, i});
    least = std::min(least, diagonal * diagonal);
  }
  return least;
}

// Half the mean squared difference on features of mean 0 and deviation 1, and its gradient. With few features everything is in X'X.
class Descent {
 public:
  Descent(const Tensor& x, const Tensor& y)
      : x_(x), y_(reshape(y, {-1, 1})), by_gram_(x.size(1) <= x.size(0)) {
    rows_ = static_cast<double>(x.size(0));
    gram_ = by_gram_ ? matmul(transpose(x_), x_) / rows_ : matmul(x_, transpose(x_)) / rows_;
    products_ = matmul(transpose(x_), y_) / rows_;
    squares_ = sum_squares(y_).item<double>() / rows_;
  }
  double largest_eigenvalue() const { return max(linalg::symmetric_eigenvalues(gram_)).item<double>(); }
  const Tensor& products() const { return products_; }

  // w [F, 1]; the gradient has its shape.
  double evaluate(const Tensor& w, Tensor& gradient) const {
    if (by_gram_) {
      gradient = matmul(gram_, w) - products_;
      return (squares_ + sum(w * (gradient - products_)).item<double>()) / 2;
    }
    const Tensor residuals = matmul(x_, w) - y_;
    gradient = matmul(transpose(x_), residuals) / rows_;
    return sum_squares(residuals).item<double>() / rows_ / 2;
  }

 private:
  Tensor x_, y_, gram_, products_;
  double rows_ = 0, squares_ = 0;
  bool by_gram_;
};

}  // namespace

void LinearRegression::visit_parameters(ParameterVisitor& visitor) {
  visitor.flag("fit_intercept", parameters_.fit_intercept,
               "Learn an intercept; false: the line goes through 0.");
  visitor.choice("solver", parameters_.solver, kLeastSquaresSolvers, "How the coefficients are found.");
  visitor.flag("refine", parameters_.refine, "qr: refine the solution in twice the precision.");
  visitor.integer("max_iter", parameters_.max_iter, Bounds::at_least(1),
                  "Steps of gradient_descent at most.");
  visitor.real("tol", parameters_.tol, Bounds::at_least(0),
               "gradient_descent ends when the gradient is below this share of where it began.");
}

void LinearRegression::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  rank_ = iterations_ = 0;
  if (parameters_.solver == Solver::kQr || (parameters_.solver == Solver::kAuto && !by_products(x, y)))
    by_qr(x, y);
  if (parameters_.solver == Solver::kNormal) by_normal_equations(x, y);
  if (parameters_.solver == Solver::kGradientDescent) by_descent(x, y, observer);
  require_learned_in_range();
}

// False: what it found cannot be trusted. Features that depend on each other leave the factor a diagonal of rounding errors, which may have
// either sign: Cholesky ends at some of them only. Otherwise its solution is wrong by about the condition of the products times the rounding unit; the
// first correction shows that. Each step divides the error by as much, and ends where residuals in float64 end, as QR's solution does.
bool LinearRegression::by_products(const Tensor& x, const Tensor& y) {
  const bool by_rows = x.size(0) <= x.size(1);
  const std::int64_t fewer = std::min(x.size(0), x.size(1));
  if (parameters_.refine || fewer < 2 || x.elements() < kSmallTable || x.size(0) + x.size(1) < 5 * fewer)
    return false;
  const internal::Centred centred(x, y, parameters_.fit_intercept);
  Tensor rows = centred.x(), target = centred.y;
  if (by_rows && parameters_.fit_intercept) {  // centred rows add up to 0: the last one says nothing new
    rows = rows.slice({Range::to(fewer - 1)});
    target = copy(target.slice({Range::to(fewer - 1)}));
  }
  const Tensor turned = transpose(rows);
  const Tensor products = by_rows ? matmul(rows, turned) : matmul(turned, rows);
  const Tensor lengths = sqrt(sum_squares(rows, {by_rows ? 1 : 0}));
  if (!(min(lengths).item<double>() > 0) || !std::isfinite(max(lengths).item<double>())) return false;
  const linalg::CholeskyAttempt attempt =
      linalg::try_cholesky(products / lengths / reshape(lengths, {-1, 1}));
  if (!attempt.factor.defined() || least_left(attempt.factor) < kIndependent) return false;
  const auto solve = [&](const Tensor& right) {
    return linalg::cholesky_solve(attempt.factor, right / lengths) / lengths;
  };
  const auto step = [&](const Tensor& residuals) {
    return by_rows ? matmul(turned, solve(residuals)) : solve(matmul(turned, residuals));
  };
  Tensor coef = step(target);
  for (int i = 0; i < kCorrections; ++i) {
    const Tensor change = step(target - matmul(rows, coef));
    const double share = largest(change) / std::max(largest(coef), std::numeric_limits<double>::min());
    if (!(share < kTrusted)) return false;
    coef = coef + change;
    if (share < std::numeric_limits<double>::epsilon()) break;
  }
  coef_ = coef;
  intercept_ = centred.intercept_for(coef_);
  rank_ = by_rows ? x.size(0) : x.size(1) + (parameters_.fit_intercept ? 1 : 0);
  return true;
}

// A column of ones beside the features as they are: what centring them would round off stays. Only where the columns depend on each other are
// they centred, because it is the coefficients without the intercept that are to be short.
void LinearRegression::by_qr(const Tensor& x, const Tensor& y) {
  const linalg::LeastSquaresOptions options{.refine = parameters_.refine};
  const std::int64_t features = x.size(1);
  if (parameters_.fit_intercept) {
    const Tensor design = concatenate({ones({x.size(0), 1}, DType::kFloat64), x}, 1);
    if (x.size(0) > features && !internal::any_constant_feature(x)) {
      const linalg::LeastSquares fit = linalg::least_squares(design, y, options);
      rank_ = fit.rank;
      coef_ = copy(fit.solution.slice({Range::from(1)}));
      intercept_ = fit.solution.at<double>({0});
      if (rank_ == features + 1) return;
    }
  }
  const internal::Centred centred(x, y, parameters_.fit_intercept);
  require_in_range(centred.x());
  require_in_range(centred.y);
  const linalg::LeastSquares fit = linalg::least_squares(centred.x(), centred.y, options);
  rank_ = fit.rank + (parameters_.fit_intercept ? 1 : 0);
  coef_ = fit.solution;
  intercept_ = centred.intercept_for(coef_);
}

void LinearRegression::by_normal_equations(const Tensor& x, const Tensor& y) {
  const internal::Centred centred(x, y, parameters_.fit_intercept);
  const auto [gram, products] = centred.products();
  require_in_range(gram);
  const linalg::CholeskyAttempt attempt = linalg::try_cholesky(gram);
  if (!attempt.factor.defined())
    fail("{}: solver normal: feature {} depends on those before it (or the rows are too few); use solver qr",
         name(), attempt.failed_minor - 1);
  require_in_range(products);
  coef_ = linalg::cholesky_solve(attempt.factor, products);
  intercept_ = centred.intercept_for(coef_);
}

void LinearRegression::by_descent(const Tensor& x, const Tensor& y, StepObserver* observer) {
  const internal::Centred centred(x, y, parameters_.fit_intercept);
  const Tensor deviation = sqrt(mean(centred.x() * centred.x(), {0}));
  require_in_range(deviation);
  const Tensor scale = select(greater(deviation, 0.0), deviation, 1.0);
  const Descent descent(centred.x() / scale, centred.y);
  require_in_range(descent.products());
  const double eigenvalue = descent.largest_eigenvalue();
  const double step = eigenvalue > 0 ? 1 / eigenvalue : 0,
               enough = parameters_.tol * largest(descent.products());
  Tensor w = zeros({x.size(1), 1}, DType::kFloat64), gradient;
  for (bool going = true; going && iterations_ < parameters_.max_iter;) {
    const double loss = descent.evaluate(w, gradient);
    if (largest(gradient) <= enough) break;
    w = w - gradient * step;
    ++iterations_;
    const StepScalar scalar{"loss", loss};
    going = observer == nullptr || observer->on_step({static_cast<std::uint64_t>(iterations_), {&scalar, 1}});
  }
  coef_ = reshape(w, {-1}) / scale;
  intercept_ = centred.intercept_for(coef_);
}

void LinearRegression::visit_learned(StateVisitor& visitor) {
  LinearModel::visit_learned(visitor);
  visitor.integer("rank", rank_);
  visitor.integer("iterations", iterations_);
}

}  // namespace tessera::learn
