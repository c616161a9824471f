#include "tessera/report/png.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace tessera::report {
namespace {

std::size_t big_endian(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// The pixels again, read as zlib and the standard say; the checksums of the chunks are looked at.
std::string decoded(const std::string& png, std::size_t expected) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::string compressed;
  for (std::size_t at = 8; at < png.size();) {
    const std::size_t length = big_endian(png, at);
    const std::string body = png.substr(at + 4, length + 4);
    EXPECT_EQ(big_endian(png, at + 8 + length),
              ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    if (body.starts_with("IDAT")) compressed += body.substr(4);
    at += length + 12;
  }
  std::string lines(expected + 1, '\0');
  uLongf size = lines.size();
  EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(lines.data()), &size,
                         reinterpret_cast<const Bytef*>(compressed.data()), compressed.size()),
            Z_OK);
  lines.resize(size);
  return lines;
}

TEST(Png, HasThePixels) {
  Picture grey{.width = 3, .height = 2, .channels = 1, .pixels = {0, 1, 2, 253, 254, 255}};
  EXPECT_EQ(decoded(png_bytes(grey), 8), std::string("\0\0\x01\x02\0\xfd\xfe\xff", 8));
  Picture colours{.width = 1, .height = 2, .channels = 3, .pixels = {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(decoded(png_bytes(colours), 8), std::string("\0\x01\x02\x03\0\x04\x05\x06", 8));
  EXPECT_EQ(png_bytes(colours)[25], 2);  // colour type
  Picture palette{.width = 3, .height = 1, .pixels = {1, 0, 1}, .palette = {9, 8, 7, 6, 5, 4}};
  const std::string bytes = png_bytes(palette);
  EXPECT_EQ(decoded(bytes, 4), std::string("\0\x01\0\x01", 4));
  EXPECT_EQ(bytes[25], 3);
  EXPECT_EQ(bytes.substr(37, 10), "PLTE\x09\x08\x07\x06\x05\x04");
}

TEST(Png, MoreThanOneStoredBlock) {
  Picture large{.width = 300, .height = 300, .channels = 1, .pixels = {}};
  for (std::size_t i = 0; i < 90000; ++i) large.pixels.push_back(static_cast<std::uint8_t>(i % 251));
  const std::string lines = decoded(png_bytes(large), 90300);
  ASSERT_EQ(lines.size(), 90300u);
  for (std::size_t i = 0; i < 90000; ++i)
    ASSERT_EQ(static_cast<std::uint8_t>(lines[i / 300 * 301 + 1 + i % 300]), i % 251);
}

TEST(Png, DataUri) {
  EXPECT_EQ(data_uri("image/png", ""), "data:image/png;base64,");
  EXPECT_EQ(data_uri("image/png", "a"), "data:image/png;base64,YQ==");
  EXPECT_EQ(data_uri("image/png", std::string(1, '\xff') + "\xfe"), "data:image/png;base64,//4=");
}

}  // namespace
}  // namespace tessera::report
