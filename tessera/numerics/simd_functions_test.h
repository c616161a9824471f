// The functions on vectors, one table per SIMD level that this build and processor have. For the tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tessera/numerics/philox.h"

namespace tessera::numerics {

template <typename T>
using VectorFunction = void (*)(const T* x, T* y, std::size_t n);  // n is a multiple of 16
template <typename T>
using VectorFunction2 = void (*)(const T* x, const T* y, T* z, std::size_t n);

template <typename T>
using VectorFill = void (*)(T* out, std::int64_t count, PhiloxKey key, std::uint32_t step,
                            std::int64_t first);

template <typename T>
struct VectorFunctions {
  VectorFunction<T> exp, log, expm1, log1p, tanh, sigmoid, erf, sin, cos, sqrt;
  VectorFunction2<T> pow;
  VectorFill<T> fill_uniform, fill_normal;
};

struct SimdLevelFunctions {
  const char* name;
  VectorFunctions<float> single_precision;
  VectorFunctions<double> double_precision;
  template <typename T>
  const VectorFunctions<T>& of() const {
    if constexpr (sizeof(T) == 4)
      return single_precision;
    else
      return double_precision;
  }
};

std::vector<SimdLevelFunctions> simd_levels();  // may be empty

}  // namespace tessera::numerics
