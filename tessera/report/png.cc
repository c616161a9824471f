#include "tessera/report/png.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::report {
namespace {

const Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<const Bytef*>(text.data());
}

void put_big_endian(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void put_chunk(std::string& out, std::string_view type, std::string_view data) {
  const std::string body = fmt::format("{}{}", type, data);
  put_big_endian(out, data.size());
  out += body;
  put_big_endian(out, ::crc32(::crc32(0, nullptr, 0), bytes_of(body), static_cast<uInt>(body.size())));
}

// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
std::string stored(std::string_view data) {
  constexpr std::size_t kBlock = 65535;
  std::string out = "\x78\x01";
  std::size_t begin = 0;
  do {
    const std::size_t length = std::min(kBlock, data.size() - begin);
    out.push_back(begin + length == data.size() ? 1 : 0);  // the last block?
    for (const std::size_t value : {length, length ^ 0xffff}) {
      out.push_back(static_cast<char>(value & 0xff));
      out.push_back(static_cast<char>(value >> 8));
    }
    out += data.substr(begin, length);
    begin += length;
  } while (begin < data.size());
  put_big_endian(out, ::adler32(::adler32(0, nullptr, 0), bytes_of(data), static_cast<uInt>(data.size())));
  return out;
}

}  // namespace

std::string png_bytes(const Picture& picture) {
  const std::size_t row = picture.width * picture.channels;
  TESSERA_CHECK(picture.channels == 1 || picture.channels == 3, "{} channels", picture.channels);
  TESSERA_CHECK(row > 0 && picture.height > 0 && picture.pixels.size() == row * picture.height,
                "{} pixel values for {} x {} x {}", picture.pixels.size(), picture.height, picture.width,
                picture.channels);
  const std::size_t colours = picture.palette.size() / 3;
  TESSERA_CHECK(picture.palette.empty() ||
                    (picture.channels == 1 && colours * 3 == picture.palette.size() && colours <= 256 &&
                     *std::max_element(picture.pixels.begin(), picture.pixels.end()) < colours),
                "a palette of {} bytes does not fit the picture", picture.palette.size());
  std::string header, lines;
  put_big_endian(header, picture.width);
  put_big_endian(header, picture.height);
  const int colour_type = colours > 0 ? 3 : picture.channels == 1 ? 0 : 2;
  header += {8, static_cast<char>(colour_type), 0, 0, 0};  // bits, colour type, defaults
  for (std::size_t y = 0; y < picture.height; ++y) {
    lines.push_back(0);  // no filter
    for (std::size_t x = 0; x < row; ++x) lines.push_back(static_cast<char>(picture.pixels[y * row + x]));
  }
  std::string out = "\x89PNG\r\n\x1a\n";
  put_chunk(out, "IHDR", header);
  if (colours > 0) put_chunk(out, "PLTE", std::string(picture.palette.begin(), picture.palette.end()));
  put_chunk(out, "IDAT", stored(lines));
  put_chunk(out, "IEND", "");
  return out;
}

std::string data_uri(std::string_view type, std::string_view bytes) {
  std::string encoded(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), bytes_of(bytes),
                                     static_cast<int>(bytes.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return fmt::format("data:{};base64,{}", type, encoded);
}

}  // namespace tessera::report
