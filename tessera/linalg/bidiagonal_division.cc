// Divide and conquer for the bidiagonal matrix: Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 16, 1995.
#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/linalg/bidiagonal.h"
#include "tessera/linalg/secular.h"

namespace tessera::linalg::internal {
namespace {

class BidiagonalDivision {
 public:
  BidiagonalDivision(const Bidiagonal& b, Frame right, bool with_left)
      : diagonal_(b.diagonal), above_(b.above), right_(right), with_left_(with_left) {}

  // Of `count` rows from the first one, and as many columns, or one more: then a last row of `right` is what the matrix maps to zero.
  BidiagonalSvd run(std::int64_t first, std::int64_t count, bool wider) const {
    if (count <= kUndivided) return iterate(first, count, wider);
    const std::int64_t half =
        count / 2;  // the row between the halves couples the last column of one to the first of the other
    BidiagonalSvd upper = run(first, half, true), lower = run(first + half + 1, count - half - 1, wider);
    return joined(upper, lower, diagonal_[index(first + half)], above_[index(first + half)], wider);
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

  BidiagonalSvd iterate(std::int64_t first, std::int64_t count, bool wider) const {
    const auto part = [&](const std::vector<double>& of) {
      return std::vector<double>(of.begin() + first, of.begin() + first + count);
    };
    BidiagonalSvd result{part(diagonal_), {}, identity_frame(count + (wider ? 1 : 0), right_)};
    if (with_left_) result.left = Matrix::identity(count, count);
    std::vector<double> e = part(above_);
    const double last_coupling = std::exchange(e.back(), 0);
    std::vector<bool> turned;
    {
      Rotations left(with_left_ ? &result.left : nullptr), right(&result.right);
      if (wider) turn_out_column(result.values, e, last_coupling, right);
      turned = iterate_qr(result.values, e, left, right);
    }
    for (std::int64_t i = 0; i < count; ++i)
      if (turned[index(i)])
        for (std::int64_t j = 0; j < result.right.columns(); ++j) result.right(i, j) = 0 - result.right(i, j);
    return result;
  }

  // z and poles of the arrow that is left when the halves are seen in their singular vectors; pole 0 is what both map to zero.
  BidiagonalSvd joined(BidiagonalSvd& upper, BidiagonalSvd& lower, double alpha, double beta,
                       bool wider) const {
    const std::int64_t zero = upper.right.rows() - 1, second = zero + 1;
    const std::int64_t last = second + lower.right.rows() - 1;
    std::vector<double> poles = upper.values, z;
    poles.push_back(0);
    poles.insert(poles.end(), lower.values.begin(), lower.values.end());
    // A part can be far smaller than the whole matrix, and its squares would vanish.
    const auto count = static_cast<std::int64_t>(poles.size());
    const int exponent =
        exponent_to_one(std::max({largest(poles.data(), count), std::abs(alpha), std::abs(beta)}));
    for (double* x : {&alpha, &beta}) *x = scaled(*x, exponent);
    for (double& pole : poles) pole = scaled(pole, exponent);
    for (std::int64_t i = 0; i <= zero; ++i) z.push_back(alpha * upper.right(i, upper.right.columns() - 1));
    for (std::int64_t i = 0; i < lower.right.rows(); ++i) z.push_back(beta * lower.right(i, 0));

    SplitRows right(upper.right, lower.right, right_), left = left_rows(upper, lower);
    std::vector<std::int64_t> rest;  // the row that the whole matrix maps to zero
    if (wider) {
      const double length = length_of(z[index(zero)], z[index(last)]);
      if (length > kTiny) right.rotate(zero, last, z[index(zero)] / length, z[index(last)] / length);
      z[index(zero)] = length;
      z.pop_back();
      rest.push_back(last);
    }
    const double tolerance =
        kNegligible * std::max({largest(poles.data(), count), std::abs(alpha), std::abs(beta)});
    const Deflation parts = deflate(poles, z, tolerance, tolerance, zero,
                                    [&](std::int64_t i, std::int64_t j, double c, double s) {
                                      right.rotate(i, j, c, s);
                                      left.rotate(i, j, c, s);
                                    });
    rest.insert(rest.begin(), parts.settled.begin(), parts.settled.end());
    BidiagonalSvd result = combined(right, left, poles, z, parts, rest, tolerance);
    for (const std::int64_t i : parts.settled) result.values.push_back(poles[index(i)]);
    for (double& value : result.values) value = scaled(value, -exponent);
    return result;
  }

  // The row between the halves becomes a left vector of its own, in a column behind those of the upper half.
  SplitRows left_rows(BidiagonalSvd& upper, BidiagonalSvd& lower) const {
    if (!with_left_) return {};
    const std::int64_t count = upper.left.rows();
    Matrix first(count + 1, count + 1);
    for (std::int64_t i = 0; i < count; ++i) std::copy_n(upper.left.row(i), count, first.row(i));
    first(count, count) = 1;
    return {first, lower.left, Frame::kWhole};
  }

  BidiagonalSvd combined(const SplitRows& right, const SplitRows& left, const std::vector<double>& all_poles,
                         const std::vector<double>& all_z, const Deflation& parts,
                         const std::vector<std::int64_t>& rest, double tolerance) const {
    std::vector<double> poles = taken(all_poles, parts.kept), z = taken(all_z, parts.kept);
    // Within what is neglected: a zero as weight or as difference of poles would have no answer.
    if (std::abs(z[0]) <= tolerance) z[0] = tolerance;
    if (poles.size() > 1) poles[1] = std::max(poles[1], tolerance / 2);
    BidiagonalSvd result;
    Matrix of_right, of_left;
    if (poles.size() == 1) {
      result.values = {std::abs(z[0])};
      of_right = Matrix::identity(1, 1);
      of_left = Matrix::identity(1, 1);
      if (z[0] < 0) of_left(0, 0) = -1;
    } else {
      const SecularSolution solution = solve_secular(Poles::kSquares, poles, z);
      result.values = solution.roots;
      of_right = secular_vectors(solution, right.places(parts.kept));
      if (with_left_) of_left = secular_left_vectors(solution, poles, left.places(parts.kept));
    }
    result.right = right.combine(of_right, parts.kept, rest);
    if (with_left_) result.left = left.combine(of_left, parts.kept, parts.settled);
    return result;
  }

  const std::vector<double>&diagonal_, &above_;
  Frame right_;
  bool with_left_;
};

}  // namespace

BidiagonalSvd divide_bidiagonal(const Bidiagonal& b, Frame right, bool with_left) {
  const auto n = static_cast<std::int64_t>(b.diagonal.size());
  return BidiagonalDivision(b, right, with_left).run(0, n, false);
}

}  // namespace tessera::linalg::internal
