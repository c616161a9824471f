#include "tessera/learn/tree_growth.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <queue>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/tree_split.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/reduce.h"

namespace tessera::learn {

namespace {

using internal::NodeRows;
using internal::Split;
using internal::Splitter;

constexpr std::int64_t kRowsOfTask =
    8192;  // a larger node is evaluated by several tasks, smaller ones share one

struct Node {
  std::int64_t first = 0, count = 0;  // a part of the list of rows
  std::int64_t weight = 0, depth = 0;
  std::int64_t left_child = -1;
  bool pure = false;
  Split split;
};

class Grower {
 public:
  Grower(const CodedFeatures& features, const TreeTarget& target, std::span<const std::uint32_t> weights,
         const TreeSettings& settings)
      : features_(features),
        target_(target),
        settings_(settings),
        splitter_(features, target, weights, settings),
        subset_(settings.max_features > 0 && settings.max_features < features.features()),
        importances_(static_cast<std::size_t>(features.features())) {
    for (std::uint32_t row = 0; row < features.rows(); ++row)
      if (weights.empty() || weights[row] > 0) rows_.push_back(row);
    if (subset_) choice_key_ = numerics::stream_key(settings.seed, name("features"));
    if (settings.random_thresholds) threshold_key_ = numerics::stream_key(settings.seed, name("thresholds"));
  }

  TreeResult grow() {
    add_node(0, static_cast<std::int64_t>(rows_.size()), 0);
    evaluate(0, 1);
    if (settings_.max_leaf_nodes > 0)
      best_first();
    else
      level_by_level();
    return result();
  }

 private:
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
  NodeRows view(std::int64_t node) { return {rows_of(at(node)), totals(node), at(node).weight}; }
  Node& at(std::int64_t node) { return nodes_[static_cast<std::size_t>(node)]; }

  void count(std::int64_t number) {
    Node& node = at(number);
    const std::span<std::int64_t> sums = totals(number);
    std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = -least;
    for (const std::uint32_t row : rows_of(node)) {
      const std::int64_t w = splitter_.weight(row);
      node.weight += w;
      if (target_.classes() > 0) {
        sums[target_.class_of(row)] += w;
        continue;
      }
      sums[0] += w * target_.fixed(row);
      least = std::min(least, target_.fixed(row));
      most = std::max(most, target_.fixed(row));
    }
    node.pure = target_.classes() > 0
                    ? std::ranges::any_of(sums, [&](std::int64_t n) { return n == node.weight; })
                    : least == most;
  }

  bool may_divide(const Node& node) const {
    return !node.pure && node.count >= settings_.min_samples_split &&
           node.count / 2 >= settings_.min_samples_leaf &&
           (settings_.max_depth == 0 || node.depth < settings_.max_depth);
  }

  double draw(std::int64_t node, std::int64_t feature) const {
    double value = 0;
    if (settings_.random_thresholds)
      numerics::fill_uniform(&value, 1, threshold_key_, static_cast<std::uint32_t>(node), feature);
    return value;
  }
  static void improve(Split& best, const Split& other) {
    const bool better =
        other.score > best.score || (other.score == best.score && other.feature < best.feature);
    if (other.found() && (!best.found() || better)) best = other;
  }

