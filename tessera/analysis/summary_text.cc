#include "tessera/analysis/summary_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/analysis/text_table.h"
#include "tessera/analysis/words.h"
#include "tessera/base/float_environment.h"

namespace tessera::analysis {
namespace {

constexpr std::size_t kNameWidth = 22, kWidth = 100;

std::size_t shown_columns(const TableAnalysis& analysis) {
  return std::min(analysis.columns.size(), kShownColumns);
}

std::string missing_text(const ColumnSummary& column) {
  if (column.missing == 0) return "-";
  return fmt::format("{} ({})", grouped(column.missing),
                     percent(static_cast<double>(column.missing) / static_cast<double>(column.rows)));
}

std::string remark(const ColumnSummary& column, bool is_target) {
  std::vector<std::string> remarks;
  if (is_target) remarks.emplace_back("the target");
  if (column.identifier) remarks.emplace_back("looks like an identifier");
  if (column.constant) remarks.emplace_back("constant");
  if (!column.first_date.empty())
    remarks.push_back(
        column.first_date == column.last_date
            ? column.first_date
            : fmt::format("{} to {}", column.first_date.substr(0, 10), column.last_date.substr(0, 10)));
  return listed(remarks);
}

std::string columns_part(const TableAnalysis& analysis) {
  TextTable table(
      {{"column", kNameWidth}, {"kind"}, {"missing", 18, true}, {"distinct", 12, true}, {"", 32}});
  for (std::size_t i = 0; i < shown_columns(analysis); ++i) {
    const ColumnSummary& column = analysis.columns[i];
    table.add({cut(column.name, kNameWidth), std::string(kind_name(column.kind)), missing_text(column),
               grouped(column.distinct), remark(column, analysis.target && analysis.target->column == i)});
  }
  return table.text();
}

// With as many digits as the width has room for: a number whose exponent is cut off is another number.
std::string narrow_number(double value, std::size_t width) {
  std::string text = short_number(value);
  for (int digits = 3; digits > 0 && text.size() > width; --digits)
    text = fmt::format("{:.{}g}", value, digits);
  return text;
}

std::string numbers_part(const TableAnalysis& analysis) {
  TextTable table({{"numbers", kNameWidth - 4},
                   {"mean", 9, true},
                   {"deviation", 9, true},
                   {"least", 9, true},
                   {"25 %", 9, true},
                   {"median", 9, true},
                   {"75 %", 9, true},
                   {"most", 9, true},
                   {"skew", 9, true},
                   {"kurtosis", 9, true}});
  for (std::size_t i = 0; i < shown_columns(analysis); ++i) {
    const ColumnSummary& column = analysis.columns[i];
    if (!column.numbers) continue;
    const NumberFacts& n = *column.numbers;
    std::vector<std::string> row = {cut(column.name, kNameWidth - 4)};
    for (const double value : {n.mean, n.deviation, n.least, n.lower_quartile, n.median, n.upper_quartile,
                               n.most, n.skewness, n.kurtosis})
      row.push_back(narrow_number(value, 9));
    table.add(std::move(row));
  }
  return table.text();
}

std::string outliers_text(const ColumnSummary& column) {
  const NumberFacts& n = *column.numbers;
  std::vector<std::string> parts;
  if (n.outliers_below > 0)
    parts.push_back(fmt::format("{} below {}", grouped(n.outliers_below), short_number(n.lower_fence)));
  if (n.outliers_above > 0)
    parts.push_back(fmt::format("{} above {}", grouped(n.outliers_above), short_number(n.upper_fence)));
  return fmt::format("{} ({})", listed(parts),
                     percent(static_cast<double>(n.outliers_below + n.outliers_above) /
                             static_cast<double>(column.present)));
}

std::string outliers_part(const TableAnalysis& analysis) {
  TextTable table({{"outliers (Tukey's fences)", kNameWidth + 4}, {"", 70}});
  for (std::size_t i = 0; i < shown_columns(analysis); ++i) {
    const ColumnSummary& column = analysis.columns[i];
    if (!column.is_number() || column.numbers->outliers_below + column.numbers->outliers_above == 0) continue;
    table.add({cut(column.name, kNameWidth), outliers_text(column)});
  }
  return table.text();
}

std::string frequent_text(const ColumnSummary& column, std::size_t width) {
  std::string text;
  std::size_t shown = 0;
  for (const ValueCount& each : column.frequent) {
    const std::string piece =
        fmt::format("{}{} {}", shown == 0 ? "" : ", ", cut(each.text, 24),
                    percent(static_cast<double>(each.count) / static_cast<double>(column.present)));
    if (shown > 0 && columns_of(text) + columns_of(piece) > width) break;
    text += piece;
    if (++shown == 5) break;
  }
  return text;
}

std::string texts_part(const TableAnalysis& analysis) {
  TextTable table({{"texts", kNameWidth}, {"most frequent", 57}, {"rare values", 17, true}});
  for (std::size_t i = 0; i < shown_columns(analysis); ++i) {
    const ColumnSummary& column = analysis.columns[i];
    if (column.is_number() || column.present == 0 || column.identifier || column.kind == ColumnKind::kDates)
      continue;
    table.add({cut(column.name, kNameWidth), frequent_text(column, 57),
               column.rare_values == 0 ? "-"
                                       : fmt::format("{} ({})", grouped(column.rare_values),
                                                     percent(static_cast<double>(column.rare_rows) /
                                                             static_cast<double>(column.present)))});
  }
  std::string text = table.text();
  if (!text.empty())
    text += "rare: values that less than 1 row in 100 has, with the share of rows that have one of them\n";
  return text;
}

// ---- Target ----

std::string balance_part(const TableAnalysis& analysis) {
  const TargetSummary& target = *analysis.target;
  const std::string name = in_quotes(analysis.columns[target.column].name, 40);
  if (!target.classes) return fmt::format("Target {}: numbers in {}\n", name, count_of(target.rows, "row"));
  std::string text = fmt::format("Target {}: {} classes in {}, entropy {:.4f} nats\n", name,
                                 target.balance.size(), count_of(target.rows, "row"), target.entropy);
  constexpr std::size_t kShown = 20, kBar = 40;
  std::int64_t most = 1;
  for (const ValueCount& each : target.balance) most = std::max(most, each.count);
  for (std::size_t i = 0; i < std::min(target.balance.size(), kShown); ++i) {
    const ValueCount& each = target.balance[i];
    const auto bar =
        static_cast<std::size_t>((each.count * static_cast<std::int64_t>(kBar) + most - 1) / most);
    text += fmt::format(
        "  {} {:>10} {:>8}  {}\n", padded(cut(each.text, kNameWidth), kNameWidth, false), grouped(each.count),
        percent(static_cast<double>(each.count) / static_cast<double>(target.rows)), std::string(bar, '#'));
  }
  if (target.balance.size() > kShown)
    text += fmt::format("  and {} more classes\n", target.balance.size() - kShown);
  return text;
}

std::string beside(double value) {
  return std::isnan(value) ? "" : fmt::format("{:.4f}", value);
}

std::string ranking_part(const TableAnalysis& analysis) {
  const TargetSummary& target = *analysis.target;
  const bool two = target.balance.size() == 2;
  std::vector<TextColumn> head = {{"by mutual information", kNameWidth}, {"nats", 8, true}};
  if (target.classes) head.push_back({"of entropy", 11, true});
  head.push_back({"estimate", 10});
  if (!target.classes || two) head.push_back({"Pearson", 8, true});
  if (!target.classes || two) head.push_back({"Spearman", 8, true});
  if (two) head.push_back({"AUC", 7, true});
  if (target.classes) head.push_back({"V", 7, true});
  if (!two) head.push_back({"eta", 7, true});
  TextTable table(head);
  for (std::size_t i = 0; i < std::min(target.ranking.size(), kShownLinks); ++i) {
    const TargetLink& link = target.links[target.ranking[i]];
    std::vector<std::string> row = {cut(analysis.columns[link.column].name, kNameWidth),
                                    link.method == InformationMethod::kNone ? "-" : beside(link.information)};
    if (target.classes)
      row.push_back(link.method == InformationMethod::kNone ? "" : percent(std::min(1.0, link.share)));
    row.emplace_back(link.method == InformationMethod::kCounted      ? "counted"
                     : link.method == InformationMethod::kNeighbours ? "neighbours"
                                                                     : "none");
    if (!target.classes || two) row.push_back(beside(link.pearson));
    if (!target.classes || two) row.push_back(beside(link.spearman));
    if (two) row.push_back(beside(link.auc));
    if (target.classes) row.push_back(beside(link.cramers_v));
    if (!two) row.push_back(beside(link.eta));
    table.add(std::move(row));
  }
  std::string text = table.text();
  if (target.ranking.size() > kShownLinks)
    text += fmt::format("and {} more columns\n", target.ranking.size() - kShownLinks);
  return text + wrapped(information_sentence(target), kWidth, 0) + "\n";
}

// ---- Associations and findings ----

std::string associations_part(const TableAnalysis& analysis) {
  const std::vector<Association> strongest = strongest_associations(analysis, kShownAssociations);
  if (strongest.empty()) return "";
  std::string text = "Strongest associations between columns\n";
  for (const Association& each : strongest)
    text += fmt::format("  {} {} {}\n",
                        padded(cut(analysis.columns[each.first].name, kNameWidth), kNameWidth, false),
                        padded(cut(analysis.columns[each.second].name, kNameWidth), kNameWidth, false),
                        association_text(each));
  if (!analysis.all_associated)
    text += fmt::format("among {} columns{}, of {}\n", analysis.associated.size(),
                        analysis.target ? " that say most about the target" : ", the first ones",
                        grouped(static_cast<std::int64_t>(analysis.columns.size())));
  return text;
}

std::string list_part(const std::string& title, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string text = title + "\n";
  for (std::size_t i = 0; i < std::min(sentences.size(), kShownFindings); ++i)
    text += "  - " + wrapped(sentences[i], kWidth - 4, 4) + "\n";
  if (sentences.size() > kShownFindings)
    text += fmt::format("  and {} more\n", sentences.size() - kShownFindings);
  return text;
}

std::string findings_part(const TableAnalysis& analysis) {
  std::vector<std::string> leaks, oddities, hints;
  for (const Finding& finding : analysis.findings)
    (finding.leak() ? leaks : oddities).push_back(finding.sentence);
  for (const ColumnSummary& column : analysis.columns)
    for (const std::string& hint : column.hints)
      hints.push_back(fmt::format("{}: {}", in_quotes(column.name), hint));
  std::string text = list_part("Leakage suspicions", leaks);
  if (leaks.empty() && analysis.target) text = "Leakage suspicions: none\n";
  for (const std::string& part :
       {list_part("Values that may be missing", hints), list_part("Worth a look", oddities)})
    text += text.empty() || part.empty() ? part : "\n" + part;
  return text;
}

}  // namespace

std::string overview_sentence(const TableAnalysis& analysis) {
  std::int64_t numbers = 0, texts = 0, dates = 0, empty = 0;
  for (const ColumnSummary& column : analysis.columns) {
    numbers += column.is_number();
    dates += column.kind == ColumnKind::kDates;
    empty += column.kind == ColumnKind::kEmpty;
    texts += column.kind == ColumnKind::kTexts || column.kind == ColumnKind::kCategories;
  }
  std::vector<std::string> parts;
  if (numbers > 0) parts.push_back(fmt::format("{} of numbers", grouped(numbers)));
  if (texts > 0) parts.push_back(fmt::format("{} of texts", grouped(texts)));
  if (dates > 0) parts.push_back(fmt::format("{} of dates", grouped(dates)));
  if (empty > 0) parts.push_back(fmt::format("{} empty", grouped(empty)));
  const auto cells = static_cast<double>(analysis.rows) * static_cast<double>(analysis.columns.size());
  const std::string missing = analysis.rows == 0 ? "there is no row below the header"
                              : analysis.missing == 0
                                  ? "no value is missing"
                                  : fmt::format("{} missing ({})", count_of(analysis.missing, "value"),
                                                percent(static_cast<double>(analysis.missing) / cells));
  return fmt::format("{}, {}: {}; {}", count_of(analysis.rows, "row"),
                     count_of(static_cast<std::int64_t>(analysis.columns.size()), "column"), listed(parts),
                     missing);
}

std::string information_sentence(const TargetSummary& target) {
  bool neighbours = false, none = false, counted = false, shuffled = false;
  for (const TargetLink& link : target.links) {
    neighbours = neighbours || link.method == InformationMethod::kNeighbours;
    none = none || link.method == InformationMethod::kNone;
    counted = counted || link.method == InformationMethod::kCounted;
    shuffled = shuffled || !std::isnan(link.by_chance);
  }
  std::vector<std::string> parts;
  if (counted) parts.emplace_back("counted: from the counts of values, less Miller and Madow's bias");
  if (shuffled)
    parts.push_back(
        fmt::format("columns of more than {} values: less what they hold of a shuffled target", kManyValues));
  if (neighbours)
    parts.push_back(fmt::format(
        "neighbours: {} of {}, uncertain by about 1/sqrt(rows) and too low where the dependence is strong",
        target.classes ? "Ross' estimate" : "Kraskov's and Ross' estimates",
        count_of(target.neighbour_rows, "row")));
  if (none) parts.emplace_back("none: nearly every value occurs once, or there are too few");
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : "; ").append(part);
  return text;
}

