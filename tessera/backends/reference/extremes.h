// The order that maximum, minimum, max, min, argmax and max pooling share (contract rule 1).
#pragma once

#include <limits>

namespace tessera::backends::reference {

template <typename T>
constexpr bool is_nan(T x) {
  return x != x;
}

// The larger one; NaN if any is; a zero result is +0.
template <typename T>
constexpr T larger(T a, T b) {
  if (is_nan(a) || is_nan(b)) return std::numeric_limits<T>::quiet_NaN();
  const T result = a > b ? a : b;
  return result == T(0) ? T(0) : result;
}

// The smaller one; NaN if any is; a zero result is +0.
template <typename T>
constexpr T smaller(T a, T b) {
  if (is_nan(a) || is_nan(b)) return std::numeric_limits<T>::quiet_NaN();
  const T result = a < b ? a : b;
  return result == T(0) ? T(0) : result;
}

// Whether `candidate` takes the place of an earlier `best` in arg-max: NaN is greatest, the first of equals
// stays.
template <typename T>
constexpr bool beats(T candidate, T best) {
  return candidate > best || (is_nan(candidate) && !is_nan(best));
}

}  // namespace tessera::backends::reference
