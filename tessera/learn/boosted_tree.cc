#include "tessera/learn/boosted_tree.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kRowsOfHistogram = 8192;
constexpr std::int64_t kRowsAhead = 16;           // for which memory is asked before they are needed
constexpr std::int64_t kMostFeaturesOfTask = 10;  // whose histograms fit into the nearest cache

std::int64_t chunks(std::int64_t rows) {
  return (rows + kRowsOfHistogram - 1) / kRowsOfHistogram;
}

void add(RowGradient& to, const RowGradient& what) {
  to.gradient += what.gradient;
  to.second += what.second;
}

// The same in one step of 128 bits: two additions of whole numbers.
using Pair = std::int64_t __attribute__((vector_size(16), aligned(8), may_alias));
void add_pair(RowGradient& to, const Pair& what) {
  *reinterpret_cast<Pair*>(&to) += what;
}

}  // namespace

Quantisation::Quantisation(std::int64_t rows, double largest_gradient, bool constant)
    : constant_second(constant),
      count_bits(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(rows)))),
      count_mask((std::uint64_t{1} << count_bits) - 1) {
  if (!std::isfinite(largest_gradient))
    fail(
        "gradient boosting: the gradients are no longer finite numbers; a lower learning_rate, or a target "
        "in other units, may help");
  int exponent = 0;
  std::frexp(largest_gradient, &exponent);
  exponent = std::max(exponent, -900);  // the scale stays finite; smaller gradients are as good as 0
  const int gradient_bits = 61 - count_bits - exponent;
  gradient_scale = std::ldexp(1.0, gradient_bits);
  gradient_unit = std::ldexp(1.0, -gradient_bits);
  const int second_bits = std::min(52, 64 - 2 * count_bits);
  second_scale = std::ldexp(1.0, second_bits);
  second_unit = std::ldexp(1.0, -second_bits);
}

BoostedTreeGrower::BoostedTreeGrower(const FeatureBins& bins, const BoostedTreeSettings& settings)
    : bins_(bins),
      settings_(settings),
      rows_(static_cast<std::size_t>(bins.rows())),
      left_rows_(rows_.size()),
      right_rows_(rows_.size()),
      gathered_(rows_.size()),
      gains_(static_cast<std::size_t>(bins.features())) {}

RowGradient* BoostedTreeGrower::histogram(std::int64_t number, std::int64_t feature) {
  return histograms_[static_cast<std::size_t>(number)].data() + static_cast<std::size_t>(feature) * kBins;
}

std::int64_t BoostedTreeGrower::take_histogram() {
  if (free_histograms_.empty()) {
    histograms_.emplace_back(static_cast<std::size_t>(bins_.features()) * kBins);
    return static_cast<std::int64_t>(histograms_.size()) - 1;
  }
  const std::int64_t number = free_histograms_.back();
  free_histograms_.pop_back();
  return number;
}

bool BoostedTreeGrower::may_divide(const Node& node) const {
  return node.count / 2 >= settings_.min_samples_leaf && node.count > 1 &&
         (settings_.max_depth == 0 || node.depth < settings_.max_depth);
}

void BoostedTreeGrower::gather(const Node& node, std::span<const RowGradient> gradients) {
  ordered_ = gathered_.data();
  const std::uint32_t* const rows = rows_.data() + node.first;
  parallel_for(chunks(node.count), [&](std::int64_t c) {
    const std::int64_t last = std::min(node.count, (c + 1) * kRowsOfHistogram);
    for (std::int64_t i = c * kRowsOfHistogram; i < last; ++i) {
      __builtin_prefetch(&gradients[rows[std::min(i + kRowsAhead, last - 1)]]);
      gathered_[static_cast<std::size_t>(i)] = gradients[rows[i]];
    }
  });
}

