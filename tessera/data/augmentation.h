// Changes of training images by counter: what is done to a sample depends on the seed, the step, the name and the sample's place in the
// batch only, so shards, threads and resumption change nothing. All of it moves or masks elements, apart from the noise.
//
// In this order, where asked for: flip, shift, cutout, noise. The defaults change nothing. Shorten & Khoshgoftaar, "A survey on image data
// augmentation for deep learning", Journal of Big Data 6 (2019); cutout: DeVries & Taylor (2017).
// Errors: an input that is not [N, C, H, W] (noise takes any shape), values out of range. Thread-safety: pure functions but for the
// RandomSource, which belongs to one thread.
//
// ```cpp
// RandomSource random(1);
// const Tensor images = random.uniform("images", {8, 3, 6, 6});
// const Tensor changed = data::augment_images(images, {.flip = true, .shift = 2}, random, "augment");
// assert(changed.shape() == images.shape() && !same_bits(changed, images));
// // The second half of the batch by itself is changed as it was within the batch.
// RandomSource again(1);
// const Tensor half = data::augment_images(images.slice({Range::from(4)}), {.flip = true, .shift = 2}, again, "augment", 4);
// assert(same_bits(half, changed.slice({Range::from(4)})));
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/tensor/random.h"

namespace tessera::data {

struct ImageAugmentation {
  bool flip = false;  // left to right, each image with probability 1/2
  std::int64_t shift =
      0;  // each image moved by -shift to shift pixels, each as likely, along both axes; zeros come in
  std::int64_t cutout = 0;  // a square of so many pixels is set to zero, its centre anywhere in the image
  double noise = 0;         // standard deviation of normal noise on every element
  bool any() const { return flip || shift > 0 || cutout > 0 || noise > 0; }
};

// images [N, C, H, W], the first of which is number `first_sample` of the step's batch. The draws are called NAME.flip, NAME.shift,
// NAME.cutout and NAME.noise.
Tensor augment_images(const Tensor& images, const ImageAugmentation& augmentation, RandomSource& random,
                      const std::string& name, std::uint64_t first_sample = 0);

}  // namespace tessera::data
