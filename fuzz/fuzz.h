// What every fuzz target shares. A target defines fuzz_one(), which hands the bytes to one reader; the property is always the
// same: for any bytes the reader gives a value or throws Error. Any other exception, a crash, a leak, a hang, or memory out of
// proportion to the input ends the target with the input in a file (`./dev fuzz`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes);  // defined by each target

// For a reader with a writer, where only what the writer writes may be read: the same bytes have to come back.
template <typename Parse, typename Write>
void expect_canonical(std::string_view bytes, const Parse& parse, const Write& write) {
  const std::string written = write(parse(bytes));
  TESSERA_CHECK(written == bytes, "read, but written differently: '{}'", written);
}

// For a reader that takes many notations of one value: what was read is written, read and written the same.
template <typename Parse, typename Write>
void expect_round_trip(std::string_view bytes, const Parse& parse, const Write& write) {
  const std::string written = write(parse(bytes));
  TESSERA_CHECK(write(parse(std::string_view(written))) == written, "the round trip changed '{}'", written);
}

}  // namespace tessera::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  tessera::use_default_backend();  // for the readers that make tensors
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    tessera::fuzz::fuzz_one(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const tessera::Error& error) {
    TESSERA_CHECK(*error.what() != '\0', "an Error without a sentence");
  }
  return 0;
}
