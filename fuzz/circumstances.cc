#include "fuzz/fuzz.h"
#include "tessera/runs/record.h"

namespace tessera::fuzz {

// Written for people: the reader takes other spacing and another order of the keys, too.
void fuzz_one(std::string_view bytes) {
  expect_round_trip(
      bytes, [](std::string_view text) { return runs::parse_circumstances(text, "circumstances.json"); },
      runs::circumstances_text);
}

}  // namespace tessera::fuzz
