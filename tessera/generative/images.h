// Images for training, and pictures of images.
//
// Images are float32 [N, channels, height, width] with black at 0 and white at 1, read from IDX or NPY files by the data room's reader. A value
// outside of [black, white] is an Error that names the image: a wrong scale would otherwise train and make nothing.
//
// A picture is a grid of images, row by row, `columns` beside each other, with a gap of 2 pixels of middle grey; values outside of [0, 1] are cut, and each is
// rounded to one of 256 greys. Thread-safety: pure functions.
//
// ```cpp
// const Tensor images = concatenate({zeros({1, 1, 4, 4}), ones({2, 1, 4, 4})}, 0);
// const report::Picture picture = generative::image_grid(images, 2);
// assert(picture.width == 4 + 2 + 4 && picture.height == 10 && picture.pixels[0] == 0 && picture.pixels[6] == 255);
// assert(generative::near_square(64) == 8 && generative::near_square(10) == 4);
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/data/dataset.h"
#include "tessera/report/png.h"
#include "tessera/tensor/tensor.h"

namespace tessera::generative {

struct ImageSource {
  std::string path = {};
  double black = 0, white = 255;
  std::int64_t pad = 0;    // black pixels around each
  std::int64_t first = 0;  // images; 0: all
};

struct Images {
  Tensor values;         // [N, channels, height, width]
  data::InputFile file;  // role "images"
  Shape image() const { return {values.size(1), values.size(2), values.size(3)}; }
};
Images read_images(const ImageSource& source);

// `columns` at least 1; 1 or 3 channels.
report::Picture image_grid(const Tensor& images, std::int64_t columns);
std::int64_t near_square(std::int64_t count);  // columns for so many images
// The folder is made if it is missing.
void write_picture(const std::string& path, const report::Picture& picture);

}  // namespace tessera::generative
