// Shapes and strides: at most eight axes, stored inline so that they travel by value, also to a device.
//
// A Shape lists the length of each axis, outermost first (row-major). A scalar has rank 0 and one element. Lengths may be 0.
// Strides count elements, not bytes, and may be 0 (broadcast) or negative (reversed).
//
// ```cpp
// Shape shape{2, 3};
// assert(shape.rank() == 2 && shape.elements() == 6 && shape[1] == 3 && shape.to_string() == "[2, 3]");
// assert(broadcast_shapes(Shape{4, 1}, Shape{3}) == (Shape{4, 3}));
// ```
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace tessera {

inline constexpr int kMaxRank = 8;

namespace internal {
// A list of at most kMaxRank integers.
class AxisList {
 public:
  AxisList() = default;
  AxisList(std::initializer_list<std::int64_t> values)
      : AxisList(std::span<const std::int64_t>(values.begin(), values.size())) {}
  explicit AxisList(std::span<const std::int64_t> values);  // throws Error beyond eight
  static AxisList filled(int rank, std::int64_t value);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return values_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) { return values_[static_cast<std::size_t>(axis)]; }
  const std::int64_t* begin() const { return values_.data(); }
  const std::int64_t* end() const { return values_.data() + rank_; }
  void append(std::int64_t value);  // throws Error beyond eight
  std::string to_string() const;    // "[2, 3]"
  friend bool operator==(const AxisList& a, const AxisList& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }

 private:
  std::array<std::int64_t, kMaxRank> values_{};
  int rank_ = 0;
};
}  // namespace internal

class Shape : public internal::AxisList {
 public:
  using AxisList::AxisList;
  Shape() = default;
  Shape(const AxisList& list) : AxisList(list) {}  // NOLINT: the same thing under another name
  std::int64_t elements() const;                   // the product of the lengths; 1 for a scalar
};

class Strides : public internal::AxisList {
 public:
  using AxisList::AxisList;
  Strides() = default;
  Strides(const AxisList& list) : AxisList(list) {}  // NOLINT
};

Strides row_major_strides(const Shape& shape);

// The shape that both broadcast to (NumPy's rule: aligned at the last axis, length 1 stretches). Throws Error
// that names both shapes and the axis.
Shape broadcast_shapes(const Shape& a, const Shape& b);

// `axis` counted from the front; negative counts from the back. Throws Error that names the axis and the shape.
int normalize_axis(std::int64_t axis, const Shape& shape);

}  // namespace tessera
