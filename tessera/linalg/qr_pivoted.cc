// The pivoted QR factorisation in panels: a panel's columns are brought up to date when they are chosen, the rest after the panel by one
// matrix product. With A^T in rows, F holds what the panel's reflections do to every column: A^T - F V.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/linalg/qr.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg::internal {
namespace {

class PivotedFactorisation {
 public:
  explicit PivotedFactorisation(const Matrix& a)
      : m_(a.rows()),
        n_(a.columns()),
        k_(std::min(m_, n_)),
        lines_(transposed(a)),
        q_(k_, m_),
        f_(n_, kWidth),
        norms_(static_cast<std::size_t>(n_)),
        full_norms_(norms_),
        permutation_(norms_.size()) {
    std::iota(permutation_.begin(), permutation_.end(), 0);
    for (std::int64_t j = 0; j < n_; ++j) measure(j, 0);
  }

  QrFactors run() {
    for (std::int64_t first = 0; first < k_;) {
      const std::int64_t done = factor_panel(first, std::min(kWidth, k_ - first));
      update_rest(first, done);
      first += done;
    }
    Matrix r(k_, n_);
    for (std::int64_t j = 0; j < n_; ++j)
      for (std::int64_t i = 0; i <= std::min(j, k_ - 1); ++i) r(i, j) = lines_(j, i);
    return {std::move(q_), std::move(r), permutation_};
  }

 private:
  static constexpr std::int64_t kWidth = Reflections::kWidth;

  double& norm_of(std::int64_t j) { return norms_[static_cast<std::size_t>(j)]; }
  void measure(std::int64_t j, std::int64_t from) {
    norm_of(j) = full_norms_[static_cast<std::size_t>(j)] = norm(lines_.row(j) + from, m_ - from);
  }

  void exchange(std::int64_t a, std::int64_t b) {
    if (a == b) return;
    std::swap_ranges(lines_.row(a), lines_.row(a) + m_, lines_.row(b));
    std::swap_ranges(f_.row(a), f_.row(a) + kWidth, f_.row(b));
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    std::swap(norms_[i], norms_[j]);
    std::swap(full_norms_[i], full_norms_[j]);
    std::swap(permutation_[i], permutation_[j]);
  }

  // How many columns it factored: fewer than `width` where norms have to be measured anew.
  std::int64_t factor_panel(std::int64_t first, std::int64_t width) {
    for (std::int64_t step = 0; step < width; ++step) {
      const std::int64_t j = first + step;
      const auto best = std::max_element(norms_.begin() + j, norms_.end());
      exchange(j, best - norms_.begin());
      reflect_column(first, step);
      fill_f(first, step);
      finish_row(first, step);
      if (!update_norms(j)) return step + 1;
    }
    return width;
  }

  void reflect_column(std::int64_t first, std::int64_t step) {
    const std::int64_t j = first + step;
    double* column = lines_.row(j);
    for (std::int64_t l = 0; l < step; ++l)
      add_scaled(-f_(j, l), q_.vectors.row(first + l) + j, column + j, m_ - j);
    double* v = q_.vectors.row(j);
    std::copy(column + j, column + m_, v + j);
    const Reflection made = make_reflection(v + j, m_ - j);
    column[j] = made.beta;
    q_.tau[static_cast<std::size_t>(j)] = made.tau;
  }

  // Column `step` of F: tau (A^T v - F (V v)), for the columns behind j.
  void fill_f(std::int64_t first, std::int64_t step) {
    const std::int64_t j = first + step, rest = n_ - j - 1;
    if (rest == 0) return;
    double* v = q_.vectors.row(j);
    const double tau = q_.tau[static_cast<std::size_t>(j)];
    std::vector<double> products(static_cast<std::size_t>(rest));
    multiply(lines_.block().part(j + 1, j, rest, m_ - j), Block{v + j, m_ - j, 1, 1, 1}, products.data());
    std::vector<double> overlap;
    for (std::int64_t l = 0; l < step; ++l)
      overlap.push_back(dot(q_.vectors.row(first + l) + j, v + j, m_ - j));
    subtract_dots(f_.block().part(j + 1, 0, rest, step), overlap.data(), products.data(), 1);
    for (std::int64_t i = 0; i < rest; ++i) f_(j + 1 + i, step) = tau * products[static_cast<std::size_t>(i)];
  }

  // Row j of R.
  void finish_row(std::int64_t first, std::int64_t step) {
    const std::int64_t j = first + step, rest = n_ - j - 1;
    if (rest == 0) return;
    double factors[kWidth];
    for (std::int64_t l = 0; l <= step; ++l) factors[l] = q_.vectors(first + l, j);
    subtract_dots(f_.block().part(j + 1, 0, rest, step + 1), factors, lines_.row(j + 1) + j, m_);
  }

  // Takes row j out of the norms. False where a norm has lost too many digits for that; it is then marked by -1.
  bool update_norms(std::int64_t j) {
    bool good = true;
    for (std::int64_t other = j + 1; other < n_; ++other) {
      double& length = norm_of(other);
      if (length == 0) continue;
      const double ratio = lines_(other, j) / length;
      const double left = std::max(0.0, 1 - ratio * ratio);
      const double since = length / full_norms_[static_cast<std::size_t>(other)];
      if (left * (since * since) <= 0x1p-26) {
        length = -1;
        good = false;
      } else {
        length = length * numerics::sqrt(left);
      }
    }
    return good;
  }

  void update_rest(std::int64_t first, std::int64_t done) {
    const std::int64_t next = first + done;
    if (next >= n_) return;
    if (next < m_)
      subtract_product(lines_.block().from(next, next), f_.block().part(next, 0, n_ - next, done),
                       q_.vectors.block().part(first, next, done, m_ - next));
    for (std::int64_t j = next; j < n_; ++j)
      if (norm_of(j) < 0) measure(j, std::min(next, m_));
  }

  std::int64_t m_, n_, k_;
  Matrix lines_;  // A^T: a column of A is a line of memory
  Reflections q_;
  Matrix f_;
  std::vector<double> norms_,
      full_norms_;  // of what is left of each column: now, and when it was last measured
  std::vector<std::int64_t> permutation_;
};

}  // namespace

QrFactors factor_pivoted_qr(const Matrix& a) {
  return PivotedFactorisation(a).run();
}

}  // namespace tessera::linalg::internal
