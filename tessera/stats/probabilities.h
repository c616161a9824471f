// Checks of lists of numbers that the room shares, and sums by the contract's rule.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "tessera/base/error.h"
#include "tessera/numerics/reduce.h"

namespace tessera::stats {

inline constexpr double kSumTolerance = 1e-9;  // how far from 1 the sum of probabilities may be

// Not empty, nothing negative, no NaN, and they add to 1.
inline void check_probabilities(const char* where, std::span<const double> probabilities) {
  if (probabilities.empty()) fail("{}: there are no probabilities, expected at least one", where);
  for (std::size_t i = 0; i < probabilities.size(); ++i)
    if (!(probabilities[i] >= 0) || !std::isfinite(probabilities[i]))
      fail("{}: probability {} is {}, expected a number from 0 to 1", where, i, probabilities[i]);
  const double total = numerics::sum(probabilities);
  if (std::abs(total - 1) > kSumTolerance) fail("{}: the probabilities add to {}, expected 1", where, total);
}

// At least `least` finite numbers.
inline void check_sample(const char* where, std::span<const double> sample, std::size_t least) {
  if (sample.size() < least)
    fail("{}: the sample has {} numbers, expected at least {}", where, sample.size(), least);
  for (std::size_t i = 0; i < sample.size(); ++i)
    if (!std::isfinite(sample[i]))
      fail("{}: number {} of the sample is {}, expected a finite number", where, i, sample[i]);
}

inline void check_pairs(const char* where, std::span<const double> x, std::span<const double> y,
                        std::size_t least) {
  if (x.size() != y.size())
    fail("{}: the samples have {} and {} numbers, expected as many", where, x.size(), y.size());
  check_sample(where, x, least);
  check_sample(where, y, least);
}

}  // namespace tessera::stats
