// Conditions on runs ("lr < 0.1 and accuracy > 0.97"), turned into SQL with parameters. Internal to this room; the language
// is described in index.h. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tessera::runs {

using SqlValue = std::variant<double, std::string>;

struct SqlCondition {
  std::string sql;  // about the row of `runs`, with ? for the parameters
  std::vector<SqlValue> parameters;
};

// `keys`: every key that some run has. Throws Error (usage) that shows the place.
SqlCondition parse_where(std::string_view text, const std::vector<std::string>& keys);

// The key that `word` means: itself, or the only one that ends in ".word". Throws Error with a suggestion.
std::string resolve_key(std::string_view word, const std::vector<std::string>& keys);

}  // namespace tessera::runs
