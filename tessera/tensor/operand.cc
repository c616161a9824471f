#include <cmath>
#include <type_traits>
#include <utility>

#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops_arguments.h"

namespace tessera {
namespace {

// The exact integer of a number that an integer type is to hold.
template <typename Number>
std::int64_t integer_of(Number value, std::int64_t low, std::int64_t high, DType dtype) {
  if constexpr (std::is_floating_point_v<Number>) {
    constexpr Number kTwoTo63 = 9223372036854775808.0;
    if (std::trunc(value) != value || value < -kTwoTo63 || value >= kTwoTo63)
      fail("the number {} is not a value of {}; use to() to convert the tensor", value, dtype_name(dtype));
  }
  const bool representable = [&] {
    if constexpr (std::is_same_v<Number, std::uint64_t>) return std::in_range<std::int64_t>(value);
    return true;
  }();
  const auto integer = static_cast<std::int64_t>(value);
  if (!representable || integer < low || integer > high)
    fail("the number {} is not a value of {} ({} to {})", value, dtype_name(dtype), low, high);
  return integer;
}

template <typename Number>
Tensor scalar_of(Number number, DType dtype, SourceLocation where) {
  switch (dtype) {
    case DType::kFloat32:
      return Tensor::scalar(static_cast<float>(number), where);
    case DType::kFloat64:
      return Tensor::scalar(static_cast<double>(number), where);
    case DType::kInt64:
      return Tensor::scalar(integer_of(number, INT64_MIN, INT64_MAX, dtype), where);
    case DType::kUInt8:
      return Tensor::scalar(static_cast<std::uint8_t>(integer_of(number, 0, 255, dtype)), where);
    case DType::kBool:
      return Tensor::scalar(integer_of(number, 0, 1, dtype) != 0, where);
    case DType::kBFloat16:
      return Tensor::scalar(BFloat16(number), where);
  }
  return {};
}

}  // namespace

Tensor Operand::as_tensor(DType dtype) const {
  if (is_tensor()) return tensor();
  const FloatEnvironment contract;  // the conversion rounds, and a subnormal is to survive it
  return std::visit(
      [&](const auto& value) {
        if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
          return scalar_of(value, dtype, where_);
        else
          return value;
      },
      value_);
}

namespace internal {

const Tensor& tensor_argument(Op op, const Operand& x) {
  if (!x.is_tensor())
    fail("{}: the argument is a number, expected a tensor; Tensor::scalar makes one", op_info(op).name);
  if (!x.tensor().defined()) fail("{}: the argument is an undefined tensor", op_info(op).name);
  return x.tensor();
}

void require_representable(double value, DType dtype, const char* what) {
  const FloatEnvironment contract;
  try {
    if (dtype == DType::kInt64) integer_of(value, INT64_MIN, INT64_MAX, dtype);
    if (dtype == DType::kUInt8) integer_of(value, 0, 255, dtype);
    if (dtype == DType::kBool) integer_of(value, 0, 1, dtype);
  } catch (const Error& error) {
    fail("{}: {}", what, error.what());
  }
}

int axis_argument(Op op, std::int64_t axis, const Shape& shape) {
  try {
    return normalize_axis(axis, shape);
  } catch (const Error& error) {
    fail("{}: {}", op_info(op).name, error.what());
  }
}

}  // namespace internal
}  // namespace tessera
