// Constants of the distributions and statistics of this room.
#pragma once

#include <limits>

namespace tessera::stats {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kTwoPi = 6.283185307179586476925;

}  // namespace tessera::stats
