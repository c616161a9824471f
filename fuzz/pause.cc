#include "fuzz/fuzz.h"
#include "tessera/runs/record.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_canonical(
      bytes, [](std::string_view text) { return runs::parse_pause(text, "paused.json"); }, runs::pause_text);
}

}  // namespace tessera::fuzz
