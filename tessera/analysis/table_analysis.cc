#include "tessera/analysis/table_analysis.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"

namespace tessera::analysis {
namespace {

constexpr std::int64_t kMostLevels = 100;  // of a few-valued column among the associations

std::optional<std::size_t> position_of(const data::Table& table, const std::string& name) {
  if (name.empty()) return {};
  return static_cast<std::size_t>(&table.column(name) - table.columns.data());
}

bool can_be_associated(const ColumnSummary& column) {
  if (column.distinct < 2 || column.identifier) return false;
  return !few_valued(column) || (column.distinct <= kMostLevels && column.distinct * 5 <= column.present);
}

// Those that say most about the target, or the first ones; in the table's order. The target is one of them.
void choose_associated(TableAnalysis& analysis, std::int64_t most) {
  std::vector<std::size_t> order;
  if (analysis.target) {
    order.push_back(analysis.target->column);
    for (const std::size_t link : analysis.target->ranking)
      order.push_back(analysis.target->links[link].column);
  } else {
    for (std::size_t i = 0; i < analysis.columns.size(); ++i) order.push_back(i);
  }
  for (const std::size_t column : order) {
    if (!can_be_associated(analysis.columns[column])) continue;
    if (static_cast<std::int64_t>(analysis.associated.size()) == most) {
      analysis.all_associated = false;
      break;
    }
    analysis.associated.push_back(column);
  }
  std::sort(analysis.associated.begin(), analysis.associated.end());
}

// Numbers of few values are numbers here: their correlation says more than Cramer's V.
Association associate(const std::vector<CodedColumn>& columns, std::size_t first, std::size_t second) {
  const CodedColumn &a = columns[first], &b = columns[second];
  Association association{first, second, AssociationKind::kCorrelation, 0,
                          std::numeric_limits<double>::quiet_NaN()};
  if (a.numeric && b.numeric) {
    association.value = pearson(a, b);
    association.spearman = spearman(a, b);
  } else if (a.numeric || b.numeric) {
    association.kind = AssociationKind::kEta;
    association.value = a.numeric ? eta(b, a) : eta(a, b);
  } else {
    association.kind = AssociationKind::kCramersV;
    association.value = cramers_v(joint_counts(a, b));
  }
  return association;
}

void add_associations(const std::vector<CodedColumn>& columns, TableAnalysis& analysis) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < analysis.associated.size(); ++i)
    for (std::size_t j = i + 1; j < analysis.associated.size(); ++j)
      pairs.emplace_back(analysis.associated[i], analysis.associated[j]);
  analysis.associations.resize(pairs.size());
  const auto whole = [&](std::size_t i) {
    return columns[i].numeric && columns[i].present == columns[i].rows();
  };
  const auto both_whole = [&](const auto& pair) { return whole(pair.first) && whole(pair.second); };
  parallel_for(static_cast<std::int64_t>(pairs.size()), [&](std::int64_t i) {
    if (!both_whole(pairs[at(i)]))
      analysis.associations[at(i)] = associate(columns, pairs[at(i)].first, pairs[at(i)].second);
  });
  // Numbers without a gap are decoded once, not for every pair: first the numbers, then their ranks.
  for (const bool ranks : {false, true}) {
    std::vector<CentredColumn> centred(columns.size());
    parallel_for(static_cast<std::int64_t>(analysis.associated.size()), [&](std::int64_t i) {
      const std::size_t column = analysis.associated[at(i)];
      if (whole(column))
        centred[column] = ranks ? centred_ranks(columns[column]) : centred_numbers(columns[column]);
    });
    parallel_for(static_cast<std::int64_t>(pairs.size()), [&](std::int64_t i) {
      const auto& [first, second] = pairs[at(i)];
      if (!both_whole(pairs[at(i)])) return;
      Association& association = analysis.associations[at(i)];
      association.first = first;
      association.second = second;
      (ranks ? association.spearman : association.value) = correlation(centred[first], centred[second]);
    });
  }
}

TableAnalysis analysed(const std::vector<CodedColumn>& columns, const std::string& source,
                       std::optional<std::size_t> target, const AnalysisOptions& options) {
  const FloatEnvironment contract;
  TableAnalysis analysis;
  analysis.source = source;
  analysis.rows = columns.empty() ? 0 : columns[0].rows();
  analysis.columns.resize(columns.size());
  parallel_for(static_cast<std::int64_t>(columns.size()),
               [&](std::int64_t i) { analysis.columns[at(i)] = summarise(columns[at(i)]); });
  for (const ColumnSummary& column : analysis.columns) analysis.missing += column.missing;
  if (target)
    analysis.target = summarise_target(columns, *target, analysis.columns, options.target_kind, source);
  choose_associated(analysis, options.most_associated);
  add_associations(columns, analysis);
  analysis.repeats = row_repeats(columns, target);
  if (analysis.target) analysis.findings = find_leaks(columns, analysis.columns, *analysis.target);
  for (Finding& finding : find_oddities(columns, analysis.columns,
                                        analysis.target ? &*analysis.target : nullptr, analysis.repeats))
    analysis.findings.push_back(std::move(finding));
  return analysis;
}

template <typename CodeOne>
std::vector<CodedColumn> coded(std::size_t count, const CodeOne& code_one) {
  const FloatEnvironment contract;
  std::vector<CodedColumn> columns(count);
  parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t i) { columns[at(i)] = code_one(at(i)); });
  return columns;
}

}  // namespace

std::vector<CodedColumn> code_columns(const data::Table& table) {
  return coded(table.columns.size(), [&](std::size_t i) { return code_column(table.columns[i]); });
}

std::vector<CodedColumn> code_columns(data::Table&& table) {
  data::Table given = std::move(table);
  given.lines = {};
  return coded(given.columns.size(), [&](std::size_t i) {
    const data::Column column = std::move(given.columns[i]);
    return code_column(column);
  });
}

TableAnalysis analyse_columns(const std::vector<CodedColumn>& columns, const std::string& source,
                              const AnalysisOptions& options) {
  std::optional<std::size_t> target;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!options.target.empty() && columns[i].name == options.target) target = i;
  if (!options.target.empty() && !target) fail("{}: there is no column '{}'", source, options.target);
  return analysed(columns, source, target, options);
}

TableAnalysis analyse_table(const data::Table& table, const AnalysisOptions& options) {
  position_of(table, options.target);  // a mistyped name gets a suggestion
  return analyse_columns(code_columns(table), table.source, options);
}

}  // namespace tessera::analysis
