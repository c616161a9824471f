#include "tessera/learn/piece_sums.h"

#include <algorithm>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/reduce.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kMostTasks = 32;

}  // namespace

std::vector<double> sum_of(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = a[i] + b[i];
  return a;
}

std::vector<double> sum_over_pieces(std::int64_t pieces,
                                    const std::function<std::vector<double>(std::int64_t)>& sums_of_piece) {
  std::int64_t together = 1;  // a power of two: so many pieces are a whole subtree
  while (together * kMostTasks < pieces) together *= 2;
  std::vector<std::vector<double>> parts(static_cast<std::size_t>((pieces + together - 1) / together));
  const auto tasks = static_cast<std::int64_t>(parts.size());
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = task * together, count = std::min(together, pieces - first);
    parts[static_cast<std::size_t>(task)] = numerics::tree_combine(first, count, sums_of_piece, sum_of);
  });
  return numerics::tree_combine(
      tasks, [&](std::int64_t task) { return std::move(parts[static_cast<std::size_t>(task)]); }, sum_of);
}

}  // namespace tessera::learn
