#include "tessera/generative/images.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::uint8_t kGapGrey = 128;

// [N, height, width] or [N, channels, height, width] as the latter.
Tensor with_channels(const Tensor& values, const std::string& path) {
  const Tensor images =
      values.rank() == 3 ? reshape(values, {values.size(0), 1, values.size(1), values.size(2)}) : values;
  if (images.rank() != 4 || (images.size(1) != 1 && images.size(1) != 3) || images.elements() == 0)
    fail(
        "{}: the array has shape {}, expected [images, height, width] or [images, channels, height, width] "
        "with 1 or 3 channels",
        path, values.shape().to_string());
  return images;
}

// Black at 0, white at 1.
Tensor brightness(const Tensor& values, const ImageSource& source) {
  const std::vector<float> found = values.to_vector<float>();
  const auto [lowest, highest] =
      std::minmax({static_cast<float>(source.black), static_cast<float>(source.white)});
  const std::size_t per_image = found.size() / static_cast<std::size_t>(values.size(0));
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!(found[i] >= lowest && found[i] <= highest))
      fail("{}: image {} has the value {}, expected {} (data.black) to {} (data.white)", source.path,
           i / per_image, found[i], source.black, source.white);
  // Rounding may lead just past an end.
  return minimum(maximum((values - source.black) / (source.white - source.black), 0), 1);
}

Tensor padded(const Tensor& images, std::int64_t pad) {
  if (pad == 0) return images;
  Tensor result = images;
  for (const int axis : {2, 3}) {
    Shape edge = result.shape();
    edge[axis] = pad;
    result = concatenate({zeros(edge), result, zeros(edge)}, axis);
  }
  return result;
}

// A training that diverged has NaN, which no comparison puts in order: black.
std::uint8_t grey_of(float value) {
  return value > 0 ? static_cast<std::uint8_t>(std::floor(std::min(value, 1.0F) * 255.0F + 0.5F)) : 0;
}

}  // namespace

Images read_images(const ImageSource& source) {
  const data::Dataset read = data::read_dataset({.features = source.path});
  Tensor values = with_channels(read.features, source.path);
  if (source.first > 0 && source.first < values.size(0)) values = slice(values, {Range(0, source.first)});
  data::InputFile file = read.inputs.front();
  file.role = "images";
  return {padded(brightness(values, source), source.pad), file};
}

report::Picture image_grid(const Tensor& images, std::int64_t columns) {
  TESSERA_CHECK(images.rank() == 4 && columns > 0, "images of shape {}", images.shape().to_string());
  const auto count = static_cast<std::size_t>(images.size(0)), across = static_cast<std::size_t>(columns);
  const auto channels = static_cast<std::size_t>(images.size(1)),
             height = static_cast<std::size_t>(images.size(2)),
             width = static_cast<std::size_t>(images.size(3));
  const std::size_t rows = (count + across - 1) / across, used = std::min(count, across);
  report::Picture picture{used * (width + kGap) - kGap, rows * (height + kGap) - kGap, channels, {}};
  picture.pixels.assign(picture.width * picture.height * channels, kGapGrey);
  const FloatEnvironment contract;
  const std::vector<float> values = images.to_vector<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t x = i % width, y = i / width % height, channel = i / (width * height) % channels,
                      image = i / (width * height * channels);
    const std::size_t row = image / across * (height + kGap) + y,
                      column = image % across * (width + kGap) + x;
    picture.pixels[(row * picture.width + column) * channels + channel] = grey_of(values[i]);
  }
  return picture;
}

std::int64_t near_square(std::int64_t count) {
  std::int64_t columns = 1;
  while (columns * columns < count) ++columns;
  return columns;
}

void write_picture(const std::string& path, const report::Picture& picture) {
  write_user_file(path, report::png_bytes(picture));
}

}  // namespace tessera::generative
