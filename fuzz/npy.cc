#include "tessera/data/npy.h"

#include "fuzz/fuzz.h"
#include "tessera/base/files.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_round_trip(
      bytes,
      [](std::string_view text) {
        return data::parse_npy(unpack_maybe_gzip(std::string(text), "x.npy"), "x.npy");
      },
      data::npy_bytes);
}

}  // namespace tessera::fuzz
