// Batch normalisation: sums over a channel's list (sample, position), then one pass over the elements. Blocks of 1,024 of a list are shared by the
// threads; one whose elements do not stand side by side is first copied to where they do, which the caches make cheap.

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <variant>

#include "tessera/backends/cpu/batch_norm_kernels.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kChannelsAtOnce = 256;  // channels whose lanes are kept at once

struct Geometry {
  explicit Geometry(const Shape& shape) : samples(shape[0]), channels(shape[1]) {
    for (int axis = 2; axis < shape.rank(); ++axis) inner *= shape[axis];
    list = samples * inner;
    blocks = (list + kBlock - 1) / kBlock;
  }
  std::int64_t samples, channels, inner = 1;
  std::int64_t list, blocks;  // of one channel
};

// Elements [begin, begin + count) of a channel's list side by side: where they are, or copied to `room`.
template <typename T>
const T* side_by_side(const Geometry& g, const T* x, std::int64_t channel, std::int64_t begin,
                      std::int64_t count, T* room) {
  std::int64_t sample = begin / g.inner, position = begin % g.inner;
  const auto start = [&] { return x + (sample * g.channels + channel) * g.inner + position; };
  if (position + count <= g.inner) return start();
  for (std::int64_t done = 0; done < count; ++sample, position = 0) {
    const std::int64_t piece = std::min(count - done, g.inner - position);
    std::copy_n(start(), piece, room + done);
    done += piece;
  }
  return room;
}

// body(channel, block, count, {the block of each input}) for all blocks of all channels.
template <typename T, std::size_t kInputs, typename Body>
void for_blocks(const Geometry& g, const std::array<const T*, kInputs>& inputs, const Body& body) {
  const std::int64_t per_task = std::max<std::int64_t>(1, kTask / std::min(kBlock, g.list));
  const std::int64_t parts = (g.blocks + per_task - 1) / per_task;
  parallel_for(g.channels * parts, [&](std::int64_t task) {
    ScratchScope scratch;
    T* room = scratch.allocate<T>(static_cast<std::int64_t>(kInputs) * kBlock);
    const std::int64_t channel = task / parts, end = std::min(g.blocks, (task % parts + 1) * per_task);
    for (std::int64_t block = task % parts * per_task; block < end; ++block) {
      const std::int64_t begin = block * kBlock, count = std::min(kBlock, g.list - begin);
      std::array<const T*, kInputs> lists;
      for (std::size_t i = 0; i < kInputs; ++i)
        lists[i] =
            side_by_side(g, inputs[i], channel, begin, count, room + static_cast<std::int64_t>(i) * kBlock);
      body(channel, block, count, lists);
    }
  });
}

// ---- One element of a channel per sample: the channels lie side by side, and so do the lanes of their sums ----

// body(block, first row, rows, first column, columns) for tiles of rows of one block and columns whose lanes fit the first-level cache.
template <typename Body>
void for_tiles(const Geometry& g, const Body& body) {
  const std::int64_t tiles = (g.channels + kChannelsAtOnce - 1) / kChannelsAtOnce;
  parallel_for(tiles * g.blocks, [&](std::int64_t task) {
    const std::int64_t block = task / tiles, column = task % tiles * kChannelsAtOnce, row = block * kBlock;
    body(block, row, std::min(kBlock, g.list - row), column, std::min(kChannelsAtOnce, g.channels - column));
  });
}

// add_row(row, lane of the row) for the rows of a block, then lanes combine; the sums are the first `columns` lanes.
template <typename T, typename AddRow>
void sum_rows(T* lanes, std::int64_t rows, std::int64_t columns, const AddRow& add_row) {
  std::fill_n(lanes, kChains * columns, T(0));
  for (std::int64_t row = 0; row < rows; ++row) add_row(row, row % kChains * columns);
}
template <typename T>
void combine_lanes(T* lanes, std::int64_t columns) {
  for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
    for (std::int64_t j = 0; j < s * columns; ++j) lanes[j] = lanes[j] + lanes[j + s * columns];
}

