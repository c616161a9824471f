#include "tessera/base/json.h"

#include <nlohmann/json.hpp>

#include "fuzz/fuzz.h"

namespace tessera::fuzz {

// Any JSON that can be written canonically reads back as itself, and canonical text is its own canonical form.
void fuzz_one(std::string_view bytes) {
  const nlohmann::json value = parse_json(bytes, "x.json");
  const std::string text = canonical_json(value);
  TESSERA_CHECK(parse_canonical_json(text, "x.json") == value, "the round trip changed '{}'", text);
}

}  // namespace tessera::fuzz
