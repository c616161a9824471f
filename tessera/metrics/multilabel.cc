#include "tessera/metrics/multilabel.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/reduce.h"

namespace tessera::metrics {
namespace {

struct Table {
  std::int64_t samples, labels;
  std::vector<double> scores;
  std::vector<char> positive;
  std::size_t at(std::int64_t sample, std::int64_t label) const {
    return static_cast<std::size_t>(sample * labels + label);
  }
};

std::vector<double> as_doubles(const Tensor& x) {
  if (x.dtype() == DType::kFloat64) return x.to_vector<double>();
  if (x.dtype() == DType::kFloat32) {
    const std::vector<float> values = x.to_vector<float>();
    return {values.begin(), values.end()};
  }
  fail("scores and targets of labels are {}, expected float32 or float64", dtype_name(x.dtype()));
}

Table table_of(const Tensor& scores, const Tensor& targets) {
  if (scores.rank() != 2 || scores.shape() != targets.shape() || scores.elements() == 0)
    fail(
        "scores of shape {} and targets of shape {}: expected [samples, labels], both the same and not empty",
        scores.shape().to_string(), targets.shape().to_string());
  Table table{scores.size(0), scores.size(1), as_doubles(scores), {}};
  for (const double score : table.scores)
    if (score != score) fail("a score is NaN, expected numbers that can be compared");
  for (const double target : as_doubles(targets)) {
    if (target != 0 && target != 1) fail("a target is {}, expected 0 or 1", target);
    table.positive.push_back(target == 1);
  }
  return table;
}

double ratio(std::int64_t numerator, std::int64_t denominator) {
  const FloatEnvironment contract;
  return denominator == 0 ? 0 : static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::int64_t total(const std::vector<std::int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

struct Scored {
  double score;
  bool positive;
};

void sort_descending(std::vector<Scored>& entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
}

// The share of pairs: twice the pairs won plus the ties, over twice the pairs; all whole numbers.
std::optional<double> area(std::vector<Scored> entries) {
  sort_descending(entries);
  std::int64_t positives = 0, negatives = 0, twice = 0;
  for (std::size_t i = 0; i < entries.size();) {
    std::int64_t same_positive = 0, same_negative = 0;
    for (const double score = entries[i].score; i < entries.size() && entries[i].score == score; ++i)
      (entries[i].positive ? same_positive : same_negative) += 1;
    twice += 2 * positives * same_negative + same_positive * same_negative;
    positives += same_positive;
    negatives += same_negative;
  }
  if (positives == 0 || negatives == 0) return std::nullopt;
  return ratio(twice, 2 * positives * negatives);
}

std::vector<Scored> scored(const char* function, std::span<const double> scores,
                           std::span<const bool> positive) {
  if (scores.size() != positive.size())
    fail("{}: {} scores and {} labels, expected as many", function, scores.size(), positive.size());
  std::vector<Scored> entries;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] != scores[i])
      fail("{}: score {} is NaN, expected numbers that can be compared", function, i);
    entries.push_back({scores[i], positive[i]});
  }
  return entries;
}

std::vector<Scored> of_label(const Table& table, std::int64_t label) {
  std::vector<Scored> entries;
  for (std::int64_t i = 0; i < table.samples; ++i)
    entries.push_back({table.scores[table.at(i, label)], table.positive[table.at(i, label)] != 0});
  return entries;
}

std::vector<Scored> of_all(const Table& table) {
  std::vector<Scored> entries;
  for (std::size_t i = 0; i < table.scores.size(); ++i)
    entries.push_back({table.scores[i], table.positive[i] != 0});
  return entries;
}

// The threshold with the highest 2 hits / (said + actual); nothing is said above the highest score.
double best_threshold(std::vector<Scored> entries) {
  sort_descending(entries);
  std::int64_t actual = 0, said = 0, hits = 0, best_hits = 0, best_sum = 1;
  for (const Scored& entry : entries) actual += entry.positive;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < entries.size();) {
    const double score = entries[i].score;
    for (; i < entries.size() && entries[i].score == score; ++i) {
      ++said;
      hits += entries[i].positive;
    }
    if (hits * best_sum > best_hits * (said + actual)) {  // as fractions, exactly
      best = score;
      best_hits = hits;
      best_sum = said + actual;
    }
  }
  return best;
}

}  // namespace

MultilabelCounts::MultilabelCounts(const Tensor& scores, const Tensor& targets,
                                   const std::vector<double>& thresholds) {
  const Table table = table_of(scores, targets);
  if (static_cast<std::int64_t>(thresholds.size()) != table.labels)
    fail("{} thresholds for {} labels, expected one for each", thresholds.size(), table.labels);
  samples_ = table.samples;
  for (auto* counts : {&hits_, &said_, &actual_}) counts->assign(thresholds.size(), 0);
  for (std::int64_t i = 0; i < table.samples; ++i) {
    bool exact = true;
    for (std::size_t label = 0; label < thresholds.size(); ++label) {
      const std::size_t at = table.at(i, static_cast<std::int64_t>(label));
      const bool says = table.scores[at] >= thresholds[label], has = table.positive[at] != 0;
      said_[label] += says;
      actual_[label] += has;
      hits_[label] += says && has;
      exact = exact && says == has;
    }
    exact_ += exact;
  }
}

