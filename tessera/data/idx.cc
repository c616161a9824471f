#include "tessera/data/idx.h"

#include <bit>
#include <vector>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"

namespace tessera::data {
namespace {

template <typename Unsigned>
Unsigned big_endian(const char* data) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
    value = static_cast<Unsigned>(std::uint64_t{value} << 8 | static_cast<unsigned char>(data[i]));
  return value;
}

template <typename Out, typename Unsigned, typename Convert>
Tensor decode(std::string_view bytes, const Shape& shape, Convert convert) {
  std::vector<Out> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = convert(big_endian<Unsigned>(bytes.data() + i * sizeof(Unsigned)));
  return Tensor::from<Out>(values, shape);
}

struct IdxType {
  unsigned char code;
  std::size_t size;
};
constexpr IdxType kTypes[] = {{0x08, 1}, {0x09, 1}, {0x0B, 2}, {0x0C, 4}, {0x0D, 4}, {0x0E, 8}};

std::size_t element_size(unsigned char code, const std::string& source) {
  for (const IdxType& type : kTypes)
    if (type.code == code) return type.size;
  fail("{}: byte 3 of the header (the type) is 0x{:02x}, expected 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e",
       source, code);
}

Tensor decode_elements(unsigned char code, std::string_view bytes, const Shape& shape) {
  switch (code) {
    case 0x08:
      return Tensor::from_bytes(as_byte_span(bytes), DType::kUInt8, shape);
    case 0x09:
      return decode<std::int64_t, std::uint8_t>(bytes, shape,
                                                [](auto v) { return static_cast<std::int8_t>(v); });
    case 0x0B:
      return decode<std::int64_t, std::uint16_t>(bytes, shape,
                                                 [](auto v) { return static_cast<std::int16_t>(v); });
    case 0x0C:
      return decode<std::int64_t, std::uint32_t>(bytes, shape,
                                                 [](auto v) { return static_cast<std::int32_t>(v); });
    case 0x0D:
      return decode<float, std::uint32_t>(bytes, shape, [](auto v) { return std::bit_cast<float>(v); });
    default:
      return decode<double, std::uint64_t>(bytes, shape, [](auto v) { return std::bit_cast<double>(v); });
  }
}

}  // namespace

Tensor parse_idx(std::string_view bytes, const std::string& source) {
  if (bytes.size() < 4)
    fail("{}: the file has {} bytes, expected an IDX header of at least 4", source, bytes.size());
  if (bytes[0] != 0 || bytes[1] != 0)
    fail("{}: the file begins with bytes 0x{:02x} 0x{:02x}, expected 0x00 0x00 (an IDX file)", source,
         static_cast<unsigned char>(bytes[0]), static_cast<unsigned char>(bytes[1]));
  const auto code = static_cast<unsigned char>(bytes[2]);
  const std::size_t size = element_size(code, source);
  const auto rank = static_cast<unsigned char>(bytes[3]);
  if (rank < 1 || rank > kMaxRank)
    fail("{}: byte 4 of the header (the number of axes) is {}, expected 1 to {}", source, rank, kMaxRank);
  const std::size_t header = 4 + 4 * std::size_t{rank};
  if (bytes.size() < header)
    fail("{}: the file has {} bytes, expected a header of {} for {} axes", source, bytes.size(), header,
         rank);
  Shape shape;
  for (std::size_t axis = 0; axis < rank; ++axis)
    shape.append(big_endian<std::uint32_t>(bytes.data() + 4 + 4 * axis));
  // The product may overflow in a damaged header: grow it only as far as the file could hold.
  std::size_t expected = size;
  for (const std::int64_t length : shape) {
    if (length == 0) {
      expected = 0;
      break;
    }
    if (expected > bytes.size() / static_cast<std::size_t>(length))
      fail("{}: the file has {} bytes after its header, too few for the shape {} with {} bytes per element",
           source, bytes.size() - header, shape.to_string(), size);
    expected *= static_cast<std::size_t>(length);
  }
  if (bytes.size() - header != expected)
    fail("{}: the file has {} bytes after its header, expected {} for the shape {}", source,
         bytes.size() - header, expected, shape.to_string());
  return decode_elements(code, bytes.substr(header), shape);
}

Tensor read_idx(const std::string& path) {
  return parse_idx(read_file_maybe_gzip(path), path);
}

}  // namespace tessera::data
