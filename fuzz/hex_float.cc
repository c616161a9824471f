#include "fuzz/fuzz.h"
#include "tessera/base/json.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_canonical(bytes, hex_float_value, hex_float);
}

}  // namespace tessera::fuzz
