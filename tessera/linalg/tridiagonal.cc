#include "tessera/linalg/tridiagonal.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/linalg/symmetric_product.h"

namespace tessera::linalg::internal {
namespace {

// A panel's reflections and their companions W: what is left of the matrix is a - V^T W - W^T V (rows of V and W), where `a` is as it
// was when the panel began.
class TridiagonalReduction {
 public:
  explicit TridiagonalReduction(Matrix a)
      : n_(a.rows()),
        a_(std::move(a)),
        w_(kWidth, n_),
        result_{std::vector<double>(static_cast<std::size_t>(n_)),
                std::vector<double>(static_cast<std::size_t>(n_)),
                Reflections(std::max<std::int64_t>(0, n_ - 1), n_, 1)} {}

  Tridiagonal run() {
    for (std::int64_t first = 0; first < n_; first += kWidth) {
      const std::int64_t next = std::min(first + kWidth, n_);
      for (std::int64_t j = first; j < next; ++j) reduce(first, j);
      update_rest(first, next);
    }
    return std::move(result_);
  }

 private:
  static constexpr std::int64_t kWidth = Reflections::kWidth;

  double* v(std::int64_t j) { return result_.q.vectors.row(j); }

  void reduce(std::int64_t first, std::int64_t j) {
    double* line = a_.row(j);
    for (std::int64_t l = first; l < j; ++l) {
      const double* w = w_.row(l - first);
      add_scaled(-v(l)[j], w + j, line + j, n_ - j);
      add_scaled(-w[j], v(l) + j, line + j, n_ - j);
    }
    result_.diagonal[static_cast<std::size_t>(j)] = line[j];
    const std::int64_t start = j + 1, rest = n_ - start;
    if (rest == 0) return;
    std::copy(line + start, line + n_, v(j) + start);
    const Reflection made = make_reflection(v(j) + start, rest);
    result_.beside[static_cast<std::size_t>(j)] = made.beta;
    result_.q.tau[static_cast<std::size_t>(j)] = made.tau;
    make_companion(first, j, made.tau);
  }

  void make_companion(std::int64_t first, std::int64_t j, double tau) {
    const std::int64_t start = j + 1, rest = n_ - start;
    double *x = v(j) + start, *w = w_.row(j - first);
    std::fill(w, w + start, 0.0);
    w += start;
    const Block left = a_.block().from(start, start);
    multiply_upper(left, x, w);
    for (std::int64_t l = first; l < j; ++l) {
      double *v_l = v(l) + start, *w_l = w_.row(l - first) + start;
      const double of_v = dot(v_l, x, rest), of_w = dot(w_l, x, rest);
      add_scaled(-of_w, v_l, w, rest);
      add_scaled(-of_v, w_l, w, rest);
    }
    scale(tau, w, rest);
    add_scaled(-(tau / 2) * dot(w, x, rest), x, w, rest);
  }

  void update_rest(std::int64_t first, std::int64_t next) {
    const std::int64_t rest = n_ - next, width = std::min(next, n_ - 1) - first;
    if (rest == 0) return;
    Matrix left(2 * width, rest), right(2 * width, rest);  // V and W; W and V
    for (std::int64_t l = 0; l < width; ++l) {
      std::copy_n(v(first + l) + next, rest, left.row(l));
      std::copy_n(v(first + l) + next, rest, right.row(width + l));
      std::copy_n(w_.row(l) + next, rest, left.row(width + l));
      std::copy_n(w_.row(l) + next, rest, right.row(l));
    }
    subtract_product_upper(a_.block().from(next, next), left.block().transposed(), right.block());
  }

  std::int64_t n_;
  Matrix a_, w_;
  Tridiagonal result_;
};

// Of an eigenvalue, on average: two or three are usual, but the first one of a matrix that grows towards its middle can take a hundred.
constexpr std::int64_t kMostStepsOnAverage = 60;
// Of an eigenvalue, on average; then what is small beside the largest element counts as nothing, too.
constexpr std::int64_t kStepsBesideNeighbours = 30;

class QlIteration {
 public:
  QlIteration(std::vector<double>& diagonal, std::vector<double>& beside, Rotations& rotations)
      : d_(diagonal.data()),
        e_(beside.data()),
        n_(static_cast<std::int64_t>(diagonal.size())),
        small_(0x1p-53 * std::max(largest(d_, n_), largest(e_, n_))),
        rotations_(rotations) {}

  void run() {
    std::int64_t steps = 0;
    for (std::int64_t l = 0; l < n_; ++l)
      for (std::int64_t m = end_of_block(l); m > l; m = end_of_block(l)) {
        if (steps++ == kMostStepsOnAverage * n_)
          fail("symmetric_eigen: eigenvalue {} has not converged after {} steps", l,
               kMostStepsOnAverage * n_);
        if (steps > kStepsBesideNeighbours * n_) nothing_ = std::max(kTiny, small_);
        sweep(l, m);
      }
  }

 private:
  // The first m >= l that is not coupled to m + 1.
  std::int64_t end_of_block(std::int64_t l) const {
    std::int64_t m = l;
    while (m + 1 < n_ && std::abs(e_[m]) > nothing_ + 0x1p-53 * (std::abs(d_[m]) + std::abs(d_[m + 1]))) ++m;
    return m;
  }

  // One implicit QL step with Wilkinson's shift on rows l ... m.
  void sweep(std::int64_t l, std::int64_t m) {
    double g = (d_[l + 1] - d_[l]) / (2 * e_[l]);
    const double root = length_of(g, 1);
    g = d_[m] - d_[l] + e_[l] / (g + (g < 0 ? 0 - root : root));
    double s = 1, c = 1, p = 0;
    for (std::int64_t i = m - 1; i >= l; --i) {
      const double f = s * e_[i], b = c * e_[i], length = length_of(f, g);
      e_[i + 1] = length;
      if (length <= kTiny) {  // the block has come apart
        d_[i + 1] = d_[i + 1] - p;
        e_[m] = 0;
        e_[i] = b;  // c can be -1
        return;
      }
      s = f / length;
      c = g / length;
      g = d_[i + 1] - p;
      const double r = (d_[i] - g) * s + 2 * c * b;
      p = s * r;
      d_[i + 1] = g + p;
      g = c * r - b;
      rotations_.add(i, i + 1, c, -s);
    }
    d_[l] = d_[l] - p;
    e_[l] = g;
    e_[m] = 0;
  }

  double *d_, *e_;
  std::int64_t n_;
  double small_, nothing_ = kTiny;
  Rotations& rotations_;
};

}  // namespace

Tridiagonal tridiagonalise(Matrix a) {
  return TridiagonalReduction(std::move(a)).run();
}

void iterate_ql(std::vector<double>& diagonal, std::vector<double>& beside, Rotations& rotations) {
  QlIteration(diagonal, beside, rotations).run();
}

}  // namespace tessera::linalg::internal
