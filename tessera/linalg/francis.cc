// The QR iteration of Francis on a Hessenberg matrix, as LAPACK's dlahqr arranges it, with the deflation criterion of Ahues and Tisseur.
#include <algorithm>
#include <array>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/linalg/hessenberg.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg::internal {
namespace {

double sign_of(double x) {
  return std::signbit(x) ? -1 : 1;
}

// A 2x2 block in standard form, and the rotation that makes it: either c = 0, or a = d and b c < 0 (LAPACK's dlanv2).
struct Standard {
  double a, b, c, d, cs = 1, sn = 0;

  void make() {
    if (c == 0) return;
    if (b == 0) {
      std::swap(a, d);
      b = 0 - c;
      c = 0;
      cs = 0;
      sn = 1;
      return;
    }
    if (a - d == 0 && sign_of(b) != sign_of(c)) return;
    const double p = (a - d) / 2, most = std::max(std::abs(b), std::abs(c));
    const double least = std::min(std::abs(b), std::abs(c)) * sign_of(b) * sign_of(c);
    const double size = std::max(std::abs(p), most), z = (p / size) * p + (most / size) * least;
    if (z >= 4 * kRoundoff)
      make_real(p + sign_of(p) * (numerics::sqrt(size) * numerics::sqrt(z)), most, least);
    else
      make_equal(p);
  }

  double imaginary() const { return c == 0 ? 0 : numerics::sqrt(std::abs(b)) * numerics::sqrt(std::abs(c)); }

 private:
  void make_real(double z, double most, double least) {
    a = d + z;
    d = d - (most / z) * least;
    const double length = length_of(c, z);
    cs = z / length;
    sn = c / length;
    b = b - c;
    c = 0;
  }

  // A complex pair, or values that are nearly equal: the diagonal is made equal first.
  void make_equal(double p) {
    const double sigma = b + c, length = length_of(sigma, a - d);
    cs = numerics::sqrt((1 + std::abs(sigma) / length) / 2);
    sn = 0 - (p / (length * cs)) * sign_of(sigma);
    const double aa = a * cs + b * sn, bb = b * cs - a * sn, cc = c * cs + d * sn, dd = d * cs - c * sn;
    a = aa * cs + cc * sn;
    b = bb * cs + dd * sn;
    c = cc * cs - aa * sn;
    d = dd * cs - bb * sn;
    a = d = (a + d) / 2;
    if (c != 0 && b == 0) {
      b = 0 - c;
      c = 0;
      std::swap(cs, sn);
      cs = 0 - cs;
    } else if (c != 0 && sign_of(b) == sign_of(c)) {
      split_real();
    }
  }

  void split_real() {
    const double root_b = numerics::sqrt(std::abs(b)), root_c = numerics::sqrt(std::abs(c));
    const double half = sign_of(c) * (root_b * root_c), factor = 1 / numerics::sqrt(std::abs(b + c));
    a = a + half;
    d = d - half;
    b = b - c;
    c = 0;
    const double cs1 = root_b * factor, sn1 = root_c * factor, turned = cs * cs1 - sn * sn1;
    sn = cs * sn1 + sn * cs1;
    cs = turned;
  }
};

struct Shifts {
  double real1, real2, imaginary;  // either two real ones (equal), or a pair
};

// Of the last 2x2 block: its pair, or twice the real value that is closer to the last element.
Shifts shifts_of(double h11, double h12, double h21, double h22) {
  const double size = std::abs(h11) + std::abs(h12) + std::abs(h21) + std::abs(h22);
  if (size == 0) return {0, 0, 0};
  h11 = h11 / size;
  h12 = h12 / size;
  h21 = h21 / size;
  h22 = h22 / size;
  const double middle = (h11 + h22) / 2, rest = (h11 - middle) * (h22 - middle) - h12 * h21;
  const double root = numerics::sqrt(std::abs(rest));
  if (rest >= 0) return {middle * size, middle * size, root * size};
  const double plus = middle + root, minus = middle - root;
  const double closer = (std::abs(plus - h22) <= std::abs(minus - h22) ? plus : minus) * size;
  return {closer, closer, 0};
}

class FrancisIteration {
 public:
  FrancisIteration(Matrix& h, Rotations& rotations, bool whole)
      : n_(h.rows()), h_(h), rotations_(rotations), whole_(whole), values_(static_cast<std::size_t>(n_)) {}

