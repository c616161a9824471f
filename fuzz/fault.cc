#include "tessera/tensor/fault.h"

#include "fuzz/fuzz.h"

namespace tessera::fuzz {

// The words may come in any order; what is written of it is read as the same fault.
void fuzz_one(std::string_view bytes) {
  expect_round_trip(bytes, parse_fault, fault_text);
}

}  // namespace tessera::fuzz
