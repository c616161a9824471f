#include <algorithm>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/tensor/tensor.h"

namespace tessera {

Range::Range(std::int64_t position) : start_(position), position_(true) {}

Range::Range(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step)
    : start_(start), stop_(stop), step_(step) {}

namespace {

Range::Resolved resolve_position(std::int64_t position, std::int64_t length, int axis) {
  if (length == 0) fail("slice: position {} on axis {}, which has length 0", position, axis);
  if (position < -length || position >= length)
    fail("slice: position {} is out of range on axis {} of length {}: expected {} to {}", position, axis,
         length, -length, length - 1);
  return {position < 0 ? position + length : position, 1, 1, true};
}

// A bound counted from the front and clipped to [low, high].
std::int64_t bound(std::optional<std::int64_t> given, std::int64_t otherwise, std::int64_t length,
                   std::int64_t low, std::int64_t high) {
  if (!given) return otherwise;
  return std::clamp(*given < 0 ? *given + length : *given, low, high);
}

}  // namespace

Range::Resolved Range::resolve(std::int64_t length, int axis) const {
  if (position_) return resolve_position(*start_, length, axis);
  if (step_ == 0) fail("slice: the step on axis {} is 0, expected a positive or negative step", axis);
  std::int64_t start = 0, count = 0;
  if (step_ > 0) {
    start = bound(start_, 0, length, 0, length);
    const std::int64_t stop = bound(stop_, length, length, 0, length);
    if (start < stop) count = (stop - start - 1) / step_ + 1;
  } else {
    const std::int64_t backwards = -std::max(step_, -std::numeric_limits<std::int64_t>::max());
    start = bound(start_, length - 1, length, -1, length - 1);
    const std::int64_t stop = bound(stop_, -1, length, -1, length - 1);
    if (stop < start) count = (start - stop - 1) / backwards + 1;
  }
  // With at most one element the step is never taken; 1 keeps step times stride in range.
  return {count == 0 ? 0 : start, count, count <= 1 ? 1 : step_, false};
}

}  // namespace tessera
