// The selftest of this room: densities, quantiles, samples, moments, tests and codes on generated numbers, as one digest. `tessera selftest` compares it, so
// the room is in every cell of the bit matrix. The committed digest changes as a decision, never as a repair.
//
// Thread-safety: no operation may change the backend meanwhile.
//
// ```cpp
// assert(stats::stats_digest() == stats::kStatsDigest);
// ```
#pragma once

#include <string>
#include <string_view>

namespace tessera::stats {

inline constexpr std::string_view kStatsDigest =
    "a2b45abc1d3e22834a6a1b2e916f60dfefcef794ce60f309d76011005b99dd32";

std::string stats_digest();  // 64 hexadecimal digits

}  // namespace tessera::stats
