// One tree of gradient boosting, grown on histograms: Ke et al., "LightGBM: A highly efficient gradient boosting decision tree", NeurIPS
// (2017), with the second-order gain and leaves of Chen, Guestrin, "XGBoost", KDD (2016).
//
// The leaf whose division gains most is divided next. With G, H the sums of gradients and second derivatives of a part:
//
//   gain    G_left^2 / (H_left + l2) + G_right^2 / (H_right + l2) - G^2 / (H + l2), above 0
//   leaf    - learning_rate * G / (H + l2)
//
// Of equally good divisions the one with the lowest feature wins, then missing values to the right, then the lowest bin; of equally good leaves the older.
//
// A gradient is a whole number in a fixed point (Quantisation), so that sums are exact: their order cannot show, and the histogram of a sibling is its parent's
// less the other's without a rounding.
//
// Thread-safety: grow() uses all threads; one call at a time.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "tessera/learn/feature_bins.h"
#include "tessera/learn/tree_ensemble.h"

namespace tessera::learn {

// A row's gradient; above `count_bits` its second derivative, below a 1 that counts the row.
struct RowGradient {
  std::int64_t gradient;
  std::uint64_t second;
};

// Fixed points in which neither sum over `rows` rows can overflow.
struct Quantisation {
  // |gradient| <= largest_gradient, second derivatives in [0, 1/4], or all 1.
  Quantisation(std::int64_t rows, double largest_gradient, bool constant_second);

  RowGradient operator()(double gradient, double second) const {
    const double scaled = gradient * gradient_scale;
    const auto rounded = static_cast<std::int64_t>(scaled + (scaled >= 0 ? 0.5 : -0.5));
    if (constant_second) return {rounded, 1};
    const auto of_second = static_cast<std::int64_t>(second * second_scale + 0.5);
    return {rounded, (static_cast<std::uint64_t>(of_second) << count_bits) + 1};
  }
  double gradient(std::int64_t sum) const { return static_cast<double>(sum) * gradient_unit; }
  double second(std::uint64_t sum) const {
    return constant_second ? static_cast<double>(count(sum))
                           : static_cast<double>(static_cast<std::int64_t>(sum >> count_bits)) * second_unit;
  }
  std::int64_t count(std::uint64_t sum) const { return static_cast<std::int64_t>(sum & count_mask); }

  bool constant_second;
  int count_bits;
  std::uint64_t count_mask;
  double gradient_scale, gradient_unit, second_scale, second_unit;
};

struct BoostedTreeSettings {
  double learning_rate = 0.1;
  std::int64_t max_leaf_nodes = 31;  // 0: no limit
  std::int64_t max_depth = 0;        // 0: no limit
  std::int64_t min_samples_leaf = 20;
  double l2_regularization = 0;
  double min_hessian = 1e-3;  // of a part
};

class BoostedTreeGrower {
 public:
  BoostedTreeGrower(const FeatureBins& bins, const BoostedTreeSettings& settings);

  // Adds the value of each row's leaf to its prediction. A tree that could not divide anything says 0.
  GrownTree grow(std::span<const RowGradient> gradients, const Quantisation& quantisation,
                 std::span<double> predictions);
  // Of each feature, the sum of the gains of its divisions in all trees grown so far, tree by tree, older nodes first.
  const std::vector<double>& gains() const { return gains_; }

 private:
  static constexpr std::size_t kBins = 256;

  struct Candidate {
    double gain = 0;
    std::int64_t feature = -1;
    std::int64_t bin = 0;
    bool missing_left = false;
  };
  struct Node {
    std::int64_t first = 0, count = 0, depth = 0;
    RowGradient sum = {0, 0};
    std::int64_t histogram = -1, left_child = -1;
    Candidate best;
  };

  Node& at(std::int64_t node) { return nodes_[static_cast<std::size_t>(node)]; }
  RowGradient* histogram(std::int64_t number, std::int64_t feature);
  std::int64_t take_histogram();
  bool may_divide(const Node& node) const;
  void start(std::span<const RowGradient> gradients);
  void gather(const Node& node, std::span<const RowGradient> gradients);
  std::int64_t feature_tasks() const;
  std::pair<std::int64_t, std::int64_t> features_of(std::int64_t task,
                                                    std::int64_t tasks) const;  // first, past the last
  void fill(const Node& node, std::int64_t feature, std::int64_t count);
  template <int kCount>
  void fill_some(const Node& node, std::int64_t feature);
  Candidate best_of(const Node& node, std::int64_t feature);
  void scan(const Node& node, std::int64_t feature, bool missing_left, Candidate& best);
  std::int64_t partition(const Node& node);
  void divide(std::int64_t number, std::span<const RowGradient> gradients, bool last);
  double leaf_value(const Node& node) const;
  GrownTree finished(std::span<double> predictions);

  const FeatureBins& bins_;
  BoostedTreeSettings settings_;
  const Quantisation* quantisation_ = nullptr;
  std::vector<std::uint32_t> rows_, left_rows_, right_rows_;
  std::vector<RowGradient> gathered_;
  const RowGradient* ordered_ = nullptr;  // of the rows of the node whose histogram is filled
  std::vector<std::vector<RowGradient>> histograms_;
  std::vector<std::int64_t> free_histograms_;
  std::vector<Node> nodes_;
  std::vector<double> gains_;
};

}  // namespace tessera::learn
