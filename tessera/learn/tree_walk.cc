#include "tessera/learn/tree_walk.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "tessera/base/thread_pool.h"

namespace tessera::learn::internal {

TreeWalk::TreeWalk(std::span<const std::int64_t> roots, std::span<const std::int64_t> links,
                   std::span<const double> thresholds)
    : roots_(roots), steps_(links.size()), depths_(roots.size() - 1) {
  parallel_for(static_cast<std::int64_t>(depths_.size()),
               [&](std::int64_t tree) { lay_out(tree, links, thresholds); });
}

void TreeWalk::lay_out(std::int64_t tree, std::span<const std::int64_t> links,
                       std::span<const double> thresholds) {
  const auto first = static_cast<std::size_t>(roots_[static_cast<std::size_t>(tree)]);
  const auto count = static_cast<std::size_t>(roots_[static_cast<std::size_t>(tree) + 1]) - first;
  std::vector<std::int32_t> depths(count);  // a child stands behind its parent
  std::int32_t& depth = depths_[static_cast<std::size_t>(tree)];
  for (std::size_t node = 0; node < count; ++node) {
    const std::int64_t link = links[first + node];
    if (link < 0) {
      steps_[first + node] = {std::numeric_limits<double>::infinity(), 0, static_cast<std::uint32_t>(node)};
      continue;
    }
    const auto left = static_cast<std::uint32_t>(link >> 32);
    steps_[first + node] = {thresholds[first + node], static_cast<std::uint32_t>(link) >> 1, left};
    depths[left] = depths[left + 1] = depths[node] + 1;
    depth = std::max(depth, depths[left]);
  }
}

void TreeWalk::ends(std::int64_t tree, const double* rows, std::int64_t columns, std::uint32_t* nodes) const {
  const Step* const steps = steps_.data() + roots_[static_cast<std::size_t>(tree)];
  constexpr std::int32_t kStepsBetweenLooks = 8;  // whether all rows are in leaves
  std::uint32_t node[kRowsAtOnce] = {};
  const auto step = [&]<std::size_t... kRow>(std::index_sequence<kRow...>) {
    const auto step_of = [&](std::size_t row) {
      const Step& here = steps[node[row]];
      node[row] = here.left +
                  (rows[static_cast<std::int64_t>(row) * columns + here.feature] > here.threshold ? 1 : 0);
    };
    (step_of(kRow), ...);  // written out: they do not wait for each other
  };
  std::int32_t rest = depths_[static_cast<std::size_t>(tree)];
  while (rest > 0) {
    for (std::int32_t end = std::max(0, rest - kStepsBetweenLooks); rest > end; --rest)
      step(std::make_index_sequence<static_cast<std::size_t>(kRowsAtOnce)>());
    bool all = rest > 0;
    for (std::int64_t i = 0; all && i < kRowsAtOnce; ++i) all = steps[node[i]].left == node[i];
    if (all) break;
  }
  std::copy_n(node, kRowsAtOnce, nodes);
}

}  // namespace tessera::learn::internal
