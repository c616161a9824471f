// A command as one line that can be pasted into a shell, whatever its words hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera {

// The word as a POSIX shell reads it back; in single quotes unless it is of letters, digits and _./=:,+- only. Control
// characters are shown as \xNN (base/text.h): such a line is for reading, not for pasting.
std::string shell_word(std::string_view word);
std::string shell_words(const std::vector<std::string>& words);

}  // namespace tessera
