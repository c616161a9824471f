#include "fuzz/fuzz.h"
#include "tessera/runs/run.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_canonical(
      bytes, [](std::string_view text) { return runs::parse_replay_outcome(text, "outcome.json"); },
      runs::replay_outcome_text);
}

}  // namespace tessera::fuzz
