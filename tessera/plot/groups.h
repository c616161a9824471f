// What violins and swarms share: groups of numbers side by side above their names, with one vertical axis. Thread-safety: distinct objects may be used from distinct
// threads.
#pragma once

#include <string>
#include <vector>

#include "tessera/plot/canvas.h"
#include "tessera/plot/chart.h"
#include "tessera/plot/draw.h"
#include "tessera/plot/ticks.h"
#include "tessera/plot/xy.h"

namespace tessera::plot {

inline constexpr std::size_t kMostGroups = 20;

// Throws Error when title, axis or names are incomplete. `chart` is how sentences begin.
void check_groups(const std::string& chart, const std::string& title, const std::string& group_label,
                  const Axis& value, const std::vector<std::string>& names);

struct GroupScale {
  Box area;
  Ticks ticks;
  double slot = 0;  // the width that each group has
  double middle(std::size_t group) const { return area.left + (static_cast<double>(group) + 0.5) * slot; }
  double height_of(double value) const { return area.bottom() - ticks.share(value) * area.height; }
};

// Lays out and draws title, axis, names and captions; sets the canvas's height.
GroupScale draw_group_frame(const std::string& chart, const std::string& title,
                            const std::string& group_label, const Axis& value,
                            const std::vector<std::string>& names, const Range& range, const Options& options,
                            Canvas& canvas);

}  // namespace tessera::plot
