// Group normalisation: a group of one sample goes through all its passes while it is in the second-level cache, with the loops of batch
// normalisation. The sums of the gradients are taken per channel and sample, and are then few.

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <span>
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

constexpr std::int64_t kTaskChannels = 256;  // whose sums over samples are a task

struct Groups {
  Groups(const KernelCall& call, const Shape& shape)
      : samples(shape[0]), channels(shape[1]), groups(std::get<GroupNormAttributes>(call.attributes).groups) {
    for (int axis = 2; axis < shape.rank(); ++axis) inner *= shape[axis];
    count = channels / groups;
    size = count * inner;
  }
  std::int64_t samples, channels, groups, inner = 1;
  std::int64_t count, size;  // channels and elements of a group
};

// body(group, its first channel, scratch memory) for all groups of all samples.
template <typename Body>
void for_groups(const Groups& of, const Body& body) {
  const std::int64_t all = of.samples * of.groups, per_task = std::max<std::int64_t>(1, kTask / of.size);
  parallel_for((all + per_task - 1) / per_task, [&](std::int64_t task) {
    for (std::int64_t group = task * per_task; group < std::min(all, (task + 1) * per_task); ++group) {
      ScratchScope scratch;
      body(group, group % of.groups * of.count, scratch);
    }
  });
}

// The mean of a group and 1 / sqrt(variance + epsilon).
template <typename T>
struct Statistics {
  Statistics(const ChannelLoops<T>& loops, const T* x, std::int64_t n, T epsilon, ScratchScope& scratch) {
    const std::int64_t blocks = (n + kBlock - 1) / kBlock;
    auto* moments = scratch.allocate<numerics::Moments<T>>(blocks);
    T* totals = scratch.allocate<T>(blocks);
    for (std::int64_t b = 0; b < blocks; ++b)
      moments[b] = loops.moments(x + b * kBlock, std::min(kBlock, n - b * kBlock), totals + b);
    const T total = numerics::tree_combine(
        blocks, [&](std::int64_t b) { return totals[b]; }, std::plus<T>{});
    const auto merged = numerics::tree_combine(
        blocks, [&](std::int64_t b) { return moments[b]; },
        [](const auto& a, const auto& b) { return numerics::merge(a, b); });
    mean = total / static_cast<T>(n);
    inverse = T(1) / numerics::sqrt(merged.m2 / static_cast<T>(n) + epsilon);
  }
  T mean, inverse;
};

// A number of the group for each of its channels.
template <typename T>
const T* repeated(T value, std::int64_t count, ScratchScope& scratch) {
  T* const all = scratch.allocate<T>(count);
  std::fill_n(all, count, value);
  return all;
}

// body(begin, length, numbers) for runs of a group's elements: its channels one by one, or all of them where each has a single element.
template <typename T, typename Body>
void for_runs(const Groups& of, ChannelNumbers<T> numbers, const Body& body) {
  numbers.one = of.inner > 1;
  const std::int64_t length = of.inner > 1 ? of.inner : of.count;
  for (std::int64_t begin = 0; begin < of.size; begin += length) {
    body(begin, length, numbers);
    for (const T** of_channel :
         {&numbers.mean, &numbers.inverse, &numbers.factor, &numbers.level, &numbers.slope})
      if (*of_channel != nullptr) ++*of_channel;
  }
}

template <typename T>
bool forward_groups(const KernelCall& call) {
  const ChannelLoops<T>* loops = channel_loops<T>();
  const Groups of(call, call.output.shape);
  if (loops == nullptr) return false;
  ScratchScope scratch;
  const T *x = dense<T>(call.inputs[0], scratch), *scale = dense<T>(call.inputs[1], scratch),
          *shift = dense<T>(call.inputs[2], scratch);
  const T epsilon = static_cast<T>(std::get<GroupNormAttributes>(call.attributes).epsilon);
  for_groups(of, [&](std::int64_t group, std::int64_t channel, ScratchScope& own) {
    const T* from = x + group * of.size;
    T* out = call.output.as<T>() + group * of.size;
    const Statistics<T> found(*loops, from, of.size, epsilon, own);
    const ChannelNumbers<T> numbers{repeated(found.mean, of.count, own),
                                    repeated(found.inverse, of.count, own),
                                    scale + channel,
                                    shift + channel,
                                    nullptr,
                                    false};
    for_runs(of, numbers, [&](std::int64_t begin, std::int64_t length, const ChannelNumbers<T>& run) {
      loops->normalize(from + begin, length, run, out + begin);
    });
  });
  return true;
}

