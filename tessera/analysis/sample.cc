#include "tessera/analysis/sample.h"

#include <algorithm>
#include <numeric>

#include "tessera/numerics/random.h"

namespace tessera::analysis {

std::vector<std::int32_t> drawn_rows(std::int64_t rows, std::int64_t most) {
  std::vector<std::int32_t> drawn;
  if (rows <= most) {
    drawn.resize(static_cast<std::size_t>(rows));
    std::iota(drawn.begin(), drawn.end(), 0);
    return drawn;
  }
  const std::vector<std::int64_t> order =
      numerics::permutation(rows, numerics::stream_key(0, "analysis/rows"), 0);
  for (std::int64_t i = 0; i < most; ++i)
    drawn.push_back(static_cast<std::int32_t>(order[static_cast<std::size_t>(i)]));
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

}  // namespace tessera::analysis
