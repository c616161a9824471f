// The weight gradient of a convolution: k runs over (image, position) of the output, and each weight is one
// sum over all of them,
//     weight[o][tap] = sum over k of gradient[o][k] * x[offset[tap] + place[k]]
// so a position tile computes it whose rows are taps and whose table of k is places. Lanes are output
// channels; their gradients are transposed to [k][o] first.
//
// k is worked off in waves of whole chunks, whose copy of x (with its halo) fits the last-level cache, and each
// wave in steps, whose gradients fit the second-level cache. Tasks divide taps and panels of channels and add
// their chunks in ascending order. When there are too few of those for the threads, tasks are chunks, whose
// sums are kept and then added in order.
//
// Without padding no tap lies outside, and x is read where it lies.

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include "tessera/backends/cpu/convolution.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kWaveBytes = 4 << 20, kStepBytes = 512 << 10;

template <typename T>
class WeightSums {
 public:
  WeightSums(const ConvolutionKernels<T>& kernels, const ConvolutionSizes& sizes,
             const VolumeView<T>& gradient, const VolumeView<T>& x);
  // weight: [outputs][taps] of the group
  void run(std::int64_t group, T* weight) const;

 private:
  // What a wave has in memory; k is counted from its first position.
  struct Wave {
    std::int64_t first_chunk, chunks;
    std::int64_t first, positions;  // of all images
    std::int64_t first_image, images;
    const T* x;      // a SourceBox per image, or the first channel of the group in x itself
    TapStep* steps;  // of each k: its place in x, its row of a chunk's gradients
  };
  // Some chunks of a wave, counted within it.
  struct Step {
    std::int64_t begin, end;
    T* gradients;  // [panel][k][width]
    std::int64_t positions() const { return (end - begin) * kChunk; }
  };

  std::int64_t positions() const { return volume(sizes_.output); }
  std::int64_t total() const { return sizes_.images * positions(); }
  std::int64_t chunks() const { return divide_up(total(), kChunk); }
  std::int64_t tap_tiles() const;
  std::int64_t chunks_per_wave() const;
  std::int64_t chunks_per_step(bool by_taps) const;
  Wave wave_from(std::int64_t first_chunk, std::int64_t chunks) const;
  void list_steps(const Wave& wave) const;
  void load_x(const Wave& wave, std::int64_t group, T* boxes) const;
  void load_gradients(const Wave& wave, const Step& step, std::int64_t group, std::int64_t chunk) const;
  void multiply(const Wave& wave, const Step& step, std::int64_t chunk, const ChannelPanels::Panel& panel,
                std::int64_t tap, std::int64_t end_tap, bool accumulate, T* sums) const;
  void run_by_taps(const Wave& wave, const Step& step, T* totals) const;
  void run_by_chunks(const Wave& wave, const Step& step, T* totals) const;
  void run_wave(const Wave& wave, std::int64_t group, T* totals) const;
  void store(const T* totals, T* weight) const;

  const ConvolutionKernels<T>& kernels_;
  const ConvolutionSizes& sizes_;
  const VolumeView<T>&gradient_, &x_;
  bool in_place_;
  SourceBox box_;  // a whole image
  Extent pitch_;   // from position to position in x
  std::vector<std::int64_t> tap_offsets_;
  ChannelPanels panels_;
};

template <typename T>
WeightSums<T>::WeightSums(const ConvolutionKernels<T>& kernels, const ConvolutionSizes& sizes,
                          const VolumeView<T>& gradient, const VolumeView<T>& x)
    : kernels_(kernels),
      sizes_(sizes),
      gradient_(gradient),
      x_(x),
      in_place_(sizes.padding == Extent{0, 0, 0}),
      box_(filter_axes(sizes), sizes.output, sizes.channels),
      pitch_(box_.pitch()),
      tap_offsets_(box_.tap_offsets()),
      panels_(sizes.outputs, kernels.lanes, kernels.vectors) {
  if (!in_place_) return;
  for (std::size_t a = 0; a < 3; ++a) pitch_[a] = sizes.stride[a] * x.step[a];
  tap_offsets_.clear();
  for (std::int64_t c = 0; c < sizes.channels; ++c)
    for (std::int64_t d = 0; d < sizes.filter[0]; ++d)
      for (std::int64_t r = 0; r < sizes.filter[1]; ++r)
        for (std::int64_t s = 0; s < sizes.filter[2]; ++s)
          tap_offsets_.push_back(c * x.channel + d * sizes.dilation[0] * x.step[0] +
                                 r * sizes.dilation[1] * x.step[1] + s * sizes.dilation[2] * x.step[2]);
}

