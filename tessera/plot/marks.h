// The marks of scatter charts and path charts: another shape for each series. Thread-safety: see Canvas.
#pragma once

#include <cstddef>

#include "tessera/plot/canvas.h"

namespace tessera::plot {

// `size` is about the radius.
void draw_mark(Point at, double size, std::size_t index, Ink ink, Canvas& canvas);

}  // namespace tessera::plot
