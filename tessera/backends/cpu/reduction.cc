// Reductions over axes: each output element is a list of inputs (the reduced axes, row-major); lists are cut
// into blocks of 1,024 (contract rule 3). Tasks are blocks, of any list; a second pass combines each list's
// blocks in the tree. Memory is read in the order in which it lies wherever the strides allow it: lists side by
// side (a sum over rows) are reduced row by row, with the 16 lanes of thousands of lists in the second-level
// cache.

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/integer_reduction.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/reduction_kernels.h"
#include "tessera/backends/cpu/runs.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kNearBytes = 1 << 19;   // what a near cache holds
constexpr std::int64_t kLaneBytes = 16 << 10;  // of one lane of many lists
constexpr std::int64_t kNarrow = 512;          // columns of a tile, at least, if threads want more tiles

// The input with the kept and the reduced axes apart.
struct Split {
  TensorView kept, reduced;  // same address
};

Split split_axes(const TensorView& x, const std::vector<int>& axes) {
  Split split{};
  split.kept.data = split.reduced.data = x.data;
  for (int axis = 0; axis < x.shape.rank(); ++axis) {
    TensorView& side = std::find(axes.begin(), axes.end(), axis) == axes.end() ? split.kept : split.reduced;
    side.shape.append(x.shape[axis]);
    side.strides.append(x.strides[axis]);
  }
  return split;
}

struct Lists {
  RunSpace<1> kept, reduced;
  std::int64_t count, length, blocks;  // blocks per list

  explicit Lists(const Split& split)
      : kept(split.kept.shape, {&split.kept}),
        reduced(split.reduced.shape, {&split.reduced}),
        count(split.kept.elements()),
        length(split.reduced.elements()),
        blocks((length + kBlock - 1) / kBlock) {}

  bool contiguous() const { return reduced.run_length() == length && (reduced.step(0) == 1 || length == 1); }
  // Lists side by side in memory, whose own elements are not: they are reduced together.
  bool columns() const { return kept.step(0) == 1 && kept.run_length() >= 4 && reduced.step(0) != 1; }
};

// Elements begin ... begin+count-1 of a list, side by side.
template <typename T>
const T* fetch(const Lists& lists, const T* list, std::int64_t begin, std::int64_t count, T* buffer) {
  if (lists.contiguous()) return list + begin;
  T* to = buffer;
  const std::int64_t step = lists.reduced.step(0);
  lists.reduced.for_each_run(begin, begin + count,
                             [&](std::int64_t, std::int64_t length, const std::int64_t* offsets) {
                               const T* from = list + offsets[0];
                               if (step == 1)
                                 std::copy(from, from + length, to);
                               else
                                 for (std::int64_t i = 0; i < length; ++i) to[i] = from[i * step];
                               to += length;
                             });
  return buffer;
}

// one(list, block, elements, count) for every block of every list.
template <typename T, typename One>
void for_each_block(const Lists& lists, const T* x, One&& one) {
  in_tasks(
      lists.count * lists.blocks, std::min(lists.length, kBlock), [&](std::int64_t first, std::int64_t end) {
        alignas(64) T buffer[kBlock];
        for (std::int64_t unit = first; unit < end; ++unit) {
          const std::int64_t list = unit / lists.blocks, block = unit % lists.blocks, begin = block * kBlock;
          const std::int64_t count = std::min(kBlock, lists.length - begin);
          one(unit, fetch(lists, x + lists.kept.offset(list, 0), begin, count, buffer), count);
        }
      });
}

// Contiguous lists: several blocks of one list per call, so that the kernel can interleave them.
template <typename T>
void reduce_contiguous(const Lists& lists, const ReductionLoops<T>& loops, const T* x, T* partial) {
  in_tasks(
      lists.count * lists.blocks, std::min(lists.length, kBlock), [&](std::int64_t first, std::int64_t end) {
        const bool near = lists.count * lists.length * static_cast<std::int64_t>(sizeof(T)) <= kNearBytes;
        while (first < end) {
          const std::int64_t list = first / lists.blocks, block = first % lists.blocks;
          const std::int64_t blocks = std::min(lists.blocks - block, end - first), begin = block * kBlock;
          loops.blocks(x + lists.kept.offset(list, 0) + begin,
                       std::min(blocks * kBlock, lists.length - begin), partial + first, near);
          first += blocks;
        }
      });
}

// Where the elements begin ... begin+count-1 of a list are.
void list_offsets(const Lists& lists, std::int64_t begin, std::int64_t count, std::int64_t* offsets) {
  lists.reduced.for_each_run(begin, begin + count,
                             [&](std::int64_t, std::int64_t length, const std::int64_t* from) {
                               for (std::int64_t i = 0; i < length; ++i)
                                 *offsets++ = from[0] + i * lists.reduced.step(0);
                             });
}

