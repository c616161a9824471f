// The recorded scalars of a run as charts over its steps.
//
// A long run has more steps than a picture has pixels. Its steps are then taken together in stretches of equal length: the line is
// the mean of each, the band goes from its lowest to its highest value, and a note says so. A stretch with a value that is not
// finite is a gap. The same record gives the same points everywhere. Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tessera/plot/chart.h"
#include "tessera/report/html.h"
#include "tessera/runs/record.h"

namespace tessera::report {

inline constexpr std::size_t kMostPoints = 200;  // of a curve

struct Curve {
  std::vector<double> steps, values;  // ascending steps
};
std::map<std::string, Curve> curves_of(const runs::Record& record);

struct ThinnedCurve {
  plot::Series series;
  std::size_t stretch = 1;  // how many values one point stands for
};
ThinnedCurve thinned(const Curve& curve, const std::string& name, std::size_t most = kMostPoints);

// False where steps are not a way: the folds of a fit, the candidates of a search. Then there is only the table of values.
bool has_curves(const runs::Record& record);

// The charts of one run with their notes and tables of values; `id` begins the ids of the pictures.
Html curves_html(const runs::Record& record, const std::string& id);
// The losses of several runs in panels with the same axes. `names` are those of the runs.
Html loss_multiples_html(const std::vector<const runs::Record*>& records,
                         const std::vector<std::string>& names, const std::string& id);

// The picture, or the reason why there is none: what is recorded may not be drawable, and nothing misleading is drawn.
Html figure_html(const plot::Chart& chart, const std::string& id, const std::string& note = {});

}  // namespace tessera::report
