// gather and index_add along one axis; a tensor is read as [outer, length of the axis, inner].
//
// index_add must add the contributions to a destination in the order of their positions. Threads therefore
// divide destinations, or stretches of positions whose destinations do not meet (the rule in the gradient of
// max pooling).

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <variant>
#include <vector>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kElementsPerTask = 1 << 14;

struct Extent {
  std::int64_t outer = 1, length, inner = 1;
};

Extent extent_of(const Shape& shape, int axis) {
  Extent extent{};
  extent.outer = extent.inner = 1;
  extent.length = shape[axis];
  for (int i = 0; i < axis; ++i) extent.outer *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) extent.inner *= shape[i];
  return extent;
}

struct IndexRange {
  std::int64_t lowest, highest;
};

IndexRange range_of(const std::int64_t* index, std::int64_t count) {
  IndexRange range{index[0], index[0]};
  for (std::int64_t j = 1; j < count; ++j) {
    range.lowest = std::min(range.lowest, index[j]);
    range.highest = std::max(range.highest, index[j]);
  }
  return range;
}

bool in_bounds(const std::int64_t* index, std::int64_t count, std::int64_t length) {
  bool outside = false;  // no early exit: one comparison per index and no branch
  for (std::int64_t j = 0; j < count; ++j)
    outside |= static_cast<std::uint64_t>(index[j]) >= static_cast<std::uint64_t>(length);
  return !outside;
}

template <typename Bits>
void gather_rows(const Bits* x, const Extent& extent, const std::int64_t* index, std::int64_t count,
                 Bits* out) {
  const std::int64_t rows = extent.outer * count, inner = extent.inner;
  const std::int64_t per_task =
      std::max<std::int64_t>(1, kElementsPerTask / std::max<std::int64_t>(1, inner));
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    for (std::int64_t row = task * per_task; row < std::min(rows, (task + 1) * per_task); ++row) {
      const Bits* from = x + (row / count * extent.length + index[row % count]) * inner;
      if (inner == 1)
        out[row] = *from;
      else
        std::memcpy(out + row * inner, from, static_cast<std::size_t>(inner) * sizeof(Bits));
    }
  });
}

template <typename T>
T plus(T a, T b) {
  if constexpr (std::is_integral_v<T>)  // wraps
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  else
    return a + b;
}

template <typename T>
struct Addition {
  Extent extent;
  const std::int64_t* index;
  std::int64_t count;
  const T* source;
  T* out;
};

// Positions begin ... end-1, restricted to destinations first ... last-1.
template <typename T>
void add_rows(const Addition<T>& addition, std::int64_t outer, std::int64_t begin, std::int64_t end,
              std::int64_t first, std::int64_t last) {
  const std::int64_t inner = addition.extent.inner;
  const T* source = addition.source + (outer * addition.count + begin) * inner;
  T* out = addition.out + outer * addition.extent.length * inner;
  if (inner == 1 && first == 0 && last == addition.extent.length) {  // the gradient of max pooling
    for (std::int64_t j = begin; j < end; ++j, ++source) {
      T& target = out[addition.index[j]];
      target = plus(target, *source);
    }
    return;
  }
  for (std::int64_t j = begin; j < end; ++j, source += inner) {
    const std::int64_t destination = addition.index[j];
    if (destination < first || destination >= last) continue;
    T* target = out + destination * inner;
    for (std::int64_t i = 0; i < inner; ++i) target[i] = plus(target[i], source[i]);
  }
}

// Stretches of positions whose destinations lie one behind the other; empty when there is no such division.
std::vector<std::int64_t> disjoint_stretches(const std::int64_t* index, std::int64_t count,
                                             std::int64_t wanted) {
  std::vector<std::int64_t> bounds{0};
  std::int64_t highest = -1;
  for (std::int64_t part = 0; part < wanted; ++part) {
    const std::int64_t begin = count * part / wanted, end = count * (part + 1) / wanted;
    if (begin == end) continue;
    const IndexRange range = range_of(index + begin, end - begin);
    if (range.lowest <= highest) return {};
    highest = range.highest;
    bounds.push_back(end);
  }
  return bounds;
}

