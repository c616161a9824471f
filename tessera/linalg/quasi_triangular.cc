// Eigenvectors of a quasi-triangular matrix by substitution from below, as LAPACK's dtrevc: of a 1x1 block a number, of a 2x2 block two.
#include <algorithm>
#include <cmath>

#include "tessera/base/thread_pool.h"
#include "tessera/linalg/hessenberg.h"

namespace tessera::linalg::internal {
namespace {

// Complex arithmetic as plain formulas: the standard library's division is a function of the compiler's run-time library.
struct Complex {
  double re = 0, im = 0;
  Complex operator+(const Complex& o) const { return {re + o.re, im + o.im}; }
  Complex operator-(const Complex& o) const { return {re - o.re, im - o.im}; }
  Complex operator*(const Complex& o) const { return {re * o.re - im * o.im, re * o.im + im * o.re}; }
  double size() const { return std::abs(re) + std::abs(im); }
};

// Smith's method.
Complex operator/(const Complex& a, const Complex& b) {
  if (std::abs(b.re) >= std::abs(b.im)) {
    const double ratio = b.im / b.re, below = b.re + b.im * ratio;
    return {(a.re + a.im * ratio) / below, (a.im - a.re * ratio) / below};
  }
  const double ratio = b.re / b.im, below = b.re * ratio + b.im;
  return {(a.re * ratio + a.im) / below, (a.im * ratio - a.re) / below};
}

constexpr double kLargest = 0x1p300;  // a vector that grows beyond it is scaled down

class VectorSubstitution {
 public:
  // One vector, its parts on lines of n zeros; `imaginary` is nullptr for a real eigenvalue.
  VectorSubstitution(const Matrix& t, ComplexValue value, double least, double* real, double* imaginary)
      : t_(t), value_(value), least_(least), real_(real), imaginary_(imaginary) {}

  void run_real(std::int64_t k) {
    real_[k] = 1;
    end_ = k + 1;
    substitute(k - 1);
  }

  // The pair at k - 1, k; the value with the positive imaginary part.
  void run_pair(std::int64_t k) {
    const double b = t_(k - 1, k), c = t_(k, k - 1);
    if (std::abs(b) >= std::abs(c)) {
      real_[k - 1] = 1;
      imaginary_[k] = value_.imaginary / b;
    } else {
      real_[k - 1] = -value_.imaginary / c;
      imaginary_[k] = 1;
    }
    end_ = k + 1;
    substitute(k - 2);
  }

 private:
  void substitute(std::int64_t i) {
    while (i >= 0) {
      const bool pair = i > 0 && t_(i, i - 1) != 0;
      pair ? solve_two(i - 1) : solve_one(i);
      i -= pair ? 2 : 1;
    }
  }

  // What row i has taken up already, negated.
  Complex right_side(std::int64_t i, std::int64_t from) const {
    const double* line = t_.row(i) + from;
    const double real = dot(line, real_ + from, end_ - from);
    return {0 - real, imaginary_ == nullptr ? 0 : 0 - dot(line, imaginary_ + from, end_ - from)};
  }

  Complex diagonal(std::int64_t i) const { return {t_(i, i) - value_.real, 0 - value_.imaginary}; }

  // A divisor that is too small stands for an eigenvalue that is nearly equal.
  Complex safe(const Complex& x) const { return x.size() < least_ ? Complex{least_, 0} : x; }

  void solve_one(std::int64_t i) { keep(i, right_side(i, i + 1) / safe(diagonal(i))); }

  void solve_two(std::int64_t i) {
    Complex a = diagonal(i), b{t_(i, i + 1), 0}, c{t_(i + 1, i), 0}, d = diagonal(i + 1);
    Complex r = right_side(i, i + 2), s = right_side(i + 1, i + 2);
    if (c.size() > a.size()) {
      std::swap(a, c);
      std::swap(b, d);
      std::swap(r, s);
    }
    const Complex factor = c / safe(a);
    const Complex second = (s - factor * r) / safe(d - factor * b), first = (r - b * second) / safe(a);
    keep(i + 1, second);
    // `keep` may have scaled the vector, and then `first` has the old scale.
    keep(i, Complex{first.re * shrunk_, first.im * shrunk_});
  }

  void keep(std::int64_t i, const Complex& x) {
    real_[i] = x.re;
    if (imaginary_ != nullptr) imaginary_[i] = x.im;
    shrunk_ = 1;
    if (!(x.size() > kLargest)) return;
    shrunk_ = 1 / kLargest;
    for (std::int64_t j = i; j < end_; ++j) {
      real_[j] = real_[j] * shrunk_;
      if (imaginary_ != nullptr) imaginary_[j] = imaginary_[j] * shrunk_;
    }
  }

  const Matrix& t_;
  ComplexValue value_;
  double least_;
  double *real_, *imaginary_;
  std::int64_t end_ = 0;
  double shrunk_ = 1;
};

}  // namespace

Matrix quasi_triangular_vectors(const Matrix& t, const std::vector<ComplexValue>& values) {
  const std::int64_t n = t.rows();
  Matrix vectors(n, n);
  const double least = 0x1p-53 * std::max(largest(t.elements().data(), n * n), 0x1p-500);
  parallel_for(n, [&](std::int64_t k) {
    const ComplexValue value = values[static_cast<std::size_t>(k)];
    if (value.imaginary > 0) return;  // the second of the pair does both
    if (value.imaginary == 0)
      VectorSubstitution(t, value, least, vectors.row(k), nullptr).run_real(k);
    else
      VectorSubstitution(t, values[static_cast<std::size_t>(k - 1)], least, vectors.row(k - 1),
                         vectors.row(k))
          .run_pair(k);
  });
  return vectors;
}

}  // namespace tessera::linalg::internal