  // Features in a drawn order until max_features were tried and one of them was not constant.
  void evaluate_drawn(std::int64_t number) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(features_.features()));
    std::iota(order.begin(), order.end(), 0);
    bool varied = false;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (static_cast<std::int64_t>(i) >= settings_.max_features && varied) return;
      const std::uint64_t step = numerics::bounded(
          order.size() - i, choice_key_, static_cast<std::uint32_t>(number), static_cast<std::int64_t>(i));
      std::swap(order[i], order[i + step]);
      const Split found = splitter_.best(view(number), order[i], draw(number, order[i]));
      varied = varied || !found.constant;
      improve(at(number).split, found);
    }
  }

  void evaluate_small(std::int64_t number) {
    if (!may_divide(at(number))) return;
    if (subset_) return evaluate_drawn(number);
    for (std::int64_t f = 0; f < features_.features(); ++f)
      improve(at(number).split, splitter_.best(view(number), f, draw(number, f)));
  }

  void evaluate_large(std::int64_t number) {
    if (!may_divide(at(number))) return;
    if (subset_) return evaluate_drawn(number);
    std::vector<Split> found(static_cast<std::size_t>(features_.features()));
    parallel_for(features_.features(), [&](std::int64_t f) {
      found[static_cast<std::size_t>(f)] = splitter_.best(view(number), f, draw(number, f));
    });
    for (const Split& split : found) improve(at(number).split, split);
  }

  // Nodes first, ..., last - 1: their sums and their best divisions. Which rows go into one task depends on their number only.
  void evaluate(std::int64_t first, std::int64_t last) {
    std::vector<std::pair<std::int64_t, std::int64_t>> tasks;
    std::int64_t in_task = kRowsOfTask;
    for (std::int64_t i = first; i < last; ++i) {
      if (in_task + at(i).count > kRowsOfTask) {
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
        if (at(i).count <= kRowsOfTask) evaluate_small(i);
      }
    });
    for (std::int64_t i = first; i < last; ++i)
      if (at(i).count > kRowsOfTask) evaluate_large(i);
  }

  // Rows stay ascending on both sides. Makes two nodes.
  void divide(std::int64_t number) {
    const Node node = at(number);
    const Split& split = node.split;
    const std::uint32_t* const codes = features_.codes(split.feature);
    const std::uint32_t missing = features_.different(split.feature);
    const auto rows =
        std::span(rows_).subspan(static_cast<std::size_t>(node.first), static_cast<std::size_t>(node.count));
    right_.clear();
    std::size_t left = 0;
    bool any_missing = false;
    for (const std::uint32_t row : rows) {
      const std::uint32_t code = codes[row];
      any_missing = any_missing || code == missing;
      if (code == missing ? split.missing_left : code <= split.left_code)
        rows[left++] = row;
      else
        right_.push_back(row);
    }
    std::ranges::copy(right_, rows.begin() + static_cast<std::ptrdiff_t>(left));
    const auto count_left = static_cast<std::int64_t>(left);
    at(number).left_child = static_cast<std::int64_t>(nodes_.size());
    // A node that has seen no missing value sends one where more rows went.
    if (!any_missing) at(number).split.missing_left = 2 * count_left > node.count;
    importances_[static_cast<std::size_t>(split.feature)] +=
        split.score - splitter_.score_of_node(view(number));
    add_node(node.first, count_left, node.depth + 1);
    add_node(node.first + count_left, node.count - count_left, node.depth + 1);
  }

  void level_by_level() {
    for (std::int64_t first = 0, last = 1; first < last;) {
      for (std::int64_t i = first; i < last; ++i)
        if (at(i).split.found()) divide(i);
      first = last;
      last = static_cast<std::int64_t>(nodes_.size());
      evaluate(first, last);
    }
  }

  void best_first() {
    using Candidate =
        std::pair<double,
                  std::int64_t>;  // how much it takes away; minus the node, so that the first comes first
    std::priority_queue<Candidate> candidates;
    const auto offer = [&](std::int64_t node) {
      if (at(node).split.found())
        candidates.emplace(at(node).split.score - splitter_.score_of_node(view(node)), -node);
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
      numbers.push_back(static_cast<double>(splitter_.weight(row)) * target_.number(row));
    result.tree.values.push_back(numerics::sum(std::span<const double>(numbers)) / weight);
  }

  TreeResult result() {
    TreeResult result;
    result.importances = importances_;
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

  const CodedFeatures& features_;
  const TreeTarget& target_;
  const TreeSettings& settings_;
  const Splitter splitter_;
  const bool subset_;
  numerics::PhiloxKey choice_key_, threshold_key_;
  std::vector<std::uint32_t> rows_, right_;
  std::vector<Node> nodes_;
  std::vector<std::int64_t> totals_;
  std::vector<double> importances_;
};

}  // namespace

TreeTarget TreeTarget::of_classes(const Tensor& y, std::int64_t classes) {
  TreeTarget target;
  target.classes_ = classes;
  for (const std::int64_t c : y.values<std::int64_t>())
    target.class_.push_back(static_cast<std::uint32_t>(c));
  return target;
}

void TreeTarget::prepare_entropy(std::int64_t most) {
  count_log_.assign(static_cast<std::size_t>(most) + 1, 0);
  for (std::size_t n = 1; n < count_log_.size(); ++n)
    count_log_[n] = static_cast<double>(n) * numerics::log(static_cast<double>(n));
}

TreeTarget TreeTarget::of_numbers(const Tensor& y) {
  TreeTarget target;
  target.numbers_ = y.to_vector<double>();
  const std::vector<double>& numbers = target.numbers_;
  const auto [least, most] = std::ranges::minmax(numbers);
  double center = numerics::mean(std::span<const double>(numbers));
  double largest = std::max(most - center, center - least);
  if (!std::isfinite(largest)) {  // the numbers are near the largest there are
    center = 0;
    largest = std::max(std::abs(least), std::abs(most));
  }
  int exponent = 0;
  std::frexp(largest, &exponent);
  const int bits = 61 - static_cast<int>(std::bit_width(numbers.size()));
  for (const double number : numbers)
    target.fixed_.push_back(
        static_cast<std::int64_t>(std::nearbyint(std::ldexp(number - center, bits - exponent))));
  return target;
}

TreeResult grow_tree(const CodedFeatures& features, const TreeTarget& target,
                     std::span<const std::uint32_t> weights, const TreeSettings& settings) {
  const FloatEnvironment contract;
  return Grower(features, target, weights, settings).grow();
}

}  // namespace tessera::learn
