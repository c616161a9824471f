#include "tessera/data/schema.h"

#include "fuzz/fuzz.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  expect_round_trip(
      bytes, [](std::string_view text) { return data::Schema::from_json(text, "x.json"); },
      [](const data::Schema& schema) { return schema.to_json(); });
}

}  // namespace tessera::fuzz
