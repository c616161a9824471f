#include "tessera/linalg/least_squares.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/linalg/double_double.h"
#include "tessera/linalg/matrix.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/triangular.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg {
namespace {

using namespace internal;

constexpr std::int64_t kRows = 8;  // residuals that are computed side by side
struct RowSums {
  DoubleDouble of[kRows];
};

// Subtracts the products of kRows rows, packed so that they lie side by side, with a column.
TESSERA_FMA_CLONES void subtract_products(const double* packed, std::int64_t n, const double* x,
                                          std::int64_t x_step, RowSums& sums) {
  RowSums found = sums;
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t row = 0; row < kRows; ++row)
      found.of[row].add_product(-packed[j * kRows + row], x[j * x_step]);
  sums = found;
}

// b - a x, rounded once at the end; with r: b - r - a x.
Matrix exact_residual(const Matrix& a, const Matrix& x, const Matrix& b, const Matrix* r = nullptr) {
  Matrix result(b.rows(), b.columns());
  const std::int64_t n = a.columns();
  parallel_for((b.rows() + kRows - 1) / kRows, [&](std::int64_t group) {
    const std::int64_t first = group * kRows, count = std::min(kRows, b.rows() - first);
    std::vector<double> packed(static_cast<std::size_t>(n * kRows));
    for (std::int64_t row = 0; row < count; ++row)
      for (std::int64_t j = 0; j < n; ++j)
        packed[static_cast<std::size_t>(j * kRows + row)] = a(first + row, j);
    for (std::int64_t c = 0; c < b.columns(); ++c) {
      RowSums sums;
      for (std::int64_t row = 0; row < count; ++row) {
        sums.of[row].add(b(first + row, c));
        if (r != nullptr) sums.of[row].add(-(*r)(first + row, c));
      }
      subtract_products(packed.data(), n, x.row(0) + c, x.columns(), sums);
      for (std::int64_t row = 0; row < count; ++row) result(first + row, c) = sums.of[row].value();
    }
  });
  return result;
}

// -a^T r
Matrix exact_gradient(const Matrix& a, const Matrix& r) {
  Matrix result(a.columns(), r.columns());
  for (std::int64_t j = 0; j < a.columns(); ++j)
    for (std::int64_t c = 0; c < r.columns(); ++c) {
      DoubleDouble sum;
      for (std::int64_t i = 0; i < a.rows(); ++i) sum.add_product(-a(i, j), r(i, c));
      result(j, c) = sum.value();
    }
  return result;
}

// Columns brought to lengths in [1, 2) by powers of two.
std::vector<int> equilibrate(Matrix& a) {
  std::vector<double> tops(static_cast<std::size_t>(a.columns()));
  for (std::int64_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < tops.size(); ++j) tops[j] = std::max(tops[j], std::abs(a.row(i)[j]));
  std::vector<int> exponents;
  for (const double top : tops) exponents.push_back(top == 0 ? 0 : -std::ilogb(top));
  // A power of two as a factor, in two where it is no number: as exact as `scaled`.
  std::vector<double> factors, more;
  for (const int exponent : exponents) {
    factors.push_back(scaled(1, std::min(exponent, 1000)));
    more.push_back(scaled(1, exponent - std::min(exponent, 1000)));
  }
  for (std::int64_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < factors.size(); ++j) a.row(i)[j] = a.row(i)[j] * factors[j] * more[j];
  return exponents;
}

class Problem {
 public:
  Problem(const Matrix& a, const Matrix& b, double tolerance) : a_(a), b_(b) {
    tolerance = rank_tolerance_or_default(tolerance, a.rows(), a.columns());
    factor(tolerance, true);
    if (rank_ == a.columns()) return;
    factor(tolerance, false);
  }

  std::int64_t rank() const { return rank_; }
  bool full_rank() const { return rank_ == a_.columns(); }

  Matrix solve() {
    Matrix turned = b_;
    factors_.q.apply_transposed(turned.block());
    return full_rank() ? ordered(upper_solve(turned)) : shortest(turned);
  }

  // One step of correction: the solution for the residuals is added. These are small numbers where x was good, and so is their error.
  void correct(Matrix& x, const Matrix& r) {
    Matrix turned = r;
    factors_.q.apply_transposed(turned.block());
    const Matrix change = ordered(upper_solve(turned));
    for (std::size_t i = 0; i < x.elements().size(); ++i)
      x.elements()[i] = x.elements()[i] + change.elements()[i];
  }

  // Refines x and r; the number of steps.
  int refine(Matrix& x, Matrix& r) {
    constexpr int kMost = 10;
    double before = 0;
    for (int step = 1; step <= kMost; ++step) {
      const Matrix f = exact_residual(a_, x, b_, &r), g = exact_gradient(a_, r);
      const Matrix change = correct(f, g, r);
      double size = 0;
      for (std::int64_t i = 0; i < x.rows(); ++i)
        for (std::int64_t c = 0; c < x.columns(); ++c) {
          if (x(i, c) != 0) size = std::max(size, std::abs(change(i, c) / x(i, c)));
          x(i, c) = x(i, c) + change(i, c);
        }
      if (size <= 0x1p-53 || (step > 1 && size > before / 2)) return step;
      before = size;
    }
    return kMost;
  }

