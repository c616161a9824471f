// gather and index_add along one axis; a tensor is read as [outer, length of the axis, inner].
//
// index_add must add the contributions to a destination in the order of their positions. Threads therefore
// divide columns and destinations, or stretches of positions whose destinations do not meet (the rule in the gradient
// of max pooling). A table with many rows costs no more than its copy: only rows that the index names are touched again.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <variant>
#include <vector>

#include "tessera/backends/addition.h"
#include "tessera/backends/cpu/axis_lines.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kColumnsPerTask = 64;  // at least: several cache lines of each row

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
void gather_rows(const Bits* x, const AxisLines& extent, const std::int64_t* index, std::int64_t count,
                 Bits* out) {
  const std::int64_t rows = extent.outer * count, inner = extent.inner;
  const std::int64_t per_task = std::max<std::int64_t>(1, kTask / std::max<std::int64_t>(1, inner));
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
struct Addition {
  AxisLines extent;
  const std::int64_t* index;
  std::int64_t count;
  const T* source;
  T* out;
};

struct Interval {
  std::int64_t begin, end;
  static Interval part(std::int64_t length, std::int64_t index, std::int64_t parts) {
    return {length * index / parts, length * (index + 1) / parts};
  }
};

// The sources at some positions, as far as they go to some destinations, and of these some columns.
template <typename T>
void add_rows(const Addition<T>& addition, std::int64_t outer, Interval positions, Interval destinations,
              Interval columns) {
  const std::int64_t inner = addition.extent.inner;
  const T* source = addition.source + (outer * addition.count + positions.begin) * inner;
  T* out = addition.out + outer * addition.extent.length * inner;
  const bool everywhere = destinations.begin == 0 && destinations.end == addition.extent.length;
  if (inner == 1 && everywhere) {  // the gradient of max pooling
    for (std::int64_t j = positions.begin; j < positions.end; ++j, ++source) {
      T& target = out[addition.index[j]];
      target = plus(target, *source);
    }
    return;
  }
  for (std::int64_t j = positions.begin; j < positions.end; ++j, source += inner) {
    const std::int64_t destination = addition.index[j];
    if (destination < destinations.begin || destination >= destinations.end) continue;
    T* target = out + destination * inner;
    for (std::int64_t i = columns.begin; i < columns.end; ++i) target[i] = plus(target[i], source[i]);
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

// Columns first, which share the work evenly whatever the index; destinations for the threads that are left.
template <typename T>
void add_by_columns_and_destinations(const Addition<T>& addition, std::int64_t outer) {
  const AxisLines& extent = addition.extent;
  const std::int64_t threads = thread_count();
  const std::int64_t strips = std::clamp<std::int64_t>(extent.inner / kColumnsPerTask, 1, threads);
  const std::int64_t groups = (threads + strips - 1) / strips;
  parallel_for(strips * groups, [&](std::int64_t task) {
    add_rows(addition, outer, {0, addition.count}, Interval::part(extent.length, task / strips, groups),
             Interval::part(extent.inner, task % strips, strips));
  });
}

template <typename T>
void add_on_all_threads(const Addition<T>& addition) {
  const AxisLines& extent = addition.extent;
  const Interval all{0, addition.count}, everywhere{0, extent.length}, columns{0, extent.inner};
  const auto add_whole = [&](std::int64_t o) { add_rows(addition, o, all, everywhere, columns); };
  if (thread_count() == 1 || addition.count * extent.inner * extent.outer < kTask) {
    for (std::int64_t o = 0; o < extent.outer; ++o) add_whole(o);
    return;
  }
  if (extent.outer >= 2 * thread_count()) return parallel_for(extent.outer, add_whole);
  const std::vector<std::int64_t> bounds =
      disjoint_stretches(addition.index, addition.count, 4 * thread_count());
  for (std::int64_t o = 0; o < extent.outer; ++o) {
    if (!bounds.empty())
      parallel_for(static_cast<std::int64_t>(bounds.size()) - 1, [&](std::int64_t part) {
        const auto i = static_cast<std::size_t>(part);
        add_rows(addition, o, {bounds[i], bounds[i + 1]}, everywhere, columns);
      });
    else if (extent.inner >= 16)
      add_by_columns_and_destinations(addition, o);
    else
      add_whole(o);
  }
}

template <typename T>
bool add_at_indices(const KernelCall& call) {
  const TensorView& x = call.inputs[0];
  ScratchScope scratch;
  Addition<T> addition{{x.shape, std::get<AxisAttributes>(call.attributes).axis},
                       dense<std::int64_t>(call.inputs[1], scratch),
                       call.inputs[1].elements(),
                       nullptr,
                       call.output.as<T>()};
  if (!in_bounds(addition.index, addition.count, addition.extent.length))
    return false;  // the reference backend has the message
  copy_view(x, call.output);
  addition.source = dense<T>(call.inputs[2], scratch);
  add_on_all_threads(addition);
  return true;
}

}  // namespace

bool run_gather(const KernelCall& call) {
  const TensorView& x = call.inputs[0];
  if (!x.contiguous()) return false;
  const std::int64_t count = call.inputs[1].elements();
  if (call.output.elements() == 0) return false;
  const AxisLines extent(x.shape, std::get<AxisAttributes>(call.attributes).axis);
  ScratchScope scratch;
  const std::int64_t* index = dense<std::int64_t>(call.inputs[1], scratch);
  if (!in_bounds(index, count, extent.length)) return false;  // the reference backend has the message
  return with_bits(x.dtype, [&](auto zero) {
    using Bits = decltype(zero);
    gather_rows(x.as<const Bits>(), extent, index, count, call.output.as<Bits>());
    return true;
  });
}

bool run_index_add(const KernelCall& call) {
  return with_summands(call.output.dtype, [&](auto zero) { return add_at_indices<decltype(zero)>(call); });
}

}  // namespace tessera::backends
