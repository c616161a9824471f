// Trees that were grown, laid out flat: what every tree method keeps of what it learned, and how it asks it.
//
// A row goes down a tree from its root: left where the feature is at most the threshold, right where it is above, and where the feature is
// missing (NaN) to the side that the node remembers. The leaf holds `width` numbers. Trees follow each other in three lists, so
// that a model of any size is four tensors in a file.
//
// Errors: TESSERA_CHECK on trees of another width. Thread-safety: constant functions may be called from several threads.
//
// ```cpp
// learn::GrownTree tree;  // x <= 0.5 gives 10, otherwise 20
// tree.links = {learn::GrownTree::link(0, false, 1), learn::GrownTree::leaf(0), learn::GrownTree::leaf(1)};
// tree.thresholds = {0.5, 0, 0};
// tree.values = {10, 20};
// learn::TreeEnsemble trees;
// trees.assign({tree}, 1);
// assert(trees.sum(Tensor::from<double>({0, 1}, {2, 1})).to_vector<double>() == (std::vector<double>{10, 20}));
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

struct GrownTree {
  // One per node, the root first. An inner node: link(); its right child stands behind its left one. A leaf: leaf().
  std::vector<std::int64_t> links;
  std::vector<double> thresholds;  // of leaves: 0
  std::vector<double> values;      // [leaves, width]

  static constexpr std::int64_t link(std::int64_t feature, bool missing_left, std::int64_t left_child) {
    return left_child * (std::int64_t{1} << 32) + feature * 2 + (missing_left ? 1 : 0);
  }
  static constexpr std::int64_t leaf(std::int64_t number) { return -1 - number; }
};

class TreeEnsemble {
 public:
  // `width` numbers per leaf, the same for all trees.
  void assign(const std::vector<GrownTree>& trees, std::int64_t width);

  std::int64_t trees() const;
  std::int64_t width() const;
  std::int64_t nodes(std::int64_t tree) const;
  std::int64_t leaves(std::int64_t tree) const { return (nodes(tree) + 1) / 2; }
  std::int64_t depth(std::int64_t tree) const;  // 0: only a root

  // float64 [N, groups * width]: of tree t into group t mod groups, one chain of additions in the order of the trees, from +0.
  Tensor sum(const Tensor& x, std::int64_t groups = 1) const;
  // int64 [N, trees]: the number of the leaf, in the order of a tree's nodes.
  Tensor leaf_numbers(const Tensor& x) const;
  // The numbers of one tree's leaf for a row of features.
  std::span<const double> values_of(std::int64_t tree, const double* row) const;

  void visit_state(StateVisitor& visitor);
  // Throws Error unless these can be grown trees of so many features: every way down ends in a leaf of its tree.
  void check_restored(std::string_view owner, std::int64_t features, std::int64_t width) const;

 private:
  struct View;
  View view() const;

  Tensor roots_;   // int64 [trees + 1]: the first node of each tree, and past the last one
  Tensor leaves_;  // int64 [trees + 1]: likewise of leaves
  Tensor links_, thresholds_, values_;
};

}  // namespace tessera::learn
