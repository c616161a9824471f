// A table of coloured cells with names on two sides: what heat maps and confusion matrices share.
#pragma once

#include <string>
#include <vector>

#include "tessera/plot/canvas.h"
#include "tessera/plot/ticks.h"

namespace tessera::plot {

struct Cell {
  std::string fill;                     // class of its colour; empty: no cell
  std::string text_style;               // class of text on it
  std::vector<std::string> lines = {};  // what is written into it if there is room
  std::string tooltip = {};
};

struct CellTable {
  std::string columns_caption, rows_caption;
  std::vector<std::string> column_names, row_names;
  std::vector<std::vector<Cell>> cells;
  bool all_columns_named = false;  // in up to four rows of names, before any is left out
};

// Draws from `top` on; returns the y below. Names that do not fit are left out evenly, texts in cells altogether.
double draw_cells(const CellTable& table, double top, double cell_height, Canvas& canvas);

// The key of `levels` colours with class names `prefix`0, ..., for the range of the ticks.
double draw_colour_key(const std::string& caption, const Ticks& ticks, int levels, char prefix, double top,
                       Canvas& canvas);

}  // namespace tessera::plot
