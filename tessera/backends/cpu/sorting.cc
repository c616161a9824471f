// sort and argsort along one axis; a tensor is read as [outer, length of the axis, inner].
//
// Elements become unsigned keys in the order of the contract, which a radix sort puts in order (radix_sort.h). NaN has the largest key
// in both directions; -0 has that of +0, and the zeros are put back in their order at the end. Lines beside each other (inner > 1)
// are taken several at a time, so that the cache lines that they share are used whole. Tasks are such blocks of lines; few long lines
// are sorted one after the other by all threads.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/radix_sort.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kLinesPerBlock = 16;
constexpr std::int64_t kElementsPerBlock = std::int64_t{1} << 18;  // at most, but for a single line
constexpr std::int64_t kLongLine = std::int64_t{1} << 16;
constexpr std::int64_t kPadding =
    24;  // words between lines: at steps of 4 KB they would meet in the same places of the cache
constexpr std::int64_t kRowsPerTask = std::int64_t{1} << 14;

// ---- Keys ----

template <typename T>
using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <typename T>
constexpr Word<T> kSignBit = Word<T>{1} << (sizeof(T) * 8 - 1);

template <typename T>
Word<T> key_of(T x, bool descending) {
  auto bits = std::bit_cast<Word<T>>(x);
  if constexpr (std::is_floating_point_v<T>) {
    if (x == T(0)) bits = 0;
    const Word<T> key = bits ^ ((Word<T>{0} - (bits >> (sizeof(T) * 8 - 1))) | kSignBit<T>);
    return x != x ? ~Word<T>{0} : descending ? ~key : key;
  } else {
    const Word<T> key = bits ^ kSignBit<T>;
    return descending ? ~key : key;
  }
}

template <typename T>
T element_of(Word<T> key, bool descending) {
  const Word<T> ascending = descending ? ~key : key;
  if constexpr (std::is_floating_point_v<T>) {
    if (key == ~Word<T>{0}) return std::numeric_limits<T>::quiet_NaN();
    return std::bit_cast<T>(ascending ^ ((ascending & kSignBit<T>) != 0 ? kSignBit<T> : ~Word<T>{0}));
  } else {
    return std::bit_cast<T>(ascending ^ kSignBit<T>);
  }
}

// ---- Blocks of lines ----

struct Block {
  std::int64_t length, inner;
  std::int64_t first;  // element of its first line
  std::int64_t lines;
};

// body(block) for all lines; the blocks on all threads, or one after the other when each is work for all.
template <typename Body>
void for_each_block(const KernelCall& call, Body body) {
  const int axis = std::get<SortAttributes>(call.attributes).axis;
  const Shape& shape = call.inputs[0].shape;
  const std::int64_t length = shape[axis];
  std::int64_t inner = 1;
  for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  const std::int64_t lines =
      std::clamp<std::int64_t>(kElementsPerBlock / length, 1, std::min(inner, kLinesPerBlock));
  const std::int64_t blocks = (inner + lines - 1) / lines;
  const std::int64_t tasks = call.output.elements() / (length * inner) * blocks;
  const auto run = [&](std::int64_t task) {
    const std::int64_t line = task % blocks * lines;
    body(Block{length, inner, task / blocks * length * inner + line, std::min(lines, inner - line)});
  };
  if (tasks < thread_count() && length >= kLongLine)
    for (std::int64_t task = 0; task < tasks; ++task) run(task);
  else
    parallel_for(tasks, run);
}

// body(line, place on it, element) for all elements of a block, cache line by cache line, on all threads when there are many.
template <typename Body>
void for_each_element(const Block& block, Body body) {
  parallel_for((block.length + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(block.length, (task + 1) * kRowsPerTask);
    if (block.inner == 1) {
      for (std::int64_t i = task * kRowsPerTask; i < end; ++i) body(0, i, block.first + i);
      return;
    }
    for (std::int64_t i = task * kRowsPerTask; i < end; ++i)
      for (std::int64_t line = 0; line < block.lines; ++line)
        body(line, i, block.first + i * block.inner + line);
  });
}

// ---- Sort ----

// Among the sorted elements -0 and +0 look alike: they are copied once more, in the order in which they came.
template <typename T>
void restore_zeros(const T* x, const Word<T>* sorted, const Block& block, std::int64_t line, bool descending,
                   T* out) {
  const Word<T>* zero = std::lower_bound(sorted, sorted + block.length, key_of(T(0), descending));
  std::int64_t place = zero - sorted;
  if (place == block.length || *zero != key_of(T(0), descending)) return;
  for (std::int64_t i = 0; i < block.length; ++i) {
    const T element = x[block.first + i * block.inner + line];
    if (element == T(0)) out[block.first + place++ * block.inner + line] = element;
  }
}

