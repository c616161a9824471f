// The best division of one node by one feature: what grows trees with the best thresholds. Internal to tree_growth.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

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
  std::int64_t first;  // where they stand among the rows of all nodes
  std::span<const std::uint32_t> rows;
  std::span<const std::int64_t> totals;  // per class, or of the targets
  std::int64_t weight;
};

// A part of the rows of all nodes.
struct RowRange {
  std::int64_t first, count;
};

struct NodeCount {
  std::int64_t weight;
  bool pure;  // of one class, or of equal targets
};

// Adds the rows up into `totals`, which are 0. `weights` as for grow_tree().
NodeCount count_rows(const TreeTarget& target, std::span<const std::uint32_t> weights,
                     std::span<const std::uint32_t> rows, std::span<std::int64_t> totals);
double score_of_node(Criterion criterion, const TreeTarget& target, const NodeRows& node);

struct Division {
  std::int64_t left;  // rows that went left
  bool any_missing;
};

// Moves the members that go left to the front; both sides stay in order. `spare` has room for all of them.
template <typename Member>
void move_left(Member* members, std::span<const std::uint8_t> goes_left, std::vector<Member>& spare) {
  spare.resize(std::max(spare.size(), goes_left.size()));
  std::size_t left = 0, right = 0;
  for (std::size_t i = 0; i < goes_left.size(); ++i) {  // about half of them go: a branch would be a guess
    const Member member = members[i];
    members[left] = member;
    spare[right] = member;
    left += goes_left[i];
    right += 1u - goes_left[i];
  }
  std::copy_n(spare.begin(), right, members + left);
}

class Splitter {
 public:
  static constexpr bool kDrawsThresholds = false;
  Splitter(const CodedFeatures& features, const TreeTarget& target, std::span<const std::uint32_t> weights,
           const TreeSettings& settings);

  std::int64_t features() const { return features_.features(); }
  NodeCount count(std::int64_t, std::span<const std::uint32_t> rows, std::span<std::int64_t> totals) const {
    return count_rows(target_, weights_, rows, totals);
  }
  Split best(const NodeRows& node, std::int64_t feature, double) const;
  Division divide(const Split& split, std::int64_t first, std::span<std::uint32_t> rows);
  void next_level(std::span<const RowRange>) {}

 private:
  std::int64_t weight(std::uint32_t row) const { return weights_.empty() ? 1 : weights_[row]; }
  template <typename Sides>
  Split best_of(const NodeRows& node, std::int64_t feature) const;
  template <typename Sides>
  void scan(std::span<const typename Sides::Item> items, std::size_t present, bool missing_left, Sides& sides,
            Split& best) const;
  template <typename Item>
  std::span<Item> gather(const NodeRows& node, std::int64_t feature) const;
  double threshold_between(std::int64_t feature, std::uint32_t left, std::uint32_t right) const;

  const CodedFeatures& features_;
  const TreeTarget& target_;
  std::span<const std::uint32_t> weights_;
  const TreeSettings& settings_;
  std::vector<std::uint32_t> tags_;  // of classes: see ClassItem
  std::vector<std::uint8_t> goes_left_;
  std::vector<std::uint32_t> spare_;
};

}  // namespace tessera::learn::internal
