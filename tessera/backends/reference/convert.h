// Conversion of one element from a dtype to another, as the operation `cast` defines it.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#include "tessera/tensor/bfloat16.h"

namespace tessera::backends::reference {

// To bool: x != 0, so NaN is true. Between floating types and from integers to them: to nearest, ties to
// even, as the hardware does; to bfloat16 once, from any type. Between integers: modulo 2^width. From floating to integer: truncated,
// saturated, NaN gives 0.
template <typename To, typename From>
To convert(From x) {
  if constexpr (std::same_as<To, From>) {
    return x;
  } else if constexpr (std::same_as<From, BFloat16>) {
    return convert<To>(static_cast<float>(x));
  } else if constexpr (std::same_as<To, BFloat16>) {
    return BFloat16(x);
  } else if constexpr (std::same_as<To, bool>) {
    return x != From(0);
  } else if constexpr (std::floating_point<From> && std::integral<To>) {
    if (x != x) return 0;
    const From whole = std::trunc(x);
    // As a power of two the bound is exact in From, where the largest To itself may not be.
    constexpr auto beyond = static_cast<From>(std::uint64_t{1} << std::numeric_limits<To>::digits);
    if (whole >= beyond) return std::numeric_limits<To>::max();
    if (whole < From(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return static_cast<To>(whole);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace tessera::backends::reference
