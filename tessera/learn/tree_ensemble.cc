#include "tessera/learn/tree_ensemble.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/restored.h"
#include "tessera/learn/tree_walk.h"

namespace tessera::learn {

using internal::TreeWalk;

namespace {

constexpr std::int64_t kRowsTogether = 256;  // a tree stays in the cache while they go down it
constexpr int kRowsInStep = 8;
constexpr std::int64_t kNodesPerWalk = 4;  // that are laid out in the time that one row saves in one tree

std::int64_t length(const Tensor& list) {
  return list.defined() ? list.size(0) - 1 : 0;
}

bool none_missing(const double* values, std::int64_t count) {
  std::int64_t missing = 0;
  for (std::int64_t i = 0; i < count; ++i) missing += values[i] != values[i];
  return missing == 0;
}

}  // namespace

struct TreeEnsemble::View {
  std::span<const std::int64_t> roots, leaves, links;
  std::span<const double> thresholds, values;
  std::int64_t width;

  // The number of the leaf within the tree.
  std::int64_t leaf_of(std::int64_t tree, const double* row) const {
    std::int64_t leaf = 0;
    leaves_of<1>(tree, row, 0, &leaf);
    return leaf;
  }
  // Of kCount rows that stand `columns` numbers apart: while one waits for memory, the others go on.
  template <int kCount>
  void leaves_of(std::int64_t tree, const double* rows, std::int64_t columns, std::int64_t* leaf) const {
    const std::int64_t root = roots[static_cast<std::size_t>(tree)];
    const std::int64_t* const link = links.data() + root;
    const double* const threshold = thresholds.data() + root;
    std::int64_t node[kCount] = {};
    for (bool going = true; going;) {
      going = false;
      for (int i = 0; i < kCount; ++i) {
        const std::int64_t here = link[node[i]];
        if (here < 0) continue;
        going = true;
        const auto low = static_cast<std::uint32_t>(here);
        const double value = rows[i * columns + (low >> 1)];
        const bool left = (value <= threshold[node[i]]) | (std::isnan(value) & ((low & 1) != 0));
        node[i] = (here >> 32) + (left ? 0 : 1);
      }
    }
    for (int i = 0; i < kCount; ++i) leaf[i] = -1 - link[node[i]];
  }
  std::int64_t leaf_at(std::int64_t tree, std::uint32_t node) const {
    return -1 - links[static_cast<std::size_t>(roots[static_cast<std::size_t>(tree)]) + node];
  }
  const double* value_of(std::int64_t tree, const double* row) const {
    return values.data() + (leaves[static_cast<std::size_t>(tree)] + leaf_of(tree, row)) * width;
  }
};

TreeEnsemble::View TreeEnsemble::view() const {
  return {.roots = roots_.values<std::int64_t>(),
          .leaves = leaves_.values<std::int64_t>(),
          .links = links_.values<std::int64_t>(),
          .thresholds = thresholds_.values<double>(),
          .values = values_.values<double>(),
          .width = values_.size(1)};
}

void TreeEnsemble::assign(const std::vector<GrownTree>& trees, std::int64_t width) {
  std::vector<std::int64_t> roots = {0}, leaves = {0};
  for (const GrownTree& tree : trees) {
    const auto nodes = static_cast<std::int64_t>(tree.links.size());
    TESSERA_CHECK(static_cast<std::int64_t>(tree.values.size()) == (nodes + 1) / 2 * width,
                  "a tree of {} nodes has {} numbers in its leaves, not {} each", nodes, tree.values.size(),
                  width);
    roots.push_back(roots.back() + nodes);
    leaves.push_back(leaves.back() + (nodes + 1) / 2);
  }
  std::vector<std::int64_t> links(static_cast<std::size_t>(roots.back()));
  std::vector<double> thresholds(links.size()), values(static_cast<std::size_t>(leaves.back() * width));
  parallel_for(static_cast<std::int64_t>(trees.size()), [&](std::int64_t t) {
    const GrownTree& tree = trees[static_cast<std::size_t>(t)];
    const std::int64_t root = roots[static_cast<std::size_t>(t)];
    std::ranges::copy(tree.links, links.begin() + root);
    std::ranges::copy(tree.thresholds, thresholds.begin() + root);
    std::ranges::copy(tree.values, values.begin() + leaves[static_cast<std::size_t>(t)] * width);
  });
  const auto count = static_cast<std::int64_t>(roots.size());
  roots_ = Tensor::from(roots, {count});
  leaves_ = Tensor::from(leaves, {count});
  links_ = Tensor::from(links, {roots.back()});
  thresholds_ = Tensor::from(thresholds, {roots.back()});
  values_ = Tensor::from(values, {leaves.back(), width});
}

std::int64_t TreeEnsemble::trees() const {
  return length(roots_);
}

std::int64_t TreeEnsemble::width() const {
  return values_.size(1);
}

std::int64_t TreeEnsemble::nodes(std::int64_t tree) const {
  const auto roots = roots_.values<std::int64_t>();
  return roots[static_cast<std::size_t>(tree) + 1] - roots[static_cast<std::size_t>(tree)];
}

std::int64_t TreeEnsemble::depth(std::int64_t tree) const {
  const View v = view();
  const auto links = v.links.subspan(static_cast<std::size_t>(v.roots[static_cast<std::size_t>(tree)]),
                                     static_cast<std::size_t>(nodes(tree)));
  std::vector<std::int64_t> depths(links.size());  // a child stands behind its parent
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (links[i] < 0) continue;
    const auto child = static_cast<std::size_t>(links[i] >> 32);
    depths[child] = depths[child + 1] = depths[i] + 1;
  }
  return *std::ranges::max_element(depths);
}

