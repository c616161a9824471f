// Texts of unknown origin, made fit to be shown.
//
// A damaged or hostile file may hold escape sequences that move the cursor or rename the window of a terminal, and
// bytes that are no text at all. What is quoted from such a file goes through printable() first. Thread-safety: pure
// function.
//
// ```cpp
// assert(printable("naïve") == "naïve");
// assert(printable("a\x1b[2J\n") == "a\\x1b[2J\\x0a");
// ```
#pragma once

#include <string>
#include <string_view>

namespace tessera {

// UTF-8 stays as it is. Control characters (below 0x20, 0x7f, U+0080 to U+009F) and every byte that does not belong to
// well-formed UTF-8 (RFC 3629) become \xNN, byte by byte.
std::string printable(std::string_view text);

}  // namespace tessera
