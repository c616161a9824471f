#include "tessera/tensor/shape.h"

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera {
namespace internal {

AxisList::AxisList(std::span<const std::int64_t> values) {
  if (values.size() > kMaxRank) fail("shape: found {} axes, expected at most {}", values.size(), kMaxRank);
  std::copy(values.begin(), values.end(), values_.begin());
  rank_ = static_cast<int>(values.size());
}

AxisList AxisList::filled(int rank, std::int64_t value) {
  AxisList list;
  for (int i = 0; i < rank; ++i) list.append(value);
  return list;
}

void AxisList::append(std::int64_t value) {
  if (rank_ == kMaxRank) fail("shape: found more than {} axes, expected at most {}", kMaxRank, kMaxRank);
  values_[static_cast<std::size_t>(rank_++)] = value;
}

std::string AxisList::to_string() const {
  return fmt::format("[{}]", fmt::join(begin(), end(), ", "));
}

}  // namespace internal

// A zero anywhere makes the product 0, however large the other lengths are.
std::int64_t Shape::elements() const {
  if (std::find(begin(), end(), 0) != end()) return 0;
  std::int64_t product = 1;
  for (const std::int64_t length : *this)
    if (__builtin_mul_overflow(product, length, &product))
      fail("shape: {} has more elements than 64 bits can count", to_string());
  return product;
}

Strides row_major_strides(const Shape& shape) {
  Strides strides = Strides::filled(shape.rank(), 1);
  std::uint64_t stride =
      1;  // unsigned: lengths beside a 0 may be so large that the strides, never used, wrap
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = static_cast<std::int64_t>(stride);
    stride *= static_cast<std::uint64_t>(std::max<std::int64_t>(1, shape[axis]));
  }
  return strides;
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape result = Shape::filled(rank, 1);
  for (int back = 1; back <= rank; ++back) {
    const std::int64_t length_a = back <= a.rank() ? a[a.rank() - back] : 1;
    const std::int64_t length_b = back <= b.rank() ? b[b.rank() - back] : 1;
    if (length_a != length_b && length_a != 1 && length_b != 1)
      fail(
          "{} and {} do not broadcast (axis {} of the left is {}, axis {} of the right is {}; expected equal "
          "lengths or a 1)",
          a.to_string(), b.to_string(), a.rank() - back, length_a, b.rank() - back, length_b);
    result[rank - back] = length_a == 1 ? length_b : length_a;
  }
  return result;
}

int normalize_axis(std::int64_t axis, const Shape& shape) {
  const std::int64_t rank = shape.rank();
  if (rank == 0) fail("axis {} of a scalar (shape []): it has no axes", axis);
  if (axis < -rank || axis >= rank)
    fail("axis {} is out of range for shape {}: expected {} to {}", axis, shape.to_string(), -rank, rank - 1);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace tessera
