// Spot verification: a few random stretches of a run are executed again instead of all of it.
//
// A stretch reaches from one recorded checkpoint to the next; the first begins with the initial state, the last one ends with the record.
// It can be re-executed when the checkpoint that it begins with is in the folder; what it must end with is in the chain. Since a checkpoint is
// named by the SHA-256 that the chain holds for its state, stretches compose: when every one was executed again, so was the run.
//
// What a draw can promise. Somebody chose which steps are wrong, then K of the M stretches are drawn, each set of K equally likely. If the
// wrong steps lie in b stretches, none of these is drawn with the hypergeometric probability C(M-b, K) / C(M, K). A share of the
// steps is missed most probably when they lie together in as few stretches as can hold them, the longest first; that b is what is
// computed with here, so the number is an upper bound for steps that lie in any other way, and exact for those.
//
// Thread-safety: pure functions.
//
// ```cpp
// using runs::Stretch;
// const std::vector<Stretch> stretches = {{1, 10, true}, {11, 20, true}, {21, 25, true}, {26, 35, false}};
// const auto odds = runs::spot_odds(stretches, 1, 0.5);  // half of the 25 steps lie in two stretches at least
// assert(odds.steps == 13 && odds.stretches == 2);
// assert(odds.missed == 1.0 / 3);                        // the third of the three is drawn
// assert(runs::draw_stretches(stretches, 3, 7) == (std::vector<std::size_t>{0, 1, 2}));
// ```
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tessera/runs/record.h"

namespace tessera::runs {

struct Stretch {
  std::uint64_t first = 1, last = 1;  // steps, both included
  bool available = false;             // the checkpoint of step first - 1 is there, or first is 1
};

// All of them, in order, for a record without steps none. Looks which checkpoints the folder has, not whether they are intact (check.h).
std::vector<Stretch> stretches_of(const Record& record);

// Positions of `count` of the available stretches, ascending, without repetition; all of them when there are no more. The draw
// is a function of the seed: the first of the contract's permutation for the stream "spot".
std::vector<std::size_t> draw_stretches(const std::vector<Stretch>& stretches, std::size_t count,
                                        std::uint64_t seed);

struct SpotOdds {
  std::uint64_t steps = 0;      // the share of the available steps, rounded up
  std::uint64_t stretches = 0;  // the fewest that can hold so many
  double missed = 1;            // probability that none of these is drawn
};
// 0 < share <= 1; of the steps in available stretches.
SpotOdds spot_odds(const std::vector<Stretch>& stretches, std::size_t drawn, double share);

// C(all - wrong, drawn) / C(all, drawn), each factor rounded once. wrong, drawn <= all.
double probability_none_drawn(std::uint64_t all, std::uint64_t wrong, std::uint64_t drawn);

}  // namespace tessera::runs
