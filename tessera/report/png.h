// Small pictures of samples as PNG (W3C, Portable Network Graphics, third edition), inline in a page.
//
// The pixels are stored without compression, so the same pixels give the same bytes whichever zlib is installed; the pictures are
// of a few thousand pixels. Thread-safety: pure functions.
//
// ```cpp
// const std::string png = report::png_bytes({.width = 2, .height = 1, .channels = 1, .pixels = {0, 255}});
// assert(png.starts_with("\x89PNG\r\n"));
// assert(report::data_uri("image/png", "abc") == "data:image/png;base64,YWJj");
// ```
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::report {

struct Picture {
  std::size_t width = 0, height = 0;
  std::size_t channels = 1;          // 1: grey, 3: red, green, blue
  std::vector<std::uint8_t> pixels;  // row by row, the channels of a pixel beside each other
  // With a palette a pixel of the one channel is a position in it: red, green, blue of each colour, at most 256 colours.
  std::vector<std::uint8_t> palette = {};
};

std::string png_bytes(const Picture& picture);
std::string data_uri(std::string_view type, std::string_view bytes);

}  // namespace tessera::report
