// Swarms: a dot per value, none over another (D. Eklund, beeswarm, 2010, for R; the layout here is greedy from the least value on).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/groups.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/ticks.h"

namespace tessera::plot {
namespace {

constexpr std::size_t kMostDots = 5000;
constexpr double kGap = 0.04;  // beyond touching: coordinates are rounded to 1/100

// Along the axis and aside from the middle, in units of the picture.
struct Dot {
  double along = 0, aside = 0;
};

// The free place nearest to the middle: there, or touching one of the dots in reach on either side.
double free_place(const std::vector<Dot>& placed, double along, double distance) {
  std::vector<const Dot*> near;
  for (auto dot = placed.rbegin(); dot != placed.rend() && along - dot->along < distance; ++dot)
    near.push_back(&*dot);
  const auto is_free = [&](double aside) {
    return std::all_of(near.begin(), near.end(), [&](const Dot* dot) {
      const double x = aside - dot->aside, y = along - dot->along;
      return x * x + y * y >= distance * distance * (1 - 1e-9);
    });
  };
  std::vector<double> candidates = {0};
  for (const Dot* dot : near) {
    const double y = along - dot->along, x = std::sqrt(distance * distance - y * y);
    candidates.push_back(dot->aside + x);
    candidates.push_back(dot->aside - x);
  }
  std::sort(candidates.begin(), candidates.end(), [](double a, double b) {
    return std::fabs(a) != std::fabs(b) ? std::fabs(a) < std::fabs(b) : a > b;
  });
  return *std::find_if(candidates.begin(), candidates.end(), is_free);  // the outermost ones are free
}

// Nothing where a dot would leave `half` units on either side.
std::optional<std::vector<Dot>> layout(const std::vector<double>& along, double radius, double half) {
  std::vector<Dot> placed;
  placed.reserve(along.size());
  for (const double place : along) {
    placed.push_back({place, free_place(placed, place, 2 * radius + kGap)});
    if (std::fabs(placed.back().aside) + radius > half) return {};
  }
  return placed;
}

// The largest dots with which every group fits into its slot.
std::vector<std::vector<Dot>> fitting_layout(const std::string& name, const SwarmChart& chart,
                                             const GroupScale& scale, double& radius) {
  std::vector<std::vector<double>> along;
  for (const auto& group : chart.groups) {
    std::vector<double> heights;
    for (const double value : group.values)
      heights.push_back(round_coordinate(scale.area.bottom() - scale.height_of(value)));
    std::sort(heights.begin(), heights.end());
    along.push_back(std::move(heights));
  }
  for (radius = 4; radius >= 0.75; radius -= 0.25) {
    std::vector<std::vector<Dot>> groups;
    for (const auto& heights : along) {
      auto dots = layout(heights, radius, scale.slot * 0.48);
      if (!dots) break;
      groups.push_back(std::move(*dots));
    }
    if (groups.size() == along.size()) return groups;
  }
  std::size_t all = 0;
  for (const auto& group : chart.groups) all += group.values.size();
  fail(
      "{}: {} dots do not fit beside each other into {} groups of {:.0f} units, even as small ones; draw "
      "fewer of them, or a violin chart",
      name, all, chart.groups.size(), scale.slot);
}

std::string describe(const SwarmChart& chart) {
  if (!chart.summary.empty()) return chart.summary;
  std::string text =
      fmt::format("Swarms of {} for {} of {}.", caption(chart.value), chart.groups.size(), chart.group_label);
  for (const auto& group : chart.groups) {
    if (group.values.empty()) continue;
    const auto [least, most] = std::minmax_element(group.values.begin(), group.values.end());
    text += fmt::format(" {}: {} values from {} to {}.", group.name, group.values.size(),
                        number_for_people(*least), with_unit(*most, chart.value));
  }
  return text;
}

}  // namespace

void draw_chart(const SwarmChart& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("swarm chart '{}'", chart.title);
  std::vector<std::string> names;
  for (const auto& group : chart.groups) names.push_back(group.name);
  check_groups(name, chart.title, chart.group_label, chart.value, names);
  Range range;
  std::size_t all = 0;
  for (const auto& group : chart.groups) {
    for (std::size_t i = 0; i < group.values.size(); ++i) {
      if (!std::isfinite(group.values[i]))
        fail("{}: value {} of group '{}' is {}, which has no place", name, i + 1, group.name,
             group.values[i]);
      range.take(group.values[i]);
    }
    all += group.values.size();
  }
  if (all == 0) fail("{}: there are no values", name);
  if (all > kMostDots)
    fail("{}: {} dots are too many, at most {} are drawn; draw a part of them, or a violin chart", name, all,
         kMostDots);
  const GroupScale scale =
      draw_group_frame(name, chart.title, chart.group_label, chart.value, names, range, options, canvas);
  double radius = 0;
  const auto groups = fitting_layout(name, chart, scale, radius);
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const Dot& dot : groups[g])
      canvas.circle({scale.middle(g) + dot.aside, scale.area.bottom() - dot.along}, radius, "f1 swarm",
                    Ink::kData);
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