template <typename T>
void column_moments(const ChannelLoops<T>& loops, const Geometry& g, const T* x,
                    numerics::Moments<T>* moments, T* totals) {
  for_tiles(g, [&](std::int64_t block, std::int64_t first, std::int64_t rows, std::int64_t column,
                   std::int64_t columns) {
    ScratchScope scratch;
    T *lanes = scratch.allocate<T>(kChains * columns), *means = scratch.allocate<T>(columns);
    const T* from = x + first * g.channels + column;
    sum_rows(lanes, rows, columns, [&](std::int64_t row, std::int64_t lane) {
      loops.add(from + row * g.channels, columns, lanes + lane);
    });
    combine_lanes(lanes, columns);
    for (std::int64_t j = 0; j < columns; ++j) {
      totals[(column + j) * g.blocks + block] = lanes[j];
      means[j] = lanes[j] / static_cast<T>(rows);
    }
    sum_rows(lanes, rows, columns, [&](std::int64_t row, std::int64_t lane) {
      loops.add_squares(from + row * g.channels, means, columns, lanes + lane);
    });
    combine_lanes(lanes, columns);
    for (std::int64_t j = 0; j < columns; ++j)
      moments[(column + j) * g.blocks + block] = {rows, means[j], lanes[j]};
  });
}

template <typename T>
void column_sums(const ChannelLoops<T>& loops, const Geometry& g, const T* slope, const T* x, const T* mean,
                 const T* inverse, T* totals, T* weighted) {
  for_tiles(g, [&](std::int64_t block, std::int64_t first, std::int64_t rows, std::int64_t column,
                   std::int64_t columns) {
    ScratchScope scratch;
    T *plain = scratch.allocate<T>(kChains * columns), *products = scratch.allocate<T>(kChains * columns);
    std::fill_n(products, kChains * columns, T(0));
    const std::int64_t start = first * g.channels + column;
    sum_rows(plain, rows, columns, [&](std::int64_t row, std::int64_t lane) {
      const std::int64_t at = start + row * g.channels;
      loops.add_products(slope + at, x + at, mean + column, inverse + column, columns, plain + lane,
                         products + lane);
    });
    combine_lanes(plain, columns);
    combine_lanes(products, columns);
    for (std::int64_t j = 0; j < columns; ++j) {
      totals[(column + j) * g.blocks + block] = plain[j];
      weighted[(column + j) * g.blocks + block] = products[j];
    }
  });
}

// ---- The operations ----

template <typename T>
bool statistics(const KernelCall& call) {
  const ChannelLoops<T>* loops = channel_loops<T>();
  const Geometry g(call.inputs[0].shape);
  if (loops == nullptr || g.list == 0) return false;
  ScratchScope scratch;
  const T* x = dense<T>(call.inputs[0], scratch);
  auto* moments = scratch.allocate<numerics::Moments<T>>(g.channels * g.blocks);
  T* totals = scratch.allocate<T>(g.channels * g.blocks);
  if (g.inner == 1)
    column_moments(*loops, g, x, moments, totals);
  else
    for_blocks<T, 1>(g, {x}, [&](std::int64_t c, std::int64_t block, std::int64_t count, const auto& lists) {
      const std::int64_t at = c * g.blocks + block;
      moments[at] = loops->moments(lists[0], count, totals + at);
    });
  T *mean = call.output.as<T>(), *variance = mean + g.channels;
  const T n = static_cast<T>(g.list);
  for (std::int64_t c = 0; c < g.channels; ++c) {
    const std::int64_t first = c * g.blocks;
    mean[c] = numerics::tree_combine(
                  g.blocks, [&](std::int64_t b) { return totals[first + b]; }, std::plus<T>{}) /
              n;
    const auto merged = numerics::tree_combine(
        g.blocks, [&](std::int64_t b) { return moments[first + b]; },
        [](const auto& a, const auto& b) { return numerics::merge(a, b); });
    variance[c] = merged.m2 / n;
  }
  return true;
}

// mean and 1 / sqrt(variance + epsilon) of each channel.
template <typename T>
struct Inverses {
  Inverses(ScratchScope& scratch, const KernelCall& call, const TensorView& statistics, std::int64_t channels)
      : mean(dense<T>(statistics, scratch)) {
    T* to = scratch.allocate<T>(channels);
    const T epsilon = static_cast<T>(std::get<BatchNormAttributes>(call.attributes).epsilon);
    for (std::int64_t c = 0; c < channels; ++c) to[c] = T(1) / numerics::sqrt(mean[channels + c] + epsilon);
    inverse = to;
  }
  const T *mean, *inverse;
};

