// The weight gradient with one channel and one filter per group: a block of groups as lanes. Each image of a
// block is transposed to [place][lane], without a copy in between unless a stride sorts its lines; gradients to
// [position][lane], as many as are used next. The chains of all taps then run over the positions, and over the
// border of images where a chunk has not ended.

#include <algorithm>
#include <vector>

#include "tessera/backends/cpu/convolution.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

template <typename T>
class DepthwiseBlock {
 public:
  DepthwiseBlock(const ConvolutionKernels<T>& kernels, const ConvolutionSizes& sizes,
                 const VolumeView<T>& gradient, const VolumeView<T>& x, const SourceBox& box,
                 std::int64_t first, std::int64_t groups);
  void run(T* weight);

 private:
  void load(std::int64_t image);
  void add_positions(std::int64_t image, std::int64_t first, std::int64_t count);
  void end_chunk();

  const ConvolutionKernels<T>& kernels_;
  const ConvolutionSizes& sizes_;
  const VolumeView<T>&gradient_, &x_;
  const SourceBox& box_;
  std::int64_t first_, groups_, taps_, positions_;
  std::vector<std::int64_t> tap_offsets_, places_;  // in elements of the transposed image
  ScratchScope scratch_;
  T *planes_, *x_lanes_, *gradient_lanes_;
  T *chunk_, *totals_;  // [tap][lane]
  std::int64_t in_chunk_ = 0;
  bool first_chunk_ = true;
};

template <typename T>
DepthwiseBlock<T>::DepthwiseBlock(const ConvolutionKernels<T>& kernels, const ConvolutionSizes& sizes,
                                  const VolumeView<T>& gradient, const VolumeView<T>& x, const SourceBox& box,
                                  std::int64_t first, std::int64_t groups)
    : kernels_(kernels),
      sizes_(sizes),
      gradient_(gradient),
      x_(x),
      box_(box),
      first_(first),
      groups_(groups),
      taps_(volume(sizes.filter)),
      positions_(volume(sizes.output)),
      tap_offsets_(box.tap_offsets()),
      places_(static_cast<std::size_t>(positions_)) {
  const std::int64_t lanes = kernels.lanes;
  tap_offsets_.resize(static_cast<std::size_t>(taps_));
  list_positions(sizes.output, box.pitch(), places_.data());
  for (std::int64_t& offset : tap_offsets_) offset *= lanes;
  for (std::int64_t& place : places_) place *= lanes;
  const std::int64_t plane = box.elements() / lanes;
  planes_ = scratch_.allocate<T>(box.elements());
  x_lanes_ = scratch_.allocate<T>(plane * lanes);
  gradient_lanes_ = scratch_.allocate<T>(kChunk * lanes);
  chunk_ = scratch_.allocate<T>(taps_ * lanes);
  totals_ = scratch_.allocate<T>(taps_ * lanes);
  std::fill(x_lanes_, x_lanes_ + plane * lanes, T(0));
  std::fill(gradient_lanes_, gradient_lanes_ + kChunk * lanes, T(0));
  std::fill(chunk_, chunk_ + taps_ * lanes, T(0));
}

template <typename T>
void DepthwiseBlock<T>::load(std::int64_t image) {
  if (box_.load_lanes(kernels_, x_, image, first_, groups_, x_lanes_)) return;
  const std::int64_t plane = box_.elements() / kernels_.lanes;
  box_.load(kernels_, x_, image, first_, 0, groups_, {0, 0, 0}, planes_);
  kernels_.transpose(planes_, plane, groups_, plane, x_lanes_, kernels_.lanes);
}

template <typename T>
void DepthwiseBlock<T>::add_positions(std::int64_t image, std::int64_t first, std::int64_t count) {
  kernels_.transpose(gradient_.data + image * gradient_.image + first_ * gradient_.channel + first,
                     gradient_.channel, groups_, count, gradient_lanes_, kernels_.lanes);
  const std::int64_t tiles = divide_up(taps_, kDepthwiseTaps);
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t begin = taps_ * t / tiles, end = taps_ * (t + 1) / tiles;
    kernels_.depthwise[end - begin]({count, gradient_lanes_, x_lanes_, tap_offsets_.data() + begin,
                                     places_.data() + first, chunk_ + begin * kernels_.lanes});
  }
}

template <typename T>
void DepthwiseBlock<T>::end_chunk() {
  const std::int64_t size = taps_ * kernels_.lanes;
  for (std::int64_t i = 0; i < size; ++i) totals_[i] = first_chunk_ ? chunk_[i] : totals_[i] + chunk_[i];
  std::fill(chunk_, chunk_ + size, T(0));
  first_chunk_ = false;
  in_chunk_ = 0;
}

template <typename T>
void DepthwiseBlock<T>::run(T* weight) {
  for (std::int64_t image = 0; image < sizes_.images; ++image) {
    load(image);
    for (std::int64_t first = 0; first < positions_;) {
      const std::int64_t count = std::min(kChunk - in_chunk_, positions_ - first);
      add_positions(image, first, count);
      first += count;
      in_chunk_ += count;
      if (in_chunk_ == kChunk) end_chunk();
    }
  }
  if (in_chunk_ > 0) end_chunk();
  for (std::int64_t g = 0; g < groups_; ++g)
    for (std::int64_t t = 0; t < taps_; ++t)
      weight[(first_ + g) * taps_ + t] = totals_[t * kernels_.lanes + g];
}

}  // namespace

template <typename T>
void depthwise_weight_gradient(const ConvolutionKernels<T>& kernels, const ConvolutionSizes& sizes,
                               const VolumeView<T>& gradient, const VolumeView<T>& x, T* weight) {
  const SourceBox box(filter_axes(sizes), sizes.output, kernels.lanes);
  parallel_for(divide_up(sizes.groups, kernels.lanes), [&](std::int64_t block) {
    const std::int64_t first = block * kernels.lanes;
    DepthwiseBlock<T>(kernels, sizes, gradient, x, box, first,
                      std::min<std::int64_t>(kernels.lanes, sizes.groups - first))
        .run(weight);
  });
}

template void depthwise_weight_gradient<float>(const ConvolutionKernels<float>&, const ConvolutionSizes&,
                                               const VolumeView<float>&, const VolumeView<float>&, float*);
template void depthwise_weight_gradient<double>(const ConvolutionKernels<double>&, const ConvolutionSizes&,
                                                const VolumeView<double>&, const VolumeView<double>&,
                                                double*);

}  // namespace tessera::backends
