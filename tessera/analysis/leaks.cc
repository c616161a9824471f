// Suspicions of leakage; findings.h says what each one claims.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/analysis/findings.h"
#include "tessera/analysis/words.h"
#include "tessera/base/at.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"

namespace tessera::analysis {
namespace {

constexpr std::int64_t kFewestRows = 30;  // below, chance explains everything

struct Look {
  const CodedColumn& column;
  const ColumnSummary& summary;
  const CodedColumn& goal;
  const TargetSummary& target;
  const TargetLink& link;
  std::string name, goal_name;
};

using Found = std::optional<std::pair<FindingKind, std::string>>;

// "0.9987", and never 1 for what is not 1.
std::string share_text(double value) {
  return fmt::format("{:.4f}", value < 1 ? std::min(value, 0.9999) : value);
}

Found equals_target(const Look& look) {
  if (look.column.present < kFewestRows || look.column.levels() < 2) return {};
  if (!look.target.classes) {
    if (!(std::fabs(look.link.pearson) >= 1 - 1e-9) || look.link.few_values) return {};
    return {{FindingKind::kEqualsTarget,
             fmt::format("{} is {} up to a factor and a shift: their correlation is {}", look.name,
                         look.goal_name, look.link.pearson > 0 ? "1" : "-1")}};
  }
  if (look.column.levels() != look.goal.levels() || look.column.present != look.goal.present) return {};
  if (pattern_of(look.column) != pattern_of(look.goal)) return {};
  const bool same = look.column.numeric == look.goal.numeric && look.column.numbers == look.goal.numbers &&
                    look.column.texts == look.goal.texts && look.column.codes == look.goal.codes;
  return {
      {FindingKind::kEqualsTarget,
       same ? fmt::format("{} equals {} in each of {}", look.name, look.goal_name,
                          count_of(look.column.rows(), "row"))
            : fmt::format("{} is {} under other names: each of its {} values stands in the rows of one class",
                          look.name, look.goal_name, look.column.levels())}};
}

Found determines_classes(const Look& look) {
  const TargetLink& link = look.link;
  if (link.method == InformationMethod::kCounted && link.share >= 0.95)
    return {
        {FindingKind::kDeterminesTarget,
         fmt::format("{} alone tells {}: with {} values it holds {} of the {:.4f} nats that the classes have",
                     look.name, look.goal_name, grouped(look.column.levels()),
                     percent(std::min(1.0, link.share)), look.target.entropy)}};
  if (!look.column.numeric || !(link.worst_pair_auc >= 0.995)) return {};
  std::int64_t rarest = look.goal.present;
  for (const ValueCount& each : look.target.balance) rarest = std::min(rarest, each.count);
  if (rarest < 10) return {};
  return {
      {FindingKind::kDeterminesTarget,
       fmt::format("{} alone orders the classes of {}: {} {}", look.name, look.goal_name,
                   look.target.balance.size() == 2 ? "its AUC is" : "of any two classes its AUC is at least",
                   share_text(link.worst_pair_auc))}};
}

Found determines_numbers(const Look& look) {
  const TargetLink& link = look.link;
  const auto n = static_cast<double>(look.column.present), k = static_cast<double>(look.column.levels());
  const double explained = 1 - (1 - link.eta * link.eta) * (n - 1) / (n - k);
  if (link.few_values && link.method != InformationMethod::kNone && explained >= 0.99)
    return {{FindingKind::kDeterminesTarget,
             fmt::format("{} alone tells {}: its {} values explain {} of the variance", look.name,
                         look.goal_name, grouped(look.column.levels()), percent(explained))}};
  if (!look.column.numeric || !(std::fabs(link.spearman) >= 0.999) || link.few_values) return {};
  return {{FindingKind::kDeterminesTarget,
           fmt::format("{} alone orders {}: Spearman's correlation is {}{}", look.name, look.goal_name,
                       link.spearman < 0 ? "-" : "", share_text(std::fabs(link.spearman)))}};
}

// Of the rows with a target: per class, those in which the column is missing.
struct Absence {
  std::vector<std::int64_t> missing, present;
  std::int64_t all_missing = 0, all_present = 0;
};

Absence absence_of(const Look& look) {
  Absence absence;
  absence.missing.assign(look.goal.counts.size(), 0);
  absence.present.assign(look.goal.counts.size(), 0);
  for (std::size_t row = 0; row < look.goal.codes.size(); ++row) {
    const std::int32_t label = look.goal.codes[row];
    if (label < 0) continue;
    const bool missing = look.column.codes[row] == kMissing;
    ++(missing ? absence.missing : absence.present)[at(label)];
    ++(missing ? absence.all_missing : absence.all_present);
  }
  return absence;
}

// All rows but a fault in 200 are of one class, and so many that chance would not do it.
std::optional<std::size_t> only_class(const std::vector<std::int64_t>& counts, std::int64_t all,
                                      const CodedColumn& goal) {
  if (all < 20) return {};
  const auto most = std::max_element(counts.begin(), counts.end());
  const auto label = static_cast<std::size_t>(most - counts.begin());
  if ((all - *most) * 200 > all) return {};
  const double base = static_cast<double>(goal.counts[label]) / static_cast<double>(goal.present);
  // base^all < 10^-6, where all rows were drawn without looking at the class
  if (static_cast<double>(all) * numerics::log(base) > -13.8) return {};
  return label;
}

Found missing_as_classes(const Look& look) {
  if (look.column.missing == 0 || look.column.missing == look.column.rows()) return {};
  const Absence absence = absence_of(look);
  const auto of_missing = only_class(absence.missing, absence.all_missing, look.goal);
  const auto of_present = only_class(absence.present, absence.all_present, look.goal);
  if (!of_missing && !of_present) return {};
  const auto sentence = [&](const char* what, std::size_t label, std::int64_t there, std::int64_t all) {
    const std::string rows = there == all ? fmt::format("all {}", grouped(all))
                                          : fmt::format("{} of the {}", grouped(there), grouped(all));
    return fmt::format(
        "{} rows in which {} is {} have {} = {} ({} of all rows have)", rows, look.name, what, look.goal_name,
        in_quotes(look.goal.level_text(static_cast<std::int64_t>(label))),
        percent(static_cast<double>(look.goal.counts[label]) / static_cast<double>(look.goal.present)));
  };
  std::string text;
  if (of_present) text = sentence("present", *of_present, absence.present[*of_present], absence.all_present);
  if (of_missing)
    text += (text.empty() ? "" : "; ") +
            sentence("missing", *of_missing, absence.missing[*of_missing], absence.all_missing);
  return {{FindingKind::kMissingAsTarget, text}};
}

// Of a target of numbers: does being missing tell high from low?
Found missing_as_numbers(const Look& look) {
  CodedColumn flag;
  flag.codes.resize(look.column.codes.size());
  flag.counts = {0, 0};
  for (std::size_t row = 0; row < flag.codes.size(); ++row) {
    flag.codes[row] = look.column.codes[row] == kMissing ? 1 : 0;
    flag.counts[at(flag.codes[row])] += look.goal.codes[row] >= 0 ? 1 : 0;
  }
  if (std::min(flag.counts[0], flag.counts[1]) < 20) return {};
  const double order = auc(joint_counts(look.goal, flag), 0, 1), best = std::max(order, 1 - order);
  if (best < 0.995) return {};
  return {{FindingKind::kMissingAsTarget,
           fmt::format("{} is missing where {} is {}: in {} of all pairs of a row with it and one without",
                       look.name, look.goal_name, order > 0.5 ? "high" : "low", percent(best))}};
}

Found identifier_knows(const Look& look) {
  const TargetLink& link = look.link;
  if (!look.summary.identifier || !look.column.numeric) return {};
  const double order = std::max(link.auc, 1 - link.auc);
  const auto rows = static_cast<double>(look.column.present);
  // Three standard deviations of a correlation by chance.
  const bool enough = std::fabs(link.spearman) * numerics::sqrt(rows) > 4;
  if (look.target.classes && look.target.balance.size() == 2 && order >= 0.6 && enough)
    return {{FindingKind::kIdentifierKnowsTarget,
             fmt::format("{} looks like an identifier and yet orders the classes of {}: AUC {}", look.name,
                         look.goal_name, share_text(link.auc))}};
  if (look.target.classes && look.target.balance.size() > 2 && link.eta >= 0.3 &&
      link.eta * numerics::sqrt(rows) > 5)
    return {{FindingKind::kIdentifierKnowsTarget,
             fmt::format("{} looks like an identifier and yet differs from class to class of {}: eta {}",
                         look.name, look.goal_name, share_text(link.eta))}};
  if (!look.target.classes && std::fabs(link.spearman) >= 0.3 && enough)
    return {{FindingKind::kIdentifierKnowsTarget,
             fmt::format("{} looks like an identifier and yet follows {}: Spearman's correlation is {:.4f}",
                         look.name, look.goal_name, link.spearman)}};
  return {};
}

Found groups_share(const Look& look) {
  const RepeatAgreement& repeats = look.link.repeats;
  const std::int64_t faults = repeats.rows - repeats.agreeing, guessing = repeats.rows - repeats.commonest;
  if (!look.target.classes || look.column.levels() <= kFewValues) return {};
  // Whole numbers may be names. Where their size tells the classes it is the size that does, and equal sizes agree for that reason.
  if (!look.link.few_values && !(look.column.levels() > 100 && look.link.worst_pair_auc < 0.9)) return {};
  if (repeats.rows < 50 || guessing < 20 || faults * 5 > guessing) return {};
  return {{FindingKind::kGroupsShareTarget,
           fmt::format("rows with the same {} nearly always have the same {}: {} of {} agree with the others "
                       "of their value, "
                       "guessing gets {}; keep rows of one value on one side of a split",
                       look.name, look.goal_name, grouped(repeats.agreeing), grouped(repeats.rows),
                       grouped(repeats.commonest))}};
}

}  // namespace

std::vector<Finding> find_leaks(const std::vector<CodedColumn>& columns,
                                const std::vector<ColumnSummary>& summaries, const TargetSummary& target) {
  const FloatEnvironment contract;
  std::vector<Finding> findings;
  const CodedColumn& goal = columns[target.column];
  if (target.rows < kFewestRows) return findings;
  for (const TargetLink& link : target.links) {
    const CodedColumn& column = columns[link.column];
    const Look look{
        column, summaries[link.column], goal, target, link, in_quotes(column.name), in_quotes(goal.name)};
    const auto take = [&](const Found& found) {
      if (found) findings.push_back({found->first, {link.column, target.column}, found->second});
      return found.has_value();
    };
    const bool told = column.present >= kFewestRows &&
                      (take(equals_target(look)) ||
                       take(target.classes ? determines_classes(look) : determines_numbers(look)) ||
                       take(identifier_knows(look)) || take(groups_share(look)));
    static_cast<void>(told);  // one reason is enough; that its absence tells, too, is another
    take(target.classes ? missing_as_classes(look) : missing_as_numbers(look));
  }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.kind < b.kind; });
  return findings;
}

}  // namespace tessera::analysis