double MultilabelCounts::precision(std::int64_t label) const {
  return ratio(hits(label), said(label));
}
double MultilabelCounts::recall(std::int64_t label) const {
  return ratio(hits(label), actual(label));
}
double MultilabelCounts::f1(std::int64_t label) const {
  return ratio(2 * hits(label), said(label) + actual(label));
}
double MultilabelCounts::micro_precision() const {
  return ratio(total(hits_), total(said_));
}
double MultilabelCounts::micro_recall() const {
  return ratio(total(hits_), total(actual_));
}
double MultilabelCounts::micro_f1() const {
  return ratio(2 * total(hits_), total(said_) + total(actual_));
}

double MultilabelCounts::macro_f1() const {
  const FloatEnvironment contract;
  double sum = 0;
  for (std::int64_t label = 0; label < labels(); ++label) sum += f1(label);
  return sum / static_cast<double>(labels());
}

double MultilabelCounts::macro_f1_of_present() const {
  const FloatEnvironment contract;
  double sum = 0;
  std::int64_t present = 0;
  for (std::int64_t label = 0; label < labels(); ++label)
    if (actual(label) > 0) sum += f1(label), ++present;
  return present == 0 ? 0 : sum / static_cast<double>(present);
}

double MultilabelCounts::exact_matches() const {
  return ratio(exact_, samples_);
}

std::optional<double> auc(std::span<const double> scores, std::span<const bool> positive) {
  return area(scored("auc", scores, positive));
}

std::optional<double> average_precision(std::span<const double> scores, std::span<const bool> positive) {
  const FloatEnvironment contract;
  std::vector<Scored> entries = scored("average_precision", scores, positive);
  sort_descending(entries);
  std::vector<double> steps;  // equal scores are one
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < entries.size();) {
    const std::int64_t before = hits;
    const double score = entries[i].score;
    for (; i < entries.size() && entries[i].score == score; ++i) hits += entries[i].positive ? 1 : 0;
    steps.push_back(static_cast<double>(hits - before) *
                    (static_cast<double>(hits) / static_cast<double>(i)));
  }
  if (hits == 0) return std::nullopt;
  return numerics::sum(std::span<const double>(steps)) / static_cast<double>(hits);
}

std::optional<double> auc_of_label(const Tensor& scores, const Tensor& targets, std::int64_t label) {
  const Table table = table_of(scores, targets);
  if (label < 0 || label >= table.labels)
    fail("label {}: expected one from 0 to {}", label, table.labels - 1);
  return area(of_label(table, label));
}

double micro_auc(const Tensor& scores, const Tensor& targets) {
  return area(of_all(table_of(scores, targets))).value_or(std::numeric_limits<double>::quiet_NaN());
}

double macro_auc(const Tensor& scores, const Tensor& targets) {
  const FloatEnvironment contract;
  const Table table = table_of(scores, targets);
  double sum = 0;
  std::int64_t count = 0;
  for (std::int64_t label = 0; label < table.labels; ++label)
    if (const auto found = area(of_label(table, label))) sum += *found, ++count;
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

std::vector<std::int64_t> ranked_labels(std::span<const double> scores) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  return order;
}

double precision_at(const Tensor& scores, const Tensor& targets, std::int64_t k) {
  const Table table = table_of(scores, targets);
  if (k < 1) fail("precision at {}: expected at least 1", k);
  const std::int64_t taken = std::min(k, table.labels);
  std::int64_t hits = 0;
  for (std::int64_t i = 0; i < table.samples; ++i) {
    const std::span<const double> row(table.scores.data() + table.at(i, 0),
                                      static_cast<std::size_t>(table.labels));
    const std::vector<std::int64_t> order = ranked_labels(row);
    for (std::int64_t rank = 0; rank < taken; ++rank)
      hits += table.positive[table.at(i, order[static_cast<std::size_t>(rank)])];
  }
  return ratio(hits, k * table.samples);
}

double best_shared_threshold(const Tensor& scores, const Tensor& targets) {
  return best_threshold(of_all(table_of(scores, targets)));
}

std::vector<double> best_thresholds(const Tensor& scores, const Tensor& targets, double otherwise) {
  const Table table = table_of(scores, targets);
  std::vector<double> thresholds;
  for (std::int64_t label = 0; label < table.labels; ++label) {
    const double best = best_threshold(of_label(table, label));
    thresholds.push_back(best == std::numeric_limits<double>::infinity() ? otherwise : best);
  }
  return thresholds;
}

}  // namespace tessera::metrics