template <typename T>
bool sums(const KernelCall& call) {
  const ChannelLoops<T>* loops = channel_loops<T>();
  const Geometry g(call.inputs[0].shape);
  if (loops == nullptr || g.list == 0) return false;
  ScratchScope scratch;
  const T *slope = dense<T>(call.inputs[0], scratch), *x = dense<T>(call.inputs[1], scratch);
  const Inverses<T> of(scratch, call, call.inputs[2], g.channels);
  T* totals = scratch.allocate<T>(2 * g.channels * g.blocks);
  T* weighted = totals + g.channels * g.blocks;
  if (g.inner == 1)
    column_sums(*loops, g, slope, x, of.mean, of.inverse, totals, weighted);
  else
    for_blocks<T, 2>(
        g, {slope, x}, [&](std::int64_t c, std::int64_t block, std::int64_t count, const auto& lists) {
          const std::int64_t at = c * g.blocks + block;
          loops->sums(lists[0], lists[1], of.mean[c], of.inverse[c], count, totals + at, weighted + at);
        });
  for (std::int64_t c = 0; c < 2 * g.channels; ++c)
    call.output.as<T>()[c] = numerics::tree_combine(
        g.blocks, [&](std::int64_t b) { return totals[c * g.blocks + b]; }, std::plus<T>{});
  return true;
}

// body(begin, length, the numbers of its channels) for runs of elements that make up x.
template <typename T, typename Body>
void for_runs(const Geometry& g, const ChannelNumbers<T>& all, const Body& body) {
  const std::int64_t elements = g.list * g.channels, period = g.inner > 1 ? g.inner : g.channels;
  parallel_for((elements + kTask - 1) / kTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(elements, (task + 1) * kTask);
    for (std::int64_t begin = task * kTask; begin < end;) {
      const std::int64_t length = std::min(end - begin, period - begin % period);
      const std::int64_t channel = g.inner > 1 ? begin / g.inner % g.channels : begin % g.channels;
      ChannelNumbers<T> own = all;
      own.one = g.inner > 1;
      for (const T** numbers : {&own.mean, &own.inverse, &own.factor, &own.level, &own.slope})
        if (*numbers != nullptr) *numbers += channel;
      body(begin, length, own);
      begin += length;
    }
  });
}

template <typename T>
bool normalize(const KernelCall& call) {
  const ChannelLoops<T>* loops = channel_loops<T>();
  if (loops == nullptr) return false;
  const Geometry g(call.output.shape);
  ScratchScope scratch;
  const T* x = dense<T>(call.inputs[0], scratch);
  const Inverses<T> of(scratch, call, call.inputs[1], g.channels);
  const ChannelNumbers<T> all{
      of.mean, of.inverse, dense<T>(call.inputs[2], scratch), dense<T>(call.inputs[3], scratch),
      nullptr, false};
  T* out = call.output.as<T>();
  for_runs(g, all, [&](std::int64_t begin, std::int64_t length, const ChannelNumbers<T>& own) {
    loops->normalize(x + begin, length, own, out + begin);
  });
  return true;
}

template <typename T>
bool input_gradient(const KernelCall& call) {
  const ChannelLoops<T>* loops = channel_loops<T>();
  if (loops == nullptr) return false;
  const Geometry g(call.output.shape);
  const bool own_statistics = std::get<BatchNormAttributes>(call.attributes).own;
  ScratchScope scratch;
  const T *slope = dense<T>(call.inputs[0], scratch), *x = dense<T>(call.inputs[1], scratch);
  const Inverses<T> of(scratch, call, call.inputs[2], g.channels);
  const T *scale = dense<T>(call.inputs[3], scratch), *found = dense<T>(call.inputs[4], scratch);
  T *factor = scratch.allocate<T>(g.channels), *means = scratch.allocate<T>(2 * g.channels);
  for (std::int64_t c = 0; c < g.channels; ++c) factor[c] = scale[c] * of.inverse[c];
  for (std::int64_t c = 0; c < 2 * g.channels; ++c) means[c] = found[c] / static_cast<T>(g.list);
  T* out = call.output.as<T>();
  const ChannelNumbers<T> all{of.mean, of.inverse, factor, means, means + g.channels, false};
  for_runs(g, all, [&](std::int64_t begin, std::int64_t length, const ChannelNumbers<T>& own) {
    if (own_statistics)
      loops->gradient(slope + begin, x + begin, length, own, out + begin);
    else
      loops->constant_gradient(slope + begin, length, own, out + begin);
  });
  return true;
}

template <typename T>
bool run(const KernelCall& call) {
  switch (call.op) {
    case Op::kBatchStatistics:
      return statistics<T>(call);
    case Op::kBatchNorm:
      return normalize<T>(call);
    case Op::kBatchNormSums:
      return sums<T>(call);
    default:
      return input_gradient<T>(call);
  }
}

}  // namespace

bool run_batch_norm(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? run<float>(call) : run<double>(call);
}

}  // namespace tessera::backends
