#include <cmath>

#include "tessera/tensor/ops_arguments.h"

namespace tessera {
namespace {

// The exact integer of a number that an integer type is to hold.
std::int64_t integer_of(double value, std::int64_t low, std::int64_t high, DType dtype) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (std::trunc(value) != value || value < -kTwoTo63 || value >= kTwoTo63)
    fail("the number {} is not a value of {}; use to() to convert the tensor", value, dtype_name(dtype));
  const auto integer = static_cast<std::int64_t>(value);
  if (integer < low || integer > high)
    fail("the number {} is not a value of {} ({} to {})", value, dtype_name(dtype), low, high);
  return integer;
}

}  // namespace

Tensor Operand::as_tensor(DType dtype) const {
  if (is_tensor()) return tensor_;
  switch (dtype) {
    case DType::kFloat32:
      return Tensor::scalar(static_cast<float>(number_));
    case DType::kFloat64:
      return Tensor::scalar(number_);
    case DType::kInt64:
      return Tensor::scalar(integer_of(number_, INT64_MIN, INT64_MAX, dtype));
    case DType::kUInt8:
      return Tensor::scalar(static_cast<std::uint8_t>(integer_of(number_, 0, 255, dtype)));
    case DType::kBool:
      return Tensor::scalar(integer_of(number_, 0, 1, dtype) != 0);
  }
  return {};
}

namespace internal {

const Tensor& tensor_argument(Op op, const Operand& x) {
  if (!x.is_tensor())
    fail("{}: the argument is a number, expected a tensor; Tensor::scalar makes one", op_info(op).name);
  if (!x.tensor().defined()) fail("{}: the argument is an undefined tensor", op_info(op).name);
  return x.tensor();
}

void require_representable(double value, DType dtype, const char* what) {
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
