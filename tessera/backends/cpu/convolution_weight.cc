// The weight gradient of conv2d: k runs over (image, row, column) of the output, so every chunk of 256
// positions is one small product of taps with output gradients. Chunks are computed side by side, then added
// in ascending order.

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include "tessera/backends/cpu/columns.h"
#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kWaveBytes = 4 << 20;  // chunk sums kept at a time
constexpr std::int64_t kRowSlack = 16;        // packing writes a little behind the end of each row

template <typename T>
struct WeightPlan {
  const TensorView* gradient;  // [N, O, OH, OW]
  const TensorView* images;    // [N, C, H, W]
  PaddedPlanes planes;         // per group
  std::vector<std::int64_t> offsets;
  std::int64_t outputs;                  // output channels per group
  std::int64_t grid_columns, positions;  // per image
  std::int64_t row_step, column_step;
  std::int64_t total;  // positions of all images: the length of k

  std::int64_t taps() const { return static_cast<std::int64_t>(offsets.size()); }
};

// What a task needs while it goes through consecutive chunks.
template <typename T>
struct ChunkMemory {
  T* padded;
  T* columns;    // [taps][kChunk + kRowSlack]
  T* gradients;  // [outputs][kChunk]
  std::int64_t padded_image = -1;
};

// gradients[o][0 ... count-1] = the output gradient of `image` at positions first, first + 1, ...
template <typename T>
void copy_gradients(const WeightPlan<T>& plan, std::int64_t group, std::int64_t image, std::int64_t first,
                    std::int64_t count, T* gradients) {
  const Strides& strides = plan.gradient->strides;
  const T* start =
      plan.gradient->template as<const T>() + image * strides[0] + group * plan.outputs * strides[1];
  const bool lines_joined = strides[3] == 1 && strides[2] == plan.grid_columns;
  for (std::int64_t o = 0; o < plan.outputs; ++o, start += strides[1], gradients += kChunk) {
    if (lines_joined) {
      std::copy(start + first, start + first + count, gradients);
      continue;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = (first + i) / plan.grid_columns, column = (first + i) % plan.grid_columns;
      gradients[i] = start[row * strides[2] + column * strides[3]];
    }
  }
}

// sums[tap][output] of chunk `chunk`.
template <typename T>
void run_chunk(const GemmKernels<T>& kernels, const WeightPlan<T>& plan, std::int64_t group,
               std::int64_t chunk, ChunkMemory<T>& memory, T* sums) {
  const std::int64_t k0 = chunk * kChunk, depth = std::min(kChunk, plan.total - k0);
  for (std::int64_t done = 0; done < depth;) {
    const std::int64_t image = (k0 + done) / plan.positions, first = (k0 + done) % plan.positions;
    const std::int64_t count = std::min(plan.positions - first, depth - done);
    if (memory.padded_image != image) {
      copy_padded<T>(*plan.images, image, group * plan.planes.channels, plan.planes, memory.padded);
      memory.padded_image = image;
    }
    const ColumnSource<T> source(kernels, memory.padded, plan.offsets, plan.grid_columns, plan.row_step,
                                 plan.column_step);
    source.pack(0, plan.taps(), first, count, memory.columns + done, kChunk + kRowSlack);
    copy_gradients(plan, group, image, first, count, memory.gradients + done);
    done += count;
  }
  gemm<T>(kernels, plan.taps(), plan.outputs, depth, {memory.columns, kChunk + kRowSlack, 1},
          {memory.gradients, 1, kChunk}, {sums, plan.outputs, 1});
}

// totals (+)= sums of chunks 0, 1, ... in this order, element by element; each chunk has `size` of them.
template <typename T>
void add_chunks(const T* sums, std::int64_t chunks, std::int64_t size, bool first_wave, T* totals) {
  constexpr std::int64_t kStretch = 1024;  // stays in the first-level cache while the chunks go by
  parallel_for((size + kStretch - 1) / kStretch, [&](std::int64_t stretch) {
    const std::int64_t begin = stretch * kStretch, end = std::min(size, begin + kStretch);
    if (first_wave) std::copy(sums + begin, sums + end, totals + begin);
    for (std::int64_t chunk = first_wave ? 1 : 0; chunk < chunks; ++chunk)
      for (std::int64_t i = begin; i < end; ++i) totals[i] = totals[i] + sums[chunk * size + i];
  });
}

