// One character of UTF-8 at a time (RFC 3629), for text that may hold anything.
//
// Thread-safety: pure functions.
//
// ```cpp
// const Utf8Character first = utf8_character("éa");
// assert(first.code_point == 0xE9 && first.length == 2);
// assert(utf8_character("\xff").length == 0);  // not UTF-8
// std::string text;
// append_utf8(text, 0xE9);
// assert(text == "é");
// ```
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tessera {

struct Utf8Character {
  char32_t code_point = 0;
  std::size_t length = 0;  // in bytes; 0: the text is empty, or does not begin with well-formed UTF-8
};

Utf8Character utf8_character(std::string_view text);  // the one that `text` begins with
void append_utf8(std::string& text, char32_t code_point);

}  // namespace tessera