  std::vector<ComplexValue> run() {
    // As LAPACK: a multiple eigenvalue without its eigenvectors may take more than a hundred steps.
    const std::int64_t patience = 30 * std::max<std::int64_t>(10, n_);
    for (last_ = n_ - 1; last_ >= 0;) {
      for (int step = 1;; ++step) {
        first_ = start_of_block(step <= patience);
        if (first_ > 0) h_(first_, first_ - 1) = 0;
        if (first_ >= last_ - 1) break;
        if (step > 2 * patience)
          fail("eigen: eigenvalue {} has not converged after {} steps", last_, step - 1);
        sweep(shifts(step));
      }
      finish_block();
      last_ = first_ - 1;
    }
    return std::move(values_);
  }

 private:
  double size(std::int64_t i, std::int64_t j) const { return std::abs(h_(i, j)); }

  // The first row of the block that ends at last_: above it the subdiagonal counts as zero. For that it must be small beside the diagonal,
  // and, for the digits of small eigenvalues (`careful`), so must its product with the element across the diagonal: between equal diagonal
  // elements this asks for nearly nothing less than underflow, where shifts may go in circles.
  std::int64_t start_of_block(bool careful) const {
    constexpr double kTiny = 0x1p-970;  // of a matrix of the size of 1: nothing
    for (std::int64_t l = last_; l > 0; --l) {
      const double below = size(l, l - 1);
      if (below <= kTiny) return l;
      double beside = size(l - 1, l - 1) + size(l, l);
      if (beside == 0) beside = (l >= 2 ? size(l - 1, l - 2) : 0) + (l < last_ ? size(l + 1, l) : 0);
      if (below > kRoundoff * beside) continue;
      if (!careful) return l;
      const double above = size(l - 1, l), difference = std::abs(h_(l - 1, l - 1) - h_(l, l));
      const double ab = std::max(below, above), ba = std::min(below, above);
      const double aa = std::max(size(l, l), difference), bb = std::min(size(l, l), difference),
                   sum = aa + ab;
      if (ba * (ab / sum) <= std::max(kTiny, kRoundoff * (bb * (aa / sum)))) return l;
    }
    return 0;
  }

  // Now and then other shifts, for the matrices on which the usual ones go in circles.
  Shifts shifts(int step) const {
    if (step % 10 != 0)
      return shifts_of(h_(last_ - 1, last_ - 1), h_(last_ - 1, last_), h_(last_, last_ - 1),
                       h_(last_, last_));
    const bool top = step % 20 != 0;
    const double s = top ? size(first_ + 1, first_) + size(first_ + 2, first_ + 1)
                         : size(last_, last_ - 1) + size(last_ - 1, last_ - 2);
    const double diagonal = 0.75 * s + (top ? h_(first_, first_) : h_(last_, last_));
    return shifts_of(diagonal, -0.4375 * s, s, diagonal);
  }

  // The first column of (H - shift1)(H - shift2) on rows m, m + 1, m + 2, up to a factor.
  std::array<double, 3> start_of_bulge(std::int64_t m, const Shifts& by) const {
    const double s = std::abs(h_(m, m) - by.real2) + by.imaginary + size(m + 1, m), below = h_(m + 1, m) / s;
    std::array<double, 3> v = {below * h_(m, m + 1) + (h_(m, m) - by.real1) * ((h_(m, m) - by.real2) / s) +
                                   by.imaginary * (by.imaginary / s),
                               below * (h_(m, m) + h_(m + 1, m + 1) - by.real1 - by.real2),
                               below * h_(m + 2, m + 1)};
    const double sum = std::abs(v[0]) + std::abs(v[1]) + std::abs(v[2]);
    if (sum > 0)  // else all products underflow, and the sweep will change nothing
      for (double& x : v) x = x / sum;
    return v;
  }

