#include "tessera/learn/tree_split.h"

#include <bit>
#include <cmath>
#include <utility>

namespace tessera::learn::internal {

namespace {

// Memory of one thread that lasts: a node is small, and there are many.
template <typename Item>
struct Scratch {
  std::vector<Item> items, sorted;
  std::vector<std::uint32_t> counts;
};
template <typename Item>
Scratch<Item>& scratch() {
  thread_local Scratch<Item> own;
  return own;
}

template <typename Item>
void insert_in_order(std::span<Item> items) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    const Item item = items[i];
    std::size_t j = i;
    for (; j > 0 && items[j - 1].code > item.code; --j) items[j] = items[j - 1];
    items[j] = item;
  }
}

template <typename Item>
void sort_part(std::span<Item> items) {
  if (items.size() <= 24)
    insert_in_order(items);
  else
    std::ranges::sort(items, {}, &Item::code);
}

// By the upper bits of the codes into about as many heaps as there are items, each of which is then sorted. Items of one code may
// stand in any order: what is summed over them is exact.
template <typename Item>
std::span<Item> sorted_by_code(std::span<Item> items) {
  if (items.size() <= 24) {
    insert_in_order(items);
    return items;
  }
  std::uint32_t least = items[0].code, most = least;
  for (const Item& item : items) {
    least = std::min(least, item.code);
    most = std::max(most, item.code);
  }
  const int shift = std::max(
      0, static_cast<int>(std::bit_width(most - least)) - static_cast<int>(std::bit_width(items.size())));
  auto& [unused, sorted, counts] = scratch<Item>();
  sorted.resize(std::max(sorted.size(), items.size()));
  counts.assign((static_cast<std::size_t>(most - least) >> shift) + 1, 0);
  for (const Item& item : items) ++counts[(item.code - least) >> shift];
  std::uint32_t before = 0;
  for (std::uint32_t& count : counts) before += std::exchange(count, before);
  for (const Item& item : items) sorted[counts[(item.code - least) >> shift]++] = item;
  const std::span<Item> result(sorted.data(), items.size());
  if (shift == 0) return result;
  std::uint32_t first = 0;
  for (const std::uint32_t end : counts) {
    if (end - first > 1) sort_part(result.subspan(first, end - first));
    first = end;
  }
  return result;
}

}  // namespace

Splitter::Splitter(const CodedFeatures& features, const TreeTarget& target,
                   std::span<const std::uint32_t> weights, const TreeSettings& settings)
    : features_(features), target_(target), weights_(weights), settings_(settings) {
  if (target.classes() == 0) return;
  tags_.resize(static_cast<std::size_t>(features.rows()));
  for (std::size_t i = 0; i < tags_.size(); ++i)
    tags_[i] = target.class_of(i) | static_cast<std::uint32_t>(weight(static_cast<std::uint32_t>(i))) << 20;
}

template <typename Item>
std::span<Item> Splitter::gather(const NodeRows& node, std::int64_t feature) const {
  std::vector<Item>& items = scratch<Item>().items;
  items.resize(std::max(items.size(), node.rows.size()));
  const std::uint32_t* const codes = features_.codes(feature);
  for (std::size_t i = 0; i < node.rows.size(); ++i) {
    const std::uint32_t row = node.rows[i];
    if constexpr (std::is_same_v<Item, ClassItem>)
      items[i] = {codes[row], tags_[row]};
    else
      items[i] = {codes[row], static_cast<std::uint32_t>(weight(row)), target_.fixed(row) * weight(row)};
  }
  return {items.data(), node.rows.size()};
}

// The middle, or the lower value where rounding leaves nothing between them.
double Splitter::threshold_between(std::int64_t feature, std::uint32_t left, std::uint32_t right) const {
  if (right == features_.different(feature)) return std::numeric_limits<double>::infinity();
  const double lower = features_.value(feature, left), upper = features_.value(feature, right);
  const double middle = lower / 2 + upper / 2;
  return middle >= lower && middle < upper ? middle : lower;
}

