// Random shapes, layouts and values for random_examples_test.h, drawn by RapidCheck, which shrinks what fails:
// towards short axes, dense layouts and ordinary values.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tessera/backends/selftest_cases.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/tensor.h"

namespace tessera {

// Mostly short axes, sometimes one beyond vectors, chunks and blocks.
inline std::int64_t draw_length(std::int64_t largest) {
  const auto shorter = rc::gen::inRange<std::int64_t>(0, std::min<std::int64_t>(largest, 9) + 1);
  const auto middle = rc::gen::inRange<std::int64_t>(1, std::min<std::int64_t>(largest, 70) + 1);
  return *rc::gen::weightedOneOf<std::int64_t>(
      {{4, shorter}, {3, middle}, {1, rc::gen::inRange<std::int64_t>(1, largest + 1)}});
}

inline Shape draw_shape(int least_rank, int most_rank, std::int64_t most_elements) {
  Shape shape;
  std::int64_t left = most_elements;
  for (int axis = *rc::gen::inRange(least_rank, most_rank + 1); axis > 0; --axis) {
    shape.append(draw_length(left));
    left = std::max<std::int64_t>(1, left / std::max<std::int64_t>(1, shape[shape.rank() - 1]));
  }
  return shape;
}

inline int draw_axis(const Shape& shape) {
  return *rc::gen::inRange(0, shape.rank());
}

// The shape with some axes replaced by length 1, or leading axes left out.
inline Shape draw_broadcastable(const Shape& shape) {
  Shape result;
  for (int axis = *rc::gen::inRange(0, shape.rank() + 1); axis < shape.rank(); ++axis)
    result.append(*rc::gen::weightedElement<bool>({{1, true}, {3, false}}) ? 1 : shape[axis]);
  return result;
}

inline selftest::Values draw_values() {
  using selftest::Values;
  return *rc::gen::element(Values::kOrdinary, Values::kSmall, Values::kAwkward, Values::kAnyBits,
                           Values::kTiny, Values::kHuge);
}

inline numerics::PhiloxKey draw_key() {
  return {*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint32_t>()};
}

// How one axis lies in memory: `stored` elements, of which `range` picks the axis, or one that is repeated.
struct AxisLayout {
  std::int64_t stored;
  Range range = Range::all();
};

inline AxisLayout draw_axis_layout(std::int64_t length, bool room) {
  enum Kind { kDense, kReversed, kRepeated, kPart, kStep, kStepBack };
  const Kind kind = *rc::gen::weightedElement<Kind>(
      {{8, kDense}, {2, kReversed}, {2, kRepeated}, {2, kPart}, {2, kStep}, {1, kStepBack}});
  const auto before = *rc::gen::inRange<std::int64_t>(0, 4), step = *rc::gen::inRange<std::int64_t>(2, 5);
  if (kind == kReversed) return {length, Range::step(-1)};
  if (kind == kRepeated && length > 0) return {1};
  if (!room) return {length};
  if (kind == kPart) return {before + length + step, Range(before, before + length)};
  if (kind == kStep) return {length * step, Range(before % step, std::nullopt, step)};
  if (kind == kStepBack) return {length * step, Range(std::nullopt, std::nullopt, -step)};
  return {length};
}

// A tensor of this shape whose axes lie in memory in a random order, each of them dense, backwards, repeated (stride
// 0), a part of a longer one, or with gaps.
inline Tensor draw_tensor(const Shape& shape, DType dtype) {
  std::vector<int> order;  // order[i] is the axis that is i-th in memory
  for (int axis = 0; axis < shape.rank(); ++axis)
    order.insert(order.begin() + *rc::gen::inRange(0, axis + 1), axis);
  Shape stored;
  std::vector<Range> ranges;
  std::vector<int> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const AxisLayout layout = draw_axis_layout(shape[order[i]], stored.elements() <= 1000);
    stored.append(layout.stored);
    ranges.push_back(layout.range);
    place[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  }
  Tensor memory = selftest::make_input(draw_key(), stored, dtype, draw_values());
  if (shape.rank() == 0) return memory;
  return permute(memory.slice(ranges), place).broadcast_to(shape);
}

// int64 in [0, bound), [count]; dense or with gaps, forwards or backwards.
inline Tensor draw_indices(std::int64_t count, std::int64_t bound) {
  const AxisLayout layout = draw_axis_layout(count, true);
  return selftest::make_indices(draw_key(), layout.stored, bound).slice({layout.range}).broadcast_to({count});
}

inline DType draw_floating() {
  return *rc::gen::element(DType::kFloat32, DType::kFloat64, DType::kBFloat16);
}
inline DType draw_dtype() {
  return *rc::gen::element(DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool,
                           DType::kBFloat16);
}
inline DType draw_number() {
  return *rc::gen::element(DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kBFloat16);
}

}  // namespace tessera
