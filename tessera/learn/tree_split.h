// The best division of one node by one feature. Internal to tree_growth.cc.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "tessera/learn/tree_criteria.h"

namespace tessera::learn::internal {

struct Split {
  double score = -std::numeric_limits<double>::infinity();
  std::int64_t feature = -1;
  std::uint32_t left_code = 0;  // rows up to this code go left
  double threshold = 0;
  bool missing_left = false;
  bool constant = true;  // there is nothing to divide: one value only
  bool found() const { return feature >= 0; }
};

struct NodeRows {
  std::span<const std::uint32_t> rows;
  std::span<const std::int64_t> totals;  // per class, or of the targets
  std::int64_t weight;
};

class Splitter {
 public:
  Splitter(const CodedFeatures& features, const TreeTarget& target, std::span<const std::uint32_t> weights,
           const TreeSettings& settings);

  // `draw` in (0, 1) places a random threshold; not used otherwise.
  Split best(const NodeRows& node, std::int64_t feature, double draw) const;
  double score_of_node(const NodeRows& node) const;
  std::int64_t weight(std::uint32_t row) const { return weights_.empty() ? 1 : weights_[row]; }

 private:
  template <typename Sides>
  Split best_of(const NodeRows& node, std::int64_t feature, double draw) const;
  template <typename Sides>
  void scan(std::span<const typename Sides::Item> items, std::size_t present, bool missing_left, Sides& sides,
            Split& best) const;
  template <typename Sides>
  void try_random(std::span<const typename Sides::Item> items, std::int64_t feature, double draw,
                  Sides& sides, Split& best) const;
  template <typename Item>
  std::span<Item> gather(const NodeRows& node, std::int64_t feature) const;
  double threshold_between(std::int64_t feature, std::uint32_t left, std::uint32_t right) const;

  const CodedFeatures& features_;
  const TreeTarget& target_;
  std::span<const std::uint32_t> weights_;
  const TreeSettings& settings_;
  std::vector<std::uint32_t> tags_;  // of classes: see ClassItem
};

}  // namespace tessera::learn::internal
