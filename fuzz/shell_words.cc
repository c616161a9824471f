#include "tessera/base/shell_words.h"

#include "fuzz/fuzz.h"

namespace tessera::fuzz {
namespace {

// What a POSIX shell makes of a word of plain characters, '...' and \c.
std::string read_by_shell(std::string_view text) {
  std::string word;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') {
      quoted = !quoted;
      continue;
    }
    if (text[i] == '\\' && !quoted) ++i;
    TESSERA_CHECK(i < text.size() && (quoted || text[i] != ' '), "more than one word: {}", text);
    word += text[i];
  }
  TESSERA_CHECK(!quoted, "an open quote: {}", text);
  return word;
}

bool is_printable_ascii(char c) {
  return c >= ' ' && c < '\x7f';
}

}  // namespace

// Words that can be pasted come back from a shell as they were; the others are only shown.
void fuzz_one(std::string_view bytes) {
  const std::string shown = shell_word(bytes);
  for (const char c : bytes)
    if (!is_printable_ascii(c)) return;
  TESSERA_CHECK(read_by_shell(shown) == bytes, "'{}' is shown as {}", bytes, shown);
}

}  // namespace tessera::fuzz
