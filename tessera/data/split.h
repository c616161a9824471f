// Hold-out splits by counter: which samples are held out depends on the seed, their number and (stratified) the labels only.
//
// The samples are put in the order of the permutation of stream "split" (contract rule 5) and the first ones are held out:
// round(n * fraction), halves up; stratified, the same within each class, so that each class is held out in its share.
// Both parts are given in ascending order. Thread-safety: pure functions.
//
// ```cpp
// data::Split split = data::hold_out(10, 0.2, /*seed=*/1);
// assert(split.train.size() == 8 && split.held_out.size() == 2);
// assert(data::hold_out(10, 0.2, 1).held_out == split.held_out);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::data {

struct Split {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> held_out;
};

// `fraction` in [0, 1). Throws Error when nothing would be left to train on.
Split hold_out(std::int64_t samples, double fraction, std::uint64_t seed);
// `labels` are in [0, number of classes).
Split hold_out_stratified(std::span<const std::int64_t> labels, double fraction, std::uint64_t seed);

}  // namespace tessera::data
