// How one tree grows, whatever chooses its divisions: level by level, or the best node first. Internal to tree_growth.cc.
//
// `Splits` holds what is learned from. It has
//
//   features()                      how many there are
//   count(first, rows, totals)      adds the rows of a node up
//   best(node, feature, draw)       its division by one feature; `draw` in (0, 1) is only drawn where kDrawsThresholds says so
//   divide(split, first, rows)      moves a node's rows, those that go left to the front
//   next_level(ranges)              all nodes of a level have been divided; of the new ones, those that are large enough to be divided
//
// count() and best() may be called from several threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "tessera/base/thread_pool.h"
#include "tessera/learn/tree_split.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/reduce.h"

namespace tessera::learn::internal {

inline constexpr std::int64_t kRowsOfGrowthTask =
    8192;  // a larger node is evaluated by several tasks, smaller ones share one

inline constexpr std::size_t kNodesReserved = 1 << 20;  // at most, before there are so many

template <typename Splits>
class Grower {
 public:
  Grower(Splits& splits, const TreeTarget& target, std::span<const std::uint32_t> weights,
         const TreeSettings& settings, std::vector<std::uint32_t> rows)
      : splits_(splits),
        target_(target),
        weights_(weights),
        settings_(settings),
        subset_(settings.max_features > 0 && settings.max_features < splits.features()),
        rows_(std::move(rows)),
        importances_(static_cast<std::size_t>(splits.features())) {
    if (subset_) choice_key_ = numerics::stream_key(settings.seed, name("features"));
    if constexpr (Splits::kDrawsThresholds)
      threshold_key_ = numerics::stream_key(settings.seed, name("thresholds"));
  }

  TreeResult grow() {
    nodes_.reserve(std::min(2 * rows_.size(), kNodesReserved));
    add_node(0, static_cast<std::int64_t>(rows_.size()), 0);
    evaluate(0, 1);
    if (settings_.max_leaf_nodes > 0)
      best_first();
    else
      level_by_level();
    return result();
  }

 private:
  struct Node {
    std::int64_t first = 0, count = 0;  // a part of the list of rows
    std::int64_t weight = 0, depth = 0;
    std::int64_t left_child = -1;
    bool pure = false;
    Split split;
  };

  std::string name(std::string_view what) const {
    return "tree" + std::to_string(settings_.tree) + "." + std::string(what);
  }

  void add_node(std::int64_t first, std::int64_t count, std::int64_t depth) {
    Node node;
    node.first = first;
    node.count = count;
    node.depth = depth;
    nodes_.push_back(node);
    totals_.resize(nodes_.size() * static_cast<std::size_t>(target_.width()));
  }
  std::span<std::int64_t> totals(std::int64_t node) {
    return std::span(totals_).subspan(static_cast<std::size_t>(node * target_.width()),
                                      static_cast<std::size_t>(target_.width()));
  }
  std::span<const std::uint32_t> rows_of(const Node& node) const {
    return std::span(rows_).subspan(static_cast<std::size_t>(node.first),
                                    static_cast<std::size_t>(node.count));
  }
  NodeRows view(std::int64_t node) {
    return {at(node).first, rows_of(at(node)), totals(node), at(node).weight};
  }
  double score(std::int64_t node) { return score_of_node(settings_.criterion, target_, view(node)); }
  Node& at(std::int64_t node) { return nodes_[static_cast<std::size_t>(node)]; }

  void count(std::int64_t number) {
    Node& node = at(number);
    const NodeCount found = splits_.count(node.first, rows_of(node), totals(number));
    node.weight = found.weight;
    node.pure = found.pure;
  }

  bool may_divide(const Node& node) const {
    return !node.pure && node.count >= settings_.min_samples_split &&
           node.count / 2 >= settings_.min_samples_leaf &&
           (settings_.max_depth == 0 || node.depth < settings_.max_depth);
  }

