#include "tessera/runs/keys.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"

namespace tessera::runs {

struct PrivateKey::Handle {
  EVP_PKEY* key;
  explicit Handle(EVP_PKEY* owned) : key(owned) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { EVP_PKEY_free(key); }
};

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Bio bio_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

// Never asks on the terminal: a key with a password is refused.
int no_password(char*, int, int, void*) {
  return -1;
}

std::optional<std::vector<std::uint8_t>> bytes_of_hex(const std::string& hex, std::size_t size) {
  if (hex.size() != 2 * size) return std::nullopt;
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | (digit ? c - '0' : c - 'a' + 10));
  }
  return bytes;
}

std::string public_key_of(EVP_PKEY* key) {
  std::array<std::uint8_t, kKeyBytes> bytes{};
  std::size_t size = bytes.size();
  TESSERA_CHECK(EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) == 1 && size == kKeyBytes,
                "not an Ed25519 key");
  return to_hex(bytes.data(), size);
}

// O_EXCL: an existing key is never replaced; the mode is there from the first moment.
void write_new_file(const std::string& path, const std::string& text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0 && errno == EEXIST) fail("{}: exists already; a key is never replaced", path);
  if (file < 0) fail("{}: cannot be written: {}", path, std::strerror(errno));
  const bool good =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int reason = errno;
  ::close(file);
  if (good) return;
  ::unlink(path.c_str());
  fail("{}: cannot be written: {}", path, std::strerror(reason));
}

void refuse_other_kinds(EVP_PKEY* key, const std::string& path) {
  if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519)
    fail("{}: expected an Ed25519 key, found another kind ({})", path, EVP_PKEY_get0_type_name(key));
}

}  // namespace

std::string PrivateKey::public_key() const {
  return public_key_of(handle_->key);
}

std::string create_key_files(const std::string& path) {
  const std::string public_path = path + ".pub";
  if (exists(public_path)) fail("{}: exists already; a key is never replaced", public_path);
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  TESSERA_CHECK(key != nullptr, "libcrypto cannot make an Ed25519 key");
  const Bio private_text(BIO_new(BIO_s_mem()), &BIO_free), public_text(BIO_new(BIO_s_mem()), &BIO_free);
  TESSERA_CHECK(PEM_write_bio_PKCS8PrivateKey(private_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr) == 1 &&
                    PEM_write_bio_PUBKEY(public_text.get(), key.get()) == 1,
                "libcrypto cannot write a key");
  write_new_file(path, text_of(private_text.get()), 0600);
  write_new_file(public_path, text_of(public_text.get()), 0644);
  return public_key_of(key.get());
}

PrivateKey load_private_key(const std::string& path) {
  const std::string text = read_file(path);
  if (text.find("BEGIN PUBLIC KEY") != std::string::npos)
    fail("{}: expected a private key, found a public one; signing takes the file without .pub", path);
  const Bio bio = bio_of(text);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
  if (key == nullptr)
    fail("{}: not a private key in PEM form without a password; `tessera key new` makes one", path);
  refuse_other_kinds(key.get(), path);
  return PrivateKey(std::make_shared<PrivateKey::Handle>(key.release()));
}

std::string load_public_key(const std::string& path) {
  const std::string text = read_file(path);
  if (text.find("PRIVATE KEY") != std::string::npos)
    fail("{}: expected a public key, found a private one; trust is given to the .pub file", path);
  const Bio bio = bio_of(text);
  const Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
  if (key == nullptr) fail("{}: not a public key in PEM form; `tessera key new` makes one", path);
  refuse_other_kinds(key.get(), path);
  return public_key_of(key.get());
}

std::string sign(const PrivateKey& key, std::string_view message) {
  std::array<std::uint8_t, kSignatureBytes> signature{};
  std::size_t size = signature.size();
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const bool good =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.handle().key) == 1 &&
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<const std::uint8_t*>(message.data()), message.size()) == 1;
  TESSERA_CHECK(good && size == signature.size(), "libcrypto cannot sign");
  return to_hex(signature.data(), size);
}

bool signature_valid(const std::string& public_key, std::string_view message, const std::string& signature) {
  const auto key_bytes = bytes_of_hex(public_key, kKeyBytes);
  const auto signature_bytes = bytes_of_hex(signature, kSignatureBytes);
  if (!key_bytes || !signature_bytes) return false;
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_bytes->data(), key_bytes->size()),
                &EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature_bytes->data(), signature_bytes->size(),
                          reinterpret_cast<const std::uint8_t*>(message.data()), message.size()) == 1;
}

}  // namespace tessera::runs
