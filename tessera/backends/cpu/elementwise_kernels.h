// The inner loops of elementwise operations for each SIMD level: plain stretches of memory, no shapes.
#pragma once

#include <cstdint>

#include "tessera/tensor/op.h"

namespace tessera::backends {

// out[i] = f(x[i]) for i = 0 ... n-1.
template <typename T>
using UnaryLoop = void (*)(const T* x, T* out, std::int64_t n);

// Which operands of a binary loop repeat their first element.
enum class Repeat : std::uint8_t { kNone, kFirst, kSecond };
// out[i] = f(a[i], b[i]).
template <typename T>
using BinaryLoop = void (*)(const T* a, const T* b, T* out, std::int64_t n, Repeat repeat);
template <typename T>
using CompareLoop = void (*)(const T* a, const T* b, bool* out, std::int64_t n, Repeat repeat);
// out[i] = condition[i] ? a[i] : b[i]; a_step and b_step are 0 or 1.
template <typename T>
using SelectLoop = void (*)(const bool* condition, const T* a, const T* b, T* out, std::int64_t n,
                            std::int64_t a_step, std::int64_t b_step);

// The active SIMD level's loop for an operation; null when there is none.
template <typename T>
UnaryLoop<T> unary_loop(Op op);
template <typename T>
BinaryLoop<T> binary_loop(Op op);
template <typename T>
CompareLoop<T> compare_loop(Op op);
template <typename T>
SelectLoop<T> select_loop();

// The elementary functions (elementwise_functions.cc), same rules.
template <typename T>
UnaryLoop<T> function_loop(Op op);
template <typename T>
BinaryLoop<T> pow_loop();

}  // namespace tessera::backends
