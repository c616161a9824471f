// What is worth a look in a table beside leakage; findings.h says what each one claims.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "tessera/analysis/findings.h"
#include "tessera/analysis/words.h"
#include "tessera/base/at.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/odd_texts.h"

namespace tessera::analysis {
namespace {

// splitmix64's finaliser: mixes all bits.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::uint64_t with(std::uint64_t hash, std::int32_t code) {
  return mixed(hash ^ (static_cast<std::uint32_t>(code) + 0x9e3779b97f4a7c15U));
}

// Rows with equal hashes beside each other, in the order of rows.
std::vector<std::int32_t> by_hash(const std::vector<std::uint64_t>& hashes) {
  std::vector<std::int32_t> order(hashes.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return hashes[at(a)] != hashes[at(b)] ? hashes[at(a)] < hashes[at(b)] : a < b;
  });
  return order;
}

bool equal_rows(const std::vector<CodedColumn>& columns, std::optional<std::size_t> without, std::int32_t a,
                std::int32_t b) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (i != without && columns[i].codes[at(a)] != columns[i].codes[at(b)]) return false;
  return true;
}

// What rows of one hash, all equal in every feature, add. Rows of equal hash that differ are as good as impossible and part the group.
void count_group(const std::vector<CodedColumn>& columns, std::optional<std::size_t> target,
                 const std::vector<std::int32_t>& rows, RowRepeats& repeats) {
  if (!target) {
    repeats.repeated += static_cast<std::int64_t>(rows.size()) - 1;
    return;
  }
  std::map<std::int32_t, std::int64_t> labels;
  for (const std::int32_t row : rows) ++labels[columns[*target].codes[at(row)]];
  for (const auto& [label, count] : labels) repeats.repeated += count - 1;
  const auto present =
      std::count_if(labels.begin(), labels.end(), [](const auto& item) { return item.first >= 0; });
  if (present < 2) return;
  for (const auto& [label, count] : labels) repeats.conflicting += label >= 0 ? count : 0;
}

std::vector<Finding> column_findings(const std::vector<ColumnSummary>& summaries) {
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    const ColumnSummary& column = summaries[i];
    const std::string name = in_quotes(column.name);
    if (column.rows == 0) continue;
    if (column.present == 0)
      findings.push_back(
          {FindingKind::kEmptyColumn, {i}, fmt::format("{} has no usable value in any row", name)});
    else if (column.constant && column.rows > 1)
      findings.push_back(
          {FindingKind::kConstantColumn,
           {i},
           fmt::format("{} is {} in {}", name, in_quotes(column.frequent[0].text),
                       column.missing == 0 ? "every row"
                                           : fmt::format("every row that has it ({} of {})",
                                                         grouped(column.present), grouped(column.rows)))});
    else if (column.kind == ColumnKind::kTexts && !column.identifier &&
             column.distinct * 2 > column.present && column.present >= 20)
      findings.push_back({FindingKind::kNearlyUnique,
                          {i},
                          fmt::format("{} has {} different texts in {}: most occur once, so nothing can be "
                                      "learned of a text by itself",
                                      name, grouped(column.distinct), count_of(column.present, "row"))});
  }
  return findings;
}

std::uint64_t hash_of(const std::vector<std::int32_t>& codes) {
  std::uint64_t hash = 0;
  for (const std::int32_t code : codes) hash = with(hash, code);
  return hash;
}

std::vector<std::uint64_t> hashes_of(const std::vector<CodedColumn>& columns, bool missing_only) {
  std::vector<std::uint64_t> hashes(columns.size());
  parallel_for(static_cast<std::int64_t>(columns.size()), [&](std::int64_t i) {
    if (!missing_only) {
      hashes[at(i)] = hash_of(pattern_of(columns[at(i)]));
      return;
    }
    std::uint64_t hash = 0;
    for (const std::int32_t code : columns[at(i)].codes) hash = with(hash, code == kMissing ? 1 : 0);
    hashes[at(i)] = hash;
  });
  return hashes;
}

// Columns of one hash, groups of two and more, by their first column.
std::vector<std::vector<std::size_t>> groups_of(const std::vector<std::uint64_t>& hashes,
                                                const std::vector<bool>& used) {
  std::map<std::uint64_t, std::vector<std::size_t>> by;
  for (std::size_t i = 0; i < hashes.size(); ++i)
    if (used[i]) by[hashes[i]].push_back(i);
  std::vector<std::vector<std::size_t>> groups;
  for (auto& [hash, columns] : by)
    if (columns.size() > 1) groups.push_back(std::move(columns));
  std::sort(groups.begin(), groups.end());
  return groups;
}

