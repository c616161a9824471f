// The addition of the contract for every type that has one.
#pragma once

#include <cstdint>
#include <type_traits>

namespace tessera::backends {

template <typename T>
T plus(T a, T b) {
  if constexpr (std::is_integral_v<T>)  // wraps
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  else
    return a + b;
}

}  // namespace tessera::backends
