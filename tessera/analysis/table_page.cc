#include "tessera/analysis/table_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/analysis/page_charts.h"
#include "tessera/analysis/summary_text.h"
#include "tessera/analysis/words.h"
#include "tessera/base/float_environment.h"
#include "tessera/report/page.h"

namespace tessera::analysis {
namespace {

using report::element, report::Html, report::markup, report::text;

constexpr std::size_t kPageColumns = 60, kBesideTarget = 12, kSwarms = 4;

constexpr std::string_view kTableStyle =
    ".suspect{border-left:.4rem solid var(--bad);padding:.1rem .8rem;background:var(--raised)}\n"
    ".suspect h3{margin:.5em 0 .2em}\n.card h3{margin:.4em 0}\n.card "
    "p{font-size:.925rem}\n.wide{max-width:60rem}\n";

Html list_html(const std::vector<std::string>& sentences) {
  Html items;
  for (std::size_t i = 0; i < std::min(sentences.size(), kShownFindings); ++i)
    items += element("li", sentences[i]) + markup("\n");
  if (sentences.size() > kShownFindings)
    items += element("li", fmt::format("and {} more", sentences.size() - kShownFindings));
  return element("ul", items) + markup("\n");
}

Html findings_html(const TableAnalysis& analysis) {
  std::vector<std::string> leaks, oddities, hints;
  for (const Finding& finding : analysis.findings)
    (finding.leak() ? leaks : oddities).push_back(finding.sentence);
  for (const ColumnSummary& column : analysis.columns)
    for (const std::string& hint : column.hints)
      hints.push_back(fmt::format("{}: {}", in_quotes(column.name), hint));
  Html html;
  if (!leaks.empty())
    html += element("div", element("h3", "Leakage suspicions") + list_html(leaks), "class=\"suspect\"");
  else if (analysis.target)
    html += element("p", "No column is suspected of knowing the target.", "class=\"good\"");
  if (!hints.empty()) html += element("h3", "Values that may be missing") + list_html(hints);
  if (!oddities.empty()) html += element("h3", "Worth a look") + list_html(oddities);
  if (html.empty()) html = element("p", "Nothing stands out.");
  return html;
}

// ---- Columns ----

std::string missing_sentence(const ColumnSummary& column) {
  if (column.missing == 0) return "none missing";
  return fmt::format("{} missing ({})", grouped(column.missing),
                     percent(static_cast<double>(column.missing) / static_cast<double>(column.rows)));
}

Html column_html(PageCharts& charts, const TableAnalysis& analysis, std::size_t i) {
  const ColumnSummary& column = analysis.columns[i];
  std::string facts = fmt::format("{}, {} different, {}.", kind_name(column.kind), grouped(column.distinct),
                                  missing_sentence(column));
  if (column.numbers) {
    const NumberFacts& n = *column.numbers;
    facts += fmt::format(" Mean {}, deviation {}, median {}, skewness {}, kurtosis {}.", short_number(n.mean),
                         short_number(n.deviation), short_number(n.median), short_number(n.skewness),
                         short_number(n.kurtosis));
    if (n.outliers_below + n.outliers_above > 0)
      facts += fmt::format(" {} outside of Tukey's fences ({} to {}).",
                           count_of(n.outliers_below + n.outliers_above, "value"),
                           short_number(n.lower_fence), short_number(n.upper_fence));
  }
  if (!column.first_date.empty())
    facts += fmt::format(" From {} to {}.", cut(column.first_date, 30), cut(column.last_date, 30));
  if (column.identifier) facts += " Looks like an identifier.";
  return element("div", element("h3", cut(column.name, 60)) + element("p", facts) + charts.distribution(i),
                 "class=\"card\"") +
         markup("\n");
}

Html columns_html(PageCharts& charts, const TableAnalysis& analysis) {
  Html cards;
  const std::size_t shown = std::min(analysis.columns.size(), kPageColumns);
  for (std::size_t i = 0; i < shown; ++i) cards += column_html(charts, analysis, i);
  Html html;
  if (shown < analysis.columns.size())
    html += element("p", fmt::format("The first {} of {} columns; --json FILE has all.", shown,
                                     grouped(static_cast<std::int64_t>(analysis.columns.size()))));
  return html + element("div", cards, "class=\"charts\"") + markup("\n");
}

// ---- Target ----

Html ranking_table(const TableAnalysis& analysis) {
  const TargetSummary& target = *analysis.target;
  const auto number = [](double value) {
    return text(std::isnan(value) ? "–" : fmt::format("{:.4f}", value));
  };
  report::Table table{"Columns by what they say about the target",
                      {{"column"},
                       {"mutual information", true},
                       {"of the entropy", true},
                       {"estimate"},
                       {"Pearson", true},
                       {"Spearman", true},
                       {"AUC", true},
                       {"Cramer's V", true},
                       {"eta", true}},
                      {}};
  for (std::size_t i = 0; i < std::min(target.ranking.size(), kPageColumns); ++i) {
    const TargetLink& link = target.links[target.ranking[i]];
    const bool none = link.method == InformationMethod::kNone;
    table.rows.push_back({text(cut(analysis.columns[link.column].name, 40)), number(link.information),
                          text(none || !target.classes ? "–" : percent(std::min(1.0, link.share))),
                          text(none                                         ? "none"
                               : link.method == InformationMethod::kCounted ? "counted"
                                                                            : "neighbours"),
                          number(link.pearson), number(link.spearman), number(link.auc),
                          number(link.cramers_v), number(link.eta)});
  }
  return table_html(table);
}

Html target_html(PageCharts& charts, const TableAnalysis& analysis) {
  return element("div", charts.balance() + charts.ranking(), "class=\"charts\"") + markup("\n") +
         ranking_table(analysis);
}

Html beside_html(PageCharts& charts, const TableAnalysis& analysis) {
  const TargetSummary& target = *analysis.target;
  Html figures, swarms;
  std::vector<std::string> spikes;
  std::size_t shown = 0, swarmed = 0;
  for (const std::size_t i : target.ranking) {
    const TargetLink& link = target.links[i];
    if (swarmed < kSwarms && !analysis.columns[link.column].identifier &&
        analysis.columns[link.column].distinct > 2) {
      const Html html = charts.swarm(link);
      swarmed += html.empty() ? 0 : 1;
      swarms += html;
      if (target.classes && analysis.columns[link.column].is_number() &&
          analysis.columns[link.column].distinct > kFewValues && charts.mostly_one_value(link.column))
        spikes.push_back(in_quotes(analysis.columns[link.column].name, 40));
    }
    if (shown == kBesideTarget) continue;
    const Html html = charts.beside_target(link);
    shown += html.empty() ? 0 : 1;
    figures += html;
  }
  Html html;
  if (shown == kBesideTarget && target.links.size() > shown)
    html += element("p", fmt::format("The {} columns that say most.", shown));
  html += element("div", figures, "class=\"charts\"") + markup("\n");
  if (!swarms.empty() || !spikes.empty()) html += element("h3", "Row by row");
  if (!spikes.empty())
    html += element(
        "p", fmt::format("Without {}: more than half of the rows have one value there.", listed(spikes)));
  if (!swarms.empty()) html += element("div", swarms, "class=\"charts\"") + markup("\n");
  return html;
}

Html associations_html(PageCharts& charts, const TableAnalysis& analysis) {
  Html html;
  if (!analysis.all_associated)
    html += element("p",
                    fmt::format("Among {} columns: {}.", analysis.associated.size(),
                                analysis.target ? "those that say most about the target" : "the first ones"));
  html += element("div", charts.correlations() + charts.associations(), "class=\"charts\"") + markup("\n");
  report::Table table{"Strongest associations", {{"column"}, {"column"}, {"association"}}, {}};
  for (const Association& each : strongest_associations(analysis, 20))
    table.rows.push_back({text(cut(analysis.columns[each.first].name, 40)),
                          text(cut(analysis.columns[each.second].name, 40)), text(association_text(each))});
  return table.rows.empty() ? html : html + table_html(table);
}

}  // namespace

std::string table_page(const TableAnalysis& analysis, const std::vector<CodedColumn>& columns) {
  const FloatEnvironment contract;
  PageCharts charts(analysis, columns);
  std::vector<report::Section> sections;
  if (analysis.rows > 0) {
    sections.push_back({"findings", "What to look at first", findings_html(analysis)});
    if (analysis.target)
      sections.push_back(
          {"target", fmt::format("The target {}", cut(analysis.columns[analysis.target->column].name, 60)),
           target_html(charts, analysis)});
    if (analysis.target)
      sections.push_back({"beside", "Columns beside the target", beside_html(charts, analysis)});
    sections.push_back({"columns", "Columns", columns_html(charts, analysis)});
    if (analysis.associated.size() > 1)
      sections.push_back({"associations", "Columns beside each other", associations_html(charts, analysis)});
    const Html missing = charts.missing_map();
    if (!missing.empty())
      sections.push_back({"missing", "Missing values", element("div", missing, "class=\"wide\"")});
  }
  const std::size_t slash = analysis.source.find_last_of('/');
  const std::string name =
      cut(slash == std::string::npos ? analysis.source : analysis.source.substr(slash + 1), 80);
  return report::page_html({.title = name,
                            .head = element("p", overview_sentence(analysis) + "."),
                            .links = report::links_html(sections),
                            .content = report::sections_html(sections, 2),
                            .footer = element("p",
                                              "Written by tessera analyse. Every number is a count or a sum "
                                              "in a fixed order: the same table gives the same page."),
                            .style = kTableStyle});
}

}  // namespace tessera::analysis
