#include "fuzz/fuzz.h"
#include "tessera/runs/trace_file.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_canonical(
      bytes, [](std::string_view text) { return runs::parse_trace_header(text, "trace.jsonl:1"); },
      runs::trace_header_text);
}

}  // namespace tessera::fuzz
