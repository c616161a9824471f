#include "tessera/report/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/plot/draw.h"

namespace tessera::report {
namespace {

constexpr std::string_view kHeldOut = "held_out_";
constexpr std::size_t kMostCharts = 12, kMostTableRows = 20;
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

// A scalar and what was measured of the same kind on the samples that were held out.
struct CurveGroup {
  std::string name;
  const Curve* training = nullptr;
  const Curve* held_out = nullptr;
};

std::vector<CurveGroup> groups_of(const std::map<std::string, Curve>& curves) {
  const auto find = [&](const std::string& name) {
    const auto found = curves.find(name);
    return found == curves.end() ? nullptr : &found->second;
  };
  std::vector<std::string> names = {"loss", "accuracy", "rmse", "mae", "r2", "learning_rate"};
  for (const auto& [name, curve] : curves) {
    const std::string base = name.starts_with(kHeldOut) ? name.substr(kHeldOut.size()) : name;
    if (std::find(names.begin(), names.end(), base) == names.end()) names.push_back(base);
  }
  std::vector<CurveGroup> groups;
  for (const std::string& name : names) {
    const CurveGroup group{name, find(name), find(std::string(kHeldOut) + name)};
    if (group.training != nullptr || group.held_out != nullptr) groups.push_back(group);
  }
  return groups;
}

// "learning_rate" -> "Learning rate"; other programs name their scalars as they like.
std::string title_of(const std::string& name) {
  if (name == "rmse") return "Root mean square error";
  if (name == "mae") return "Mean absolute error";
  std::string title = shortened(printable(name), 60);
  std::replace(title.begin(), title.end(), '_', ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

std::string unit_of(const std::string& name, const runs::Claim& claim) {
  if (claim.kind != "train") return "as recorded";  // only the program knows
  const auto found = claim.configuration.find("training.loss");
  const std::string loss = found == claim.configuration.end() ? "cross_entropy" : found->second;
  if (name == "rmse" || name == "mae") return "label";
  if (name != "loss") return "1";
  return loss == "mse" || loss == "huber" ? "label²" : loss == "l1" ? "label" : "nats";
}

plot::LineChart chart_of(const CurveGroup& group, const runs::Claim& claim, std::size_t& stretch) {
  plot::LineChart chart;
  chart.title = title_of(group.name);
  chart.x = {.label = "step", .unit = "1"};
  chart.y = {.label = shortened(printable(group.name), 60), .unit = unit_of(group.name, claim)};
  std::replace(chart.y.label.begin(), chart.y.label.end(), '_', ' ');
  for (const auto& [curve, name] : {std::pair(group.training, "training"), {group.held_out, "held out"}}) {
    if (curve == nullptr) continue;
    ThinnedCurve thin = thinned(*curve, group.held_out == nullptr ? "" : name);
    stretch = std::max(stretch, thin.stretch);
    chart.series.push_back(std::move(thin.series));
  }
  return chart;
}

// Losses that fall by orders of magnitude: on a linear axis everything but the beginning would lie on the ground.
bool needs_logarithm(const plot::LineChart& chart) {
  constexpr double kLargeRatio = 1000;
  double lowest = std::numeric_limits<double>::infinity(), highest = 0;
  for (const plot::Series& series : chart.series)
    for (const std::vector<double>* values : {&series.y, &series.low, &series.high})
      for (const double value : *values) {
        if (!std::isfinite(value)) continue;
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
      }
  return lowest > 0 && highest > kLargeRatio * lowest;
}

constexpr const char* kLogarithmicNote = " The axis of the loss is logarithmic.";

std::string thinning_note(std::size_t stretch, const Curve& curve) {
  if (stretch == 1) return "";
  return fmt::format(
      "{} in stretches of {}: the line is the mean of each, the band goes from its lowest to its highest "
      "value.",
      count_text(curve.values.size(), "value"), stretch);
}

std::string not_finite_note(const CurveGroup& group) {
  const Curve& curve = group.training != nullptr ? *group.training : *group.held_out;
  for (std::size_t i = 0; i < curve.values.size(); ++i)
    if (!std::isfinite(curve.values[i]))
      return fmt::format(" Not finite, for the first time at step {}; such stretches are gaps.",
                         grouped_number(static_cast<std::uint64_t>(curve.steps[i])));
  return "";
}

// The steps of the table: those with held-out values if there are any, evenly chosen, and always the last one.
std::vector<std::size_t> table_lines(const runs::Record& record) {
  std::vector<std::size_t> all, held_out;
  for (std::size_t i = 0; i < record.lines.size(); ++i) {
    const auto& scalars = record.lines[i].line.scalars;
    if (!scalars.empty()) all.push_back(i);
    const auto found = scalars.lower_bound(std::string(kHeldOut));
    if (found != scalars.end() && found->first.starts_with(kHeldOut)) held_out.push_back(i);
  }
  const std::vector<std::size_t>& from = held_out.empty() ? all : held_out;
  std::set<std::size_t> chosen;
  const std::size_t count = std::min(from.size(), kMostTableRows);
  for (std::size_t i = 1; i <= count; ++i) chosen.insert(from[from.size() * i / count - 1]);
  return {chosen.begin(), chosen.end()};
}

Html values_table(const runs::Record& record, const std::map<std::string, Curve>& curves) {
  Table table{"Recorded values", {{"step", true}}, {}};
  for (const auto& [name, curve] : curves)
    if (table.columns.size() <= kMostCharts) table.columns.push_back({shortened(name, 60), true});
  for (const std::size_t i : table_lines(record)) {
    const runs::ChainLine& line = record.lines[i].line;
    std::vector<Html> row = {text(grouped_number(line.step))};
    for (const auto& [name, curve] : curves) {
      if (row.size() == table.columns.size()) break;
      const auto found = line.scalars.find(name);
      row.push_back(text(found == line.scalars.end() ? "–" : number_text(found->second)));
    }
    table.rows.push_back(std::move(row));
  }
  return details(fmt::format("Values at {}", count_text(table.rows.size(), "step")), table_html(table));
}

}  // namespace

std::map<std::string, Curve> curves_of(const runs::Record& record) {
  std::map<std::string, Curve> curves;
  for (const runs::RecordLine& recorded : record.lines)
    for (const auto& [name, value] : recorded.line.scalars) {
      Curve& curve = curves[name];
      curve.steps.push_back(static_cast<double>(recorded.line.step));
      curve.values.push_back(value);
    }
  return curves;
}

ThinnedCurve thinned(const Curve& curve, const std::string& name, std::size_t most) {
  const std::size_t count = curve.values.size();
  ThinnedCurve result;
  result.series.name = name;
  result.stretch = std::max<std::size_t>(1, (count + most - 1) / most);
  if (result.stretch == 1) {
    result.series.x = curve.steps;
    result.series.y = curve.values;
    return result;
  }
  for (std::size_t first = 0; first < count; first += result.stretch) {
    const std::size_t end = std::min(first + result.stretch, count);
    double sum = 0, low = curve.values[first], high = low;
    for (std::size_t i = first; i < end; ++i) {
      sum += curve.values[i];
      low = std::min(low, curve.values[i]);
      high = std::max(high, curve.values[i]);
    }
    const bool finite = std::isfinite(sum);
    result.series.x.push_back((curve.steps[first] + curve.steps[end - 1]) / 2);
    result.series.y.push_back(finite ? sum / static_cast<double>(end - first) : kGap);
    result.series.low.push_back(finite ? low : kGap);
    result.series.high.push_back(finite ? high : kGap);
  }
  return result;
}

Html figure_html(const plot::Chart& chart, const std::string& id, const std::string& note) {
  try {
    const Html picture = markup(plot::draw(chart, {.id = id, .style_sheet = false}).svg);
    return element("figure", picture + (note.empty() ? Html() : element("figcaption", note))) + markup("\n");
  } catch (const Error& error) {
    return element("p", fmt::format("Not drawn: {}.", error.what()), "class=\"missing\"") + markup("\n");
  }
}

bool has_curves(const runs::Record& record) {
  return record.claim.kind != "fit" && record.claim.kind != "search";
}

Html curves_html(const runs::Record& record, const std::string& id) {
  const std::map<std::string, Curve> curves = curves_of(record);
  if (curves.empty()) return element("p", "No step has recorded a value.");
  if (!has_curves(record)) return values_table(record, curves);
  const std::vector<CurveGroup> groups = groups_of(curves);
  Html charts;
  for (std::size_t i = 0; i < std::min(groups.size(), kMostCharts); ++i) {
    std::size_t stretch = 1;
    plot::LineChart chart = chart_of(groups[i], record.claim, stretch);
    chart.y.logarithmic = groups[i].name == "loss" && needs_logarithm(chart);
    const Curve& curve = groups[i].training != nullptr ? *groups[i].training : *groups[i].held_out;
    charts += figure_html(chart, fmt::format("{}-curve-{}", id, i + 1),
                          thinning_note(stretch, curve) + not_finite_note(groups[i]) +
                              (chart.y.logarithmic ? kLogarithmicNote : ""));
  }
  Html all = element("div", charts, "class=\"charts\"") + markup("\n");
  if (groups.size() > kMostCharts)
    all += element("p",
                   fmt::format("{} more are in chain.jsonl.",
                               count_text(groups.size() - kMostCharts, "kind of value", "kinds of values")));
  return all + values_table(record, curves);
}

namespace {

// One panel per run that has a loss; with the held-out one only if every run has it, since equal colours mean equal things.
std::vector<plot::LineChart> loss_panels(const std::vector<const runs::Record*>& records,
                                         const std::vector<std::string>& names, std::size_t& stretch) {
  std::vector<std::map<std::string, Curve>> curves;
  bool all_held_out = true, one_unit = true;
  for (const runs::Record* record : records) {
    curves.push_back(curves_of(*record));
    one_unit = one_unit && unit_of("loss", record->claim) == unit_of("loss", records[0]->claim);
    if (curves.back().contains("loss"))
      all_held_out = all_held_out && curves.back().contains("held_out_loss");
  }
  std::vector<plot::LineChart> panels;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    if (!curves[i].contains("loss")) continue;
    const Curve* held_out = all_held_out ? &curves[i].at("held_out_loss") : nullptr;
    panels.push_back(chart_of({"loss", &curves[i].at("loss"), held_out}, records[i]->claim, stretch));
    if (!one_unit) panels.back().y.unit = "as recorded";
    panels.back().title = shortened(printable(names[i]), 60);
  }
  return panels;
}

}  // namespace

Html loss_multiples_html(const std::vector<const runs::Record*>& records,
                         const std::vector<std::string>& names, const std::string& id) {
  std::size_t stretch = 1;
  const std::vector<plot::LineChart> panels = loss_panels(records, names, stretch);
  if (panels.size() < 2)
    return element("p", "Fewer than two of the runs have recorded a loss.", "class=\"missing\"");
  plot::LineChart all;
  for (const plot::LineChart& panel : panels)
    all.series.insert(all.series.end(), panel.series.begin(), panel.series.end());
  const bool logarithmic = needs_logarithm(all);
  plot::SmallMultiples chart;
  chart.title = "Loss";
  for (plot::LineChart panel : panels) {
    panel.y.logarithmic = logarithmic;
    chart.panels.emplace_back(std::move(panel));
  }
  std::string note = "All panels have the same axes.";
  if (stretch > 1)
    note += fmt::format(
        " Lines are means of stretches of up to {} steps, bands their lowest and highest values.", stretch);
  return figure_html(chart, id, note + (logarithmic ? kLogarithmicNote : ""));
}

}  // namespace tessera::report
