#include "tessera/linalg/damped_step.h"

#include <algorithm>
#include <cmath>

#include "tessera/linalg/triangular.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg::internal {
namespace {

constexpr double kLeast = 0x1p-1022;
constexpr int kMostTrials = 10;

}  // namespace

DampedProblem::DampedProblem(const Matrix& jacobian, const std::vector<double>& residuals)
    : m_(jacobian.rows()), n_(jacobian.columns()), factors_(factor_pivoted_qr(jacobian)) {
  rank_ = rank_of(factors_, rank_tolerance_or_default(-1, m_, n_));
  Matrix turned(m_, 1);
  turned.elements() = residuals;
  factors_.q.apply_transposed(turned.block());
  turned_ = turned.elements();
  const Matrix gradient = multiply(factors_.r.block().transposed(), turned.block().part(0, 0, n_, 1));
  gradient_length_ = norm(gradient.elements());
}

DampedStep DampedProblem::gauss_newton() const {
  Matrix x(rank_, 1), r = factors_.r;
  for (std::int64_t j = 0; j < rank_; ++j) x(j, 0) = -turned_[static_cast<std::size_t>(j)];
  if (rank_ > 0) solve_upper(r.block().part(0, 0, rank_, rank_), x.block(), false);
  std::vector<double> p(static_cast<std::size_t>(n_));
  std::copy(x.elements().begin(), x.elements().end(), p.begin());
  return finished(p, 0);
}

// By a second QR, of R on top of sqrt(damping) I.
DampedProblem::Solved DampedProblem::solve(double damping) const {
  Matrix stacked(2 * n_, n_), right(2 * n_, 1);
  const double root = numerics::sqrt(damping);
  for (std::int64_t i = 0; i < n_; ++i) {
    for (std::int64_t j = i; j < n_; ++j) stacked(i, j) = factors_.r(i, j);
    stacked(n_ + i, i) = root;
    right(i, 0) = -turned_[static_cast<std::size_t>(i)];
  }
  QrFactors both = factor_qr(std::move(stacked));
  both.q.apply_transposed(right.block());
  Matrix x(n_, 1);
  for (std::int64_t i = 0; i < n_; ++i) x(i, 0) = right(i, 0);
  solve_upper(both.r.block(), x.block(), false);
  Solved solved{std::move(both.r), x.elements(), 0};
  solved.length = norm(solved.p);
  return solved;
}

double DampedProblem::slope(const Solved& solved) const {
  Matrix direction(n_, 1), triangle = solved.triangle;
  for (std::int64_t i = 0; i < n_; ++i)
    direction(i, 0) = solved.p[static_cast<std::size_t>(i)] / solved.length;
  solve_lower(triangle.block().transposed(), direction.block(), false);
  const double length = norm(direction.elements());
  return length * length;
}

DampedStep DampedProblem::within(double radius, double damping) const {
  DampedStep whole = gauss_newton();
  double excess = whole.length - radius;
  if (excess <= 0.1 * radius) return whole;
  double low = 0, high = std::max(gradient_length_ / radius, kLeast);
  if (full_rank()) {
    Solved start{factors_.r, std::vector<double>(static_cast<std::size_t>(n_)), whole.length};
    for (std::size_t j = 0; j < start.p.size(); ++j)
      start.p[j] = whole.step[static_cast<std::size_t>(factors_.permutation[j])];
    low = excess / radius / slope(start);
  }
  damping = std::min(std::max(damping, low), high);
  if (damping == 0) damping = gradient_length_ / whole.length;
  for (int trial = 1;; ++trial) {
    if (damping == 0) damping = std::max(kLeast, 0.001 * high);
    const Solved solved = solve(damping);
    const double before = excess;
    excess = solved.length - radius;
    const bool near = std::abs(excess) <= 0.1 * radius, falling = low == 0 && excess <= before && before < 0;
    if (near || falling || trial == kMostTrials) return finished(solved.p, damping);
    if (excess > 0) low = std::max(low, damping);
    if (excess < 0) high = std::min(high, damping);
    damping = std::max(low, damping + excess / radius / slope(solved));
  }
}

DampedStep DampedProblem::finished(const std::vector<double>& p, double damping) const {
  DampedStep result;
  result.damping = damping;
  result.length = norm(p);
  Matrix r = factors_.r, x(n_, 1);
  x.elements() = p;
  result.linear_length = norm(multiply(r.block(), x.block()).elements());
  result.step.resize(p.size());
  for (std::size_t j = 0; j < p.size(); ++j)
    result.step[static_cast<std::size_t>(factors_.permutation[j])] = p[j];
  return result;
}

double DampedProblem::offset() const {
  const double inside = norm(turned_.data(), rank_), rest = norm(turned_.data() + rank_, m_ - rank_);
  if (inside == 0) return 0;
  const double freedom = static_cast<double>(std::max<std::int64_t>(m_ - rank_, 1));
  return inside / numerics::sqrt(static_cast<double>(rank_)) / (rest / numerics::sqrt(freedom));
}

Matrix DampedProblem::inverse_gram() const {
  Matrix inverse = Matrix::identity(n_, n_), r = factors_.r;
  solve_upper(r.block(), inverse.block(), false);
  const Matrix product = multiply(inverse.block(), inverse.block().transposed());
  Matrix result(n_, n_);
  for (std::int64_t i = 0; i < n_; ++i)
    for (std::int64_t j = 0; j < n_; ++j)
      result(factors_.permutation[static_cast<std::size_t>(i)],
             factors_.permutation[static_cast<std::size_t>(j)]) = product(i, j);
  return result;
}

}  // namespace tessera::linalg::internal
