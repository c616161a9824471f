#include "tessera/base/text.h"

#include <fmt/format.h>

#include <cstddef>

#include "tessera/base/utf8.h"

namespace tessera {
namespace {

// How many bytes the character at the beginning of `text` has; 0 when it is to be escaped.
std::size_t length_of_shown_character(std::string_view text) {
  const Utf8Character found = utf8_character(text);
  const bool control = found.code_point < 0x20 || (found.code_point >= 0x7f && found.code_point < 0xa0);
  return control ? 0 : found.length;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = length_of_shown_character(text);
    if (length > 0)
      shown += text.substr(0, length);
    else
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    text.remove_prefix(length > 0 ? length : 1);
  }
  return shown;
}

}  // namespace tessera
