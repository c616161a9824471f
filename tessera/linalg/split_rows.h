// Vectors of two halves of a matrix on their way to those of the whole one. Internal to the room.
#pragma once

#include <functional>
#include <vector>

#include "tessera/linalg/matrix.h"

namespace tessera::linalg::internal {

inline constexpr std::int64_t kUndivided = 32;      // rows that are left to an iteration
inline constexpr double kNegligible = 8 * 0x1p-53;  // of the largest element
// Of a matrix of the size of 1: nothing. A rotation made of subnormal numbers would not be one: they have few digits.
inline constexpr double kTiny = 0x1p-966;

std::vector<double> taken(const std::vector<double>& values, const std::vector<std::int64_t>& places);

// Which components of the vectors are kept: all, or only the first and the last one, which are enough to find the values. Both give the same bits.
enum class Frame { kWhole, kEnds };
// Of `count` rows: the identity, or its first and last column.
Matrix identity_frame(std::int64_t count, Frame frame);

// Rows that are zero in the columns of the other half, until rotations mix them: products leave the zeros out.
class SplitRows {
 public:
  SplitRows() = default;                                            // nobody wants the vectors
  SplitRows(Matrix& first_half, Matrix& second_half, Frame frame);  // kEnds: the inner columns go

  double* row(std::int64_t i) { return rows_.row(i); }
  // row i = c i + s j; row j = c j - s i
  void rotate(std::int64_t i, std::int64_t j, double c, double s);
  // For each of `kept` its column in the coefficients of `combine`: rows of the first half, mixed ones, rows of the second half.
  std::vector<std::int64_t> places(const std::vector<std::int64_t>& kept) const;
  // Coefficients times the rows `kept`; then the rows `others` as they are.
  Matrix combine(Matrix& coefficients, const std::vector<std::int64_t>& kept,
                 const std::vector<std::int64_t>& others) const;

 private:
  enum class Side : char { kFirst, kMixed, kSecond };
  Side side(std::int64_t i) const { return sides_[static_cast<std::size_t>(i)]; }

  Matrix rows_;
  std::int64_t split_ = 0;  // columns of the first half
  std::vector<Side> sides_;
};

// Which rows take part in diag(poles) + z z^T, by ascending poles, and which are vectors of it already.
struct Deflation {
  std::vector<std::int64_t> kept, settled;
};
// A row whose weight does not count within the tolerance is settled, and one of two whose poles are so close that a rotation can take the
// weight of one: z and poles follow, `rotate(i, j, c, s)` is told (as SplitRows has it). Row `pinned` (-1: none), of the smallest pole, is kept as it is.
// Dongarra and Sorensen, SIAM J. Sci. Stat. Comput. 8, 1987.
Deflation deflate(std::vector<double>& poles, std::vector<double>& z, double least_weight, double tolerance,
                  std::int64_t pinned,
                  const std::function<void(std::int64_t, std::int64_t, double, double)>& rotate);

}  // namespace tessera::linalg::internal
