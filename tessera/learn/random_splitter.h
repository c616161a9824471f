// The division of one node by one feature at a threshold that is drawn: what grows extremely randomised trees. Internal to tree_growth.cc.
//
// Nothing is sorted: a node needs the least and the greatest value of a feature, and then the sum over the rows up to the threshold. So what costs is reading.
// The rows' targets are kept in the order of the nodes. The values of all features are put into that order, too, every few levels: in
// between, a node's values are read by their places, which are near each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/learn/tree_kernels.h"
#include "tessera/learn/tree_split.h"
#include "tessera/learn/value_columns.h"

namespace tessera::learn::internal {

class RandomSplitter {
 public:
  static constexpr bool kDrawsThresholds = true;
  RandomSplitter(const ValueColumns& table, const TreeTarget& target, std::span<const std::uint32_t> weights,
                 const TreeSettings& settings, std::span<const std::uint32_t> rows);

  std::int64_t features() const { return table_.features(); }
  NodeCount count(std::int64_t first, std::span<const std::uint32_t> rows,
                  std::span<std::int64_t> totals) const;
  // `draw` in (0, 1) places the threshold between the node's least and greatest value.
  Split best(const NodeRows& node, std::int64_t feature, double draw) const;
  Division divide(const Split& split, std::int64_t first, std::span<std::uint32_t> rows);
  void next_level(std::span<const RowRange> ranges);

 private:
  // What the words are: a 1 in the byte of the row's class; the class, and above it the weight; or the target.
  enum class Words : std::uint8_t { kBytes, kClasses, kTargets };

  const double* column(std::int64_t feature) const {
    return columns_.empty() ? table_.values(feature) : columns_[static_cast<std::size_t>(feature)].data();
  }
  const std::int64_t* words_of(const NodeRows& node) const { return words_.data() + node.first; }
  const double* values_of(const NodeRows& node, std::int64_t feature) const;
  template <typename Sides>
  Split best_of(const NodeRows& node, std::int64_t feature, double draw) const;
  template <typename Sides>
  std::int64_t fill_left(const NodeRows& node, const double* values, double threshold, bool missing_left,
                         Sides& sides) const;

  const ValueColumns& table_;
  const TreeTarget& target_;
  const std::span<const std::uint32_t> weights_;
  const Criterion criterion_;
  const std::int64_t least_;  // rows of a side
  const Words kind_;
  const std::int64_t levels_between_;  // one order of the values and the next
  std::int64_t levels_ = 0;
  bool in_order_;                      // places_[i] = i
  std::vector<std::uint32_t> places_;  // where the values of the rows are
  std::vector<std::int64_t> words_, word_weights_;
  std::vector<std::vector<double>> columns_;  // empty: still those of the table
  std::vector<std::uint8_t> goes_left_;
  std::vector<std::uint32_t> spare_rows_;
  std::vector<std::int64_t> spare_words_;
};

}  // namespace tessera::learn::internal