Tensor TreeEnsemble::sum(const Tensor& x, std::int64_t groups) const {
  const View v = view();
  const std::int64_t rows = x.size(0), columns = x.size(1), width = v.width, out = groups * width;
  const std::int64_t count = trees();
  const double* const features = x.values<double>().data();
  std::vector<double> sums(static_cast<std::size_t>(rows * out));
  std::optional<TreeWalk> walk;  // where there are enough rows that laying out is worth it
  if (rows * count * kNodesPerWalk > static_cast<std::int64_t>(v.links.size()))
    walk.emplace(v.roots, v.links, v.thresholds);
  parallel_for((rows + kRowsTogether - 1) / kRowsTogether, [&](std::int64_t block) {
    const std::int64_t first = block * kRowsTogether, last = std::min(rows, first + kRowsTogether);
    const bool complete = walk && none_missing(features + first * columns, (last - first) * columns);
    for (std::int64_t tree = 0; tree < count; ++tree) {
      const double* const values_of_tree = v.values.data() + v.leaves[static_cast<std::size_t>(tree)] * width;
      double* const to_group = sums.data() + tree % groups * width;
      const auto add = [&](std::int64_t row, std::int64_t leaf) {
        for (std::int64_t i = 0; i < width; ++i) to_group[row * out + i] += values_of_tree[leaf * width + i];
      };
      std::int64_t row = first, leaf[kRowsInStep];
      for (; complete && row + TreeWalk::kRowsAtOnce <= last; row += TreeWalk::kRowsAtOnce) {
        std::uint32_t ends[TreeWalk::kRowsAtOnce];
        walk->ends(tree, features + row * columns, columns, ends);
        for (std::int64_t i = 0; i < TreeWalk::kRowsAtOnce; ++i) add(row + i, v.leaf_at(tree, ends[i]));
      }
      for (; row + kRowsInStep <= last; row += kRowsInStep) {
        v.leaves_of<kRowsInStep>(tree, features + row * columns, columns, leaf);
        for (std::int64_t i = 0; i < kRowsInStep; ++i) add(row + i, leaf[i]);
      }
      for (; row < last; ++row) add(row, v.leaf_of(tree, features + row * columns));
    }
  });
  return Tensor::from(sums, {rows, out});
}

Tensor TreeEnsemble::leaf_numbers(const Tensor& x) const {
  const View v = view();
  const std::int64_t rows = x.size(0), columns = x.size(1), count = trees();
  const double* const features = x.values<double>().data();
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(rows * count));
  parallel_for(rows, [&](std::int64_t row) {
    for (std::int64_t tree = 0; tree < count; ++tree)
      numbers[static_cast<std::size_t>(row * count + tree)] = v.leaf_of(tree, features + row * columns);
  });
  return Tensor::from(numbers, {rows, count});
}

std::span<const double> TreeEnsemble::values_of(std::int64_t tree, const double* row) const {
  const View v = view();
  return {v.value_of(tree, row), static_cast<std::size_t>(v.width)};
}

void TreeEnsemble::visit_state(StateVisitor& visitor) {
  visitor.tensor("roots", roots_);
  visitor.tensor("leaves", leaves_);
  visitor.tensor("links", links_);
  visitor.tensor("thresholds", thresholds_);
  visitor.tensor("values", values_);
}

namespace {

// First places of consecutive parts, and past the last one.
bool are_starts(std::span<const std::int64_t> starts, std::int64_t end) {
  for (std::size_t i = 1; i < starts.size(); ++i)
    if (starts[i] <= starts[i - 1]) return false;
  return starts.front() == 0 && starts.back() == end;
}

// Children stand behind their parents, so that no way goes round.
bool is_grown(std::span<const std::int64_t> links, std::int64_t leaves, std::int64_t features) {
  const auto nodes = static_cast<std::int64_t>(links.size());
  for (std::int64_t node = 0; node < nodes; ++node) {
    const std::int64_t link = links[static_cast<std::size_t>(node)];
    if (link < 0) {
      if (-1 - link >= leaves) return false;
    } else if ((link >> 32) <= node || (link >> 32) + 1 >= nodes || (link & 0xffffffff) >> 1 >= features) {
      return false;
    }
  }
  return true;
}

}  // namespace

void TreeEnsemble::check_restored(std::string_view owner, std::int64_t features, std::int64_t width) const {
  require_restored(owner, "roots", roots_, DType::kInt64, {-1});
  require_restored(owner, "leaves", leaves_, DType::kInt64, {roots_.size(0)});
  require_restored(owner, "links", links_, DType::kInt64, {-1});
  require_restored(owner, "thresholds", thresholds_, DType::kFloat64, {links_.size(0)});
  require_restored(owner, "values", values_, DType::kFloat64, {-1, width});
  const View all = view();
  if (trees() < 1 || !are_starts(all.roots, links_.size(0)) || !are_starts(all.leaves, values_.size(0)))
    refuse_restored(owner, "the trees do not follow each other");
  for (std::size_t tree = 0; tree + 1 < all.roots.size(); ++tree) {
    const std::span<const std::int64_t> links =
        all.links.subspan(static_cast<std::size_t>(all.roots[tree]),
                          static_cast<std::size_t>(all.roots[tree + 1] - all.roots[tree]));
    if (!is_grown(links, all.leaves[tree + 1] - all.leaves[tree], features))
      refuse_restored(owner, fmt::format("tree {} leads nowhere", tree));
  }
}

}  // namespace tessera::learn
