#include "tessera/linalg/bidiagonal.h"

#include <algorithm>

namespace tessera::linalg::internal {
namespace {

// What is left of the matrix within a panel is a - V^T Y - X^T U (all in rows; V reflects from the left, U from the right), where `a`
// is as it was when the panel began. Dongarra, Sorensen and Hammarling, 1989.
class BidiagonalReduction {
 public:
  explicit BidiagonalReduction(Matrix a)
      : m_(a.rows()),
        n_(a.columns()),
        a_(std::move(a)),
        x_(kWidth, m_),
        y_(kWidth, n_),
        result_{std::vector<double>(static_cast<std::size_t>(n_)),
                std::vector<double>(static_cast<std::size_t>(n_)), Reflections(n_, m_),
                Reflections(n_ - 1, n_, 1)} {}

  Bidiagonal run() {
    for (std::int64_t first = 0; first < n_; first += kWidth) {
      const std::int64_t next = std::min(first + kWidth, n_);
      for (std::int64_t i = first; i < next; ++i) {
        reflect_column(first, i);
        if (i + 1 == n_) break;
        make_y(first, i);
        reflect_row(first, i);
        make_x(first, i);
      }
      update_rest(first, next);
    }
    return std::move(result_);
  }

 private:
  static constexpr std::int64_t kWidth = Reflections::kWidth;

  double* v(std::int64_t i) { return result_.q.vectors.row(i); }
  double* u(std::int64_t i) { return result_.p.vectors.row(i); }

  void reflect_column(std::int64_t first, std::int64_t i) {
    double* column = v(i);
    for (std::int64_t row = i; row < m_; ++row) column[row] = a_(row, i);
    for (std::int64_t l = first; l < i; ++l) {
      add_scaled(-y_(l - first, i), v(l) + i, column + i, m_ - i);
      add_scaled(-u(l)[i], x_.row(l - first) + i, column + i, m_ - i);
    }
    const Reflection made = make_reflection(column + i, m_ - i);
    result_.diagonal[static_cast<std::size_t>(i)] = made.beta;
    result_.q.tau[static_cast<std::size_t>(i)] = made.tau;
  }

  void make_y(std::int64_t first, std::int64_t i) {
    const std::int64_t start = i + 1, rest = n_ - start, height = m_ - i;
    double *from = v(i) + i, *y = y_.row(i - first);
    std::fill(y, y + start, 0.0);
    multiply(Block{from, 1, height, height, 1}, a_.block().part(i, start, height, rest), y + start);
    for (std::int64_t l = first; l < i; ++l) {
      const double of_v = dot(v(l) + i, from, height), of_x = dot(x_.row(l - first) + i, from, height);
      add_scaled(-of_v, y_.row(l - first) + start, y + start, rest);
      add_scaled(-of_x, u(l) + start, y + start, rest);
    }
    scale(result_.q.tau[static_cast<std::size_t>(i)], y + start, rest);
  }

  void reflect_row(std::int64_t first, std::int64_t i) {
    const std::int64_t start = i + 1, rest = n_ - start;
    double* row = u(i);
    std::copy(a_.row(i) + start, a_.row(i) + n_, row + start);
    for (std::int64_t l = first; l <= i; ++l)
      add_scaled(-v(l)[i], y_.row(l - first) + start, row + start, rest);
    for (std::int64_t l = first; l < i; ++l) add_scaled(-x_(l - first, i), u(l) + start, row + start, rest);
    const Reflection made = make_reflection(row + start, rest);
    result_.above[static_cast<std::size_t>(i)] = made.beta;
    result_.p.tau[static_cast<std::size_t>(i)] = made.tau;
  }

  void make_x(std::int64_t first, std::int64_t i) {
    const std::int64_t start = i + 1, rest = n_ - start, height = m_ - start;
    double *from = u(i) + start, *x = x_.row(i - first);
    std::fill(x, x + start, 0.0);
    multiply(a_.block().from(start, start), Block{from, rest, 1, 1, 1}, x + start);
    for (std::int64_t l = first; l <= i; ++l)
      add_scaled(-dot(y_.row(l - first) + start, from, rest), v(l) + start, x + start, height);
    for (std::int64_t l = first; l < i; ++l)
      add_scaled(-dot(u(l) + start, from, rest), x_.row(l - first) + start, x + start, height);
    scale(result_.p.tau[static_cast<std::size_t>(i)], x + start, height);
  }

  void update_rest(std::int64_t first, std::int64_t next) {
    const std::int64_t rest = n_ - next, height = m_ - next, width = next - first;
    if (rest == 0) return;
    Matrix left(2 * width, height), right(2 * width, rest);  // V and X; Y and U
    for (std::int64_t l = 0; l < width; ++l) {
      std::copy_n(v(first + l) + next, height, left.row(l));
      std::copy_n(x_.row(l) + next, height, left.row(width + l));
      std::copy_n(y_.row(l) + next, rest, right.row(l));
      std::copy_n(u(first + l) + next, rest, right.row(width + l));
    }
    subtract_product(a_.block().from(next, next), left.block().transposed(), right.block());
  }

  std::int64_t m_, n_;
  Matrix a_, x_, y_;
  Bidiagonal result_;
};

}  // namespace

Bidiagonal bidiagonalise(Matrix a) {
  return BidiagonalReduction(std::move(a)).run();
}

}  // namespace tessera::linalg::internal
