#include "tessera/analysis/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/analysis/sample.h"
#include "tessera/analysis/words.h"
#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/random.h"
#include "tessera/stats/mutual_information.h"

namespace tessera::analysis {
namespace {

constexpr std::int64_t kMostPairedClasses = 10;

bool is_classes(const CodedColumn& target, const ColumnSummary& summary, TargetKind kind,
                const std::string& where) {
  if (kind == TargetKind::kClasses) return true;
  if (kind == TargetKind::kNumbers) {
    if (!target.numeric)
      fail("{}: the target '{}' holds texts, expected numbers", where, cut(target.name, 60));
    return false;
  }
  return !target.numeric || (summary.kind == ColumnKind::kWholeNumbers && summary.distinct <= kFewValues);
}

void check_target(const CodedColumn& target, bool classes, const std::string& where) {
  const std::string name = cut(target.name, 60);
  if (target.present == 0)
    fail("{}: the target '{}' has no value in any of {}", where, name, count_of(target.rows(), "row"));
  if (target.levels() == 1)
    fail("{}: the target '{}' is {} wherever it has a value: no column can say anything about it", where,
         name, in_quotes(target.level_text(0)));
  if (classes && target.levels() > kMostClasses)
    fail("{}: the target '{}' has {} different values, expected at most {} classes", where, name,
         grouped(target.levels()), grouped(kMostClasses));
}

// By neighbours: `continuous` against `other`, which is of classes or numbers.
double neighbour_information(const CodedColumn& continuous, const CodedColumn& other, bool other_is_classes,
                             const std::vector<std::int32_t>& rows) {
  std::vector<double> x, y;
  std::vector<std::int64_t> labels;
  for (const std::int32_t row : rows) {
    if (continuous.codes[at(row)] < 0 || other.codes[at(row)] < 0) continue;
    x.push_back(continuous.number(row));
    if (other_is_classes)
      labels.push_back(other.codes[at(row)]);
    else
      y.push_back(other.number(row));
  }
  const auto constant = [](const auto& values) {
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
  };
  if (x.size() < 10) return NAN;
  if (constant(x) || (other_is_classes ? constant(labels) : constant(y))) return 0;
  return other_is_classes ? stats::mutual_information_with_class(x, labels)
                          : stats::mutual_information_by_neighbours(x, y);
}

double entropy_of(const std::vector<std::int64_t>& counts, std::int64_t rows) {
  return rows == 0 ? NAN : stats::entropy_of_counts(counts);
}

// The target with its values handed out anew among the rows that have one.
CodedColumn shuffled(const CodedColumn& target, int which) {
  CodedColumn result = target;
  std::vector<std::size_t> present;
  for (std::size_t row = 0; row < target.codes.size(); ++row)
    if (target.codes[row] >= 0) present.push_back(row);
  const auto order =
      numerics::permutation(static_cast<std::int64_t>(present.size()),
                            numerics::stream_key(0, fmt::format("analysis/shuffle/{}", which)), 0);
  for (std::size_t i = 0; i < present.size(); ++i)
    result.codes[present[i]] = target.codes[present[at(order[i])]];
  return result;
}

double information_by_chance(const CodedColumn& column, const std::vector<CodedColumn>& shuffles) {
  double sum = 0;
  for (const CodedColumn& target : shuffles) sum += mutual_information(joint_counts(column, target)).plug_in;
  return sum / static_cast<double>(shuffles.size());
}

void link_classes(const CodedColumn& column, const CodedColumn& target,
                  const std::vector<CodedColumn>& shuffles, const std::vector<std::int32_t>& rows,
                  TargetLink& link) {
  const JointCounts joint = joint_counts(column, target);
  const std::vector<std::int64_t> classes = joint.y_counts();
  if (link.few_values || column.levels() > kFewValues) link.repeats = repeat_agreement(joint);
  if (link.few_values) {
    if (column.levels() * 5 <= joint.rows) {
      const CountedInformation counted = mutual_information(joint);
      link.method = InformationMethod::kCounted;
      link.information = std::max(0.0, counted.corrected);
      link.plug_in = counted.plug_in;
      link.cramers_v = cramers_v(joint);
      if (column.levels() > kManyValues) {
        link.by_chance = information_by_chance(column, shuffles);
        link.information = std::max(0.0, counted.plug_in - link.by_chance);
      }
    }
  } else {
    link.information = neighbour_information(column, target, true, rows);
    link.method = std::isnan(link.information) ? InformationMethod::kNone : InformationMethod::kNeighbours;
    link.eta = eta(target, column);
  }
  link.share = link.information / entropy_of(classes, joint.rows);
  if (!column.numeric) return;
  if (target.levels() == 2) {
    link.auc = auc(joint, 0, 1);
    link.spearman = spearman(column, target);
    // Pearson's with classes counted as 0 and 1, whatever their numbers are.
    CodedColumn flag = target;
    flag.numbers = {0, 1};
    flag.numeric = true;
    link.pearson = pearson(column, flag);
  }
  if (target.levels() > kMostPairedClasses) return;
  link.worst_pair_auc = 1;
  for (std::int32_t a = 0; a < target.levels(); ++a)
    for (std::int32_t b = a + 1; b < target.levels(); ++b) {
      const double pair = auc(joint, a, b);
      link.worst_pair_auc = std::min(link.worst_pair_auc, std::max(pair, 1 - pair));
    }
}

void link_numbers(const CodedColumn& column, const CodedColumn& target, const std::vector<std::int32_t>& rows,
                  TargetLink& link) {
  if (link.few_values) {
    if (column.levels() * 5 <= column.present) {
      link.information = neighbour_information(target, column, true, rows);
      link.eta = eta(column, target);
    }
  } else {
    link.information = neighbour_information(column, target, false, rows);
  }
  if (!std::isnan(link.information)) link.method = InformationMethod::kNeighbours;
  if (!column.numeric) return;
  link.pearson = pearson(column, target);
  link.spearman = spearman(column, target);
}

std::vector<std::size_t> ranking_of(const std::vector<TargetLink>& links) {
  std::vector<std::size_t> ranking(links.size());
  std::iota(ranking.begin(), ranking.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    return links[i].method == InformationMethod::kNone ? -1 : links[i].information;
  };
  std::stable_sort(ranking.begin(), ranking.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  return ranking;
}

}  // namespace

bool few_valued(const ColumnSummary& summary) {
  if (summary.kind == ColumnKind::kNumbers) return false;
  return summary.kind != ColumnKind::kWholeNumbers || summary.distinct <= kFewValues;
}

TargetSummary summarise_target(const std::vector<CodedColumn>& columns, std::size_t target,
                               const std::vector<ColumnSummary>& summaries, TargetKind kind,
                               const std::string& where) {
  const CodedColumn& goal = columns[target];
  TargetSummary summary;
  summary.column = target;
  summary.classes = is_classes(goal, summaries[target], kind, where);
  check_target(goal, summary.classes, where);
  summary.rows = goal.present;
  if (summary.classes) {
    summary.entropy = stats::entropy_of_counts(goal.counts);
    for (std::int64_t level = 0; level < goal.levels(); ++level)
      summary.balance.push_back({goal.level_text(level), goal.counts[at(level)]});
  }
  const std::vector<std::int32_t> rows = drawn_rows(goal.rows(), kNeighbourRows);
  summary.neighbour_rows = static_cast<std::int64_t>(rows.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i == target) continue;
    TargetLink link;
    link.column = i;
    link.few_values = few_valued(summaries[i]);
    link.information = link.share = link.plug_in = link.pearson = link.spearman = NAN;
    link.cramers_v = link.eta = link.auc = link.worst_pair_auc = link.by_chance = NAN;
    summary.links.push_back(link);
  }
  const bool many = std::any_of(summary.links.begin(), summary.links.end(), [&](const TargetLink& link) {
    return link.few_values && columns[link.column].levels() > kManyValues;
  });
  std::vector<CodedColumn> shuffles;
  for (int i = 0; i < 3 && many && summary.classes; ++i) shuffles.push_back(shuffled(goal, i));
  parallel_for(static_cast<std::int64_t>(summary.links.size()), [&](std::int64_t i) {
    TargetLink& link = summary.links[at(i)];
    const CodedColumn& column = columns[link.column];
    if (column.present == 0) return;
    if (summary.classes)
      link_classes(column, goal, shuffles, rows, link);
    else
      link_numbers(column, goal, rows, link);
  });
  summary.ranking = ranking_of(summary.links);
  return summary;
}

}  // namespace tessera::analysis
