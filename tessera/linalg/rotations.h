// Rotations and small reflections of the rows of a matrix, collected and applied many at a time. Internal to the room.
//
// An iteration on a tridiagonal, bidiagonal or Hessenberg matrix makes about n^2 of them, each of two or three rows of length n of the
// eigenvectors. Here they wait in a list; then strips of 32 columns, which stay in the cache, take the whole list one after the other, in
// parallel. Every element sees the same steps in the same order as it would one at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/linalg/matrix.h"

namespace tessera::linalg::internal {

// x = x - tau (v . x) v with v = (1, v1, v2), on lines of n elements.
struct SmallReflection {
  double v1, v2, tau;
};
void reflect_lines(const SmallReflection& h, double* x, double* y, double* z, std::int64_t n);
void reflect_lines(const SmallReflection& h, double* x, double* y, std::int64_t n);  // v2 does not count
// x = c x + s y; y = c y - s x.
void rotate_lines(double c, double s, double* x, double* y, std::int64_t n);

class Rotations {
 public:
  explicit Rotations(Matrix* rows) : rows_(rows) {}  // nullptr: nobody wants the vectors
  ~Rotations() { flush(); }
  Rotations(const Rotations&) = delete;
  Rotations& operator=(const Rotations&) = delete;

  // row first = c first + s second; row second = c second - s first.
  void add(std::int64_t first, std::int64_t second, double c, double s) {
    push({first, second, -1, {c, s, 0}});
  }
  // Of rows first, first + 1 and, if count is 3, first + 2.
  void reflect(std::int64_t first, std::int64_t count, const SmallReflection& h) {
    push({first, first + 1, count == 3 ? first + 2 : first, h});
  }
  void flush();

  struct Step {
    std::int64_t first, second,
        third;  // third: -1 for a rotation by (v1, v2) = (c, s), `first` for a reflection of two rows
    SmallReflection by;
  };

 private:
  static constexpr std::size_t kMost = 1 << 14;
  void push(const Step& step) {
    if (rows_ == nullptr) return;
    waiting_.push_back(step);
    if (waiting_.size() >= kMost) flush();
  }
  Matrix* rows_;
  std::vector<Step> waiting_;
};

}  // namespace tessera::linalg::internal
