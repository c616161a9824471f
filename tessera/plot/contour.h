// Contour lines of a surface that is known on a grid.
//
// Marching squares (W. Lorensen and H. Cline, Marching Cubes, 1987, in two dimensions): in each cell the level's crossings of the
// sides are found by linear interpolation; a saddle is decided by the mean of its four corners. Cells with a corner that is not
// finite have no contour. Thread-safety: pure functions.
//
// ```cpp
// // The plane x + y on the unit square: the level 1 is the diagonal.
// const auto pieces = plot::contour({{0, 1}, {1, 2}}, 1);
// assert(pieces.size() == 1 && pieces[0].first.x + pieces[0].first.y == 1);
// ```
#pragma once

#include <utility>
#include <vector>

#include "tessera/plot/canvas.h"

namespace tessera::plot {

// In units of the grid: x counts columns, y rows. Pieces that meet stand one after the other where that is easily found.
std::vector<std::pair<Point, Point>> contour(const std::vector<std::vector<double>>& values, double level);

}  // namespace tessera::plot
