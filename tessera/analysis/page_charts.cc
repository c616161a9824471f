#include "tessera/analysis/page_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/analysis/sample.h"
#include "tessera/analysis/summary_text.h"
#include "tessera/analysis/words.h"
#include "tessera/base/at.h"
#include "tessera/base/error.h"

namespace tessera::analysis {
namespace {

constexpr double kSwarmHeight = 300;
constexpr std::size_t kBars = 12, kMapColumns = 40, kMapBlocks = 60;

plot::Axis axis(std::string label) {
  return {.label = std::move(label), .unit = "1"};
}

plot::BarChart lying_bars(std::string title, std::string what, plot::Axis value) {
  plot::BarChart chart;
  chart.title = std::move(title);
  chart.category_label = std::move(what);
  chart.value = std::move(value);
  chart.groups.emplace_back();
  chart.direction = plot::BarChart::Direction::kHorizontal;
  return chart;
}

// Names on an axis must differ, also after they were cut.
std::string distinct_name(const std::vector<std::string>& names, std::string name) {
  std::string candidate = name;
  for (int i = 2; std::find(names.begin(), names.end(), candidate) != names.end(); ++i)
    candidate = fmt::format("{} ({})", name, i);
  return candidate;
}

void add_bar(plot::BarChart& chart, const std::string& name, double value) {
  chart.categories.push_back(distinct_name(chart.categories, cut(name, 28)));
  chart.groups[0].values.push_back(value);
}

// The levels that most rows have, at most `most`, in the order of the levels where they are numbers.
std::vector<std::size_t> frequent_levels(const CodedColumn& column, std::size_t most) {
  std::vector<std::size_t> order(column.counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return column.counts[a] > column.counts[b]; });
  if (order.size() > most) order.resize(most);
  if (column.numeric) std::sort(order.begin(), order.end());
  return order;
}

bool can_be_drawn(const plot::SwarmChart& chart) {
  try {
    plot::measure(chart, {.height = kSwarmHeight});
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Instead of violins of a column where one value has more than half of the rows.
report::Html not_drawn(const std::string& picture, const CodedColumn& column) {
  const auto most = std::max_element(column.counts.begin(), column.counts.end());
  return report::element(
             "p",
             fmt::format("{} is not drawn: {} of the rows have the value {}.", picture,
                         percent(static_cast<double>(*most) / static_cast<double>(column.present)),
                         cut(column.level_text(most - column.counts.begin()), 24)),
             "class=\"missing\"") +
         report::markup("\n");
}

// A violin's width comes from squares, which must neither overflow nor underflow.
plot::ViolinChart::Violin violin_in_range(const std::string& name, const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double span = *most - *least;
  if (span != 0 && !(span > 1e-150 && span < 1e150))
    fail("violin '{}': the values differ too {} to be drawn", name, span < 1 ? "little" : "much");
  return plot::violin_of(name, values);
}

// Bins: of many rows more.
int most_bins(std::int64_t rows) {
  return static_cast<int>(std::clamp(std::sqrt(static_cast<double>(rows)), 24.0, 40.0));
}

std::vector<double> present_numbers(const CodedColumn& column) {
  std::vector<double> values;
  values.reserve(at(column.present));
  for (std::size_t level = 0; level < column.numbers.size(); ++level)
    values.insert(values.end(), at(column.counts[level]), column.numbers[level]);
  return values;
}

}  // namespace

PageCharts::PageCharts(const TableAnalysis& analysis, const std::vector<CodedColumn>& columns)
    : analysis_(analysis), columns_(columns) {}

report::Html PageCharts::figure(const plot::Chart& chart, const std::string& caption, plot::Options options) {
  using report::element, report::markup;
  options.id = fmt::format("chart-{}", next_++);
  options.style_sheet = false;
  try {
    const plot::Drawing drawing = plot::draw(chart, options);
    return element("figure", markup(drawing.svg) +
                                 (caption.empty() ? report::Html() : element("figcaption", caption))) +
           markup("\n");
  } catch (const Error& error) {
    return element("p", fmt::format("Not drawn: {}.", error.what()), "class=\"missing\"") + markup("\n");
  }
}

std::string PageCharts::name(std::size_t column) const {
  return cut(analysis_.columns[column].name, 40);
}

std::string PageCharts::sampled(const std::vector<std::int32_t>& rows) const {
  if (static_cast<std::int64_t>(rows.size()) == analysis_.rows) return "";
  return fmt::format(" Drawn from {} of the {} rows, chosen by counter.",
                     grouped(static_cast<std::int64_t>(rows.size())), grouped(analysis_.rows));
}

// ---- One column ----

report::Html PageCharts::distribution(std::size_t index) {
  const CodedColumn& column = columns_[index];
  const ColumnSummary& summary = analysis_.columns[index];
  if (summary.present == 0) return report::element("p", "No usable value in any row.", "class=\"missing\"");
  if (summary.is_number() && (summary.kind == ColumnKind::kNumbers || summary.distinct > kFewValues)) {
    plot::Histogram chart;
    try {
      chart = plot::histogram_of(present_numbers(column), most_bins(column.present));
    } catch (const Error& error) {
      return report::element("p", fmt::format("Not drawn: {}.", error.what()), "class=\"missing\"");
    }
    chart.title = name(index);
    chart.x = axis(name(index));
    chart.count = axis("rows");
    return figure(chart, "");
  }
  if (summary.identifier)
    return report::element("p", "Nearly every row has a value of its own.", "class=\"missing\"");
  plot::BarChart chart = lying_bars(name(index), "value", axis("rows"));
  for (const std::size_t level : frequent_levels(column, summary.is_number() ? at(kFewValues) : kBars))
    add_bar(chart, column.level_text(static_cast<std::int64_t>(level)),
            static_cast<double>(column.counts[level]));
  const std::int64_t hidden = summary.distinct - static_cast<std::int64_t>(chart.categories.size());
  return figure(chart, hidden > 0 ? fmt::format("The {} most frequent of {} values.", chart.categories.size(),
                                                grouped(summary.distinct))
                                  : "");
}

// ---- The target ----

report::Html PageCharts::balance() {
  const TargetSummary& target = *analysis_.target;
  if (!target.classes) return distribution(target.column);
  plot::BarChart chart =
      lying_bars(fmt::format("Rows of each class of {}", name(target.column)), "class", axis("rows"));
  for (const std::size_t level : frequent_levels(columns_[target.column], at(kFewValues)))
    add_bar(chart, target.balance[level].text, static_cast<double>(target.balance[level].count));
  return figure(chart, target.balance.size() > chart.categories.size()
                           ? fmt::format("The {} most frequent of {} classes.", chart.categories.size(),
                                         target.balance.size())
                           : "");
}

report::Html PageCharts::ranking() {
  const TargetSummary& target = *analysis_.target;
  plot::BarChart chart = lying_bars(fmt::format("What each column says about {}", name(target.column)),
                                    "column", {.label = "mutual information", .unit = "nats"});
  for (std::size_t i = 0; i < std::min(target.ranking.size(), kShownLinks); ++i) {
    const TargetLink& link = target.links[target.ranking[i]];
    if (link.method != InformationMethod::kNone) add_bar(chart, name(link.column), link.information);
  }
  if (chart.categories.empty()) return {};
  std::string caption = information_sentence(target) + ".";
  if (target.classes)
    caption =
        fmt::format("The classes have {:.4f} nats; no column can say more. {}", target.entropy, caption);
  return figure(chart, caption);
}

std::vector<std::size_t> PageCharts::picture_classes() const {
  return frequent_levels(columns_[analysis_.target->column], kPictureClasses);
}

std::vector<double> PageCharts::values_of_class(const CodedColumn& column, std::size_t label,
                                                const std::vector<std::int32_t>& rows) const {
  const CodedColumn& goal = columns_[analysis_.target->column];
  std::vector<double> values;
  for (const std::int32_t row : rows)
    if (column.codes[at(row)] >= 0 && goal.codes[at(row)] == static_cast<std::int32_t>(label))
      values.push_back(column.number(row));
  return values;
}

report::Html PageCharts::beside_target(const TargetLink& link) {
  const CodedColumn& column = columns_[link.column];
  if (link.method == InformationMethod::kNone || analysis_.columns[link.column].identifier ||
      column.levels() < 2)
    return {};
  const bool few =
      link.few_values && (!column.numeric || column.levels() <= static_cast<std::int64_t>(kBars));
  if (!analysis_.target->classes) return few ? numbers_by_value(link) : scatter(link);
  return few && analysis_.target->balance.size() == 2 ? shares(link)
         : column.numeric                             ? violins(link)
                                                      : report::Html();
}

bool PageCharts::mostly_one_value(std::size_t column) const {
  const std::vector<std::int64_t>& counts = columns_[column].counts;
  return !counts.empty() && *std::max_element(counts.begin(), counts.end()) * 2 > columns_[column].present;
}

report::Html PageCharts::violins(const TargetLink& link) {
  if (mostly_one_value(link.column))
    return not_drawn(fmt::format("{} by {}", name(link.column), name(analysis_.target->column)),
                     columns_[link.column]);
  const TargetSummary& target = *analysis_.target;
  const std::vector<std::int32_t> rows = drawn_rows(analysis_.rows, kViolinRows);
  plot::ViolinChart chart;
  chart.title = fmt::format("{} by {}", name(link.column), name(target.column));
  chart.group_label = name(target.column);
  chart.value = axis(name(link.column));
  std::vector<std::string> names;
  for (const std::size_t label : picture_classes()) {
    const std::vector<double> values = values_of_class(columns_[link.column], label, rows);
    if (values.empty()) continue;
    names.push_back(distinct_name(names, cut(target.balance[label].text, 24)));
    try {
      chart.violins.push_back(violin_in_range(names.back(), values));
    } catch (const Error& error) {
      return report::element("p", fmt::format("Not drawn: {}.", error.what()), "class=\"missing\"");
    }
  }
  std::string caption =
      "Equal areas; the line runs from quartile to quartile, the dot is the median." + sampled(rows);
  if (target.balance.size() > kPictureClasses)
    caption += fmt::format(" The {} most frequent classes.", kPictureClasses);
  return figure(chart, caption);
}

// Fewer rows where so many dots would not fit: equal values stand beside each other.
report::Html PageCharts::swarm(const TargetLink& link) {
  const TargetSummary& target = *analysis_.target;
  if (!target.classes || !columns_[link.column].numeric || columns_[link.column].levels() <= kFewValues ||
      mostly_one_value(link.column))
    return {};
  plot::SwarmChart chart;
  chart.title = fmt::format("{} by {}, row by row", name(link.column), name(target.column));
  chart.group_label = name(target.column);
  chart.value = axis(name(link.column));
  for (std::int64_t most = kSwarmRows; most >= 75; most /= 2) {
    const std::vector<std::int32_t> rows = drawn_rows(analysis_.rows, most);
    chart.groups.clear();
    std::vector<std::string> names;
    std::size_t dots = 0;
    for (const std::size_t label : picture_classes()) {
      names.push_back(distinct_name(names, cut(target.balance[label].text, 24)));
      chart.groups.push_back({names.back(), values_of_class(columns_[link.column], label, rows)});
      dots += chart.groups.back().values.size();
    }
    if (dots == 0 || !can_be_drawn(chart)) continue;
    std::string caption = "A dot is a row." + sampled(rows);
    if (target.balance.size() > kPictureClasses)
      caption += fmt::format(" The {} most frequent classes.", kPictureClasses);
    return figure(chart, caption, {.height = kSwarmHeight});
  }
  return {};
}

report::Html PageCharts::scatter(const TargetLink& link) {
  const std::vector<std::int32_t> rows = drawn_rows(analysis_.rows, kScatterRows);
  const CodedColumn &x = columns_[link.column], &y = columns_[analysis_.target->column];
  plot::ScatterChart chart;
  chart.title = fmt::format("{} and {}", name(link.column), name(analysis_.target->column));
  chart.x = axis(name(link.column));
  chart.y = axis(name(analysis_.target->column));
  chart.series.push_back({.name = "rows"});
  for (const std::int32_t row : rows) {
    if (x.codes[at(row)] < 0 || y.codes[at(row)] < 0) continue;
    chart.series[0].x.push_back(x.number(row));
    chart.series[0].y.push_back(y.number(row));
  }
  return figure(chart, "A dot is a row." + sampled(rows));
}

// Of two classes the share of the second, by value.
report::Html PageCharts::shares(const TargetLink& link) {
  const TargetSummary& target = *analysis_.target;
  const CodedColumn& column = columns_[link.column];
  std::vector<std::int64_t> all(column.counts.size(), 0), second(column.counts.size(), 0);
  for (const JointCounts::Cell& cell : joint_counts(column, columns_[target.column]).cells) {
    all[at(cell.x)] += cell.count;
    second[at(cell.x)] += cell.y == 1 ? cell.count : 0;
  }
  const std::string of = cut(target.balance[1].text, 20);
  plot::BarChart chart =
      lying_bars(fmt::format("Share of {} = {} by {}", name(target.column), of, name(link.column)), "value",
                 {.label = fmt::format("rows with {}", of), .unit = "%", .to = 100});
  for (const std::size_t level : frequent_levels(column, kBars))
    if (all[level] > 0)
      add_bar(chart, column.level_text(static_cast<std::int64_t>(level)),
              static_cast<double>(second[level]) / static_cast<double>(all[level]) * 100);
  if (chart.categories.empty()) return {};
  return figure(
      chart,
      fmt::format("Of all rows {} have it.{}",
                  percent(static_cast<double>(target.balance[1].count) / static_cast<double>(target.rows)),
                  column.counts.size() > kBars
                      ? fmt::format(" The {} most frequent of {} values.", kBars, grouped(column.levels()))
                      : ""));
}

report::Html PageCharts::numbers_by_value(const TargetLink& link) {
  if (mostly_one_value(analysis_.target->column))
    return not_drawn(fmt::format("{} by {}", name(analysis_.target->column), name(link.column)),
                     columns_[analysis_.target->column]);
  const std::vector<std::int32_t> rows = drawn_rows(analysis_.rows, kViolinRows);
  const CodedColumn &column = columns_[link.column], &goal = columns_[analysis_.target->column];
  plot::ViolinChart chart;
  chart.title = fmt::format("{} by {}", name(analysis_.target->column), name(link.column));
  chart.group_label = name(link.column);
  chart.value = axis(name(analysis_.target->column));
  std::vector<std::string> names;
  for (const std::size_t level : frequent_levels(column, kPictureClasses)) {
    std::vector<double> values;
    for (const std::int32_t row : rows)
      if (column.codes[at(row)] == static_cast<std::int32_t>(level) && goal.codes[at(row)] >= 0)
        values.push_back(goal.number(row));
    if (values.empty()) continue;
    names.push_back(distinct_name(names, cut(column.level_text(static_cast<std::int64_t>(level)), 24)));
    try {
      chart.violins.push_back(violin_in_range(names.back(), values));
    } catch (const Error& error) {
      return report::element("p", fmt::format("Not drawn: {}.", error.what()), "class=\"missing\"");
    }
  }
  return figure(
      chart, "Equal areas; the line runs from quartile to quartile, the dot is the median." + sampled(rows));
}

// ---- All columns ----

report::Html PageCharts::correlations() {
  std::vector<std::size_t> numbers;
  for (const std::size_t column : analysis_.associated)
    if (columns_[column].numeric) numbers.push_back(column);
  if (numbers.size() < 3) return {};
  report::Html html;
  for (const bool spearman : {false, true}) {
    plot::HeatMap chart;
    chart.title = spearman ? "Spearman's rank correlation" : "Pearson's correlation";
    chart.columns = axis("column");
    chart.rows = axis("column");
    chart.value = {.label = "correlation", .unit = "1", .from = -1, .to = 1};
    chart.colours = plot::HeatMap::Colours::kDiverging;
    chart.values.assign(numbers.size(), std::vector<double>(numbers.size(), NAN));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      chart.row_names.push_back(name(numbers[i]));
      chart.column_names.push_back(name(numbers[i]));
      chart.values[i][i] = 1;
    }
    const auto place = [&](std::size_t column) {
      return static_cast<std::size_t>(std::find(numbers.begin(), numbers.end(), column) - numbers.begin());
    };
    for (const Association& each : analysis_.associations) {
      if (each.kind != AssociationKind::kCorrelation) continue;
      const double value = spearman ? each.spearman : each.value;
      chart.values[place(each.first)][place(each.second)] =
          chart.values[place(each.second)][place(each.first)] = std::round(value * 100) / 100;
    }
    html += figure(chart, "", {.width = 640});
  }
  return html;
}

report::Html PageCharts::associations() {
  const std::vector<std::size_t>& shown = analysis_.associated;
  const bool mixed =
      std::any_of(shown.begin(), shown.end(), [&](std::size_t i) { return !columns_[i].numeric; });
  if (shown.size() < 3 || !mixed) return {};
  plot::HeatMap chart;
  chart.title = "Strength of association";
  chart.columns = axis("column");
  chart.rows = axis("column");
  chart.value = {.label = "strength", .unit = "1", .from = 0, .to = 1};
  chart.values.assign(shown.size(), std::vector<double>(shown.size(), NAN));
  for (const std::size_t column : shown) {
    chart.row_names.push_back(name(column));
    chart.column_names.push_back(name(column));
  }
  const auto place = [&](std::size_t column) {
    return static_cast<std::size_t>(std::find(shown.begin(), shown.end(), column) - shown.begin());
  };
  for (const Association& each : analysis_.associations)
    chart.values[place(each.first)][place(each.second)] =
        chart.values[place(each.second)][place(each.first)] = std::round(std::fabs(each.value) * 100) / 100;
  return figure(chart,
                "The size of Pearson's correlation of two columns of numbers, Cramer's V of two columns of "
                "texts, eta of one of each.",
                {.width = 640});
}

report::Html PageCharts::missing_map() {
  std::vector<std::size_t> holes;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].missing > 0 && holes.size() < kMapColumns) holes.push_back(i);
  if (holes.empty()) return {};
  const std::size_t rows = at(analysis_.rows), blocks = std::min(rows, kMapBlocks);
  plot::HeatMap chart;
  chart.title = "Where values are missing";
  chart.columns = axis("rows of the file");
  chart.rows = axis("column");
  chart.value = {.label = "missing", .unit = "%", .from = 0, .to = 100};
  chart.write_values = false;
  for (std::size_t b = 0; b < blocks; ++b)
    chart.column_names.push_back(grouped(static_cast<std::int64_t>(b * rows / blocks + 1)));
  for (const std::size_t column : holes) {
    chart.row_names.push_back(name(column));
    chart.values.emplace_back();
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::size_t first = b * rows / blocks, end = (b + 1) * rows / blocks;
      std::size_t missing = 0;
      for (std::size_t row = first; row < end; ++row)
        missing += columns_[column].codes[row] == kMissing ? 1 : 0;
      chart.values.back().push_back(static_cast<double>(missing) / static_cast<double>(end - first) * 100);
    }
  }
  std::int64_t all = 0;
  for (const CodedColumn& column : columns_) all += column.missing > 0 ? 1 : 0;
  std::string caption =
      rows > blocks ? fmt::format("A cell stands for about {} rows.", rows / blocks) : "A cell is a row.";
  if (all > static_cast<std::int64_t>(holes.size()))
    caption += fmt::format(" The first {} of {} columns with missing values.", holes.size(), all);
  return figure(chart, caption,
                {.width = 640, .height = std::max(80.0, 22.0 * static_cast<double>(holes.size()))});
}

}  // namespace tessera::analysis
