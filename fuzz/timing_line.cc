#include "fuzz/fuzz.h"
#include "tessera/runs/timing.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_canonical(
      bytes, [](std::string_view text) { return runs::parse_timing_line(text, "timing.jsonl:1"); },
      runs::timing_line_text);
}

}  // namespace tessera::fuzz
