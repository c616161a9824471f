// Violins: the width at a value is the density there, on one scale for all groups.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/groups.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/ticks.h"

namespace tessera::plot {
namespace {

std::vector<std::string> names_of_groups(const ViolinChart& chart) {
  std::vector<std::string> names;
  for (const auto& violin : chart.violins) names.push_back(violin.name);
  return names;
}

void check_violin(const std::string& name, const ViolinChart::Violin& violin) {
  if (violin.places.size() < 2 || violin.places.size() != violin.density.size())
    fail("{}: group '{}' has {} places and {} densities; expected as many, and at least 2", name, violin.name,
         violin.places.size(), violin.density.size());
  bool any = false;
  for (std::size_t i = 0; i < violin.places.size(); ++i) {
    if (!std::isfinite(violin.places[i]) || (i > 0 && !(violin.places[i] > violin.places[i - 1])))
      fail("{}: place {} of group '{}' is {}; expected finite numbers that ascend", name, i + 1, violin.name,
           violin.places[i]);
    if (!(violin.density[i] >= 0 && std::isfinite(violin.density[i])))
      fail("{}: density {} of group '{}' is {}; expected a number from 0", name, i + 1, violin.name,
           violin.density[i]);
    any = any || violin.density[i] > 0;
  }
  if (!any) fail("{}: the density of group '{}' is 0 everywhere", name, violin.name);
  if (!(violin.lower_quartile <= violin.median && violin.median <= violin.upper_quartile))
    fail("{}: the quartiles of group '{}' do not ascend: {}, {}, {}", name, violin.name,
         violin.lower_quartile, violin.median, violin.upper_quartile);
}

// By the trapezoidal rule. A density has the area 1; what is drawn is divided by it, so that all groups have the same.
double area_of(const ViolinChart::Violin& violin) {
  double area = 0;
  for (std::size_t i = 1; i < violin.places.size(); ++i)
    area += (violin.places[i] - violin.places[i - 1]) * (violin.density[i] + violin.density[i - 1]) / 2;
  return area;
}

Range range_of(const ViolinChart& chart) {
  Range range;
  for (const auto& violin : chart.violins)
    for (const double place : violin.places) range.take(place);
  return range;
}

void draw_violin(const ViolinChart::Violin& violin, std::size_t group, double units_per_density,
                 const GroupScale& scale, std::vector<EncodedLength>& lengths, Canvas& canvas) {
  const double middle = round_coordinate(scale.middle(group)), area = area_of(violin);
  std::vector<Point> right, left;
  for (std::size_t i = 0; i < violin.places.size(); ++i) {
    const double density = violin.density[i] / area, y = scale.height_of(violin.places[i]);
    const double half = round_coordinate(density * units_per_density / 2);
    right.push_back({middle + half, y});
    left.push_back({middle - half, y});
    lengths.push_back(
        {density, 2 * half, fmt::format("{} at {}", violin.name, number_for_people(violin.places[i]))});
  }
  right.insert(right.end(), left.rbegin(), left.rend());
  canvas.polygon(right, "b1 violin", 0.2, Ink::kData);
  right.push_back(right.front());
  canvas.polyline(right, "s1 outline", 1.25, Ink::kData);
  const Point low{middle, scale.height_of(violin.lower_quartile)},
      high{middle, scale.height_of(violin.upper_quartile)};
  const std::string quartiles = fmt::format(
      "{}: median {}, quartiles {} and {}, {} values", violin.name, number_for_people(violin.median),
      number_for_people(violin.lower_quartile), number_for_people(violin.upper_quartile),
      number_for_people(static_cast<double>(violin.values)));
  canvas.line(low, high, "l1", 3, Ink::kData, {}, quartiles);
  canvas.circle({middle, scale.height_of(violin.median)}, 3.5, "dot", Ink::kData, quartiles);
}

std::string describe(const ViolinChart& chart) {
  if (!chart.summary.empty()) return chart.summary;
  std::string text = fmt::format("Violins of {} for {} of {}.", caption(chart.value), chart.violins.size(),
                                 chart.group_label);
  for (const auto& violin : chart.violins)
    text += fmt::format(" {}: half of {} values lie from {} to {}, the median is {}.", violin.name,
                        number_for_people(static_cast<double>(violin.values)),
                        number_for_people(violin.lower_quartile),
                        with_unit(violin.upper_quartile, chart.value), number_for_people(violin.median));
  return text;
}

// ---- Densities ----

double quantile_of_sorted(const std::vector<double>& sorted, double q) {
  const double place = static_cast<double>(sorted.size() - 1) * q, below = std::floor(place);
  const auto i = static_cast<std::size_t>(below);
  return i + 1 >= sorted.size() ? sorted.back() : sorted[i] + (sorted[i + 1] - sorted[i]) * (place - below);
}

double deviation_of(const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values)
    squares += (value - mean) * (value - mean) / static_cast<double>(values.size());
  return std::sqrt(squares);
}

// By Newton's steps; only correctly rounded operations.
double fifth_root(double n) {
  double root = n > 1 ? n / 5 + 1 : 1;
  for (int i = 0; i < 200; ++i) root = (4 * root + n / (root * root * root * root)) / 5;
  return root;
}

double rule_of_thumb(const std::vector<double>& sorted) {
  const double range = (quantile_of_sorted(sorted, 0.75) - quantile_of_sorted(sorted, 0.25)) / 1.34;
  const double deviation = deviation_of(sorted);
  const double spread = range > 0 ? std::min(range, deviation) : deviation;
  if (spread > 0) return 2.34 * spread / fifth_root(static_cast<double>(sorted.size()));
  return std::max(std::fabs(sorted[0]) * 0.01, 0.01);
}

}  // namespace