template <typename T>
void sort_block(const T* x, const Block& block, bool descending, T* out) {
  ScratchScope scratch;
  const std::int64_t length = block.length, step = length + kPadding;
  auto* words = scratch.allocate<Word<T>>(step * block.lines);
  auto* spare = scratch.allocate<Word<T>>(step * block.lines);
  Word<T>* sorted[kLinesPerBlock];
  for_each_element(block, [=](std::int64_t line, std::int64_t i, std::int64_t element) {
    words[line * step + i] = key_of(x[element], descending);
  });
  for (std::int64_t line = 0; line < block.lines; ++line)
    sorted[line] = radix_sort(words + line * step, spare + line * step, length, 0);
  for_each_element(block, [&](std::int64_t line, std::int64_t i, std::int64_t element) {
    out[element] = element_of<T>(sorted[line][i], descending);
  });
  if constexpr (std::is_floating_point_v<T>)
    for (std::int64_t line = 0; line < block.lines; ++line)
      restore_zeros(x, sorted[line], block, line, descending, out);
}

// ---- Argsort ----

// The number of bits of the keys that an entry leaves out below its 32: these begin at the highest bit in which two keys differ.
template <typename T>
int bits_below_entry(const T* x, const Block& block, bool descending) {
  if constexpr (sizeof(T) == 4) return 0;
  Word<T> varying = 0;
  const Word<T> first = key_of(x[block.first], descending);
  for (std::int64_t i = 0; i < block.length * block.inner; i += block.inner)
    for (std::int64_t line = 0; line < block.lines; ++line)
      varying |= key_of(x[block.first + i + line], descending) ^ first;
  return std::max(0, static_cast<int>(std::bit_width(varying)) - 32);
}

template <typename T>
void argsort_block(const T* x, const Block& block, bool descending, std::int64_t* out) {
  ScratchScope scratch;
  const std::int64_t length = block.length, step = length + kPadding;
  auto* entries = scratch.allocate<std::uint64_t>(step * block.lines);
  auto* spare = scratch.allocate<std::uint64_t>(step * block.lines);
  std::uint64_t* sorted[kLinesPerBlock];
  const int below = bits_below_entry(x, block, descending);
  for_each_element(block, [=](std::int64_t line, std::int64_t i, std::int64_t element) {
    const auto upper = static_cast<std::uint32_t>(key_of(x[element], descending) >> below);
    entries[line * step + i] = entry_of(upper, i);
  });
  for (std::int64_t line = 0; line < block.lines; ++line) {
    std::uint64_t *mine = entries + line * step, *other = spare + line * step;
    const auto low_part =
        [=](std::int64_t position) {  // what the upper part has again does not disturb: it is equal there
          return static_cast<std::uint32_t>(
              key_of(x[block.first + position * block.inner + line], descending));
        };
    sorted[line] =
        below == 0 ? radix_sort(mine, other, length, 32) : sort_entries(mine, other, length, low_part);
  }
  for_each_element(block, [&](std::int64_t line, std::int64_t i, std::int64_t element) {
    out[element] = position_of(sorted[line][i]);
  });
}

// ---- Bytes: one counting pass ----

// place(position, place): where the element of a line goes.
template <typename Place>
void order_bytes(const std::uint8_t* x, const Block& block, bool descending, Place place) {
  const int flip = descending ? 255 : 0;
  for (std::int64_t line = block.first; line < block.first + block.lines; ++line) {
    std::int64_t counts[256] = {}, sum = 0;
    for (std::int64_t i = 0; i < block.length; ++i) ++counts[x[line + i * block.inner] ^ flip];
    for (std::int64_t& count : counts) sum += std::exchange(count, sum);
    for (std::int64_t i = 0; i < block.length; ++i) {
      const std::int64_t from = line + i * block.inner;
      place(from, i, line + counts[x[from] ^ flip]++ * block.inner);
    }
  }
}

void sort_block(const std::uint8_t* x, const Block& block, bool descending, std::uint8_t* out) {
  order_bytes(x, block, descending,
              [=](std::int64_t from, std::int64_t, std::int64_t to) { out[to] = x[from]; });
}

void argsort_block(const std::uint8_t* x, const Block& block, bool descending, std::int64_t* out) {
  order_bytes(x, block, descending,
              [=](std::int64_t, std::int64_t position, std::int64_t to) { out[to] = position; });
}

// ---- The rows ----

template <typename T>
bool sort_or_argsort(const KernelCall& call) {
  const auto& sort = std::get<SortAttributes>(call.attributes);
  const TensorView& view = call.inputs[0];
  if (view.shape[sort.axis] > std::numeric_limits<std::uint32_t>::max()) return false;
  ScratchScope scratch;
  const T* x = dense<T>(view, scratch);
  for_each_block(call, [&](const Block& block) {
    if (call.op == Op::kSort)
      sort_block(x, block, sort.descending, call.output.as<T>());
    else
      argsort_block(x, block, sort.descending, call.output.as<std::int64_t>());
  });
  return true;
}

}  // namespace

bool run_sort(const KernelCall& call) {
  switch (call.inputs[0].dtype) {
    case DType::kFloat32:
      return sort_or_argsort<float>(call);
    case DType::kFloat64:
      return sort_or_argsort<double>(call);
    case DType::kInt64:
      return sort_or_argsort<std::int64_t>(call);
    default:  // bytes, and bool as the bytes 0 and 1
      return sort_or_argsort<std::uint8_t>(call);
  }
}

}  // namespace tessera::backends
