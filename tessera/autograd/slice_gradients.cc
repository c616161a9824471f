#include "tessera/autograd/slice_gradients.h"

#include <algorithm>
#include <optional>

#include "tessera/autograd/gradients.h"

namespace tessera::internal {
namespace {

const Range::Resolved& along(const SliceGradient& x, int axis) {
  return x.slice.ranges[static_cast<std::size_t>(axis)];
}

bool is_run(const Range::Resolved& range) {
  return range.step == 1 || range.length <= 1;
}

bool is_whole(const Range::Resolved& range, std::int64_t length) {
  return range.start == 0 && range.length == length && is_run(range);
}

// The one axis along which some slice takes less than everything.
std::optional<int> cut_axis(const std::vector<SliceGradient>& slices) {
  std::optional<int> found;
  for (const SliceGradient& x : slices)
    for (int axis = 0; axis < x.slice.full_shape.rank(); ++axis) {
      if (is_whole(along(x, axis), x.slice.full_shape[axis])) continue;
      if (!is_run(along(x, axis)) || (found && *found != axis)) return std::nullopt;
      found = axis;
    }
  return found;
}

Tensor first_entries(const Tensor& x, std::int64_t entries) {
  return x.rank() == 0 || entries == x.size(0) ? x : slice(x, {Range(0, entries)});
}

Tensor one_after_the_other(const std::vector<SliceGradient>& slices) {
  Tensor total;
  for (const SliceGradient& x : slices) {
    const Tensor whole = embed(x.gradient, x.slice);
    total = total.defined() ? total + whole : whole;
  }
  return total;
}

// The parts of a sum along an axis, in ascending order, until `end`.
class SideBySide {
 public:
  SideBySide(const SliceGradient& like, int axis, std::int64_t end)
      : shape_(like.slice.full_shape), dtype_(like.gradient.dtype()), axis_(axis), end_(end) {}

  // False: it overlaps what is there, or passes the end. `alone`: no other slice adds +0 to it, which makes +0 of -0.
  bool add(const SliceGradient& x, bool alone) {
    const Range::Resolved& range = along(x, axis_);
    if (range.length == 0 || range.start >= end_) return true;
    if (range.start < at_ || range.start + range.length > end_) return false;
    fill_until(range.start);
    const Tensor part = reshape(x.gradient, shape_of(range.length));
    parts_.push_back(alone ? part : part + gradients::zeros_like(part));
    at_ += range.length;
    return true;
  }

  Tensor sum() {
    fill_until(end_);
    return parts_.size() == 1 ? parts_[0] : concatenate(parts_, axis_);
  }

 private:
  Shape shape_of(std::int64_t length) const {
    Shape shape = shape_;
    shape[axis_] = length;
    return shape;
  }
  void fill_until(std::int64_t begin) {
    if (begin > at_) parts_.push_back(broadcast_to(zeros({}, dtype_), shape_of(begin - at_)));
    at_ = begin;
  }

  Shape shape_;
  DType dtype_;
  int axis_;
  std::int64_t end_, at_ = 0;
  std::vector<Tensor> parts_;
};

}  // namespace

Tensor sum_of_slices(const std::vector<SliceGradient>& slices, std::int64_t entries) {
  const Shape& full = slices[0].slice.full_shape;
  const std::optional<int> axis = cut_axis(slices);
  const bool alone = slices.size() == 1, all = full.rank() == 0 || entries == full[0];
  if (!axis || full.elements() == 0 || (alone && all))
    return first_entries(one_after_the_other(slices), entries);
  std::vector<SliceGradient> ordered = slices;
  std::stable_sort(ordered.begin(), ordered.end(), [&](const SliceGradient& a, const SliceGradient& b) {
    return along(a, *axis).start < along(b, *axis).start;
  });
  SideBySide sum(slices[0], *axis, *axis == 0 ? entries : full[*axis]);
  for (const SliceGradient& x : ordered)
    if (!sum.add(x, alone)) return first_entries(one_after_the_other(slices), entries);
  return *axis == 0 ? sum.sum() : first_entries(sum.sum(), entries);
}

std::int64_t carrying_entries(Op op, const Shape& output) {
  if (op == Op::kGru) return 1;
  if (op == Op::kLstm) return 2;
  return output.rank() == 0 ? 0 : output[0];
}

}  // namespace tessera::internal
