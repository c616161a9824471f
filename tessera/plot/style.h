// The style sheet of the pictures, and how many levels of colour it has.
//
// Class names: s1 to s7 a series' line with its dashes, l1 to l7 without them, w1 to w7 without them and with square ends, j1 to
// j7 fillings between these, f1 to f7 filled marks, b1 to b7 bands; q0 to q11 the sequential levels, d0 to d12 the diverging
// ones, t.. and u.. the text on them; axis, grid, contour, key, dot, title, quiet, halo. Thread-safety: pure functions.
#pragma once

#include <string>

namespace tessera::plot {

inline constexpr int kSequentialLevels = 12;
inline constexpr int kDivergingLevels = 13;  // the middle one is neutral
inline constexpr int kSeries = 7;            // more cannot be told apart: small multiples show them

// The rules of one picture: light, or dark where the reader prefers that. `levels`: with the colours of levels. `font` is the
// size of text in narrow windows; wide ones get it a little smaller.
std::string picture_style_sheet(bool levels, double font);

}  // namespace tessera::plot
