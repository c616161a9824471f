#include "tessera/visualise/pictures.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"

namespace tessera::visualise {
namespace {

constexpr std::uint8_t kBlue[] = {190, 212, 235};  // between tiles, and what a unit does not see
constexpr std::uint8_t kBlueEntry = 255;           // of the palette; greys are 0 to 254
constexpr std::size_t kPerRow = 3, kGap = 4;

// Tiles as values, and how they become levels.
struct Tiles {
  std::vector<double> values;  // [tiles, channels, rows, columns]
  std::size_t count = 0, channels = 0, rows = 0, columns = 0;
  double at(std::size_t tile, std::size_t channel, std::size_t row, std::size_t column) const {
    return values[((tile * channels + channel) * rows + row) * columns + column];
  }
  std::size_t shown_channels() const { return channels == 3 ? 3 : 1; }
  std::size_t stride() const { return (std::max(rows, columns) + kMostTilePixels - 1) / kMostTilePixels; }
  // Of what is shown: the mean of all channels unless there are three.
  double shown(std::size_t tile, std::size_t channel, std::size_t row, std::size_t column) const {
    if (channels == 3) return at(tile, channel, row, column);
    double total = 0;
    for (std::size_t c = 0; c < channels; ++c) total += at(tile, c, row, column);
    return total / static_cast<double>(channels);
  }
  double largest(std::size_t tile) const {
    double most = 0;
    for (std::size_t c = 0; c < shown_channels(); ++c)
      for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < columns; ++x) most = std::max(most, std::abs(shown(tile, c, y, x)));
    return most;
  }
};

Tiles tiles_of(const Tensor& tensor) {
  if (tensor.rank() != 4 || tensor.elements() == 0)
    fail("pictures: the tensor has the shape {}, expected [tiles, channels, rows, columns]",
         tensor.shape().to_string());
  const auto length = [&](int axis) { return static_cast<std::size_t>(tensor.size(axis)); };
  return {tensor.to(DType::kFloat64).to_vector<double>(), length(0), length(1), length(2), length(3)};
}

// A grey of the palette, 0 to 254.
std::uint8_t grey(double share) {
  return static_cast<std::uint8_t>(std::floor(std::clamp(share, 0.0, 1.0) * 254 + 0.5));
}
// -1 to 1, so that 0 is the middle exactly.
std::uint8_t signed_grey(double share) {
  return static_cast<std::uint8_t>(127 + std::floor(std::clamp(share, -1.0, 1.0) * 127 + 0.5));
}
// Grey i of 0 to 254 as a level of 0 to 255.
std::uint8_t level_of(std::uint8_t grey) {
  return static_cast<std::uint8_t>((grey * 255 + 127) / 254);
}

std::vector<std::uint8_t> grey_palette() {
  std::vector<std::uint8_t> palette;
  for (int entry = 0; entry < 255; ++entry)
    palette.insert(palette.end(), 3, level_of(static_cast<std::uint8_t>(entry)));
  palette.insert(palette.end(), std::begin(kBlue), std::end(kBlue));
  return palette;
}

// All in blue.
report::Picture plain_picture(std::size_t width, std::size_t height, std::size_t channels) {
  report::Picture picture{
      width, height, channels, {}, channels == 1 ? grey_palette() : std::vector<std::uint8_t>{}};
  picture.pixels.resize(width * height * channels);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = channels == 1 ? kBlueEntry : kBlue[i % 3];
  return picture;
}

// A grid of `places` tiles. `seen(tile, row, column)`: is there a value? `value(tile, channel, row, column)` is a grey of 0 to 254.
template <typename Seen, typename Value>
report::Picture grid(const Tiles& tiles, std::size_t places, std::size_t per_row, std::size_t square,
                     Seen seen, Value value) {
  const std::size_t stride = tiles.stride(), rows = (tiles.rows + stride - 1) / stride,
                    columns = (tiles.columns + stride - 1) / stride, height = rows * square,
                    width = columns * square, lines = (places + per_row - 1) / per_row,
                    channels = tiles.shown_channels();
  report::Picture picture =
      plain_picture(per_row * (width + kGap) - kGap, lines * (height + kGap) - kGap, channels);
  for (std::size_t tile = 0; tile < tiles.count; ++tile)
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x) {
        const std::size_t row = y / square * stride, column = x / square * stride;
        if (!seen(tile, row, column)) continue;
        const std::size_t line = tile / per_row * (height + kGap) + y,
                          place = tile % per_row * (width + kGap) + x;
        std::uint8_t* pixel = picture.pixels.data() + (line * picture.width + place) * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          const std::uint8_t shade = value(tile, c, row, column);
          pixel[c] = channels == 1 ? shade : level_of(shade);
        }
      }
  return picture;
}

