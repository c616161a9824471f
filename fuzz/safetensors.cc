#include "tessera/runs/safetensors.h"

#include "fuzz/fuzz.h"

namespace tessera::fuzz {

// The reader takes any layout that the format allows, the writer has one.
void fuzz_one(std::string_view bytes) {
  expect_round_trip(
      bytes, [](std::string_view text) { return runs::parse_safetensors(text, "weights.safetensors"); },
      [](const runs::SafetensorsFile& file) { return runs::write_safetensors(file.tensors, file.metadata); });
}

}  // namespace tessera::fuzz