std::string names_of(const std::vector<CodedColumn>& columns, const std::vector<std::size_t>& which) {
  std::vector<std::string> names;
  names.reserve(which.size());
  for (const std::size_t i : which) names.push_back(in_quotes(columns[i].name));
  return listed(names);
}

// The target is left out: what equals it is a leak and is said there.
void add_equal_columns(const std::vector<CodedColumn>& columns, const TargetSummary* target,
                       std::vector<Finding>& findings) {
  std::vector<bool> used(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    used[i] = columns[i].levels() > 1 && columns[i].rows() >= 10 &&
              (target == nullptr || target->column != i) && !rounds_whole_numbers(columns[i]);
  for (const auto& group : groups_of(hashes_of(columns, false), used)) {
    const CodedColumn& first = columns[group[0]];
    // Where all values differ, any two columns are renamings of each other.
    const bool all_differ = first.levels() == first.rows();
    std::vector<std::size_t> equal = {group[0]}, renamed = {group[0]};
    for (std::size_t i = 1; i < group.size(); ++i) {
      const CodedColumn& other = columns[group[i]];
      const bool same = other.numeric == first.numeric && other.numbers == first.numbers &&
                        other.texts == first.texts && other.codes == first.codes;
      (same ? equal : renamed).push_back(group[i]);
    }
    if (equal.size() > 1)
      findings.push_back(
          {FindingKind::kEqualColumns, equal,
           fmt::format("{} are equal in every row: one of them is enough", names_of(columns, equal))});
    if (renamed.size() > 1 && !all_differ)
      findings.push_back(
          {FindingKind::kRenamedColumns, renamed,
           fmt::format("{} say the same in other words: each value of one goes with one value of the other{}",
                       names_of(columns, renamed), renamed.size() > 2 ? "s" : "")});
  }
}

void add_rounded(const std::vector<CodedColumn>& columns, std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (rounds_whole_numbers(columns[i]))
      findings.push_back(
          {FindingKind::kRoundedNumbers,
           {i},
           fmt::format("{}: whole numbers beyond 2^53 = 9007199254740992 are rounded, so different ones may "
                       "have become equal: read it as text, --text {}",
                       in_quotes(columns[i].name), cut(columns[i].name, 40))});
}

void add_odd_texts(const std::vector<CodedColumn>& columns, std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].numeric) continue;
    const std::string name = in_quotes(columns[i].name);
    if (const auto notation = data::number_notation(columns[i].texts))
      findings.push_back({FindingKind::kOtherNotation,
                          {i},
                          fmt::format("{} has numbers with {}, such as {}, which are texts here", name,
                                      notation->name, in_quotes(notation->example))});
    else if (const auto alike = data::alike_texts(columns[i].texts))
      findings.push_back(
          {FindingKind::kAlikeTexts,
           {i},
           fmt::format("{}: {} and {} differ only in blanks and the case of letters: are they one?", name,
                       in_quotes(alike->first), in_quotes(alike->second))});
  }
}

// The rows that hold a rounded number: whether they equal another one cannot be told. Empty where no column has such numbers.
std::vector<char> rounded_rows(const std::vector<CodedColumn>& columns) {
  std::vector<char> rounded;
  for (const CodedColumn& column : columns) {
    if (!rounds_whole_numbers(column)) continue;
    rounded.resize(column.codes.size(), 0);
    for (std::size_t row = 0; row < column.codes.size(); ++row)
      if (column.codes[row] >= 0 && std::fabs(column.numbers[at(column.codes[row])]) >= kFirstRounded)
        rounded[row] = 1;
  }
  return rounded;
}

