// Householder reflections: one, and sequences of them applied in blocks. Internal to the room.
//
// H = I - tau v v^T with v_0 = 1 maps x to (beta, 0, ..., 0). A sequence Q = H_0 H_1 ... is applied a block at a time as
// I - V^T T V (compact WY: Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10, 1989), which is three matrix products of the backend.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/linalg/matrix.h"

namespace tessera::linalg::internal {

struct Reflection {
  double beta = 0;  // what x becomes: its first element; the others are zero
  double tau = 0;   // 0: x was such already, H is the identity
};
// x becomes v. |beta| is the norm of x, its sign the opposite of x_0's: no cancellation.
Reflection make_reflection(double* x, std::int64_t n);
// y = y - tau (v . y) v
void reflect(const double* v, double tau, double* y, std::int64_t n);

// Q = H_0 H_1 ... H_(count-1). Row p of `vectors` is the v of H_p over the whole length: zeros before position p + offset, 1 there.
class Reflections {
 public:
  static constexpr std::int64_t kWidth = 32;  // reflections of a block

  Reflections() = default;
  Reflections(std::int64_t count, std::int64_t length, std::int64_t offset = 0)
      : vectors(count, length), tau(static_cast<std::size_t>(count)), offset_(offset) {}
  std::int64_t count() const { return vectors.rows(); }
  std::int64_t length() const { return vectors.columns(); }

  // c = Q c or Q^T c; c in rows, of length() rows.
  void apply(const Block& c);
  void apply_transposed(const Block& c);
  // The first `columns` columns of Q.
  Matrix form(std::int64_t columns);
  // (H_first ... H_(first+count-1))^T c; the rows of c are those from position first + offset on.
  void apply_block_transposed(std::int64_t first, std::int64_t count, const Block& c);

  Matrix vectors;
  std::vector<double> tau;

 private:
  Matrix triangle(std::int64_t first, std::int64_t count);  // T of the block, upper
  Block lines(std::int64_t first, std::int64_t count);      // V of the block, from position first + offset on
  std::int64_t offset_ = 0;
};

}  // namespace tessera::linalg::internal
