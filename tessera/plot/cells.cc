#include "tessera/plot/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/plot/frame.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {
namespace {

// Every how many columns a name can stand without touching the next.
std::size_t name_every(const std::vector<std::string>& names, double cell_width, double font) {
  const double needed = widest(names, font) + font * 0.5;
  return static_cast<std::size_t>(std::max(1.0, std::ceil(needed / cell_width)));
}

// Names of the columns from `top` on, in turn in `rows` rows; returns the y below. A name at the right
// edge is moved to the left as far as its neighbour in the same row lets it.
double draw_column_names(const CellTable& table, double left, double cell_width, double top, std::size_t rows,
                         Canvas& canvas) {
  const double font = canvas.font, limit = canvas.width - 2, gap = font * 0.5;
  const double room = cell_width * static_cast<double>(rows);
  std::vector<double> ends(rows, 0);
  for (std::size_t i = 0; i < table.column_names.size(); ++i) {
    const std::size_t row = i % rows;
    const double centre = left + (static_cast<double>(i) + 0.5) * cell_width;
    double width = std::min(text_width(table.column_names[i], font), room - gap);
    const double end = std::min(centre + width / 2, limit);
    width = std::min(width, end - ends[row]);
    canvas.text({end - width / 2, top + static_cast<double>(row) * font * 1.15}, Anchor::kMiddle,
                shorten(table.column_names[i], font, width), "", table.column_names[i]);
    ends[row] = end + gap;
  }
  return top + static_cast<double>(rows - 1) * font * 1.15;
}

// How many lines of text every cell has room for.
std::size_t lines_that_fit(const CellTable& table, double cell_width, double cell_height, double font) {
  std::size_t fitting = static_cast<std::size_t>(cell_height / (font * 1.1));
  for (const auto& row : table.cells)
    for (const Cell& cell : row)
      for (std::size_t i = 0; i < std::min(cell.lines.size(), fitting); ++i)
        if (text_width(cell.lines[i], font) > cell_width - 3) fitting = i;
  return fitting;
}

void draw_cell(const Cell& cell, const Box& box, std::size_t most_lines, double font, Canvas& canvas) {
  if (cell.fill.empty()) return;
  canvas.rectangle(box, cell.fill, Ink::kData, cell.tooltip);
  const std::size_t shown = std::min(most_lines, cell.lines.size());
  const auto lines = static_cast<double>(shown);
  double y = box.top + box.height / 2 - (lines - 1) * font * 0.55 + font * 0.35;
  for (std::size_t i = 0; i < shown; ++i) {
    canvas.text({box.left + box.width / 2, y}, Anchor::kMiddle, cell.lines[i], cell.text_style);
    y += font * 1.1;
  }
}

}  // namespace

double draw_cells(const CellTable& table, double top, double cell_height, Canvas& canvas) {
  const double font = canvas.font;
  const double names_width = std::min(widest(table.row_names, font) + 1, canvas.width * 0.3);
  const double left = names_width + font * 0.5;
  const auto columns = static_cast<double>(table.column_names.size());
  const double cell_width = (canvas.width - left - 2) / columns;
  top += font;
  canvas.text({2, top}, Anchor::kStart, shorten(table.rows_caption, font, canvas.width / 2 - font), "quiet");
  canvas.text({canvas.width - 2, top}, Anchor::kEnd,
              shorten(table.columns_caption, font, canvas.width / 2 - font), "quiet");
  top += font * 1.3;
  std::size_t every = name_every(table.column_names, cell_width, font);
  constexpr std::size_t kMostRows = 4;
  const std::size_t rows = std::min(every, kMostRows);
  if (table.all_columns_named && every > 1 && cell_width * static_cast<double>(rows) > font * 2) {
    top = draw_column_names(table, left, cell_width, top, rows, canvas);
  } else {
    const double room = cell_width * static_cast<double>(every);
    for (std::size_t i = 0; i < table.column_names.size(); i += every)
      canvas.text({left + (static_cast<double>(i) + 0.5) * cell_width, top}, Anchor::kMiddle,
                  shorten(table.column_names[i], font, room), "", table.column_names[i]);
  }
  top += font * 0.4;
  every = static_cast<std::size_t>(std::max(1.0, std::ceil(font * 1.1 / cell_height)));
  const std::size_t most_lines = lines_that_fit(table, cell_width, cell_height, font);
  for (std::size_t r = 0; r < table.cells.size(); ++r) {
    const double y = top + static_cast<double>(r) * cell_height;
    if (r % every == 0)
      canvas.text({left - font * 0.4, y + cell_height / 2 + font * 0.35}, Anchor::kEnd,
                  shorten(table.row_names[r], font, names_width), "", table.row_names[r]);
    for (std::size_t c = 0; c < table.cells[r].size(); ++c)
      draw_cell(table.cells[r][c], {left + static_cast<double>(c) * cell_width, y, cell_width, cell_height},
                most_lines, font, canvas);
  }
  return top + cell_height * static_cast<double>(table.cells.size()) + font * 0.6;
}

double draw_colour_key(const std::string& key_caption, const Ticks& ticks, int levels, char prefix,
                       double top, Canvas& canvas) {
  const double font = canvas.font, left = font * 2, width = canvas.width - font * 4;
  canvas.text({left, top + font}, Anchor::kStart, shorten(key_caption, font, width), "quiet");
  const Box area{left, top + font * 1.5, width, font * 0.8};
  for (int i = 0; i < levels; ++i)
    canvas.rectangle({area.left + width * i / levels, area.top, width / levels, area.height},
                     fmt::format("{}{}", prefix, i), Ink::kFrame);
  for (std::size_t i = 0; i < ticks.values.size(); ++i) {
    const double x = area.left + ticks.share(ticks.values[i]) * width;
    canvas.line({x, area.bottom()}, {x, area.bottom() + 4}, "axis", 1, Ink::kFrame);
    canvas.text({x, area.bottom() + 4 + font}, Anchor::kMiddle, ticks.labels[i], "quiet");
  }
  return area.bottom() + font * 1.9;
}

}  // namespace tessera::plot