  // inverse(a^T a) = inverse(R) inverse(R)^T, in the order of a's columns.
  Matrix covariance() {
    const std::int64_t n = a_.columns();
    Matrix inverse = Matrix::identity(n, n);
    solve_upper(factors_.r.block(), inverse.block(), false);
    const Matrix product = multiply(inverse.block(), inverse.block().transposed());
    Matrix result(n, n);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        result(at(i), at(j)) = scaled(product(i, j), exponents_[index(at(i))] + exponents_[index(at(j))]);
    return result;
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
  std::int64_t at(std::int64_t j) const { return factors_.permutation[index(j)]; }

  void factor(double tolerance, bool by_columns) {
    Matrix scaled_a = a_;
    if (by_columns)
      exponents_ = equilibrate(scaled_a);
    else
      exponents_.assign(index(a_.columns()), scale_to_one(scaled_a));
    factors_ = factor_pivoted_qr(scaled_a);
    rank_ = rank_of(factors_, tolerance);
  }

  // The solutions of R x = (the first rows of b), in the pivoted order.
  Matrix upper_solve(const Matrix& b) {
    Matrix x(a_.columns(), b.columns());
    for (std::int64_t i = 0; i < x.rows(); ++i) std::copy(b.row(i), b.row(i) + b.columns(), x.row(i));
    solve_upper(factors_.r.block().part(0, 0, x.rows(), x.rows()), x.block(), false);
    return x;
  }

  Matrix ordered(const Matrix& pivoted) const {
    Matrix x(pivoted.rows(), pivoted.columns());
    for (std::int64_t j = 0; j < x.rows(); ++j)
      for (std::int64_t c = 0; c < x.columns(); ++c)
        x(at(j), c) = scaled(pivoted(j, c), exponents_[index(at(j))]);
    return x;
  }

  // The first `rank` rows of R are S^T Z^T with Z orthonormal: x = Z inverse(S)^T b.
  Matrix shortest(const Matrix& b) {
    const std::int64_t n = a_.columns();
    if (rank_ == 0) return Matrix(n, b.columns());
    Matrix top(rank_, n);
    for (std::int64_t i = 0; i < rank_; ++i) std::copy(factors_.r.row(i), factors_.r.row(i) + n, top.row(i));
    QrFactors second = factor_qr(transposed(top));
    Matrix x(n, b.columns());
    for (std::int64_t i = 0; i < rank_; ++i) std::copy(b.row(i), b.row(i) + b.columns(), x.row(i));
    solve_lower(second.r.block().transposed(), x.block().part(0, 0, rank_, x.columns()), false);
    second.q.apply(x.block());
    return ordered(x);
  }

  // The step of the augmented system: dr + a dx = f, a^T dr = g. r is changed, dx returned.
  Matrix correct(const Matrix& f, const Matrix& g, Matrix& r) {
    const std::int64_t n = a_.columns();
    Matrix turned = f, z(n, g.columns());
    factors_.q.apply_transposed(turned.block());
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t c = 0; c < g.columns(); ++c) z(j, c) = scaled(g(at(j), c), exponents_[index(at(j))]);
    solve_lower(factors_.r.block().part(0, 0, n, n).transposed(), z.block(), false);
    Matrix right(n, g.columns());
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t c = 0; c < g.columns(); ++c) {
        right(j, c) = turned(j, c) - z(j, c);
        turned(j, c) = z(j, c);
      }
    factors_.q.apply(turned.block());
    for (std::size_t i = 0; i < r.elements().size(); ++i)
      r.elements()[i] = r.elements()[i] + turned.elements()[i];
    return ordered(upper_solve(right));
  }

  const Matrix& a_;
  const Matrix& b_;
  std::vector<int> exponents_;  // x_j of the problem is 2^exponents_[j] times that of the scaled one
  QrFactors factors_;
  std::int64_t rank_ = 0;
};

Tensor squares_of(const Matrix& residuals, const Tensor& b) {
  std::vector<double> sums;
  const Matrix columns = transposed(residuals);
  for (std::int64_t c = 0; c < columns.rows(); ++c)
    sums.push_back(dot(columns.row(c), columns.row(c), columns.columns()));
  return Tensor::from<double>(sums, b.rank() == 1 ? Shape{} : Shape{columns.rows()});
}

Shape solution_shape(const Matrix& x, const Tensor& b) {
  return b.rank() == 1 ? Shape{x.rows()} : Shape{x.rows(), x.columns()};
}

}  // namespace

LeastSquares least_squares(const Tensor& a, const Tensor& b, const LeastSquaresOptions& options) {
  const FloatEnvironment contract;
  const Matrix matrix = read_matrix(a, "least_squares");
  const Matrix right = read_right_side(b, matrix.rows(), "least_squares");
  if (!(options.rank_tolerance < 1))
    fail("least_squares: rank_tolerance is {}, expected a number below 1", options.rank_tolerance);
  Problem problem(matrix, right, options.rank_tolerance);
  Matrix x = problem.solve(), residuals = exact_residual(matrix, x, right);
  if (problem.full_rank()) {
    problem.correct(x, residuals);
    residuals = exact_residual(matrix, x, right);
  }
  LeastSquares result;
  result.rank = problem.rank();
  if (options.refine && problem.full_rank()) {
    result.refinements = problem.refine(x, residuals);
    residuals = exact_residual(matrix, x, right);
  }
  result.solution = to_tensor(x, solution_shape(x, b));
  result.residuals = to_tensor(residuals, b.shape());
  result.residual_squares = squares_of(residuals, b);
  if (options.covariance && problem.full_rank()) result.covariance = to_tensor(problem.covariance());
  return result;
}

}  // namespace tessera::linalg