// sum(g) and sum(g * normalized) of each channel of a group.
template <typename T>
void sum_channels(const ChannelLoops<T>& loops, const Groups& of, const T* g, const T* x,
                  const Statistics<T>& found, T* plain, T* weighted) {
  std::array<T, 2> sums{};
  const auto of_run = [&](std::int64_t begin, std::int64_t n) {
    loops.sums(g + begin, x + begin, found.mean, found.inverse, n, &sums[0], &sums[1]);
    return sums;
  };
  for (std::int64_t c = 0; c < of.count; ++c) {
    const std::int64_t first = c * of.inner, blocks = (of.inner + kBlock - 1) / kBlock;
    if (of.inner == 1) {  // +0 takes the term
      sums = {T(0) + g[c], T(0) + g[c] * ((x[c] - found.mean) * found.inverse)};
    } else {
      sums = numerics::tree_combine(
          blocks,
          [&](std::int64_t b) { return of_run(first + b * kBlock, std::min(kBlock, of.inner - b * kBlock)); },
          [](const auto& a, const auto& b) {
            return std::array<T, 2>{a[0] + b[0], a[1] + b[1]};
          });
    }
    plain[c] = sums[0];
    weighted[c] = sums[1];
  }
}

// The mean over a group of what its channels' sums are multiplied with: sum(sums * scale) / n.
template <typename T>
T mean_of(const Groups& of, const T* sums, const T* scale, ScratchScope& scratch) {
  T* const products = scratch.allocate<T>(of.count);
  for (std::int64_t c = 0; c < of.count; ++c) products[c] = sums[c] * scale[c];
  return numerics::sum(std::span<const T>(products, static_cast<std::size_t>(of.count))) /
         static_cast<T>(of.size);
}

// Over samples: out[c] = sum over s of sums[s * channels + c].
template <typename T>
void sum_samples(const Groups& of, const T* sums, T* out) {
  parallel_for((of.channels + kTaskChannels - 1) / kTaskChannels, [&](std::int64_t task) {
    ScratchScope scratch;
    T* const list = scratch.allocate<T>(of.samples);
    const std::int64_t end = std::min(of.channels, (task + 1) * kTaskChannels);
    for (std::int64_t c = task * kTaskChannels; c < end; ++c) {
      for (std::int64_t s = 0; s < of.samples; ++s) list[s] = sums[s * of.channels + c];
      out[c] = numerics::sum(std::span<const T>(list, static_cast<std::size_t>(of.samples)));
    }
  });
}

template <typename T>
bool gradients(const KernelCall& call) {
  const ChannelLoops<T>* loops = channel_loops<T>();
  const Groups of(call, call.inputs[0].shape);
  if (loops == nullptr || of.samples == 0 || of.size == 0) return false;
  ScratchScope scratch;
  const T *g = dense<T>(call.inputs[0], scratch), *x = dense<T>(call.inputs[1], scratch),
          *scale = dense<T>(call.inputs[2], scratch);
  T *plain = scratch.allocate<T>(of.samples * of.channels),
    *weighted = scratch.allocate<T>(of.samples * of.channels);
  const T epsilon = static_cast<T>(std::get<GroupNormAttributes>(call.attributes).epsilon);
  T* const out = call.output.as<T>();
  for_groups(of, [&](std::int64_t group, std::int64_t channel, ScratchScope& own) {
    const T *slope = g + group * of.size, *from = x + group * of.size;
    const Statistics<T> found(*loops, from, of.size, epsilon, own);
    T *sums = plain + group * of.count, *products = weighted + group * of.count;
    sum_channels(*loops, of, slope, from, found, sums, products);
    const ChannelNumbers<T> numbers{repeated(found.mean, of.count, own),
                                    repeated(found.inverse, of.count, own),
                                    scale + channel,
                                    repeated(mean_of(of, sums, scale + channel, own), of.count, own),
                                    repeated(mean_of(of, products, scale + channel, own), of.count, own),
                                    false};
    for_runs(of, numbers, [&](std::int64_t begin, std::int64_t length, const ChannelNumbers<T>& run) {
      loops->group_gradient(slope + begin, from + begin, length, run, out + group * of.size + begin);
    });
  });
  T* const of_scale = out + of.samples * of.channels * of.inner;
  sum_samples(of, weighted, of_scale);
  sum_samples(of, plain, of_scale + of.channels);
  return true;
}

}  // namespace

bool run_group_norm(const KernelCall& call) {
  const bool single = call.output.dtype == DType::kFloat32;
  if (call.op == Op::kGroupNorm) return single ? forward_groups<float>(call) : forward_groups<double>(call);
  return single ? gradients<float>(call) : gradients<double>(call);
}

}  // namespace tessera::backends
