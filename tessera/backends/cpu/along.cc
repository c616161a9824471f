// take_along and scatter_add: an index for every line along an axis. x is read as [outer, length, inner], the index as
// [outer, count, inner].
//
// scatter_add must add the contributions to an element in the order of their positions, and lines never meet: threads divide the
// lines. Lines beside each other (inner > 1) are taken some at a time and copied to where each lies in one piece: their own elements
// are a row apart, often by a power of two, and would drive each other out of the cache. Indices are checked on the way; when one is
// out of range the call is left to the reference backend, which throws the message.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <variant>

#include "tessera/backends/addition.h"
#include "tessera/backends/cpu/axis_lines.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kColumns =
    16;  // of a strip: a cache line at least, so that tasks do not write to the same one
constexpr std::int64_t kLongestCopy = std::int64_t{1} << 16;

struct Lines : AxisLines {
  std::int64_t count;  // of the index along the axis

  explicit Lines(const KernelCall& call)
      : AxisLines(call.inputs[0].shape, axis_of(call)), count(call.inputs[1].shape[axis_of(call)]) {}
  static int axis_of(const KernelCall& call) { return std::get<AxisAttributes>(call.attributes).axis; }
};

// Some lines beside each other: the columns begin, begin + 1, ... of one of the outer parts.
struct Strip {
  std::int64_t outer, begin, width;
  std::int64_t in_x(const Lines& lines) const { return outer * lines.length * lines.inner + begin; }
  std::int64_t in_index(const Lines& lines) const { return outer * lines.count * lines.inner + begin; }
};

// body(strip) on all threads; short lines are taken many to a task.
template <typename Body>
void for_each_strip(const Lines& lines, Body body) {
  const std::int64_t width = std::min(lines.inner, kColumns);
  const std::int64_t strips = (lines.inner + width - 1) / width, all = lines.outer * strips;
  const std::int64_t work = std::max(lines.length, lines.count) * width;
  const std::int64_t group = std::max<std::int64_t>(1, kTask / work);
  parallel_for((all + group - 1) / group, [&](std::int64_t task) {
    for (std::int64_t i = task * group; i < std::min(all, (task + 1) * group); ++i) {
      const std::int64_t begin = i % strips * width;
      body(Strip{i / strips, begin, std::min(width, lines.inner - begin)});
    }
  });
}

// How the elements of a strip's lines lie.
struct Steps {
  std::int64_t along, across;
};

// Asks for a row that comes later: rows are further apart than the processor looks ahead by itself. Beyond the end it does nothing.
template <typename T>
void fetch_ahead(const T* row, std::int64_t step, std::int64_t width) {
  constexpr std::int64_t kRows = 16, kPerLine = 64 / sizeof(T);
  for (std::int64_t i = 0; i < width; i += kPerLine) __builtin_prefetch(row + kRows * step + i);
}

// visit(j, index[j]) for a line that lies in one piece: a comparison each, whose branch is never taken, costs less than a pass of its own. False at
// the first index that is out of range.
template <typename Visit>
bool visit_line(const std::int64_t* index, std::int64_t count, std::int64_t length, Visit visit) {
  constexpr std::int64_t kAtOnce = 8, kAhead = 64;  // a line of indices, eight lines
  const auto inside = [length](std::int64_t position) {
    return static_cast<std::uint64_t>(position) < static_cast<std::uint64_t>(length);
  };
  std::int64_t j = 0;
  for (; j + kAtOnce <= count; j += kAtOnce) {
    __builtin_prefetch(index + j + kAhead);
    for (std::int64_t i = j; i < j + kAtOnce; ++i) {
      if (!inside(index[i])) return false;
      visit(i, index[i]);
    }
  }
  for (; j < count; ++j) {
    if (!inside(index[j])) return false;
    visit(j, index[j]);
  }
  return true;
}

// visit(place in the index, place in the table) for all of a strip, positions along the axis ascending, both counted from the strip's
// first. `beside` is what the visit reads or writes at the place in the index. False if an index is out of range, which is visited as 0.
template <typename Visit, typename T>
bool visit_strip(const Lines& lines, const std::int64_t* index, std::int64_t width, Steps table,
                 const T* beside, Visit visit) {
  const auto length = static_cast<std::uint64_t>(lines.length);
  const std::int64_t inner = lines.inner, count = lines.count;
  bool outside = false;
  if (inner == 1) return visit_line(index, count, lines.length, visit);
  const auto place = [&](std::int64_t i) {
    const auto position = static_cast<std::uint64_t>(index[i]);
    outside |= position >= length;
    return static_cast<std::int64_t>(position < length ? position : 0) * table.along;
  };
  for (std::int64_t row = 0; row < count * inner; row += inner) {
    fetch_ahead(index + row, inner, width);
    fetch_ahead(beside + row, inner, width);
    for (std::int64_t i = 0; i < width; ++i) visit(row + i, place(row + i) + i * table.across);
  }
  return !outside;
}