// At least two images: those at the border of waves are loaded twice.
template <typename T>
std::int64_t WeightSums<T>::chunks_per_wave() const {
  const std::int64_t image_bytes = box_.elements() * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t images = std::max<std::int64_t>(2, kWaveBytes / std::max<std::int64_t>(1, image_bytes));
  return std::min(chunks(), divide_up(images * positions(), kChunk));
}

// Enough for the threads to share the loading.
template <typename T>
std::int64_t WeightSums<T>::chunks_per_step(bool by_taps) const {
  if (!by_taps) return chunks();
  const std::int64_t chunk_bytes = kChunk * panels_.width * static_cast<std::int64_t>(sizeof(T));
  return std::max<std::int64_t>(kStepBytes / chunk_bytes, thread_count() == 1 ? 1 : 2 * thread_count());
}

template <typename T>
typename WeightSums<T>::Wave WeightSums<T>::wave_from(std::int64_t first_chunk, std::int64_t count) const {
  Wave wave{};
  wave.first_chunk = first_chunk;
  wave.chunks = std::min(count, chunks() - first_chunk);
  wave.first = first_chunk * kChunk;
  wave.positions = std::min(wave.chunks * kChunk, total() - wave.first);
  wave.first_image = wave.first / positions();
  wave.images = divide_up(wave.first + wave.positions, positions()) - wave.first_image;
  return wave;
}

// ---- Loading a wave ----

// gradients[k][o] of one chunk, whose positions may lie in several images.
template <typename T>
void WeightSums<T>::load_gradients(const Wave& wave, const Step& step, std::int64_t group,
                                   std::int64_t chunk) const {
  const std::int64_t begin = chunk * kChunk, end = std::min(begin + kChunk, wave.positions);
  for (const auto& panel : panels_.panels) {
    const std::int64_t width = panel.vectors * kernels_.lanes;
    T* to = step.gradients + panel.start * step.positions() + (chunk - step.begin) * kChunk * width;
    if (panel.channels < width) std::fill(to, to + (end - begin) * width, T(0));
    for (std::int64_t k = begin; k < end;) {
      const std::int64_t image = (wave.first + k) / positions(), place = (wave.first + k) % positions();
      const std::int64_t count = std::min(positions() - place, end - k);
      const T* from = gradient_.data + image * gradient_.image +
                      (group * sizes_.outputs + panel.first) * gradient_.channel + place;
      kernels_.transpose(from, gradient_.channel, panel.channels, count, to + (k - begin) * width, width);
      k += count;
    }
  }
}

// Each image in some parts, so that few of them serve all threads.
template <typename T>
void WeightSums<T>::load_x(const Wave& wave, std::int64_t group, T* boxes) const {
  const std::int64_t parts = std::min<std::int64_t>(4, sizes_.channels);
  parallel_for(wave.images * parts, [&](std::int64_t task) {
    const std::int64_t image = task / parts, part = task % parts;
    box_.load(kernels_, x_, wave.first_image + image, group * sizes_.channels, sizes_.channels * part / parts,
              sizes_.channels * (part + 1) / parts, {0, 0, 0}, boxes + image * box_.elements());
  });
}

// ---- Products ----

// sums: [tap][width] of one panel, taps tap ... end_tap-1.
template <typename T>
void WeightSums<T>::multiply(const Wave& wave, const Step& step, std::int64_t chunk,
                             const ChannelPanels::Panel& panel, std::int64_t tap, std::int64_t end_tap,
                             bool accumulate, T* sums) const {
  const std::int64_t width = panel.vectors * kernels_.lanes, k = chunk * kChunk;
  run_position_tiles(kernels_, wave.x, tap_offsets_.data() + tap, end_tap - tap, wave.steps + k,
                     std::min(kChunk, wave.positions - k),
                     static_cast<const T*>(step.gradients) + panel.start * step.positions() +
                         (chunk - step.begin) * kChunk * width,
                     panel.vectors, sums + tap * width, accumulate);
}