template <typename T>
void run_group(const GemmKernels<T>& kernels, const WeightPlan<T>& plan, std::int64_t group, T* weight) {
  const std::int64_t size = plan.taps() * plan.outputs;
  const std::int64_t chunks = (plan.total + kChunk - 1) / kChunk;
  const std::int64_t fitting = kWaveBytes / (size * static_cast<std::int64_t>(sizeof(T)));
  const std::int64_t wave = std::min(chunks, std::max<std::int64_t>(fitting, 2 * thread_count()));
  ScratchScope scratch;
  T* sums = scratch.allocate<T>(wave * size);
  T* totals = scratch.allocate<T>(size);
  for (std::int64_t begin = 0; begin < chunks; begin += wave) {
    const std::int64_t count = std::min(wave, chunks - begin);
    const std::int64_t tasks = thread_count() == 1 ? 1 : std::min<std::int64_t>(count, 4 * thread_count());
    parallel_for(tasks, [&](std::int64_t task) {
      ScratchScope task_scratch;
      ChunkMemory<T> memory{task_scratch.allocate<T>(plan.planes.elements()),
                            task_scratch.allocate<T>(plan.taps() * (kChunk + kRowSlack)),
                            task_scratch.allocate<T>(plan.outputs * kChunk)};
      for (std::int64_t i = count * task / tasks; i < count * (task + 1) / tasks; ++i)
        run_chunk(kernels, plan, group, begin + i, memory, sums + i * size);
    });
    add_chunks(sums, count, size, begin == 0, totals);
  }
  for (std::int64_t o = 0; o < plan.outputs; ++o)
    for (std::int64_t tap = 0; tap < plan.taps(); ++tap) *weight++ = totals[tap * plan.outputs + o];
}

template <typename T>
WeightPlan<T> plan_of(const KernelCall& call, const WindowAttributes& window) {
  const TensorView& gradient = call.inputs[0];
  const TensorView& images = call.inputs[1];
  const Shape& weight = call.output.shape;
  WeightPlan<T> plan{};
  plan.gradient = &gradient;
  plan.images = &images;
  plan.planes = {weight[1],
                 images.shape[2],
                 images.shape[3],
                 {window.padding[0], window.padding[1]},
                 {window.padding[0], window.padding[1]}};
  for (std::int64_t c = 0; c < weight[1]; ++c)
    for (std::int64_t r = 0; r < weight[2]; ++r)
      for (std::int64_t s = 0; s < weight[3]; ++s)
        plan.offsets.push_back(c * plan.planes.plane() + r * window.dilation[0] * plan.planes.columns() +
                               s * window.dilation[1]);
  plan.outputs = weight[0] / window.groups;
  plan.grid_columns = gradient.shape[3];
  plan.positions = gradient.shape[2] * gradient.shape[3];
  plan.row_step = window.stride[0] * plan.planes.columns();
  plan.column_step = window.stride[1];
  plan.total = gradient.shape[0] * plan.positions;
  return plan;
}

template <typename T>
bool weight_gradient(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  if (kernels == nullptr) return false;
  if (call.output.elements() == 0) return true;
  const auto& window = std::get<WindowAttributes>(call.attributes);
  const WeightPlan<T> plan = plan_of<T>(call, window);
  T* weight = call.output.as<T>();
  const std::int64_t group_size = plan.taps() * plan.outputs;
  if (plan.total == 0) {
    std::fill(weight, weight + call.output.elements(), T(0));
    return true;
  }
  // Many small groups (depthwise): groups side by side. Their inner loops then run inline.
  const bool by_group = window.groups >= 2 * thread_count();
  if (by_group)
    parallel_for(window.groups,
                 [&](std::int64_t g) { run_group(*kernels, plan, g, weight + g * group_size); });
  else
    for (std::int64_t g = 0; g < window.groups; ++g) run_group(*kernels, plan, g, weight + g * group_size);
  return true;
}

}  // namespace

bool run_conv2d_weight_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return weight_gradient<float>(call);
  if (call.output.dtype == DType::kFloat64) return weight_gradient<double>(call);
  return false;
}

}  // namespace tessera::backends