ViolinChart::Violin violin_of(std::string name, const std::vector<double>& values, int places,
                              double half_width) {
  if (values.empty()) fail("violin '{}': there are no values", name);
  if (places < 8 || places > 500) fail("violin '{}': {} places; expected 8 to 500", name, places);
  if (!(half_width >= 0) || std::isinf(half_width))
    fail("violin '{}': the half width is {}; expected a number from 0", name, half_width);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(std::fabs(values[i]) <= 1e300))
      fail("violin '{}': value {} is {}, which cannot be drawn", name, i + 1, values[i]);
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const double reach = half_width > 0 ? half_width : rule_of_thumb(sorted);
  // From the least value to the greatest: nobody has an age below 0. Equal values are shown as wide as the kernel.
  const bool equal = sorted.front() == sorted.back();
  const double from = sorted.front() - (equal ? reach : 0), to = sorted.back() + (equal ? reach : 0);
  ViolinChart::Violin violin{std::move(name),
                             {},
                             {},
                             quantile_of_sorted(sorted, 0.25),
                             quantile_of_sorted(sorted, 0.5),
                             quantile_of_sorted(sorted, 0.75),
                             static_cast<std::int64_t>(values.size())};
  for (int i = 0; i < places; ++i) {
    const double place = from + (to - from) * i / (places - 1);
    double sum = 0;
    for (auto near = std::lower_bound(sorted.begin(), sorted.end(), place - reach);
         near != sorted.end() && *near <= place + reach; ++near) {
      const double u = (place - *near) / reach;
      sum += std::max(0.0, 1 - u * u);
    }
    violin.places.push_back(place);
    violin.density.push_back(sum * 0.75 / (reach * static_cast<double>(sorted.size())));
  }
  return violin;
}

void draw_chart(const ViolinChart& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("violin chart '{}'", chart.title);
  const std::vector<std::string> names = names_of_groups(chart);
  check_groups(name, chart.title, chart.group_label, chart.value, names);
  if (chart.value.logarithmic)
    fail(
        "{}: areas on a logarithmic axis do not show shares of the values; take the logarithms of the values",
        name);
  double densest = 0;
  for (const auto& violin : chart.violins) {
    check_violin(name, violin);
    const double area = area_of(violin);
    for (const double density : violin.density) densest = std::max(densest, density / area);
  }
  Range range = range_of(chart);
  for (const auto& violin : chart.violins)
    range.take(violin.lower_quartile), range.take(violin.upper_quartile);
  const GroupScale scale =
      draw_group_frame(name, chart.title, chart.group_label, chart.value, names, range, options, canvas);
  std::vector<EncodedLength> lengths;
  for (std::size_t i = 0; i < chart.violins.size(); ++i)
    draw_violin(chart.violins[i], i, scale.slot * 0.9 / densest, scale, lengths, canvas);
  canvas.lengths.push_back(std::move(lengths));
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