template <typename T>
std::int64_t WeightSums<T>::tap_tiles() const {
  return divide_up(sizes_.taps(), kernels_.position_rows[panels_.panels[0].vectors]);
}

// A task has some taps and some panels: a chunk of x and of the gradients then serves all its panels from the
// cache.
template <typename T>
void WeightSums<T>::run_by_taps(const Wave& wave, const Step& step, T* totals) const {
  const auto panels = static_cast<std::int64_t>(panels_.panels.size());
  const std::int64_t taps = sizes_.taps(), wanted = thread_count() == 1 ? 1 : 4 * thread_count();
  const std::int64_t tap_parts = std::min(tap_tiles(), panels > 1 ? divide_up(wanted, 2) : wanted);
  const std::int64_t panel_parts = std::min(panels, divide_up(wanted, tap_parts));
  parallel_for(panel_parts * tap_parts, [&](std::int64_t task) {
    const std::int64_t part = task % tap_parts, tap = taps * part / tap_parts,
                       end = taps * (part + 1) / tap_parts;
    const std::int64_t first = panels * (task / tap_parts) / panel_parts,
                       last = panels * (task / tap_parts + 1) / panel_parts;
    for (std::int64_t chunk = step.begin; chunk < step.end; ++chunk)
      for (std::int64_t p = first; p < last; ++p) {
        const auto& panel = panels_.panels[static_cast<std::size_t>(p)];
        multiply(wave, step, chunk, panel, tap, end, wave.first_chunk + chunk > 0,
                 totals + panel.start * taps);
      }
  });
}

template <typename T>
void WeightSums<T>::run_by_chunks(const Wave& wave, const Step& step, T* totals) const {
  const std::int64_t taps = sizes_.taps(), size = taps * panels_.width;
  ScratchScope scratch;
  T* sums = scratch.allocate<T>(wave.chunks * size);
  parallel_for(wave.chunks, [&](std::int64_t chunk) {
    for (const auto& panel : panels_.panels)
      multiply(wave, step, chunk, panel, 0, taps, false, sums + chunk * size + panel.start * taps);
  });
  for (std::int64_t chunk = 0; chunk < wave.chunks; ++chunk) {
    const T* sum = sums + chunk * size;
    if (wave.first_chunk + chunk == 0)
      std::copy(sum, sum + size, totals);
    else
      for (std::int64_t i = 0; i < size; ++i) totals[i] = totals[i] + sum[i];
  }
}

template <typename T>
void WeightSums<T>::store(const T* totals, T* weight) const {
  const std::int64_t taps = sizes_.taps();
  for (const auto& panel : panels_.panels)
    kernels_.transpose(totals + panel.start * taps, panel.vectors * kernels_.lanes, taps, panel.channels,
                       weight + panel.first * taps, taps);
}

template <typename T>
void WeightSums<T>::run_wave(const Wave& wave, std::int64_t group, T* totals) const {
  const auto panels = static_cast<std::int64_t>(panels_.panels.size());
  const bool by_taps = thread_count() == 1 || panels * tap_tiles() >= 2 * thread_count();
  const std::int64_t most = std::min(wave.chunks, chunks_per_step(by_taps));
  ScratchScope scratch;
  T* gradients = scratch.allocate<T>(most * kChunk * panels_.width);
  for (std::int64_t begin = 0; begin < wave.chunks; begin += most) {
    const Step step{begin, std::min(begin + most, wave.chunks), gradients};
    parallel_for(step.end - step.begin,
                 [&](std::int64_t task) { load_gradients(wave, step, group, step.begin + task); });
    if (by_taps)
      run_by_taps(wave, step, totals);
    else
      run_by_chunks(wave, step, totals);
  }
}

// The first image may be one of which the wave before had some positions.
template <typename T>
void WeightSums<T>::list_steps(const Wave& wave) const {
  ScratchScope scratch;
  auto* places = scratch.allocate<std::int64_t>(positions());
  list_positions(sizes_.output, pitch_, places);
  const std::int64_t image_pitch = in_place_ ? x_.image : box_.elements();
  std::int64_t place = wave.first - wave.first_image * positions(), image = 0;
  for (std::int64_t k = 0; k < wave.positions; ++k, ++place) {
    if (place == positions()) {
      place = 0;
      image += image_pitch;
    }
    wave.steps[k] = {image + places[place], k % kChunk};
  }
}

