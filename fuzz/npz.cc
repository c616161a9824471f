#include "tessera/data/npz.h"

#include "fuzz/fuzz.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_round_trip(
      bytes, [](std::string_view text) { return data::parse_npz(text, "x.npz"); }, data::npz_bytes);
}

}  // namespace tessera::fuzz
