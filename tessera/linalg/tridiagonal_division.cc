// Divide and conquer for the symmetric tridiagonal matrix: Cuppen, Numer. Math. 36, 1981, with the weights of Gu and Eisenstat.
#include <algorithm>
#include <cmath>

#include "tessera/linalg/secular.h"
#include "tessera/linalg/tridiagonal.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg::internal {
namespace {

class TridiagonalDivision {
 public:
  TridiagonalDivision(std::vector<double>& diagonal, const std::vector<double>& beside, Frame frame)
      : diagonal_(diagonal), beside_(beside), frame_(frame) {}

  Spectrum run(std::int64_t first, std::int64_t count) {
    if (count <= kUndivided) return iterate(first, count);
    const std::int64_t half = count / 2, second = first + half;
    const double coupling = beside_[index(second - 1)], size = std::abs(coupling);
    diagonal_[index(second - 1)] = diagonal_[index(second - 1)] - size;
    diagonal_[index(second)] = diagonal_[index(second)] - size;
    Spectrum above = run(first, half), below = run(second, count - half);
    return joined(above, below, coupling);
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

  // The iteration begins at the first row and keeps small eigenvalues best where the matrix grows downwards.
  Spectrum iterate(std::int64_t first, std::int64_t count) const {
    const auto part = [&](const std::vector<double>& of, std::int64_t length) {
      return std::vector<double>(of.begin() + first, of.begin() + first + length);
    };
    Spectrum result{part(diagonal_, count), identity_frame(count, frame_)};
    std::vector<double>& d = result.values;
    std::vector<double> e = part(beside_, count - 1);
    if (std::abs(d.front()) > std::abs(d.back())) {
      std::reverse(d.begin(), d.end());
      std::reverse(e.begin(), e.end());
      for (std::int64_t i = 0; i < count / 2; ++i)
        std::swap_ranges(result.rows.row(i), result.rows.row(i) + result.rows.columns(),
                         result.rows.row(count - 1 - i));
    }
    e.push_back(0);
    Rotations rotations(&result.rows);
    iterate_ql(d, e, rotations);
    return result;
  }

  // The halves are diag(values) when seen in their eigenvectors, the coupling is z z^T there.
  Spectrum joined(Spectrum& above, Spectrum& below, double coupling) const {
    std::vector<double> poles = above.values, z;
    poles.insert(poles.end(), below.values.begin(), below.values.end());
    // A part can be far smaller than the whole matrix.
    const auto count = static_cast<std::int64_t>(poles.size());
    const int exponent = exponent_to_one(std::max(largest(poles.data(), count), std::abs(coupling)));
    for (double& pole : poles) pole = scaled(pole, exponent);
    coupling = scaled(coupling, exponent);
    const double root = numerics::sqrt(std::abs(coupling)), signed_root = std::copysign(root, coupling);
    for (std::int64_t i = 0; i < above.rows.rows(); ++i)
      z.push_back(root * above.rows(i, above.rows.columns() - 1));
    for (std::int64_t i = 0; i < below.rows.rows(); ++i) z.push_back(signed_root * below.rows(i, 0));

    SplitRows rows(above.rows, below.rows, frame_);
    const double length = norm(z);
    const double top = std::max(largest(poles.data(), count), length * length);
    const double tolerance = kNegligible * top;
    // A weight moves eigenvalues by as much as its product with the length of z.
    const Deflation parts =
        deflate(poles, z, length == 0 ? 0 : tolerance / length, tolerance, -1,
                [&](std::int64_t i, std::int64_t j, double c, double s) { rows.rotate(i, j, c, s); });
    Spectrum result{{}, {}};
    if (parts.kept.empty()) {
      Matrix none;
      result.rows = rows.combine(none, {}, parts.settled);
    } else {
      const SecularSolution solution =
          solve_secular(Poles::kPlain, taken(poles, parts.kept), taken(z, parts.kept));
      Matrix coefficients = secular_vectors(solution, rows.places(parts.kept));
      result = {solution.roots, rows.combine(coefficients, parts.kept, parts.settled)};
    }
    for (const std::int64_t i : parts.settled) result.values.push_back(poles[index(i)]);
    for (double& value : result.values) value = scaled(value, -exponent);
    return result;
  }

  std::vector<double>& diagonal_;  // what couples the halves is taken off
  const std::vector<double>& beside_;
  Frame frame_;
};

}  // namespace

Spectrum divide_tridiagonal(std::vector<double> diagonal, const std::vector<double>& beside, Frame frame) {
  const auto n = static_cast<std::int64_t>(diagonal.size());
  return TridiagonalDivision(diagonal, beside, frame).run(0, n);
}

}  // namespace tessera::linalg::internal
