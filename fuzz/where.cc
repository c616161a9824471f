#include "tessera/runs/where.h"

#include <algorithm>

#include "fuzz/fuzz.h"

namespace tessera::fuzz {

// A text of the condition never becomes SQL, only a parameter: one for each question mark.
void fuzz_one(std::string_view bytes) {
  const runs::SqlCondition condition =
      runs::parse_where(bytes, {"accuracy", "training.learning_rate", "training.batch", "name", "seed"});
  const auto marks = std::count(condition.sql.begin(), condition.sql.end(), '?');
  TESSERA_CHECK(static_cast<std::size_t>(marks) == condition.parameters.size(), "{} parameters for '{}'",
                condition.parameters.size(), condition.sql);
}

}  // namespace tessera::fuzz
