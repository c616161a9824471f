#include "tessera/models/image_settings.h"

#include "tessera/base/error.h"

namespace tessera::models {

void require_widths(const char* model, const char* name, const std::vector<std::int64_t>& widths) {
  if (widths.empty()) fail("{}: {} is empty, expected at least one number", model, name);
  for (const std::int64_t width : widths)
    if (width < 1) fail("{}: {} has the number {}, expected at least 1", model, name, width);
}

Grid halved_grid(const char* model, const Shape& image, std::size_t times) {
  if (image.rank() != 3 || image[0] < 1)
    fail("{}: the image has shape {}, expected [channels, height, width]", model, image.to_string());
  const std::int64_t factor = times < 20 ? std::int64_t{1} << times : 0;
  for (int axis = 1; axis < 3; ++axis)
    if (factor == 0 || image[axis] < factor || image[axis] % factor != 0)
      fail(
          "{}: the image has shape {}, expected a height and width that can be halved {} times, once for "
          "each number of channels",
          model, image.to_string(), times);
  return {image[1] / factor, image[2] / factor};
}

Shape batch_shape(std::int64_t samples, const Shape& sample) {
  Shape shape{samples};
  for (const std::int64_t length : sample) shape.append(length);
  return shape;
}

std::int64_t require_samples(const std::string& where, const Shape& input, const Shape& sample) {
  if (input.rank() < 1 || input != batch_shape(input[0], sample))
    fail("{}: the input has shape {}, expected samples of shape {}", where, input.to_string(),
         sample.to_string());
  return input[0];
}

}  // namespace tessera::models