// Every place between two different codes. With `missing_left` the missing ones, behind `present`, are on the left from the start.
template <typename Sides>
void Splitter::scan(std::span<const typename Sides::Item> items, std::size_t present, bool missing_left,
                    Sides& sides, Split& best) const {
  const auto least = static_cast<std::size_t>(settings_.min_samples_leaf);
  sides.clear();
  std::size_t left = 0, end = items.size();
  if (missing_left) {
    for (std::size_t i = present; i < items.size(); ++i) sides.move(items[i]);
    left = items.size() - present;
    end = present;
  }
  for (std::size_t i = 0; i + 1 < end; ++i) {
    sides.move(items[i]);
    ++left;
    if (items[i].code == items[i + 1].code || left < least || items.size() - left < least) continue;
    const double score = sides.score();
    if (score <= best.score) continue;
    best.score = score;
    best.left_code = items[i].code;
    best.threshold = items[i + 1].code;  // a code until the scan is over
    best.missing_left = missing_left;
  }
}

template <typename Sides>
Split Splitter::best_of(const NodeRows& node, std::int64_t feature) const {
  Split best;
  auto items = gather<typename Sides::Item>(node, feature);
  Sides sides(target_, node.totals, node.weight);
  items = sorted_by_code(items);
  best.constant = items.front().code == items.back().code;
  if (best.constant) return best;
  std::size_t present = items.size();
  while (present > 0 && items[present - 1].code == features_.different(feature)) --present;
  scan<Sides>(items, present, false, sides, best);
  if (present < items.size()) scan<Sides>(items, present, true, sides, best);
  if (best.score == -std::numeric_limits<double>::infinity()) return best;
  best.feature = feature;
  best.threshold = threshold_between(feature, best.left_code, static_cast<std::uint32_t>(best.threshold));
  return best;
}

Split Splitter::best(const NodeRows& node, std::int64_t feature, double) const {
  switch (settings_.criterion) {
    case Criterion::kGini:
      return best_of<GiniSides>(node, feature);
    case Criterion::kEntropy:
      return best_of<EntropySides>(node, feature);
    case Criterion::kSquaredError:
      return best_of<ErrorSides>(node, feature);
  }
  return {};
}

// Rows stay ascending on both sides.
Division Splitter::divide(const Split& split, std::int64_t, std::span<std::uint32_t> rows) {
  const std::uint32_t* const codes = features_.codes(split.feature);
  const std::uint32_t missing = features_.different(split.feature);
  Division found = {0, false};
  goes_left_.resize(std::max(goes_left_.size(), rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t code = codes[rows[i]];
    found.any_missing |= code == missing;
    goes_left_[i] = code == missing ? split.missing_left : code <= split.left_code;
    found.left += goes_left_[i];
  }
  move_left(rows.data(), std::span(goes_left_).first(rows.size()), spare_);
  return found;
}

// ---- What both ways of growing ask ----

NodeCount count_rows(const TreeTarget& target, std::span<const std::uint32_t> weights,
                     std::span<const std::uint32_t> rows, std::span<std::int64_t> totals) {
  NodeCount found = {0, false};
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = -least;
  for (const std::uint32_t row : rows) {
    const std::int64_t w = weights.empty() ? 1 : weights[row];
    found.weight += w;
    if (target.classes() > 0) {
      totals[target.class_of(row)] += w;
      continue;
    }
    totals[0] += w * target.fixed(row);
    least = std::min(least, target.fixed(row));
    most = std::max(most, target.fixed(row));
  }
  found.pure = target.classes() > 0
                   ? std::ranges::any_of(totals, [&](std::int64_t n) { return n == found.weight; })
                   : least == most;
  return found;
}

double score_of_node(Criterion criterion, const TreeTarget& target, const NodeRows& node) {
  switch (criterion) {
    case Criterion::kGini:
      return GiniSides(target, node.totals, node.weight).score_of_node();
    case Criterion::kEntropy:
      return EntropySides(target, node.totals, node.weight).score_of_node();
    case Criterion::kSquaredError:
      return ErrorSides(target, node.totals, node.weight).score_of_node();
  }
  return 0;
}

}  // namespace tessera::learn::internal
