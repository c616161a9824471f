// Integers as little-endian bytes, whatever the machine's own order, and bytes seen as text and back.
//
// Thread-safety: pure functions.
//
// ```cpp
// std::string bytes;
// put_u32(bytes, 0x01020304);
// assert(bytes == std::string("\x04\x03\x02\x01"));
// assert(get_u32(bytes.data()) == 0x01020304);
// ```
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tessera {

namespace internal {
template <typename T>
void put_little_endian(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
template <typename T>
T get_little_endian(const void* data) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | (T{bytes[i]} << (8 * i)));
  return value;
}
}  // namespace internal

inline void put_u32(std::string& out, std::uint32_t value) {
  internal::put_little_endian(out, value);
}
inline void put_u64(std::string& out, std::uint64_t value) {
  internal::put_little_endian(out, value);
}

// `data` must hold 4, or 8, bytes; it need not be aligned.
inline std::uint32_t get_u32(const void* data) {
  return internal::get_little_endian<std::uint32_t>(data);
}
inline std::uint64_t get_u64(const void* data) {
  return internal::get_little_endian<std::uint64_t>(data);
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> as_byte_span(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace tessera
