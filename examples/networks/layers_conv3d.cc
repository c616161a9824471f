// A convolution in three axes: of a film it can look at several frames at once. One filter is the difference of two frames, and answers to what moves; with one frame as its
// depth it is a two-dimensional convolution, to the bit.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  // Six frames of 3 x 8 pixels: in the first row something moves to the right, in the last row something stays.
  std::vector<float> film(6 * 3 * 8);
  for (std::size_t frame = 0; frame < 6; ++frame) film[frame * 24 + frame] = film[frame * 24 + 16 + 3] = 1;
  const Tensor x = Tensor::from(film, {1, 1, 6, 3, 8});  // [samples, channels, depth, rows, columns]

  nn::Conv3d difference(1, 1, {.kernel = {2, 1, 1}, .bias = false});
  difference.weight().value = Tensor::from<float>({-1, 1}, {1, 1, 2, 1, 1});
  const Tensor changes = difference.evaluate(x);
  std::printf("%s: %s -> %s\n", difference.describe().c_str(), x.shape().to_string().c_str(),
              changes.shape().to_string().c_str());
  for (std::int64_t row = 0; row < 3; ++row) {
    for (std::int64_t frame = 0; frame < 5; ++frame) {
      for (std::int64_t column = 0; column < 8; ++column) {
        const float change = changes.at<float>({0, 0, frame, row, column});
        std::printf("%c", change > 0 ? '+' : change < 0 ? '-' : '.');
      }
      std::printf("  ");
    }
    std::printf("\n");
  }

  RandomSource random(1);
  nn::Conv3d flat(3, 8, {.kernel = {1, 3, 3}, .padding = {0, 1, 1}});
  nn::Conv2d image(3, 8, {.kernel = {3, 3}, .padding = {1, 1}});
  flat.initialize(random);
  image.weight().value = reshape(flat.weight().value, {8, 3, 3, 3});
  image.bias()->value = flat.bias()->value;
  const Tensor frames = random.normal("frames", {2, 3, 5, 9, 9});
  const Tensor together = flat.evaluate(frames);
  bool same = true;
  for (std::int64_t frame = 0; frame < 5; ++frame) {
    const auto at = [&](const Tensor& t) { return copy(t.slice({Range::all(), Range::all(), frame})); };
    same = same && same_bits(at(together), image.evaluate(at(frames)));
  }
  std::printf("with a depth of one, a Conv2d of each frame: %s\n", same ? "the same bits" : "other bits");

  std::printf("\nweights of a filter over 16 channels: 3 x 3 has %d, 3 x 3 x 3 has %d\n", 16 * 3 * 3,
              16 * 3 * 3 * 3);
  nn::Conv3d strided(16, 32, {.kernel = {3, 3, 3}, .stride = {2, 2, 2}, .padding = {1, 1, 1}});
  std::printf("%s: [4, 16, 32, 32, 32] -> %s\n", strided.describe().c_str(),
              strided.output_shape({4, 16, 32, 32, 32}).to_string().c_str());
}