template <typename T>
void add_on_all_threads(const Addition<T>& addition) {
  const Extent& extent = addition.extent;
  const std::int64_t work = addition.count * extent.inner;
  if (thread_count() == 1 || work * extent.outer < kElementsPerTask) {
    for (std::int64_t o = 0; o < extent.outer; ++o)
      add_rows(addition, o, 0, addition.count, 0, extent.length);
    return;
  }
  if (extent.outer >= 2 * thread_count()) {
    parallel_for(extent.outer,
                 [&](std::int64_t o) { add_rows(addition, o, 0, addition.count, 0, extent.length); });
    return;
  }
  const std::int64_t parts = 4 * thread_count();
  const std::vector<std::int64_t> bounds = disjoint_stretches(addition.index, addition.count, parts);
  for (std::int64_t o = 0; o < extent.outer; ++o) {
    if (!bounds.empty()) {
      parallel_for(static_cast<std::int64_t>(bounds.size()) - 1, [&](std::int64_t part) {
        const auto i = static_cast<std::size_t>(part);
        add_rows(addition, o, bounds[i], bounds[i + 1], 0, extent.length);
      });
    } else if (extent.inner >= 16) {
      const std::int64_t groups = thread_count();
      parallel_for(groups, [&](std::int64_t g) {
        add_rows(addition, o, 0, addition.count, extent.length * g / groups,
                 extent.length * (g + 1) / groups);
      });
    } else {
      add_rows(addition, o, 0, addition.count, 0, extent.length);
    }
  }
}

template <typename T>
bool add_at_indices(const KernelCall& call) {
  const TensorView& x = call.inputs[0];
  Addition<T> addition{};
  addition.extent = extent_of(x.shape, std::get<AxisAttributes>(call.attributes).axis);
  addition.count = call.inputs[1].elements();
  addition.out = call.output.as<T>();
  ScratchScope scratch;
  addition.index = dense<std::int64_t>(call.inputs[1], scratch.allocate<std::int64_t>(addition.count));
  if (!in_bounds(addition.index, addition.count, addition.extent.length))
    return false;  // the reference backend has the message
  copy_view(x, call.output);
  addition.source = dense<T>(
      call.inputs[2], scratch.allocate<T>(call.inputs[2].contiguous() ? 0 : call.inputs[2].elements()));
  add_on_all_threads(addition);
  return true;
}

}  // namespace

bool run_gather(const KernelCall& call) {
  const TensorView& x = call.inputs[0];
  if (!x.contiguous()) return false;
  const std::int64_t count = call.inputs[1].elements();
  if (call.output.elements() == 0) return false;
  const Extent extent = extent_of(x.shape, std::get<AxisAttributes>(call.attributes).axis);
  ScratchScope scratch;
  const std::int64_t* index = dense<std::int64_t>(call.inputs[1], scratch.allocate<std::int64_t>(count));
  if (!in_bounds(index, count, extent.length)) return false;  // the reference backend has the message
  switch (dtype_size(x.dtype)) {
    case 1:
      gather_rows(x.as<const std::uint8_t>(), extent, index, count, call.output.as<std::uint8_t>());
      break;
    case 4:
      gather_rows(x.as<const std::uint32_t>(), extent, index, count, call.output.as<std::uint32_t>());
      break;
    default:
      gather_rows(x.as<const std::uint64_t>(), extent, index, count, call.output.as<std::uint64_t>());
      break;
  }
  return true;
}

bool run_index_add(const KernelCall& call) {
  switch (call.output.dtype) {
    case DType::kFloat32:
      return add_at_indices<float>(call);
    case DType::kFloat64:
      return add_at_indices<double>(call);
    case DType::kInt64:
      return add_at_indices<std::int64_t>(call);
    default:
      return false;
  }
}

}  // namespace tessera::backends