  double draw(std::int64_t node, std::int64_t feature) const {
    double value = 0;
    if constexpr (Splits::kDrawsThresholds)
      numerics::fill_uniform(&value, 1, threshold_key_, static_cast<std::uint32_t>(node), feature);
    return value;
  }
  // The same for every feature.
  std::span<const double> draws(std::int64_t node) const {
    thread_local std::vector<double> own;
    own.resize(static_cast<std::size_t>(splits_.features()));
    if constexpr (Splits::kDrawsThresholds)
      numerics::fill_uniform(own.data(), splits_.features(), threshold_key_,
                             static_cast<std::uint32_t>(node));
    return own;
  }
  static void improve(Split& best, const Split& other) {
    const bool better =
        other.score > best.score || (other.score == best.score && other.feature < best.feature);
    if (other.found() && (!best.found() || better)) best = other;
  }

  // Features in a drawn order until max_features were tried and one of them was not constant.
  void evaluate_drawn(std::int64_t number) {
    thread_local std::vector<std::int64_t> order;
    order.resize(static_cast<std::size_t>(splits_.features()));
    std::iota(order.begin(), order.end(), 0);
    const NodeRows node = view(number);
    bool varied = false;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (static_cast<std::int64_t>(i) >= settings_.max_features && varied) return;
      const std::uint64_t step = numerics::bounded(
          order.size() - i, choice_key_, static_cast<std::uint32_t>(number), static_cast<std::int64_t>(i));
      std::swap(order[i], order[i + step]);
      const Split found = splits_.best(node, order[i], draw(number, order[i]));
      varied = varied || !found.constant;
      improve(at(number).split, found);
    }
  }

  void evaluate_small(std::int64_t number) {
    if (!may_divide(at(number))) return;
    if (subset_) return evaluate_drawn(number);
    const std::span<const double> drawn = draws(number);
    const NodeRows node = view(number);
    for (std::int64_t f = 0; f < splits_.features(); ++f)
      improve(at(number).split, splits_.best(node, f, drawn[static_cast<std::size_t>(f)]));
  }

  void evaluate_large(std::int64_t number) {
    if (!may_divide(at(number))) return;
    if (subset_) return evaluate_drawn(number);
    std::vector<Split> found(static_cast<std::size_t>(splits_.features()));
    parallel_for(splits_.features(), [&](std::int64_t f) {
      found[static_cast<std::size_t>(f)] = splits_.best(view(number), f, draw(number, f));
    });
    for (const Split& split : found) improve(at(number).split, split);
  }

  // Nodes first, ..., last - 1: their sums and their best divisions. Which rows go into one task depends on their number only.
  void evaluate(std::int64_t first, std::int64_t last) {
    std::vector<std::pair<std::int64_t, std::int64_t>> tasks;
    std::int64_t in_task = kRowsOfGrowthTask;
    for (std::int64_t i = first; i < last; ++i) {
      if (in_task + at(i).count > kRowsOfGrowthTask) {
        tasks.emplace_back(i, i);
        in_task = 0;
      }
      tasks.back().second = i + 1;
      in_task += at(i).count;
    }
    parallel_for(static_cast<std::int64_t>(tasks.size()), [&](std::int64_t t) {
      const auto [from, to] = tasks[static_cast<std::size_t>(t)];
      for (std::int64_t i = from; i < to; ++i) {
        count(i);
        if (at(i).count <= kRowsOfGrowthTask) evaluate_small(i);
      }
    });
    for (std::int64_t i = first; i < last; ++i)
      if (at(i).count > kRowsOfGrowthTask) evaluate_large(i);
  }

