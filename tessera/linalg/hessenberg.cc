#include "tessera/linalg/hessenberg.h"

#include <algorithm>

namespace tessera::linalg::internal {
namespace {

// A panel's reflections V (rows), T and Y = A V T (in rows), `a` being as it was when the panel began: what is to become of the matrix is
// (I - V T^T V^T)(a - Y V^T). Quintana-Orti and van de Geijn, ACM TOMS 32, 2006, describe this form.
class HessenbergReduction {
 public:
  explicit HessenbergReduction(Matrix& a)
      : n_(a.rows()),
        a_(a),
        q_(std::max<std::int64_t>(0, n_ - 2), n_, 1),
        y_(kWidth, n_),
        t_(kWidth, kWidth) {}

  Reflections run() {
    for (std::int64_t first = 0; first < q_.count(); first += kWidth) {
      const std::int64_t count = std::min(kWidth, q_.count() - first);
      for (std::int64_t j = first; j < first + count; ++j) {
        update_column(first, j);
        reflect_column(first, j);
        fill_y(first, j);
      }
      update_rest(first, count);
    }
    return std::move(q_);
  }

 private:
  static constexpr std::int64_t kWidth = Reflections::kWidth;

  double* v(std::int64_t j) { return q_.vectors.row(j); }

  // Column j below row `first`, brought up to date in the place of its reflection.
  void update_column(std::int64_t first, std::int64_t j) {
    const std::int64_t start = first + 1, rest = n_ - start, steps = j - first;
    column_.assign(static_cast<std::size_t>(n_), 0.0);
    for (std::int64_t i = start; i < n_; ++i) column_[static_cast<std::size_t>(i)] = a_(i, j);
    double* b = column_.data() + start;
    for (std::int64_t l = 0; l < steps; ++l) add_scaled(-v(first + l)[j], y_.row(l) + start, b, rest);
    std::vector<double> overlap;
    for (std::int64_t l = 0; l < steps; ++l) overlap.push_back(dot(v(first + l) + start, b, rest));
    for (std::int64_t l = 0; l < steps; ++l) {
      double factor = 0;
      for (std::int64_t k = 0; k <= l; ++k)
        factor = __builtin_fma(t_(k, l), overlap[static_cast<std::size_t>(k)], factor);
      add_scaled(-factor, v(first + l) + start, b, rest);
    }
  }

  void reflect_column(std::int64_t first, std::int64_t j) {
    const std::int64_t start = j + 1;
    std::copy(column_.begin() + start, column_.end(), v(j) + start);
    const Reflection made = make_reflection(v(j) + start, n_ - start);
    q_.tau[static_cast<std::size_t>(j)] = made.tau;
    for (std::int64_t i = first + 1; i <= j; ++i) a_(i, j) = column_[static_cast<std::size_t>(i)];
    a_(start, j) = made.beta;
    for (std::int64_t i = start + 1; i < n_; ++i) a_(i, j) = 0;
  }

  // Row j - first of Y, from position first + 1 on, and that column of T.
  void fill_y(std::int64_t first, std::int64_t j) {
    const std::int64_t start = first + 1, rest = n_ - start, steps = j - first, width = n_ - j - 1;
    const double tau = q_.tau[static_cast<std::size_t>(j)];
    double *from = v(j) + j + 1, *y = y_.row(steps);
    std::fill(y, y + start, 0.0);
    multiply(a_.block().part(start, j + 1, rest, width), Block{from, width, 1, 1, 1}, y + start);
    std::vector<double> overlap;
    for (std::int64_t l = 0; l < steps; ++l) overlap.push_back(dot(v(first + l) + j + 1, from, width));
    for (std::int64_t l = 0; l < steps; ++l)
      add_scaled(-overlap[static_cast<std::size_t>(l)], y_.row(l) + start, y + start, rest);
    scale(tau, y + start, rest);
    for (std::int64_t i = 0; i < steps; ++i) {
      double sum = 0;
      for (std::int64_t k = i; k < steps; ++k)
        sum = __builtin_fma(t_(i, k), overlap[static_cast<std::size_t>(k)], sum);
      t_(i, steps) = -tau * sum;
    }
    t_(steps, steps) = tau;
  }

  void update_rest(std::int64_t first, std::int64_t count) {
    const std::int64_t above = first + 1, next = first + count;
    const Block lines = q_.vectors.block().part(first, above, count, n_ - above);
    // The rows of Y above the panel's reflections.
    Matrix product = multiply(a_.block().part(0, above, above, n_ - above), lines.transposed());
    Matrix upper = multiply(product.block(), t_.block().part(0, 0, count, count));
    for (std::int64_t l = 0; l < count; ++l)
      for (std::int64_t i = 0; i < above; ++i) y_(l, i) = upper(i, l);
    const Block y = y_.block().part(0, 0, count, n_).transposed();
    subtract_product(a_.block().part(0, next, n_, n_ - next), y,
                     q_.vectors.block().part(first, next, count, n_ - next));
    if (count > 1)
      subtract_product(a_.block().part(0, above, above, count - 1), y.part(0, 0, above, count),
                       q_.vectors.block().part(first, above, count, count - 1));
    q_.apply_block_transposed(first, count, a_.block().from(above, next));
  }

  std::int64_t n_;
  Matrix& a_;
  Reflections q_;
  Matrix y_, t_;
  std::vector<double> column_;
};

}  // namespace

Reflections reduce_to_hessenberg(Matrix& a) {
  return HessenbergReduction(a).run();
}

}  // namespace tessera::linalg::internal
