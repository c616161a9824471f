#include "fuzz/fuzz.h"
#include "tessera/train/config.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  const train::Config config = train::Config::parse(bytes, "x.toml");
  for (const train::ConfigValue& value : config.values())
    TESSERA_CHECK(value.spec != nullptr && !value.origin.empty(), "'{}' has no origin", value.key);
}

}  // namespace tessera::fuzz
