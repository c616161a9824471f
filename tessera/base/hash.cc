#include "tessera/base/hash.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/text.h"

namespace tessera {
namespace {

// Fetched once: an implicit fetch for every digest costs more than hashing a small tensor.
const EVP_MD* sha256_method() {
  static const EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  TESSERA_CHECK(method != nullptr, "libcrypto has no SHA-256");
  return method;
}

int value_of_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(handle); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  TESSERA_CHECK(context_->handle != nullptr, "out of memory for a digest");
  TESSERA_CHECK(EVP_DigestInit_ex(context_->handle, sha256_method(), nullptr) == 1, "SHA-256 cannot start");
}

Sha256::~Sha256() = default;

Sha256& Sha256::add(const void* data, std::size_t size) {
  TESSERA_CHECK(context_ != nullptr, "add() after finish()");
  TESSERA_CHECK(EVP_DigestUpdate(context_->handle, data, size) == 1, "SHA-256 failed");
  return *this;
}

Sha256& Sha256::add_u64(std::uint64_t value) {
  std::uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return add(bytes, sizeof bytes);
}

Digest Sha256::finish() {
  TESSERA_CHECK(context_ != nullptr, "finish() called twice");
  Digest digest;
  unsigned size = 0;
  TESSERA_CHECK(EVP_DigestFinal_ex(context_->handle, digest.data(), &size) == 1 && size == digest.size(),
                "SHA-256 failed");
  context_.reset();
  return digest;
}

Digest sha256(std::string_view bytes) {
  return Sha256().add(bytes).finish();
}

Digest sha256_of_file(const std::string& path) {
  const int file = open_regular_file(path);
  Sha256 hash;
  std::vector<char> block(std::size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(file, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int reason = errno;
      ::close(file);
      fail("{}: cannot be read: {}", path, std::strerror(reason));
    }
    if (got == 0) break;
    hash.add(block.data(), static_cast<std::size_t>(got));
  }
  ::close(file);
  return hash.finish();
}

std::string to_hex(const std::uint8_t* data, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(2 * size, '0');
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = kDigits[data[i] >> 4];
    text[2 * i + 1] = kDigits[data[i] & 15];
  }
  return text;
}

std::string to_hex(const Digest& digest) {
  return to_hex(digest.data(), digest.size());
}

Digest digest_from_hex(std::string_view hex) {
  Digest digest{};
  if (hex.size() != 2 * digest.size())
    fail("expected a digest of 64 hexadecimal digits, found {} characters", hex.size());
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const int value = value_of_digit(hex[i]);
    if (value < 0)
      fail("expected lower-case hexadecimal digits in a digest, found '{}' at position {}",
           printable(hex.substr(i, 1)), i);
    digest[i / 2] = static_cast<std::uint8_t>((digest[i / 2] << 4) | value);
  }
  return digest;
}

}  // namespace tessera
