// SHA-256, the only hash of a record: digests can be checked with `sha256sum`.
//
// Items that are hashed together are length-prefixed (`add_item`), so that ("ab","c") and ("a","bc") differ.
// NIST FIPS 180-4. Thread-safety: distinct objects may be used from distinct threads.
//
// ```cpp
// assert(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
// Sha256 hash;
// hash.add_item("weights").add_item("float32");
// assert(hash.finish() != sha256("weightsfloat32"));
// ```
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tessera {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Sha256& add(const void* data, std::size_t size);  // raw bytes
  Sha256& add(std::string_view bytes) { return add(bytes.data(), bytes.size()); }
  Sha256& add_u64(std::uint64_t value);  // 8 bytes, little endian
  Sha256& add_item(std::string_view bytes) { return add_u64(bytes.size()).add(bytes); }
  Digest finish();  // ends the computation; the object may not be used afterwards

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest sha256(std::string_view bytes);
// Throws Error if it cannot be read or is not a regular file (a pipe or a device may have no end).
Digest sha256_of_file(const std::string& path);

std::string to_hex(const std::uint8_t* data, std::size_t size);
std::string to_hex(const Digest& digest);
// Throws Error when `hex` is not exactly 64 lower-case hexadecimal digits.
Digest digest_from_hex(std::string_view hex);

}  // namespace tessera
