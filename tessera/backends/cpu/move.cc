#include "tessera/backends/cpu/move.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/runs.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/backends/reference/convert.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kTile = 16;  // of a transposing copy: 16 lines of 64 bytes on either side

template <typename Bits>
void copy_run(const Bits* from, std::int64_t from_step, Bits* to, std::int64_t to_step, std::int64_t length) {
  if (to_step == 1 && from_step == 1)
    std::memcpy(to, from, static_cast<std::size_t>(length) * sizeof(Bits));
  else if (to_step == 1 && from_step == 0)
    std::fill(to, to + length, *from);
  else
    for (std::int64_t i = 0; i < length; ++i) to[i * to_step] = from[i * from_step];
}

// rows x columns elements, tile by tile, so that no line of either side is fetched twice.
template <typename Bits>
void copy_transposed(const Bits* from, std::int64_t from_row, std::int64_t from_column, Bits* to,
                     std::int64_t to_row, std::int64_t to_column, std::int64_t rows, std::int64_t columns) {
  for (std::int64_t i = 0; i < rows; i += kTile)
    for (std::int64_t j = 0; j < columns; j += kTile)
      for (std::int64_t r = i; r < std::min(i + kTile, rows); ++r)
        for (std::int64_t c = j; c < std::min(j + kTile, columns); ++c)
          to[r * to_row + c * to_column] = from[r * from_row + c * from_column];
}

template <typename Bits>
void copy_bits(const TensorView& from, const TensorView& to) {
  const RunSpace<2> space(from.shape, {&from, &to});
  const Bits* source = from.as<const Bits>();
  Bits* target = to.as<Bits>();
  const std::int64_t elements = from.elements(), from_step = space.step(0), to_step = space.step(1);
  const bool transposed = space.rank() > 1 && from_step != 1 && space.run_length() >= 4 &&
                          space.step_outside(0) == 1 && space.length_outside() >= 4;
  if (transposed) {
    const std::int64_t rows = space.length_outside(), columns = space.run_length(), matrix = rows * columns;
    // A task is a band of rows of one matrix.
    const std::int64_t band = std::max<std::int64_t>(kTile, kElementsPerTask / columns / kTile * kTile);
    const std::int64_t bands = (rows + band - 1) / band;
    parallel_for(elements / matrix * bands, [&](std::int64_t task) {
      const std::int64_t row = task % bands * band, start = task / bands * matrix + row * columns;
      space.for_each_run(start, start + 1, [&](std::int64_t, std::int64_t, const std::int64_t* offsets) {
        copy_transposed(source + offsets[0], space.step_outside(0), from_step, target + offsets[1],
                        space.step_outside(1), to_step, std::min(band, rows - row), columns);
      });
    });
    return;
  }
  parallel_for((elements + kElementsPerTask - 1) / kElementsPerTask, [&](std::int64_t part) {
    space.for_each_run(part * kElementsPerTask, std::min(elements, (part + 1) * kElementsPerTask),
                       [&](std::int64_t, std::int64_t length, const std::int64_t* offsets) {
                         copy_run(source + offsets[0], from_step, target + offsets[1], to_step, length);
                       });
  });
}

TensorView part_of(const TensorView& whole, const Shape& shape, int axis, std::int64_t start) {
  TensorView part = whole;
  part.shape = shape;
  part.data = whole.as<char>() + start * whole.strides[axis] * dtype_size(whole.dtype);
  return part;
}

// Where a slice of `whole` has its elements.
TensorView slice_of(const TensorView& whole, const std::vector<Range::Resolved>& ranges) {
  TensorView slice = whole;
  slice.shape = Shape();
  slice.strides = Strides();
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::int64_t stride = whole.strides[static_cast<int>(i)];
    offset += ranges[i].start * stride;
    if (ranges[i].removes_axis) continue;
    slice.shape.append(ranges[i].length);
    slice.strides.append(ranges[i].step * stride);
  }
  slice.data = whole.as<char>() + offset * dtype_size(whole.dtype);
  return slice;
}

}  // namespace

void copy_view(const TensorView& from, const TensorView& to) {
  if (from.elements() == 0) return;
  switch (dtype_size(from.dtype)) {
    case 1:
      return copy_bits<std::uint8_t>(from, to);
    case 2:
      return copy_bits<std::uint16_t>(from, to);
    case 4:
      return copy_bits<std::uint32_t>(from, to);
    case 8:
      return copy_bits<std::uint64_t>(from, to);
  }
}

// A copy of one element that is repeated.
bool run_fill(const KernelCall& call) {
  const double value = std::get<FillAttributes>(call.attributes).value;
  const TensorView& out = call.output;
  alignas(8) char element[8];
  const auto keep = [&](auto converted) { std::memcpy(element, &converted, sizeof converted); };
  switch (out.dtype) {
    case DType::kFloat32:
      keep(reference::convert<float>(value));
      break;
    case DType::kFloat64:
      keep(reference::convert<double>(value));
      break;
    case DType::kInt64:
      keep(reference::convert<std::int64_t>(value));
      break;
    case DType::kUInt8:
      keep(reference::convert<std::uint8_t>(value));
      break;
    case DType::kBool:
      keep(reference::convert<bool>(value));
      break;
    case DType::kBFloat16:
      keep(reference::convert<BFloat16>(value));
      break;
  }
  Strides none;
  for (int axis = 0; axis < out.shape.rank(); ++axis) none.append(0);
  copy_view({element, out.dtype, out.shape, none}, out);
  return true;
}

bool run_copy(const KernelCall& call) {
  copy_view(call.inputs[0], call.output);
  return true;
}

bool run_embed(const KernelCall& call) {
  const auto& ranges = std::get<SliceAttributes>(call.attributes).ranges;
  std::memset(call.output.data, 0,
              static_cast<std::size_t>(call.output.elements() * dtype_size(call.output.dtype)));
  const TensorView& x = call.inputs[0];
  if (x.elements() > 0) copy_view(x, slice_of(call.output, ranges));
  return true;
}

bool run_concatenate(const KernelCall& call) {
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  std::int64_t start = 0;
  for (const TensorView& input : call.inputs) {
    copy_view(input, part_of(call.output, input.shape, axis, start));
    start += input.shape[axis];
  }
  return true;
}

}  // namespace tessera::backends
