// Sums over pieces of 1,024 rows in the tree of rule 3 (docs/numerics.md), in threads over whole subtrees. Internal to this room.
//
// Errors: what the function throws. Thread-safety: pure functions; `sums_of_piece` is called from several threads.
//
// ```cpp
// const std::vector<double> all = learn::sum_over_pieces(5, [](std::int64_t piece) { return std::vector<double>{1, static_cast<double>(piece)}; });
// assert(all == (std::vector<double>{5, 10}));
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tessera::learn {

// `sums_of_piece` gives as many numbers for each of the pieces 0 to pieces - 1 (at least one).
std::vector<double> sum_over_pieces(std::int64_t pieces,
                                    const std::function<std::vector<double>(std::int64_t)>& sums_of_piece);
// a + b, element by element.
std::vector<double> sum_of(std::vector<double> a, const std::vector<double>& b);

}  // namespace tessera::learn
