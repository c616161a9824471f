// The lie factor, from numbers and the lengths that were drawn for them.
//
// E. Tufte, The Visual Display of Quantitative Information, 1983, p. 57: the lie factor is the size of the effect shown in the
// graphic divided by the size of the effect in the data, an effect being |second - first| / |first|. Here every pair of marks
// counts in which a difference of at least two units of the picture is drawn, or would be at the scale of the longest mark: what is
// smaller nobody sees, and there the rounding of coordinates would be all that is measured. `first` is the earlier mark, or the
// larger one when the earlier is shorter than two units. Thread-safety: pure functions.
//
// ```cpp
// // Tufte's example: fuel economy rose from 18 to 27.5 miles per gallon, drawn as lines of 0.6 and 5.3 inches.
// const double factor = plot::lie_factor(18, 27.5, 0.6, 5.3);
// assert(factor > 14.8 && factor < 14.9);
// ```
#pragma once

#include <string>

#include "tessera/plot/canvas.h"
#include "tessera/plot/draw.h"

namespace tessera::plot {

// Infinite when a difference is drawn that the data does not have.
double lie_factor(double first_value, double second_value, double first_length, double second_length);

Integrity integrity_of(const Canvas& canvas, const std::string& title);

}  // namespace tessera::plot