// Columns of a tile: as many as the caches hold lanes of, or fewer where threads would be idle otherwise.
std::int64_t tile_width(std::int64_t run, std::int64_t others, std::int64_t most) {
  std::int64_t width = std::min(run, most);
  while (thread_count() > 1 && others * ((run + width - 1) / width) < 4 * thread_count() && width > kNarrow)
    width = (width / 2 + 15) / 16 * 16;
  return width;
}

// body(tile's first list, its width, block, count, offsets) for every block of every tile of lists that lie
// side by side; the tiles of one block follow each other and share its list of offsets.
template <typename Body>
void for_each_tile(const Lists& lists, std::int64_t width, std::int64_t block_length, Body&& body) {
  const std::int64_t run = lists.kept.run_length(), tiles = (run + width - 1) / width;
  const std::int64_t rows = lists.count / run, blocks = (lists.length + block_length - 1) / block_length;
  in_tasks(rows * blocks * tiles, width * std::min(lists.length, block_length),
           [&](std::int64_t first, std::int64_t end) {
             ScratchScope scratch;
             auto* offsets = scratch.allocate<std::int64_t>(std::min(lists.length, block_length));
             std::int64_t listed = -1;
             for (std::int64_t unit = first; unit < end; ++unit) {
               const std::int64_t tile = unit % tiles, block = unit / tiles % blocks,
                                  row = unit / tiles / blocks;
               const std::int64_t begin = block * block_length,
                                  count = std::min(block_length, lists.length - begin);
               if (listed != block) list_offsets(lists, begin, count, offsets);
               listed = block;
               body(row * run + tile * width, std::min(width, run - tile * width), block, count, offsets);
             }
           });
}

template <typename T>
void reduce_columns(const Lists& lists, const ReductionLoops<T>& loops, const T* x, T* partial) {
  const std::int64_t run = lists.kept.run_length();
  const std::int64_t width =
      tile_width(run, lists.count / run * lists.blocks, kLaneBytes / static_cast<std::int64_t>(sizeof(T)));
  for_each_tile(lists, width, kBlock,
                [&](std::int64_t list, std::int64_t columns, std::int64_t block, std::int64_t count,
                    const std::int64_t* offsets) {
                  ScratchScope scratch;
                  T* lanes = scratch.allocate<T>(numerics::kReduceLanes * (columns + 16));
                  T* results = scratch.allocate<T>(columns);
                  loops.columns(x + lists.kept.offset(list, 0), offsets, count, columns, lanes, results);
                  for (std::int64_t j = 0; j < columns; ++j)
                    partial[(list + j) * lists.blocks + block] = results[j];
                });
}

template <typename T>
bool reduce(const KernelCall& call, Op op) {
  const ReductionLoops<T>* loops = reduction_loops<T>(op);
  const TensorView& x = call.inputs[0];
  if (loops == nullptr || x.elements() == 0) return false;
  const Lists lists(split_axes(x, std::get<ReduceAttributes>(call.attributes).axes));
  T* out = call.output.as<T>();
  ScratchScope scratch;
  T* partial = lists.blocks == 1 ? out : scratch.allocate<T>(lists.count * lists.blocks);
  const T* data = x.as<const T>();
  if (lists.contiguous())
    reduce_contiguous(lists, *loops, data, partial);
  else if (lists.columns())
    reduce_columns(lists, *loops, data, partial);
  else
    for_each_block(lists, data, [&](std::int64_t unit, const T* elements, std::int64_t count) {
      loops->blocks(elements, count, partial + unit, false);
    });
  const bool divide = call.op == Op::kMean;
  if (lists.blocks == 1 && !divide) return true;
  in_tasks(lists.count, lists.blocks, [&](std::int64_t first, std::int64_t end) {
    for (std::int64_t list = first; list < end; ++list) {
      const T* leaves = partial + list * lists.blocks;
      const T total = numerics::tree_combine(
          lists.blocks, [&](std::int64_t i) { return leaves[i]; },
          [&](T a, T b) { return loops->combine(a, b); });
      out[list] = divide ? total / static_cast<T>(lists.length) : total;
    }
  });
  return true;
}

template <typename T>
void moments_of_columns(const Lists& lists, const MomentsLoops<T>& loops, const T* x,
                        numerics::Moments<T>* partial) {
  for_each_tile(lists, std::min(kMomentsWidth, lists.kept.run_length()), kBlock,
                [&](std::int64_t list, std::int64_t columns, std::int64_t block, std::int64_t count,
                    const std::int64_t* offsets) {
                  alignas(64) T lanes[numerics::kReduceLanes * kMomentsWidth];
                  numerics::Moments<T> results[kMomentsWidth];
                  loops.columns(x + lists.kept.offset(list, 0), offsets, count, columns, lanes, results);
                  for (std::int64_t j = 0; j < columns; ++j)
                    partial[(list + j) * lists.blocks + block] = results[j];
                });
}

