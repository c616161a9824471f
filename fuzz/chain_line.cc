#include "fuzz/fuzz.h"
#include "tessera/runs/record.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_canonical(
      bytes, [](std::string_view text) { return runs::parse_chain_line(text, "chain.jsonl:1"); },
      runs::chain_line_text);
}

}  // namespace tessera::fuzz