bool is_seen(const Piece& piece, std::size_t row, std::size_t column) {
  const auto y = static_cast<std::int64_t>(row), x = static_cast<std::int64_t>(column);
  return y >= piece.seen_rows[0] && y < piece.seen_rows[1] && x >= piece.seen_columns[0] &&
         x < piece.seen_columns[1];
}

// The strongest of a map, in rows of three; places that are left over stay plain.
template <typename Value>
report::Picture map_grid(const MapView& map, const Tiles& tiles, std::size_t square, Value value) {
  const std::size_t lines = std::max((tiles.count + kPerRow - 1) / kPerRow, kPerRow);
  return grid(
      tiles, lines * kPerRow, kPerRow, square,
      [&](std::size_t tile, std::size_t row, std::size_t column) {
        return is_seen(map.pieces[tile], row, column);
      },
      value);
}

// Each tile by its own largest magnitude.
struct SignedGreys {
  explicit SignedGreys(const Tiles& of) : tiles(of) {
    for (std::size_t tile = 0; tile < tiles.count; ++tile) scale.push_back(tiles.largest(tile));
  }
  std::uint8_t operator()(std::size_t tile, std::size_t channel, std::size_t row, std::size_t column) const {
    return signed_grey(scale[tile] > 0 ? tiles.shown(tile, channel, row, column) / scale[tile] : 0);
  }
  const Tiles& tiles;
  std::vector<double> scale = {};
};

}  // namespace

report::Picture filters_picture(const Tensor& weight, std::size_t square) {
  const Tiles tiles = tiles_of(weight);
  return grid(
      tiles, tiles.count, std::min<std::size_t>(tiles.count, 16), square,
      [](std::size_t, std::size_t, std::size_t) { return true; }, SignedGreys(tiles));
}

report::Picture patches_picture(const MapView& map, double lowest, double highest, std::size_t square) {
  const Tiles tiles = tiles_of(map.patches);
  return map_grid(map, tiles, square,
                  [&](std::size_t tile, std::size_t c, std::size_t row, std::size_t column) {
                    const double value = tiles.shown(tile, c, row, column);
                    return highest > lowest ? grey((value - lowest) / (highest - lowest)) : grey(0.5);
                  });
}

report::Picture projections_picture(const MapView& map, std::size_t square) {
  const Tiles tiles = tiles_of(map.projections);
  return map_grid(map, tiles, square, SignedGreys(tiles));
}

report::Picture beside(const report::Picture& left, const report::Picture& right, std::size_t gap) {
  TESSERA_CHECK(left.channels == right.channels, "{} and {} channels", left.channels, right.channels);
  report::Picture both =
      plain_picture(left.width + gap + right.width, std::max(left.height, right.height), left.channels);
  const auto put = [&](const report::Picture& part, std::size_t column) {
    const std::size_t row = part.width * part.channels;
    for (std::size_t y = 0; y < part.height; ++y)
      std::copy_n(part.pixels.data() + y * row, row,
                  both.pixels.data() + (y * both.width + column) * both.channels);
  };
  put(left, 0);
  put(right, left.width + gap);
  return both;
}

}  // namespace tessera::visualise