// Histograms of neighbouring features: a row's bins stand together, so that memory is waited for once for all of them.
template <int kCount>
void BoostedTreeGrower::fill_some(const Node& node, std::int64_t feature) {
  RowGradient* const sums = histogram(node.histogram, feature);
  std::fill_n(sums, kCount * kBins, RowGradient{0, 0});
  const std::int64_t width = bins_.features();
  const std::uint8_t* const bins = bins_.bins_of_rows() + feature;
  const std::uint32_t* const rows = rows_.data() + node.first;
  const Pair* const ordered = reinterpret_cast<const Pair*>(ordered_);
  const auto add_row = [&]<std::size_t... kFeature>(std::int64_t i, std::index_sequence<kFeature...>) {
    const std::uint8_t* const of_row = bins + rows[i] * width;
    const Pair gradient = ordered[i];
    (add_pair(sums[kFeature * kBins + of_row[kFeature]], gradient), ...);
  };
  std::int64_t i = 0;
  for (; i + kRowsAhead < node.count; ++i) {
    __builtin_prefetch(bins + rows[i + kRowsAhead] * width);
    add_row(i, std::make_index_sequence<kCount>());
  }
  for (; i < node.count; ++i) add_row(i, std::make_index_sequence<kCount>());
}

void BoostedTreeGrower::fill(const Node& node, std::int64_t feature, std::int64_t count) {
  static_assert(kMostFeaturesOfTask == 10);
  switch (count) {
    case 1:
      return fill_some<1>(node, feature);
    case 2:
      return fill_some<2>(node, feature);
    case 3:
      return fill_some<3>(node, feature);
    case 4:
      return fill_some<4>(node, feature);
    case 5:
      return fill_some<5>(node, feature);
    case 6:
      return fill_some<6>(node, feature);
    case 7:
      return fill_some<7>(node, feature);
    case 8:
      return fill_some<8>(node, feature);
    case 9:
      return fill_some<9>(node, feature);
    default:
      return fill_some<10>(node, feature);
  }
}

// Every bin as the last one on the left. Missing ones to the right: also all that is not missing against them.
void BoostedTreeGrower::scan(const Node& node, std::int64_t feature, bool missing_left, Candidate& best) {
  const RowGradient* const sums = histogram(node.histogram, feature);
  const Quantisation& q = *quantisation_;
  RowGradient left = missing_left ? sums[FeatureBins::kMissingBin] : RowGradient{0, 0};
  const std::int64_t bins = bins_.count(feature);
  const std::int64_t end = missing_left || !bins_.any_missing(feature) ? bins - 1 : bins;
  const double l2 = settings_.l2_regularization;
  const double g = q.gradient(node.sum.gradient), h = q.second(node.sum.second) + l2;
  const double undivided = h > 0 ? g * g / h : 0;
  for (std::int64_t bin = 0; bin < end; ++bin) {
    add(left, sums[bin]);
    const std::int64_t count_left = q.count(left.second);
    if (count_left < settings_.min_samples_leaf) continue;
    if (node.count - count_left < settings_.min_samples_leaf || count_left == node.count) break;
    const double h_left = q.second(left.second), h_right = q.second(node.sum.second - left.second);
    if (h_left < settings_.min_hessian) continue;
    if (h_right < settings_.min_hessian) break;
    const double g_left = q.gradient(left.gradient), g_right = q.gradient(node.sum.gradient - left.gradient);
    const double a = h_left + l2, b = h_right + l2;
    const double gain = (g_left * g_left * b + g_right * g_right * a) / (a * b) - undivided;
    if (gain > best.gain) best = {gain, feature, bin, missing_left};
  }
}

BoostedTreeGrower::Candidate BoostedTreeGrower::best_of(const Node& node, std::int64_t feature) {
  Candidate best;
  scan(node, feature, false, best);
  if (bins_.any_missing(feature)) {
    if (histogram(node.histogram, feature)[FeatureBins::kMissingBin].second != 0)
      scan(node, feature, true, best);
  } else if (best.feature >= 0) {  // none was seen: to the side of more rows
    RowGradient left = {0, 0};
    for (std::int64_t bin = 0; bin <= best.bin; ++bin) add(left, histogram(node.histogram, feature)[bin]);
    best.missing_left = 2 * quantisation_->count(left.second) > node.count;
  }
  return best;
}

// As many as there are threads, or times as many: sums are exact, so that the cut into tasks cannot show.
std::int64_t BoostedTreeGrower::feature_tasks() const {
  const std::int64_t threads = thread_count();
  const std::int64_t least = (bins_.features() + kMostFeaturesOfTask - 1) / kMostFeaturesOfTask;
  return std::min(bins_.features(), (least + threads - 1) / threads * threads);
}

std::pair<std::int64_t, std::int64_t> BoostedTreeGrower::features_of(std::int64_t task,
                                                                     std::int64_t tasks) const {
  return {task * bins_.features() / tasks, (task + 1) * bins_.features() / tasks};
}

