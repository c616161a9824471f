// How wide text is, and how it is made to fit: wrapped at spaces, then shortened with "…".
//
// Widths are those of Arial (and of its metric twins Helvetica and Liberation Sans), which the style sheet asks for, plus 4 %;
// characters outside of ASCII count as wide ones. Thread-safety: pure functions.
//
// ```cpp
// assert(plot::text_width("mm", 10) > 3 * plot::text_width("ii", 10));
// assert(plot::shorten("a very long name", 15, 60) == "a very…");
// ```
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera::plot {

double text_width(std::string_view text, double size);

// `text`, or as much of its beginning as fits into `width` with "…" behind it.
std::string shorten(std::string_view text, double size, double width);

// Lines that fit into `width`: broken at spaces, at most `lines` of them; what does not fit is shortened.
std::vector<std::string> wrap(std::string_view text, double size, double width, int lines);

}  // namespace tessera::plot
