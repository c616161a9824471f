#include "tessera/runs/keys.h"

#include "fuzz/fuzz.h"
#include "tessera/base/files.h"

namespace tessera::fuzz {

namespace {

// One file for the life of the process, on a file system in memory where there is one.
struct KeyFile {
  std::string folder = make_temporary_folder("fuzz-keys");
  ~KeyFile() { remove_folder(folder); }
};

}  // namespace

void fuzz_one(std::string_view bytes) {
  static const KeyFile file;
  const std::string path = file.folder + "/key";
  write_user_file(path, bytes);
  try {
    TESSERA_CHECK(runs::load_public_key(path).size() == 64, "a public key of another length");
  } catch (const Error&) {  // perhaps a private key
    const runs::PrivateKey key = runs::load_private_key(path);
    TESSERA_CHECK(runs::signature_valid(key.public_key(), "m", runs::sign(key, "m")), "a signature fails");
  }
}

}  // namespace tessera::fuzz
