// take_along and scatter_add: an index for every line along an axis. x is read as [outer, length, inner], the index as
// [outer, count, inner].
//
// scatter_add must add the contributions to an element in the order of their positions, and lines never meet: threads divide the
// lines. Indices are checked on the way, not in a pass before. What meets one that is out of range leaves the call to the reference
// backend, which throws the message.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <type_traits>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kElementsPerTask = 1 << 14;
constexpr std::int64_t kLeastColumns = 16;  // a cache line at least, so that tasks do not write to the same one

struct Lines {
  std::int64_t outer = 1, length = 1, count = 1, inner = 1;

  explicit Lines(const KernelCall& call) {
    const int axis = std::get<AxisAttributes>(call.attributes).axis;
    const Shape& shape = call.inputs[0].shape;
    for (int i = 0; i < axis; ++i) outer *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
    length = shape[axis];
    count = call.inputs[1].shape[axis];
  }
};

// The lines of columns begin ... end-1 of one of the outer parts.
struct Strip {
  std::int64_t outer, begin, end;
};

// body(strip) on all threads, for strips of about kElementsPerTask elements of the index.
template <typename Body>
void for_each_strip(const Lines& lines, Body body) {
  const std::int64_t count = std::max<std::int64_t>(1, lines.count);
  const std::int64_t wanted = std::max(kLeastColumns, kElementsPerTask / count / kLeastColumns * kLeastColumns);
  const std::int64_t columns = std::min(lines.inner, wanted);
  const std::int64_t strips = (lines.inner + columns - 1) / columns;
  // Short lines are taken many to a task.
  const std::int64_t group = std::max<std::int64_t>(1, kElementsPerTask / (count * columns));
  const std::int64_t all = lines.outer * strips;
  parallel_for((all + group - 1) / group, [&](std::int64_t task) {
    for (std::int64_t i = task * group; i < std::min(all, (task + 1) * group); ++i) {
      const std::int64_t begin = i % strips * columns;
      body(Strip{i / strips, begin, std::min(lines.inner, begin + columns)});
    }
  });
}

// Calls visit(place in the index, place in x) for a strip, the positions along the axis ascending; false if an index is out of range,
// which is visited as 0.
template <typename Visit>
bool visit_strip(const Lines& lines, const std::int64_t* index, const Strip& strip, Visit visit) {
  bool outside = false;
  const auto length = static_cast<std::uint64_t>(lines.length);
  const std::int64_t from = strip.outer * lines.length * lines.inner;
  for (std::int64_t j = 0; j < lines.count; ++j) {
    const std::int64_t row = (strip.outer * lines.count + j) * lines.inner;
    for (std::int64_t i = strip.begin; i < strip.end; ++i) {
      const auto position = static_cast<std::uint64_t>(index[row + i]);
      outside |= position >= length;
      visit(row + i, from + static_cast<std::int64_t>(position < length ? position : 0) * lines.inner + i);
    }
  }
  return !outside;
}

template <typename Visit>
bool visit_all(const KernelCall& call, Visit visit) {
  const Lines lines(call);
  const TensorView& view = call.inputs[1];
  if (lines.length == 0) return view.elements() == 0;
  ScratchScope scratch;
  const std::int64_t* index =
      dense<std::int64_t>(view, scratch.allocate<std::int64_t>(view.contiguous() ? 0 : view.elements()));
  std::atomic<bool> outside = false;
  for_each_strip(lines, [&](const Strip& strip) {
    if (!visit_strip(lines, index, strip, visit)) outside.store(true, std::memory_order_relaxed);
  });
  return !outside;
}

template <typename T>
const T* dense_input(const TensorView& view, ScratchScope& scratch) {
  return dense<T>(view, scratch.allocate<T>(view.contiguous() ? 0 : view.elements()));
}

template <typename Bits>
bool take(const KernelCall& call) {
  ScratchScope scratch;
  const Bits* x = dense_input<Bits>(call.inputs[0], scratch);
  Bits* out = call.output.as<Bits>();
  return visit_all(call, [=](std::int64_t to, std::int64_t from) { out[to] = x[from]; });
}

template <typename T>
bool scatter(const KernelCall& call) {
  ScratchScope scratch;
  copy_view(call.inputs[0], call.output);
  const T* source = dense_input<T>(call.inputs[2], scratch);
  T* out = call.output.as<T>();
  return visit_all(call, [=](std::int64_t from, std::int64_t to) {
    if constexpr (std::is_integral_v<T>)  // wraps
      out[to] = static_cast<T>(static_cast<std::uint64_t>(out[to]) + static_cast<std::uint64_t>(source[from]));
    else
      out[to] += source[from];
  });
}

}  // namespace

bool run_take_along(const KernelCall& call) {
  switch (dtype_size(call.output.dtype)) {
    case 1:
      return take<std::uint8_t>(call);
    case 4:
      return take<std::uint32_t>(call);
    default:
      return take<std::uint64_t>(call);
  }
}

bool run_scatter_add(const KernelCall& call) {
  switch (call.output.dtype) {
    case DType::kFloat32:
      return scatter<float>(call);
    case DType::kFloat64:
      return scatter<double>(call);
    case DType::kInt64:
      return scatter<std::int64_t>(call);
    default:
      return false;
  }
}

}  // namespace tessera::backends