  void sweep(const Shifts& by) {
    std::int64_t m = last_ - 2;
    std::array<double, 3> v{};
    for (;; --m) {
      v = start_of_bulge(m, by);
      if (m == first_) break;
      // Two subdiagonal elements in a row are small: the bulge can begin here.
      if (size(m, m - 1) * (std::abs(v[1]) + std::abs(v[2])) <=
          kRoundoff * std::abs(v[0]) * (size(m - 1, m - 1) + size(m, m) + size(m + 1, m + 1)))
        break;
    }
    for (std::int64_t k = m; k < last_; ++k) {
      const std::int64_t count = std::min<std::int64_t>(3, last_ - k + 1);
      if (k > m) v = {h_(k, k - 1), h_(k + 1, k - 1), count == 3 ? h_(k + 2, k - 1) : 0};
      const Reflection made = make_reflection(v.data(), count);
      if (k > m) {
        h_(k, k - 1) = made.beta;
        h_(k + 1, k - 1) = 0;
        if (count == 3) h_(k + 2, k - 1) = 0;
      } else if (m > first_) {
        h_(k, k - 1) = h_(k, k - 1) * (1 - made.tau);
      }
      reflect(k, count, {v[1], count == 3 ? v[2] : 0, made.tau});
    }
  }

  void reflect(std::int64_t k, std::int64_t count, const SmallReflection& h) {
    const std::int64_t end = whole_ ? n_ : last_ + 1, top = whole_ ? 0 : first_;
    if (count == 3)
      reflect_lines(h, h_.row(k) + k, h_.row(k + 1) + k, h_.row(k + 2) + k, end - k);
    else
      reflect_lines(h, h_.row(k) + k, h_.row(k + 1) + k, end - k);
    reflect_columns(k, count, h, top, std::min(k + 3, last_) + 1);
    rotations_.reflect(k, count, h);
  }

  void reflect_columns(std::int64_t k, std::int64_t count, const SmallReflection& h, std::int64_t top,
                       std::int64_t bottom) {
    const double tau1 = h.tau * h.v1, tau2 = h.tau * h.v2;
    for (std::int64_t i = top; i < bottom; ++i) {
      double* at = h_.row(i) + k;
      const double sum = at[0] + h.v1 * at[1] + (count == 3 ? h.v2 * at[2] : 0);
      at[0] = at[0] - h.tau * sum;
      at[1] = at[1] - tau1 * sum;
      if (count == 3) at[2] = at[2] - tau2 * sum;
    }
  }

  // The block first_ ... last_ has one or two rows: its eigenvalues, and a pair of real ones is taken apart.
  void finish_block() {
    const std::int64_t j = last_;
    if (first_ == last_) {
      values_[static_cast<std::size_t>(j)] = {h_(j, j), 0};
      return;
    }
    const std::int64_t i = j - 1;
    Standard block{h_(i, i), h_(i, j), h_(j, i), h_(j, j)};
    block.make();
    h_(i, i) = block.a;
    h_(i, j) = block.b;
    h_(j, i) = block.c;
    h_(j, j) = block.d;
    values_[static_cast<std::size_t>(i)] = {block.a, block.imaginary()};
    values_[static_cast<std::size_t>(j)] = {block.d, 0 - block.imaginary()};
    if (!whole_ || (block.cs == 1 && block.sn == 0)) return;
    if (j + 1 < n_) rotate_lines(block.cs, block.sn, h_.row(i) + j + 1, h_.row(j) + j + 1, n_ - j - 1);
    for (std::int64_t row = 0; row < i; ++row) {
      const double x = h_(row, i), y = h_(row, j);
      h_(row, i) = block.cs * x + block.sn * y;
      h_(row, j) = block.cs * y - block.sn * x;
    }
    rotations_.add(i, j, block.cs, block.sn);
  }

  std::int64_t n_;
  Matrix& h_;
  Rotations& rotations_;
  bool whole_;
  std::vector<ComplexValue> values_;
  std::int64_t first_ = 0, last_ = 0;  // the block that is worked on
};

}  // namespace

std::vector<ComplexValue> iterate_francis(Matrix& h, Rotations& rotations, bool whole) {
  return FrancisIteration(h, rotations, whole).run();
}

}  // namespace tessera::linalg::internal
