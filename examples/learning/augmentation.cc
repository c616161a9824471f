// Training images changed by counter: what is done to an image depends on the seed, the step, and its place in the batch, and on nothing that was drawn before. So
// another step brings other changes, a training that goes on after a stop draws what it would have drawn, and half a batch by itself is changed as within the whole.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// The images side by side.
void show(const char* name, const Tensor& images) {
  std::printf("%s\n", name);
  for (std::int64_t row = 0; row < images.size(2); ++row) {
    for (std::int64_t i = 0; i < images.size(0); ++i) {
      for (std::int64_t column = 0; column < images.size(3); ++column)
        std::printf("%c", images.at<float>({i, 0, row, column}) > 0.5F ? '#' : '.');
      std::printf("   ");
    }
    std::printf("\n");
  }
}

int main() {
  use_default_backend();
  // An L, four times.
  std::vector<float> pixels(64);
  for (std::size_t row = 1; row < 7; ++row) pixels[row * 8 + 2] = 1;
  for (std::size_t column = 2; column < 6; ++column) pixels[6 * 8 + column] = 1;
  const Tensor image = Tensor::from(pixels, {1, 1, 8, 8}),
               batch = concatenate({image, image, image, image}, 0);
  const data::ImageAugmentation changes{.flip = true, .shift = 2, .cutout = 3};

  RandomSource random(1);
  random.begin_step(1);
  const Tensor first = data::augment_images(batch, changes, random, "augment");
  show("step 1", first);
  random.begin_step(2);
  const Tensor second = data::augment_images(batch, changes, random, "augment");
  show("step 2", second);

  RandomSource resumed(1);  // of another process, which begins at step 2
  resumed.begin_step(2);
  std::printf(
      "step 2 by itself: %s\n",
      same_bits(data::augment_images(batch, changes, resumed, "augment"), second) ? "the same" : "another");
  RandomSource shard(1);
  shard.begin_step(2);
  const Tensor half = data::augment_images(batch.slice({Range::from(2)}), changes, shard, "augment", 2);
  std::printf("its second half by itself: %s\n",
              same_bits(half, copy(second.slice({Range::from(2)}))) ? "the same" : "another");
  RandomSource other(2);
  other.begin_step(2);
  std::printf("another seed: %s\n", same_bits(data::augment_images(batch, changes, other, "augment"), second)
                                        ? "the same"
                                        : "another");
}
