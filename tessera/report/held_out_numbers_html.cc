// The part of held_out.h that writes where labels are numbers: what was said against what is, the errors, the worst samples.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/plot/chart.h"
#include "tessera/report/curves.h"
#include "tessera/report/held_out.h"

namespace tessera::report {
namespace {

constexpr std::size_t kMostDrawnSamples = 1000, kMostShownColumns = 12;

// Every stride-th sample is drawn.
std::size_t stride_of(const HeldOutNumbers& numbers) {
  return (numbers.actual.size() + kMostDrawnSamples - 1) / kMostDrawnSamples;
}

// Both axes have the same range, so that a right answer lies on the diagonal.
Html predicted_html(const HeldOutNumbers& numbers, const std::string& id) {
  plot::ScatterChart chart;
  chart.title = "What is said against what is";
  chart.x = {.label = "actual", .unit = "label"};
  chart.y = {.label = "predicted", .unit = "label"};
  const auto [low, high] = std::minmax_element(numbers.actual.begin(), numbers.actual.end());
  const auto [least, most] = std::minmax_element(numbers.predicted.begin(), numbers.predicted.end());
  const double from = std::min(*low, *least), to = std::max(*high, *most);
  if (to > from && std::isfinite(to - from)) {
    chart.x.from = chart.y.from = from;
    chart.x.to = chart.y.to = to;
  }
  chart.series.emplace_back();
  const std::size_t stride = stride_of(numbers);
  for (std::size_t i = 0; i < numbers.actual.size(); i += stride) {
    chart.series[0].x.push_back(numbers.actual[i]);
    chart.series[0].y.push_back(numbers.predicted[i]);
  }
  return figure_html(
      chart, id + "-predicted",
      fmt::format("Right answers lie on the diagonal from the lower left to the upper right.{}",
                  stride == 1 ? "" : fmt::format(" One sample in {} is drawn.", stride)));
}

Html errors_html(const HeldOutNumbers& numbers, const std::string& id) {
  std::vector<double> errors;
  for (std::size_t i = 0; i < numbers.actual.size(); ++i) {
    const double error = numbers.predicted[i] - numbers.actual[i];
    if (!std::isfinite(error))
      return element("p", "Some predictions are not finite; their errors are not drawn.",
                     "class=\"missing\"");
    errors.push_back(error);
  }
  plot::Histogram chart = plot::histogram_of(errors);
  chart.title = "Errors";
  chart.x = {.label = "predicted - actual", .unit = "label"};
  chart.count = {.label = "number of samples", .unit = "1"};
  return figure_html(chart, id + "-errors");
}

Html worst_table(const HeldOutResult& result) {
  const HeldOutNumbers& numbers = *result.numbers;
  const auto width = static_cast<std::size_t>(result.missed.elements() / result.missed.size(0));
  const std::size_t shown = std::min(width, kMostShownColumns);
  const std::vector<float> values = result.missed.to_vector<float>();
  Table table{"Samples with the largest errors",
              {{"sample"}, {"actual", true}, {"predicted", true}, {"error", true}},
              {}};
  for (std::size_t i = 0; i < shown; ++i)
    table.columns.push_back({i < result.columns.size() ? shortened(printable(result.columns[i]), 40)
                                                       : fmt::format("value {}", i + 1),
                             true});
  for (std::size_t row = 0; row < numbers.worst.size(); ++row) {
    const std::size_t at = numbers.worst[row];
    std::vector<Html> cells = {text(grouped_number(static_cast<std::uint64_t>(numbers.numbers[at]))),
                               text(number_text(numbers.actual[at])),
                               text(number_text(numbers.predicted[at])),
                               text(number_text(numbers.predicted[at] - numbers.actual[at]))};
    for (std::size_t i = 0; i < shown; ++i)
      cells.push_back(text(number_text(static_cast<double>(values[row * width + i]))));
    table.rows.push_back(std::move(cells));
  }
  Html html = table_html(table);
  if (shown < width)
    html += element(
        "p", fmt::format("{} of each sample are not shown.", count_text(width - shown, "other value")));
  return html;
}

}  // namespace

Html held_out_numbers_html(const HeldOutResult& result, const std::string& id, int level) {
  const HeldOutNumbers& numbers = *result.numbers;
  Html html = element(
      "p", fmt::format("{} of {} samples were held out. RMSE {}, MAE {} (in units of the label), R² {:.4f}, "
                       "loss {}.",
                       grouped_number(static_cast<std::uint64_t>(result.samples)),
                       grouped_number(static_cast<std::uint64_t>(result.all_samples)),
                       number_text(numbers.errors.rmse), number_text(numbers.errors.mae), numbers.errors.r2,
                       number_text(result.loss)));
  html += element("div", predicted_html(numbers, id) + errors_html(numbers, id), "class=\"charts\"") +
          markup("\n");
  html += element(fmt::format("h{}", level), "Largest errors") + markup("\n") + worst_table(result);
  return html;
}

}  // namespace tessera::report