// Lines of 4 KB one behind the other would meet in the same places of the cache.
std::int64_t padded(std::int64_t length) {
  return length + 24;
}

// Copies pay when most of a line is used, and while they stay in the cache.
bool copies_pay(const Lines& lines) {
  return lines.inner > 1 && lines.length <= 2 * lines.count && lines.length <= kLongestCopy;
}

template <typename T>
void copy_strip(const T* from, Steps source, T* to, Steps target, std::int64_t length, std::int64_t width) {
  for (std::int64_t j = 0; j < length; ++j) {
    fetch_ahead(from + j * source.along, source.along, source.across == 1 ? width : 1);
    fetch_ahead(to + j * target.along, target.along, target.across == 1 ? width : 1);
    for (std::int64_t i = 0; i < width; ++i)
      to[j * target.along + i * target.across] = from[j * source.along + i * source.across];
  }
}

template <typename Bits>
bool take(const KernelCall& call) {
  const Lines lines(call);
  if (lines.length == 0) return false;
  ScratchScope scratch;
  const auto* index = dense<std::int64_t>(call.inputs[1], scratch);
  const Bits* x = dense<Bits>(call.inputs[0], scratch);
  const Steps in_rows{lines.inner, 1}, in_lines{1, padded(lines.length)};
  std::atomic<bool> outside = false;
  for_each_strip(lines, [&](const Strip& strip) {
    ScratchScope own;
    const Bits* table = x + strip.in_x(lines);
    const bool copied = copies_pay(lines);
    if (copied) {
      auto* copy = own.allocate<Bits>(in_lines.across * strip.width);
      copy_strip(table, in_rows, copy, in_lines, lines.length, strip.width);
      table = copy;
    }
    Bits* out = call.output.as<Bits>() + strip.in_index(lines);
    const bool inside =
        visit_strip(lines, index + strip.in_index(lines), strip.width, copied ? in_lines : in_rows, out,
                    [=](std::int64_t to, std::int64_t from) { out[to] = table[from]; });
    if (!inside) outside.store(true, std::memory_order_relaxed);
  });
  return !outside;
}

template <typename T>
bool scatter(const KernelCall& call) {
  const Lines lines(call);
  if (lines.length == 0) return false;
  ScratchScope scratch;
  const auto* index = dense<std::int64_t>(call.inputs[1], scratch);
  const T* source = dense<T>(call.inputs[2], scratch);
  const TensorView& x = call.inputs[0];
  const bool one_number =
      std::all_of(x.strides.begin(), x.strides.end(), [](std::int64_t step) { return step == 0; });
  // Lines in one piece start where they are added to, so that they are written once.
  const bool starts_here = lines.inner == 1 && (one_number || x.contiguous());
  if (!starts_here) copy_view(x, call.output);
  const Steps in_rows{lines.inner, 1}, in_lines{1, padded(lines.length)};
  std::atomic<bool> outside = false;
  for_each_strip(lines, [&](const Strip& strip) {
    ScratchScope own;
    T *out = call.output.as<T>() + strip.in_x(lines), *table = out;
    if (starts_here && one_number) std::fill_n(out, lines.length, *x.as<const T>());
    if (starts_here && !one_number) std::copy_n(x.as<const T>() + strip.in_x(lines), lines.length, out);
    const bool copied = copies_pay(lines);
    if (copied) {
      table = own.allocate<T>(in_lines.across * strip.width);
      copy_strip<T>(out, in_rows, table, in_lines, lines.length, strip.width);
    }
    const T* terms = source + strip.in_index(lines);
    const bool inside =
        visit_strip(lines, index + strip.in_index(lines), strip.width, copied ? in_lines : in_rows, terms,
                    [=](std::int64_t from, std::int64_t to) { table[to] = plus(table[to], terms[from]); });
    if (copied) copy_strip<T>(table, in_lines, out, in_rows, lines.length, strip.width);
    if (!inside) outside.store(true, std::memory_order_relaxed);
  });
  return !outside;
}

}  // namespace

bool run_take_along(const KernelCall& call) {
  return with_bits(call.output.dtype, [&](auto zero) { return take<decltype(zero)>(call); });
}

bool run_scatter_add(const KernelCall& call) {
  return with_summands(call.output.dtype, [&](auto zero) { return scatter<decltype(zero)>(call); });
}

}  // namespace tessera::backends
