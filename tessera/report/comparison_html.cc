// The comparison as tables of the page.
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/report/page_parts.h"

namespace tessera::report {
namespace {

// "held_out_loss" -> "held out loss"
std::string readable(const std::string& metric) {
  std::string name = shortened(printable(metric), 40);
  for (char& c : name)
    if (c == '_') c = ' ';
  return name;
}

Html results_table(const Comparison& comparison, const std::vector<std::string>& links) {
  Table table{"Results", {{"run"}, {"status"}, {"parameters", true}, {"steps", true}, {"time", true}}, {}};
  const std::size_t metrics = std::min(comparison.metrics.size(), kMostShownMetrics);
  for (std::size_t m = 0; m < metrics; ++m) table.columns.push_back({readable(comparison.metrics[m]), true});
  table.columns.push_back({"seal"});
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    const ComparedRun& run = comparison.runs[i];
    std::vector<Html> row = {
        element("a", shortened(printable(run.name), 60), fmt::format("href=\"#{}\"", links[i])),
        text(run.status), text(run.parameters ? grouped_number(*run.parameters) : "–"),
        text(run.chain_readable ? steps_text(run) : "–"),
        text(run.microseconds ? duration_text(*run.microseconds) : "–")};
    for (std::size_t m = 0; m < metrics; ++m) {
      const auto found = run.finals.find(comparison.metrics[m]);
      row.push_back(text(found == run.finals.end() ? "–" : number_text(found->second)));
    }
    row.push_back(run.seal.empty() ? text("–") : code(run.seal.substr(0, 12)));
    table.rows.push_back(std::move(row));
  }
  return element("div", table_html(table), "class=\"results\"") + markup("\n");
}

Html differences_table(const Comparison& comparison) {
  if (comparison.differences.empty())
    return element("p", "The runs have the same configuration, seed and inputs.");
  Table table{"Configuration keys that differ", {{"key"}}, {}};
  for (const ComparedRun& run : comparison.runs) table.columns.push_back({shortened(run.name, 40)});
  for (const Difference& difference : comparison.differences) {
    std::vector<Html> row = {code(difference.key)};
    for (std::size_t i = 0; i < comparison.runs.size(); ++i)
      row.push_back(text(value_text(comparison, difference, i)));
    table.rows.push_back(std::move(row));
  }
  return element("div", table_html(table), "class=\"differences\"") + markup("\n");
}

}  // namespace

Html comparison_html(const Comparison& comparison, const std::vector<std::string>& links) {
  return element(
             "p",
             "The values are the last ones that each run recorded: of a step, those of its batch; held out, "
             "those of all samples that were held out.") +
         results_table(comparison, links) + differences_table(comparison);
}

}  // namespace tessera::report