void add_missing_together(const std::vector<CodedColumn>& columns, std::vector<Finding>& findings) {
  std::vector<bool> used(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    used[i] = columns[i].missing > 0 && columns[i].missing < columns[i].rows();
  for (const auto& group : groups_of(hashes_of(columns, true), used)) {
    const std::int64_t missing = columns[group[0]].missing;
    if (missing < 3) continue;
    findings.push_back(
        {FindingKind::kMissingTogether, group,
         fmt::format("{} are missing in the same {}", names_of(columns, group), count_of(missing, "row"))});
  }
}

// Rows whose target differs from the one before, beside what rows in random order would have: 2 sum n_a n_b / n.
void add_order(const CodedColumn& goal, const TargetSummary& target, std::vector<Finding>& findings) {
  const Finding sorted{FindingKind::kSortedByTarget, {target.column}, ""};
  if (goal.present != goal.rows() || goal.rows() < 20) return;
  std::int64_t changes = 0, falls = 0, rises = 0;
  for (std::size_t row = 1; row < goal.codes.size(); ++row) {
    changes += goal.codes[row] != goal.codes[row - 1];
    falls += goal.codes[row] < goal.codes[row - 1];
    rises += goal.codes[row] > goal.codes[row - 1];
  }
  const std::string name = in_quotes(goal.name);
  if (target.classes ? changes == goal.levels() - 1 : falls == 0 || rises == 0) {
    findings.push_back({sorted.kind, sorted.columns,
                        fmt::format("the rows are sorted by {}: shuffle them before they are split, and take "
                                    "no column that numbers them",
                                    name)});
    return;
  }
  if (!target.classes) return;
  const auto n = static_cast<double>(goal.rows());
  double same = 0;
  for (const std::int64_t count : goal.counts)
    same += static_cast<double>(count) / n * static_cast<double>(count);
  const double expected = n - same;
  if (static_cast<double>(changes) * 3 < expected)
    findings.push_back({sorted.kind, sorted.columns,
                        fmt::format("rows of one {} stand together: it changes {} times from row to row, in "
                                    "random order about {} times",
                                    name, grouped(changes), grouped(static_cast<std::int64_t>(expected)))});
}

void add_repeats(const RowRepeats& repeats, std::int64_t rows, const CodedColumn* goal,
                 std::vector<Finding>& findings) {
  if (repeats.conflicting > 0)
    findings.push_back(
        {FindingKind::kConflictingRows,
         {},
         fmt::format("{} equal{} another row in every column but {}: no model can tell them apart",
                     count_of(repeats.conflicting, "row"), repeats.conflicting == 1 ? "s" : "",
                     in_quotes(goal->name))});
  if (repeats.repeated > 0)
    findings.push_back(
        {FindingKind::kRepeatedRows,
         {},
         fmt::format(
             "{} ({}) equal{} an earlier row in every column: a split may put the same row on both sides",
             count_of(repeats.repeated, "row"),
             percent(static_cast<double>(repeats.repeated) / static_cast<double>(rows)),
             repeats.repeated == 1 ? "s" : "")});
}

}  // namespace

std::string_view finding_name(FindingKind kind) {
  constexpr std::string_view kNames[] = {
      "equals_target",       "determines_target", "missing_as_target", "identifier_knows_target",
      "groups_share_target", "conflicting_rows",  "repeated_rows",     "sorted_by_target",
      "rounded_numbers",     "other_notation",    "alike_texts",       "equal_columns",
      "renamed_columns",     "missing_together",  "constant_column",   "empty_column",
      "nearly_unique"};
  return kNames[static_cast<std::size_t>(kind)];
}

RowRepeats row_repeats(const std::vector<CodedColumn>& columns, std::optional<std::size_t> target) {
  RowRepeats repeats;
  if (columns.empty() || columns[0].rows() == 0 || (target && columns.size() == 1)) return repeats;
  const std::int64_t rows = columns[0].rows();
  std::vector<std::uint64_t> hashes(at(rows), 0);
  constexpr std::int64_t kPiece = 4096;
  parallel_for((rows + kPiece - 1) / kPiece, [&](std::int64_t piece) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i == target) continue;
      for (std::int64_t row = piece * kPiece; row < std::min(rows, (piece + 1) * kPiece); ++row)
        hashes[at(row)] = with(hashes[at(row)], columns[i].codes[at(row)]);
    }
  });
  const std::vector<std::int32_t> order = by_hash(hashes);
  const std::vector<char> rounded = rounded_rows(columns);
  std::vector<std::int32_t> group;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (!rounded.empty() && rounded[at(order[i])] != 0) continue;
    const bool joins = !group.empty() && hashes[at(group[0])] == hashes[at(order[i])] &&
                       equal_rows(columns, target, group[0], order[i]);
    if (!joins && group.size() > 1) count_group(columns, target, group, repeats);
    if (!joins) group.clear();
    group.push_back(order[i]);
  }
  if (group.size() > 1) count_group(columns, target, group, repeats);
  return repeats;
}

std::vector<Finding> find_oddities(const std::vector<CodedColumn>& columns,
                                   const std::vector<ColumnSummary>& summaries, const TargetSummary* target,
                                   const RowRepeats& repeats) {
  std::vector<Finding> findings = column_findings(summaries);
  const CodedColumn* goal = target == nullptr ? nullptr : &columns[target->column];
  if (!columns.empty()) add_repeats(repeats, columns[0].rows(), goal, findings);
  if (target != nullptr) add_order(*goal, *target, findings);
  add_rounded(columns, findings);
  add_odd_texts(columns, findings);
  add_equal_columns(columns, target, findings);
  add_missing_together(columns, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.kind < b.kind; });
  return findings;
}

}  // namespace tessera::analysis
