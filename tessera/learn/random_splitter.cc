#include "tessera/learn/random_splitter.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <type_traits>
#include <utility>

#include "tessera/base/thread_pool.h"

namespace tessera::learn::internal {

namespace {

constexpr std::int64_t kClassesInWord = 8;
constexpr std::int64_t kRowsOfBytes = 248;  // a byte cannot overflow
constexpr int kWeightShift = 32;

// Each byte of a sum is a class.
void add_bytes(std::uint64_t sum, std::span<std::int64_t> counts) {
  for (std::size_t k = 0; k < counts.size(); ++k)
    counts[k] += static_cast<std::int64_t>(sum >> (8 * k) & 255);
}

}  // namespace

RandomSplitter::RandomSplitter(const ValueColumns& table, const TreeTarget& target,
                               std::span<const std::uint32_t> weights, const TreeSettings& settings,
                               std::span<const std::uint32_t> rows)
    : table_(table),
      target_(target),
      weights_(weights),
      criterion_(settings.criterion),
      least_(settings.min_samples_leaf),
      kind_(target.classes() == 0                                   ? Words::kTargets
            : weights.empty() && target.classes() <= kClassesInWord ? Words::kBytes
                                                                    : Words::kClasses),
      levels_between_(settings.max_features > 0 && settings.max_features < table.features() ? 4 : 1),
      in_order_(static_cast<std::int64_t>(rows.size()) == table.rows()),
      places_(rows.begin(), rows.end()),
      words_(rows.size() + kReadBehind) {
  if (kind_ == Words::kTargets && !weights.empty()) word_weights_.resize(words_.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = rows[i];
    const std::int64_t w = weights.empty() ? 1 : weights[row];
    if (kind_ == Words::kTargets) {
      words_[i] = w * target.fixed(row);
      if (!word_weights_.empty()) word_weights_[i] = w;
    } else if (kind_ == Words::kBytes) {
      words_[i] = static_cast<std::int64_t>(std::uint64_t{1} << (8 * target.class_of(row)));
    } else {
      words_[i] = target.class_of(row) | w << kWeightShift;
    }
  }
}

NodeCount RandomSplitter::count(std::int64_t first, std::span<const std::uint32_t> rows,
                                std::span<std::int64_t> totals) const {
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t* const words = words_.data() + first;
  if (kind_ == Words::kBytes) {
    for (std::int64_t i = 0; i < count; i += kRowsOfBytes)
      add_bytes(static_cast<std::uint64_t>(range_of(words + i, std::min(kRowsOfBytes, count - i)).sum),
                totals);
    return {count, std::ranges::find(totals, count) != totals.end()};
  }
  if (kind_ == Words::kClasses || !weights_.empty()) return count_rows(target_, weights_, rows, totals);
  const WordRange range = range_of(words, count);
  totals[0] = range.sum;
  return {count, range.least == range.most};
}

const double* RandomSplitter::values_of(const NodeRows& node, std::int64_t feature) const {
  const double* const values = column(feature);
  if (in_order_) return values + node.first;
  thread_local std::vector<double> own;
  own.resize(std::max(own.size(), node.rows.size() + kReadBehind));
  const std::uint32_t* const places = places_.data() + node.first;
  for (std::size_t i = 0; i < node.rows.size(); ++i) own[i] = values[places[i]];
  return own.data();
}

// Returns how many rows go left.
template <typename Sides>
std::int64_t RandomSplitter::fill_left(const NodeRows& node, const double* values, double threshold,
                                       bool missing_left, Sides& sides) const {
  const auto count = static_cast<std::int64_t>(node.rows.size());
  const std::int64_t* const words = words_of(node);
  if constexpr (std::is_same_v<Sides, ErrorSides>) {
    const auto of_left = [&](const std::int64_t* numbers) {
      PartSum part = sum_up_to(threshold, values, numbers, count);
      if (!missing_left) return part;
      const PartSum missing = sum_of_missing(values, numbers, count);
      return PartSum{part.sum + missing.sum, part.count + missing.count};
    };
    const PartSum left = of_left(words);
    sides.put(static_cast<std::int64_t>(left.sum),
              word_weights_.empty()
                  ? left.count
                  : static_cast<std::int64_t>(of_left(word_weights_.data() + node.first).sum));
    return left.count;
  } else {
    std::int64_t rows = 0;
    std::ranges::fill(sides.left(), 0);
    if (kind_ == Words::kBytes) {
      for (std::int64_t i = 0; i < count; i += kRowsOfBytes) {
        const std::int64_t part = std::min(kRowsOfBytes, count - i);
        add_bytes(sum_up_to(threshold, values + i, words + i, part).sum, sides.left());
        if (missing_left) add_bytes(sum_of_missing(values + i, words + i, part).sum, sides.left());
      }
      rows = std::accumulate(sides.left().begin(), sides.left().end(), std::int64_t{0});
    } else {
      for (std::int64_t i = 0; i < count; ++i) {  // half of them go: a branch would be a guess
        const bool goes = (values[i] <= threshold) | (missing_left & (values[i] != values[i]));
        sides.left()[static_cast<std::uint32_t>(words[i])] += goes ? words[i] >> kWeightShift : 0;
        rows += goes ? 1 : 0;
      }
    }
    sides.settle();
    return rows;
  }
}

template <typename Sides>
Split RandomSplitter::best_of(const NodeRows& node, std::int64_t feature, double draw) const {
  Split best;
  const auto count = static_cast<std::int64_t>(node.rows.size());
  const double* const values = values_of(node, feature);
  const ValueRange range = range_of(values, count);
  if (!(range.least < range.most)) return best;  // one value; missing ones beside it do not count
  const double low = range.least + 0.0, high = range.most + 0.0;  // -0 becomes +0
  const double place = low * (1 - draw) + high * draw;
  const double threshold = place >= low && place < high ? place : low;
  best.constant = false;
  Sides sides(target_, node.totals, node.weight);
  for (const bool missing_left : {false, true}) {
    if (missing_left && !range.any_missing) break;  // the same division again
    const std::int64_t left = fill_left(node, values, threshold, missing_left, sides);
    const std::int64_t right = count - left;
    if (left < least_ || right < least_ || right == 0) continue;
    const double score = sides.score();
    if (score <= best.score) continue;
    best.score = score;
    best.feature = feature;
    best.threshold = threshold;
    best.missing_left = missing_left;
  }
  return best;
}

Split RandomSplitter::best(const NodeRows& node, std::int64_t feature, double draw) const {
  switch (criterion_) {
    case Criterion::kGini:
      return best_of<GiniSides>(node, feature, draw);
    case Criterion::kEntropy:
      return best_of<EntropySides>(node, feature, draw);
    case Criterion::kSquaredError:
      return best_of<ErrorSides>(node, feature, draw);
  }
  return {};
}

Division RandomSplitter::divide(const Split& split, std::int64_t first, std::span<std::uint32_t> rows) {
  const double* const values = column(split.feature);
  std::uint32_t* const places = places_.data() + first;
  Division found = {0, false};
  goes_left_.resize(std::max(goes_left_.size(), rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double value = values[places[i]];
    const bool missing = value != value;
    found.any_missing |= missing;
    goes_left_[i] = (value <= split.threshold) | (missing & split.missing_left);
    found.left += goes_left_[i];
  }
  const std::span<const std::uint8_t> goes_left = std::span(goes_left_).first(rows.size());
  if (kind_ != Words::kBytes)
    move_left(rows.data(), goes_left, spare_rows_);  // else only their number counts
  move_left(places, goes_left, spare_rows_);
  move_left(words_.data() + first, goes_left, spare_words_);
  if (!word_weights_.empty()) move_left(word_weights_.data() + first, goes_left, spare_words_);
  in_order_ = false;
  return found;
}

void RandomSplitter::next_level(std::span<const RowRange> ranges) {
  if (++levels_ % levels_between_ != 0 || ranges.empty()) return;
  const std::size_t size = places_.size() + kReadBehind;
  std::vector<std::vector<double>> found(static_cast<std::size_t>(features()));
  parallel_for(features(), [&](std::int64_t f) {
    thread_local std::vector<double> spare;
    spare.resize(size);
    const double* const from = column(f);
    for (const RowRange& range : ranges)
      for (std::int64_t i = range.first; i < range.first + range.count; ++i)
        spare[static_cast<std::size_t>(i)] = from[places_[static_cast<std::size_t>(i)]];
    std::vector<double>& to = found[static_cast<std::size_t>(f)];
    if (!columns_.empty()) to.swap(columns_[static_cast<std::size_t>(f)]);
    to.swap(spare);
  });
  columns_.swap(found);
  for (const RowRange& range : ranges)
    std::iota(places_.begin() + range.first, places_.begin() + range.first + range.count,
              static_cast<std::uint32_t>(range.first));
  in_order_ = true;
}

}  // namespace tessera::learn::internal
