#include "fuzz/fuzz.h"
#include "tessera/runs/verifications.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_canonical(
      bytes, [](std::string_view text) { return runs::parse_verification(text, "verifications.jsonl:1"); },
      runs::verification_text);
}

}  // namespace tessera::fuzz