template <typename T>
void WeightSums<T>::run(std::int64_t group, T* weight) const {
  const std::int64_t most = chunks_per_wave();
  ScratchScope scratch;
  T* totals = scratch.allocate<T>(sizes_.taps() * panels_.width);
  for (std::int64_t chunk = 0; chunk < chunks(); chunk += most) {
    ScratchScope wave_scratch;
    Wave wave = wave_from(chunk, most);
    wave.steps = wave_scratch.allocate<TapStep>(wave.positions);
    list_steps(wave);
    T* boxes = in_place_ ? nullptr : wave_scratch.allocate<T>(wave.images * box_.elements());
    if (!in_place_) load_x(wave, group, boxes);
    wave.x = in_place_ ? x_.data + wave.first_image * x_.image + group * sizes_.channels * x_.channel : boxes;
    run_wave(wave, group, totals);
  }
  store(totals, weight);
}

// The gradient with its positions side by side.
template <typename T>
VolumeView<T> contiguous_gradient(const KernelCall& call, const ConvolutionSizes& sizes,
                                  ScratchScope& scratch) {
  VolumeView<T> view(call.inputs[0]);
  const Extent& size = sizes.output;
  const Extent dense{size[1] * size[2], size[2], 1};
  bool lies_dense = true;
  for (std::size_t a = 0; a < 3; ++a) lies_dense = lies_dense && (size[a] == 1 || view.step[a] == dense[a]);
  if (lies_dense) return view;
  const std::int64_t channels = sizes.groups * sizes.outputs, plane = volume(size);
  T* copy = scratch.allocate<T>(sizes.images * channels * plane);
  parallel_for(sizes.images * channels, [&](std::int64_t task) {
    const T* from = view.data + task / channels * view.image + task % channels * view.channel;
    T* to = copy + task * plane;
    for (std::int64_t d = 0; d < size[0]; ++d)
      for (std::int64_t y = 0; y < size[1]; ++y)
        for (std::int64_t x = 0; x < size[2]; ++x)
          *to++ = from[d * view.step[0] + y * view.step[1] + x * view.step[2]];
  });
  view.data = copy;
  view.image = channels * plane;
  view.channel = plane;
  view.step = dense;
  return view;
}

template <typename T>
bool weight_gradient(const KernelCall& call) {
  if (convolution_kernels<T>() == nullptr) return false;
  if (call.output.elements() == 0) return true;
  const ConvolutionSizes sizes =
      convolution_sizes(call.inputs[1].shape, call.output.shape, call.inputs[0].shape,
                        std::get<WindowAttributes>(call.attributes));
  T* weight = call.output.as<T>();
  if (call.inputs[0].elements() == 0) {
    std::fill(weight, weight + call.output.elements(), T(0));
    return true;
  }
  ScratchScope scratch;
  const VolumeView<T> gradient = contiguous_gradient<T>(call, sizes, scratch), x(call.inputs[1]);
  if (sizes.channels == 1 && sizes.outputs == 1 && sizes.groups > 1) {
    // With short vectors the transposed images of a block fit the first-level cache.
    depthwise_weight_gradient(*convolution_kernels<T>(true), sizes, gradient, x, weight);
    return true;
  }
  const ConvolutionKernels<T>& kernels =
      *convolution_kernels<T>(sizes.outputs <= static_cast<std::int64_t>(32 / sizeof(T)));
  const WeightSums<T> sums(kernels, sizes, gradient, x);
  const std::int64_t group_size = sizes.taps() * sizes.outputs;
  // Many groups go side by side; their inner loops then run inline.
  const bool by_group = sizes.groups >= 2 * thread_count();
  if (by_group)
    parallel_for(sizes.groups, [&](std::int64_t group) { sums.run(group, weight + group * group_size); });
  else
    for (std::int64_t group = 0; group < sizes.groups; ++group) sums.run(group, weight + group * group_size);
  return true;
}

}  // namespace

bool run_convolution_weight_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return weight_gradient<float>(call);
  if (call.output.dtype == DType::kFloat64) return weight_gradient<double>(call);
  return false;
}

}  // namespace tessera::backends