void BoostedTreeGrower::start(std::span<const RowGradient> gradients) {
  parallel_for(chunks(bins_.rows()), [&](std::int64_t c) {
    const std::int64_t first = c * kRowsOfHistogram, last = std::min(bins_.rows(), first + kRowsOfHistogram);
    std::iota(rows_.begin() + first, rows_.begin() + last, static_cast<std::uint32_t>(first));
  });
  nodes_.assign(1, {});
  free_histograms_.resize(histograms_.size());
  std::iota(free_histograms_.begin(), free_histograms_.end(), 0);
  Node& root = nodes_[0];
  root.count = bins_.rows();
  if (!may_divide(root)) return;
  root.histogram = take_histogram();
  ordered_ = gradients.data();
  std::vector<Candidate> found(static_cast<std::size_t>(bins_.features()));
  const std::int64_t tasks = feature_tasks();
  parallel_for(tasks, [&](std::int64_t task) {
    const auto [first, last] = features_of(task, tasks);
    fill(root, first, last - first);
  });
  for (std::size_t bin = 0; bin < kBins; ++bin) add(root.sum, histogram(root.histogram, 0)[bin]);
  parallel_for(bins_.features(),
               [&](std::int64_t f) { found[static_cast<std::size_t>(f)] = best_of(root, f); });
  for (const Candidate& candidate : found)
    if (candidate.gain > root.best.gain) root.best = candidate;
}

// Rows keep their order on both sides. Returns how many go left.
std::int64_t BoostedTreeGrower::partition(const Node& node) {
  const std::uint8_t* const bins = bins_.bins(node.best.feature);
  const std::int64_t parts = chunks(node.count);
  std::vector<std::int64_t> left_count(static_cast<std::size_t>(parts));
  std::uint8_t goes_left[kBins];
  for (std::size_t bin = 0; bin < kBins; ++bin)
    goes_left[bin] = bin == FeatureBins::kMissingBin ? node.best.missing_left
                                                     : static_cast<std::int64_t>(bin) <= node.best.bin;
  std::uint32_t* const rows = rows_.data() + node.first;
  parallel_for(parts, [&](std::int64_t part) {
    const std::int64_t first = part * kRowsOfHistogram, last = std::min(node.count, first + kRowsOfHistogram);
    std::int64_t left = first, right = first;
    for (std::int64_t i = first; i < last; ++i) {
      const std::uint32_t row = rows[i];
      const std::uint8_t goes = goes_left[bins[row]];
      left_rows_[static_cast<std::size_t>(left)] = row;
      right_rows_[static_cast<std::size_t>(right)] = row;
      left += goes;
      right += 1 - goes;
    }
    left_count[static_cast<std::size_t>(part)] = left - first;
  });
  std::vector<std::int64_t> left_before(static_cast<std::size_t>(parts) + 1);
  std::inclusive_scan(left_count.begin(), left_count.end(), left_before.begin() + 1);
  const std::int64_t all_left = left_before.back();
  parallel_for(parts, [&](std::int64_t part) {
    const std::int64_t first = part * kRowsOfHistogram,
                       count = std::min(node.count - first, kRowsOfHistogram);
    const std::int64_t here = left_count[static_cast<std::size_t>(part)];
    const std::int64_t left = left_before[static_cast<std::size_t>(part)];
    std::copy_n(left_rows_.begin() + first, here, rows + left);
    std::copy_n(right_rows_.begin() + first, count - here, rows + all_left + first - left);
  });
  return all_left;
}

