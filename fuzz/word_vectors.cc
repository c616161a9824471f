#include "tessera/models/word_vectors.h"

#include "fuzz/fuzz.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_round_trip(
      bytes, [](std::string_view text) { return models::WordVectors::parse(text, "words.txt"); },
      [](const models::WordVectors& vectors) { return vectors.to_text(); });
}

}  // namespace tessera::fuzz