std::vector<Association> strongest_associations(const TableAnalysis& analysis, std::size_t most) {
  std::vector<Association> all;
  for (const Association& each : analysis.associations)
    if (!std::isnan(each.value)) all.push_back(each);
  const auto strength = [](const Association& each) { return std::fabs(each.value); };
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& a, const auto& b) { return strength(a) > strength(b); });
  if (all.size() > most) all.resize(most);
  return all;
}

std::string association_text(const Association& association) {
  if (association.kind == AssociationKind::kCramersV)
    return fmt::format("Cramer's V {:.4f}", association.value);
  if (association.kind == AssociationKind::kEta) return fmt::format("eta {:.4f}", association.value);
  return fmt::format("Pearson {:.4f}, Spearman {:.4f}", association.value, association.spearman);
}

std::string summary_text(const TableAnalysis& analysis) {
  const FloatEnvironment contract;
  std::string text =
      wrapped(fmt::format("{}: {}", cut(analysis.source, 200), overview_sentence(analysis)), kWidth, 2) +
      "\n";
  std::vector<std::string> parts = {columns_part(analysis)};
  if (analysis.columns.size() > kShownColumns)
    parts.push_back(fmt::format("the first {} of {} columns; --json has all\n", kShownColumns,
                                grouped(static_cast<std::int64_t>(analysis.columns.size()))));
  if (analysis.rows > 0) {
    parts.push_back(numbers_part(analysis));
    parts.push_back(outliers_part(analysis));
    parts.push_back(texts_part(analysis));
    if (analysis.target) parts.push_back(balance_part(analysis));
    if (analysis.target) parts.push_back(ranking_part(analysis));
    parts.push_back(associations_part(analysis));
    parts.push_back(findings_part(analysis));
  }
  for (const std::string& part : parts)
    if (!part.empty()) text += "\n" + part;
  return text;
}

}  // namespace tessera::analysis
