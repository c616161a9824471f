// Ed25519 keys (RFC 8032): who signed a seal.
//
// A key is two files: FILE, the private key (PKCS#8 PEM, readable by its owner only), and FILE.pub, the
// public one (PEM). OpenSSL reads both. A key inside a record proves nothing about its owner: trust is always
// in a key file that the reader has. Errors: Error with a sentence that names the file. Thread-safety: pure
// functions.
//
// ```cpp
// const std::string folder = make_temporary_folder("keys-example");
// runs::create_key_files(folder + "/key");
// const std::string signature = runs::sign(runs::load_private_key(folder + "/key"), "message");
// assert(runs::signature_valid(runs::load_public_key(folder + "/key.pub"), "message", signature));
// assert(!runs::signature_valid(runs::load_public_key(folder + "/key.pub"), "massage", signature));
// remove_folder(folder);
// ```
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tessera::runs {

class PrivateKey {
 public:
  struct Handle;
  explicit PrivateKey(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  const Handle& handle() const { return *handle_; }
  std::string public_key() const;  // 64 hexadecimal digits

 private:
  std::shared_ptr<Handle> handle_;
};

// Writes FILE (mode 0600) and FILE.pub; refuses to replace either. Returns the public key in hexadecimal.
std::string create_key_files(const std::string& path);
PrivateKey load_private_key(const std::string& path);
std::string load_public_key(const std::string& path);  // in hexadecimal; a private key's file is refused

std::string sign(const PrivateKey& key, std::string_view message);  // 128 hexadecimal digits
// False also for a key or a signature that is not well formed.
bool signature_valid(const std::string& public_key, std::string_view message, const std::string& signature);

}  // namespace tessera::runs
