// Letters of ASCII, whatever the locale says. data/tokenizer.h has lower_case for texts in any language. Thread-safety: pure functions.
//
// ```cpp
// assert(ascii_lower_case("PostgreSQL://ÄB") == "postgresql://Äb");
// ```
#pragma once

#include <string>
#include <string_view>

namespace tessera {

inline char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string ascii_lower_case(std::string_view text) {
  std::string letters(text);
  for (char& c : letters) c = ascii_lower(c);
  return letters;
}

}  // namespace tessera