void BoostedTreeGrower::divide(std::int64_t number, std::span<const RowGradient> gradients, bool last) {
  const Node parent = at(number);
  const std::int64_t count_left = partition(parent);
  Node children[2];
  for (Node& child : children) child.depth = parent.depth + 1;
  children[0].first = parent.first;
  children[0].count = count_left;
  children[1].first = parent.first + count_left;
  children[1].count = parent.count - count_left;
  const RowGradient* const sums = histogram(parent.histogram, parent.best.feature);
  for (std::int64_t bin = 0; bin <= parent.best.bin; ++bin) add(children[0].sum, sums[bin]);
  if (parent.best.missing_left && bins_.any_missing(parent.best.feature))
    add(children[0].sum, sums[FeatureBins::kMissingBin]);
  children[1].sum = {parent.sum.gradient - children[0].sum.gradient,
                     parent.sum.second - children[0].sum.second};
  at(number).left_child = static_cast<std::int64_t>(nodes_.size());
  const bool wanted = !last && (may_divide(children[0]) || may_divide(children[1]));
  if (wanted) {
    Node& small = children[children[0].count <= children[1].count ? 0 : 1];
    Node& large = children[children[0].count <= children[1].count ? 1 : 0];
    small.histogram = take_histogram();
    large.histogram = parent.histogram;
    gather(small, gradients);
    std::vector<Candidate> found(static_cast<std::size_t>(2 * bins_.features()));
    const std::int64_t tasks = feature_tasks();
    parallel_for(tasks, [&](std::int64_t task) {
      const auto [first, end] = features_of(task, tasks);
      fill(small, first, end - first);
      RowGradient* const rest = histogram(large.histogram, first);
      const RowGradient* const part = histogram(small.histogram, first);
      for (std::size_t bin = 0; bin < static_cast<std::size_t>(end - first) * kBins; ++bin) {
        rest[bin].gradient -= part[bin].gradient;
        rest[bin].second -= part[bin].second;
      }
      for (std::int64_t f = first; f < end; ++f)
        for (std::size_t side = 0; side < 2; ++side)
          if (may_divide(children[side]))
            found[2 * static_cast<std::size_t>(f) + side] = best_of(children[side], f);
    });
    for (std::size_t i = 0; i < found.size(); ++i)
      if (found[i].gain > children[i % 2].best.gain) children[i % 2].best = found[i];
  } else {
    free_histograms_.push_back(parent.histogram);
  }
  at(number).histogram = -1;
  for (Node& child : children) {
    if (child.histogram >= 0 && child.best.feature < 0) {
      free_histograms_.push_back(child.histogram);
      child.histogram = -1;
    }
    nodes_.push_back(child);
  }
}

double BoostedTreeGrower::leaf_value(const Node& node) const {
  const double second = quantisation_->second(node.sum.second) + settings_.l2_regularization;
  if (nodes_.size() == 1 || !(second > 0)) return 0;
  return -settings_.learning_rate * (quantisation_->gradient(node.sum.gradient) / second);
}

GrownTree BoostedTreeGrower::finished(std::span<double> predictions) {
  GrownTree tree;
  for (const Node& node : nodes_) {
    if (node.left_child < 0) {
      tree.links.push_back(GrownTree::leaf(static_cast<std::int64_t>(tree.values.size())));
      tree.thresholds.push_back(0);
      tree.values.push_back(leaf_value(node));
      continue;
    }
    gains_[static_cast<std::size_t>(node.best.feature)] += node.best.gain;
    const auto& cuts = bins_.cuts(node.best.feature);
    const auto bin = static_cast<std::size_t>(node.best.bin);
    tree.links.push_back(GrownTree::link(node.best.feature, node.best.missing_left, node.left_child));
    tree.thresholds.push_back(bin < cuts.size() ? cuts[bin] : std::numeric_limits<double>::infinity());
  }
  parallel_for(static_cast<std::int64_t>(nodes_.size()), [&](std::int64_t i) {
    const Node& node = at(i);
    if (node.left_child >= 0) return;
    const double value = leaf_value(node);
    for (std::int64_t r = node.first; r < node.first + node.count; ++r)
      predictions[rows_[static_cast<std::size_t>(r)]] += value;
  });
  return tree;
}

GrownTree BoostedTreeGrower::grow(std::span<const RowGradient> gradients, const Quantisation& quantisation,
                                  std::span<double> predictions) {
  quantisation_ = &quantisation;
  start(gradients);
  std::priority_queue<std::pair<double, std::int64_t>>
      leaves;  // gain; minus the node, so that the older comes first
  const auto offer = [&](std::int64_t node) {
    if (at(node).best.feature >= 0) leaves.emplace(at(node).best.gain, -node);
  };
  offer(0);
  const std::int64_t most =
      settings_.max_leaf_nodes > 0 ? settings_.max_leaf_nodes : std::numeric_limits<std::int64_t>::max();
  for (std::int64_t count = 1; count < most && !leaves.empty(); ++count) {
    const std::int64_t node = -leaves.top().second;
    leaves.pop();
    divide(node, gradients, count + 1 == most);
    offer(at(node).left_child);
    offer(at(node).left_child + 1);
  }
  return finished(predictions);
}

}  // namespace tessera::learn