  // Makes two nodes.
  void divide(std::int64_t number) {
    const Node node = at(number);
    const Split& split = node.split;
    const auto rows =
        std::span(rows_).subspan(static_cast<std::size_t>(node.first), static_cast<std::size_t>(node.count));
    const Division division = splits_.divide(split, node.first, rows);
    at(number).left_child = static_cast<std::int64_t>(nodes_.size());
    // A node that has seen no missing value sends one where more rows went.
    if (!division.any_missing) at(number).split.missing_left = 2 * division.left > node.count;
    importances_[static_cast<std::size_t>(split.feature)] += split.score - score(number);
    add_node(node.first, division.left, node.depth + 1);
    add_node(node.first + division.left, node.count - division.left, node.depth + 1);
  }

  std::vector<RowRange> large_enough(std::int64_t first, std::int64_t last) {
    std::vector<RowRange> ranges;
    for (std::int64_t i = first; i < last; ++i)
      if (at(i).count >= settings_.min_samples_split) ranges.push_back({at(i).first, at(i).count});
    return ranges;
  }

  void level_by_level() {
    for (std::int64_t first = 0, last = 1; first < last;) {
      for (std::int64_t i = first; i < last; ++i)
        if (at(i).split.found()) divide(i);
      first = last;
      last = static_cast<std::int64_t>(nodes_.size());
      splits_.next_level(large_enough(first, last));
      evaluate(first, last);
    }
  }

  void best_first() {
    using Candidate =
        std::pair<double,
                  std::int64_t>;  // how much it takes away; minus the node, so that the first comes first
    std::priority_queue<Candidate> candidates;
    const auto offer = [&](std::int64_t node) {
      if (at(node).split.found()) candidates.emplace(at(node).split.score - score(node), -node);
    };
    offer(0);
    for (std::int64_t leaves = 1; leaves < settings_.max_leaf_nodes && !candidates.empty(); ++leaves) {
      const std::int64_t node = -candidates.top().second;
      candidates.pop();
      divide(node);
      const std::int64_t child = at(node).left_child;
      evaluate(child, child + 2);
      offer(child);
      offer(child + 1);
    }
  }

  void add_leaf(std::int64_t number, TreeResult& result) {
    const Node& node = at(number);
    result.leaf_rows.push_back(node.count);
    const auto weight = static_cast<double>(node.weight);
    if (target_.classes() > 0) {
      for (const std::int64_t n : totals(number))
        result.tree.values.push_back(static_cast<double>(n) / weight);
      return;
    }
    std::vector<double> numbers;
    for (const std::uint32_t row : rows_of(node))
      numbers.push_back((weights_.empty() ? 1.0 : static_cast<double>(weights_[row])) * target_.number(row));
    result.tree.values.push_back(numerics::sum(std::span<const double>(numbers)) / weight);
  }

  TreeResult result() {
    TreeResult result;
    result.importances = importances_;
    result.tree.links.reserve(nodes_.size());
    result.tree.thresholds.reserve(nodes_.size());
    result.tree.values.reserve((nodes_.size() + 1) / 2 * static_cast<std::size_t>(target_.width()));
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(nodes_.size()); ++i) {
      const Node& node = at(i);
      const bool leaf = node.left_child < 0;
      result.tree.thresholds.push_back(leaf ? 0 : node.split.threshold);
      if (leaf) {
        result.tree.links.push_back(GrownTree::leaf(static_cast<std::int64_t>(result.leaf_rows.size())));
        add_leaf(i, result);
      } else {
        result.tree.links.push_back(
            GrownTree::link(node.split.feature, node.split.missing_left, node.left_child));
      }
    }
    return result;
  }

  Splits& splits_;
  const TreeTarget& target_;
  const std::span<const std::uint32_t> weights_;
  const TreeSettings& settings_;
  const bool subset_;
  numerics::PhiloxKey choice_key_, threshold_key_;
  std::vector<std::uint32_t> rows_;  // of all nodes; those of one node stand together, ascending
  std::vector<Node> nodes_;
  std::vector<std::int64_t> totals_;
  std::vector<double> importances_;
};

}  // namespace tessera::learn::internal
