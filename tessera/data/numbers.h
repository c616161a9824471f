// Numbers in text, whatever the locale: the one way in which readers and the configuration turn text into numbers.
//
// Blanks around the number and a leading '+' are allowed; anything else beside the number is not. Decimal notation only,
// "inf" and "nan" included. A value that does not fit the type is refused. Thread-safety: pure functions.
//
// ```cpp
// assert(data::parse_real(" +1.5e3 ") == 1500.0 && !data::parse_real("1,5") && !data::parse_real(""));
// assert(data::parse_integer("-7") == -7 && !data::parse_integer("7.0"));
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tessera::data {

std::optional<double> parse_real(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace tessera::data
