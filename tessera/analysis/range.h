// A power of two by which numbers are multiplied before they are squared: so that no sum or square of them overflows, and none underflows to a dependence that is
// not there.
//
// Ordinary numbers (the largest between 2^-150 and 2^150) are left alone, and so are their bits. Multiplying by a power of two is exact, but for numbers that are smaller than
// the largest by 2^-1022. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<double> large = {1e308, -1e308};
// const int exponent = analysis::range_exponent(2, [&](std::int64_t i) { return large[static_cast<std::size_t>(i)]; });
// assert(exponent == -1023 && std::ldexp(large[0], exponent) > 1);
// ```
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tessera::analysis {

template <typename At>
int range_exponent(std::int64_t n, const At& at) {
  double most = 0;
  for (std::int64_t i = 0; i < n; ++i) most = std::max(most, std::fabs(at(i)));
  return most == 0 || (most > 0x1p-150 && most < 0x1p150) ? 0 : -std::ilogb(most);
}

}  // namespace tessera::analysis
