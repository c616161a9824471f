// Element types.
//
// float32 and float64 follow IEEE-754 with the contract's order of operations; int64 wraps; uint8 holds bytes
// (images); bool holds 0 or 1; bfloat16 is storage for what is computed in float32 (bfloat16.h). Names in records and files are the ones that `dtype_name` gives.
#pragma once

#include <cstdint>
#include <string_view>

#include "tessera/tensor/bfloat16.h"

namespace tessera {

enum class DType : std::uint8_t { kFloat32, kFloat64, kInt64, kUInt8, kBool, kBFloat16 };

std::string_view dtype_name(DType dtype);      // "float32", "float64", "int64", "uint8", "bool", "bfloat16"
DType dtype_from_name(std::string_view name);  // throws Error with a suggestion
constexpr std::int64_t dtype_size(DType dtype) {  // bytes per element
  switch (dtype) {
    case DType::kFloat32:
      return 4;
    case DType::kFloat64:
    case DType::kInt64:
      return 8;
    case DType::kBFloat16:
      return 2;
    case DType::kUInt8:
    case DType::kBool:
      return 1;
  }
  return 0;
}
constexpr bool is_floating(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kBFloat16;
}

// The DType of a C++ type: float, double, std::int64_t, std::uint8_t, bool, BFloat16.
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kFloat32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::kFloat64;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::kInt64;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::kUInt8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::kBool;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::kBFloat16;
};
template <typename T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

}  // namespace tessera
