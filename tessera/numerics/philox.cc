#include "tessera/numerics/philox.h"

#include "tessera/base/hash.h"

namespace tessera::numerics {

namespace {
std::uint32_t little_endian32(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}
}  // namespace

PhiloxKey stream_key(std::uint64_t seed, std::string_view stream_name) {
  Sha256 hash;
  hash.add_item("tessera/1").add_u64(seed).add_item(stream_name);
  const Digest digest = hash.finish();
  return {little_endian32(digest.data()), little_endian32(digest.data() + 4)};
}

}  // namespace tessera::numerics