template <typename T>
bool variance(const KernelCall& call) {
  const MomentsLoops<T>* loops = moments_loops<T>();
  const TensorView& x = call.inputs[0];
  if (loops == nullptr || x.elements() == 0) return false;
  const Lists lists(split_axes(x, std::get<ReduceAttributes>(call.attributes).axes));
  T* out = call.output.as<T>();
  ScratchScope scratch;
  auto* partial = scratch.allocate<numerics::Moments<T>>(lists.count * lists.blocks);
  if (lists.columns())
    moments_of_columns(lists, *loops, x.as<const T>(), partial);
  else
    for_each_block(lists, x.as<const T>(), [&](std::int64_t unit, const T* elements, std::int64_t count) {
      partial[unit] = loops->block(elements, count);
    });
  in_tasks(lists.count, lists.blocks, [&](std::int64_t first, std::int64_t end) {
    for (std::int64_t list = first; list < end; ++list) {
      const auto* leaves = partial + list * lists.blocks;
      const auto all = numerics::tree_combine(
          lists.blocks, [&](std::int64_t i) { return leaves[i]; },
          [](const auto& a, const auto& b) { return numerics::merge(a, b); });
      out[list] = all.m2 / static_cast<T>(lists.length);
    }
  });
  return true;
}

// Contiguous lists: the greatest of each block, the first block that has the greatest of all, the place in it.
template <typename T>
void places_in_lists(const Lists& lists, const T* x, std::int64_t* out) {
  const ReductionLoops<T>& max = *reduction_loops<T>(Op::kMax);
  const PlaceLoops<T>& places = *place_loops<T>();
  ScratchScope scratch;
  T* greatest = scratch.allocate<T>(lists.count * lists.blocks);
  reduce_contiguous(lists, max, x, greatest);
  in_tasks(lists.count, lists.blocks + kBlock, [&](std::int64_t first, std::int64_t end) {
    for (std::int64_t list = first; list < end; ++list) {
      const T* leaves = greatest + list * lists.blocks;
      T best = leaves[0];
      for (std::int64_t i = 1; i < lists.blocks; ++i) best = max.combine(best, leaves[i]);
      const std::int64_t begin = places.first(leaves, lists.blocks, best) * kBlock;
      out[list] = begin + places.first(x + lists.kept.offset(list, 0) + begin,
                                       std::min(kBlock, lists.length - begin), best);
    }
  });
}

// Short lists (the classes of a row), where a call for each would take longer than the comparisons.
template <typename T>
void places_in_short_lists(const Lists& lists, const T* x, std::int64_t* out) {
  const std::int64_t step = lists.kept.step(0), length = lists.length;
  in_tasks(lists.count, 2 * length, [&](std::int64_t first, std::int64_t end) {
    for (std::int64_t list = first; list < end; ++list) {
      const T* const of_list = x + list * step;
      T best = of_list[0];
      std::int64_t place = 0;
      for (std::int64_t i = 1; i < length; ++i) {
        const T value = of_list[i];
        const bool takes = ((value > best) | (value != value)) & (best == best);
        best = takes ? value : best;
        place = takes ? i : place;
      }
      out[list] = place;
    }
  });
}

template <typename T>
bool argmax(const KernelCall& call) {
  const TensorView& x = call.inputs[0];
  if (place_loops<T>() == nullptr || x.elements() == 0) return false;
  const Lists lists(split_axes(x, std::get<ReduceAttributes>(call.attributes).axes));
  std::int64_t* out = call.output.as<std::int64_t>();
  const T* data = x.as<const T>();
  constexpr std::int64_t kMostRows = 1 << 20;  // their offsets are listed
  constexpr std::int64_t kShort = 24;
  if (lists.contiguous()) {
    if (lists.length <= kShort && lists.kept.run_length() == lists.count)
      places_in_short_lists(lists, data, out);
    else
      places_in_lists(lists, data, out);
    return true;
  }
  if (!lists.columns() || lists.length > kMostRows) return false;
  const std::int64_t run = lists.kept.run_length();
  const std::int64_t width =
      tile_width(run, lists.count / run, kLaneBytes / static_cast<std::int64_t>(sizeof(T)));
  for_each_tile(lists, width, lists.length,
                [&](std::int64_t list, std::int64_t columns, std::int64_t /*block*/, std::int64_t count,
                    const std::int64_t* offsets) {
                  ScratchScope scratch;
                  T* best = scratch.allocate<T>(columns + 16);
                  T* places = scratch.allocate<T>(columns + 16);
                  place_loops<T>()->columns(data + lists.kept.offset(list, 0), offsets, count, columns, best,
                                            places, out + list);
                });
  return true;
}

template <typename T>
bool reduce_floating(const KernelCall& call) {
  if (call.op == Op::kVariance) return variance<T>(call);
  if (call.op == Op::kArgMax) return argmax<T>(call);
  return reduce<T>(call, call.op == Op::kMean ? Op::kSum : call.op);
}

}  // namespace

bool run_reduction(const KernelCall& call) {
  if (call.inputs[0].dtype == DType::kFloat32) return reduce_floating<float>(call);
  if (call.inputs[0].dtype == DType::kFloat64) return reduce_floating<double>(call);
  return run_integer_reduction(call);
}

}  // namespace tessera::backends
