// NumPy arrays and Tensors: the elements stay where they are, both ways, where that is safe.
//
// In: `Borrowed` reads an array in place, whatever its strides. Out: `to_numpy` gives a tensor's memory away if nobody else has it, and copies it
// otherwise; `to_numpy_view` shows memory that others need, read-only.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/tensor.h"

namespace tessera::python {

namespace nb = nanobind;

using Array = nb::ndarray<nb::ro, nb::device::cpu>;

inline DType dtype_of_array(const Array& array) {
  const nb::dlpack::dtype type = array.dtype();
  if (type == nb::dtype<double>()) return DType::kFloat64;
  if (type == nb::dtype<float>()) return DType::kFloat32;
  if (type == nb::dtype<std::int64_t>()) return DType::kInt64;
  if (type == nb::dtype<std::uint8_t>()) return DType::kUInt8;
  if (type == nb::dtype<bool>()) return DType::kBool;
  fail("array: found elements of kind {} with {} bits, expected float64, float32, int64, uint8 or bool",
       static_cast<int>(type.code), static_cast<int>(type.bits));
}

// An array as a tensor for the time of a call. What still has the memory afterwards would change with the array: ask `kept()` and copy.
class Borrowed {
 public:
  explicit Borrowed(const Array& array) {
    if (array.ndim() > static_cast<std::size_t>(kMaxRank))
      fail("array: found {} axes, expected at most {}", array.ndim(), kMaxRank);
    Shape shape;
    Strides strides;
    for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
      shape.append(static_cast<std::int64_t>(array.shape(axis)));
      strides.append(array.stride(axis));
    }
    owner_ = std::make_shared<int>(0);  // the caller holds the array; this counts who reads it
    tensor_ = Tensor::borrow(array.data(), dtype_of_array(array), shape, strides, owner_);
  }
  const Tensor& tensor() const { return tensor_; }
  // Whether a tensor other than this one has the memory. This one ends here.
  bool kept() {
    tensor_ = {};
    return owner_.use_count() > 1;
  }

 private:
  std::shared_ptr<const void> owner_;
  Tensor tensor_;
};

inline nb::dlpack::dtype dtype_of_tensor(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return nb::dtype<float>();
    case DType::kFloat64:
      return nb::dtype<double>();
    case DType::kInt64:
      return nb::dtype<std::int64_t>();
    case DType::kUInt8:
      return nb::dtype<std::uint8_t>();
    case DType::kBool:
      return nb::dtype<bool>();
    case DType::kBFloat16:
      break;
  }
  fail("array: NumPy has no bfloat16; convert to float32 first");
}

template <typename Kind>
nb::object numpy_of(Tensor tensor) {
  const TensorView view = tensor.view();
  std::vector<std::size_t> shape;
  std::vector<std::int64_t> strides;
  for (int axis = 0; axis < view.shape.rank(); ++axis) {
    shape.push_back(static_cast<std::size_t>(view.shape[axis]));
    strides.push_back(view.strides[axis]);
  }
  auto kept = std::make_unique<Tensor>(std::move(tensor));
  const nb::capsule owner(kept.get(), [](void* memory) noexcept { delete static_cast<Tensor*>(memory); });
  (void)kept.release();
  const Kind array(view.data, shape.size(), shape.data(), owner, strides.data(), dtype_of_tensor(view.dtype));
  return nb::cast(array);
}

// Memory that others need, too: read-only.
inline nb::object to_numpy_view(Tensor tensor) {
  if (tensor.dtype() == DType::kBFloat16) tensor = tensor.to(DType::kFloat32);
  return numpy_of<nb::ndarray<nb::numpy, nb::ro>>(std::move(tensor));
}

// The caller's own: may be written to.
inline nb::object to_numpy(Tensor tensor) {
  if (tensor.dtype() == DType::kBFloat16) tensor = tensor.to(DType::kFloat32);
  if (!tensor.sole_owner()) tensor = copy(tensor);
  return numpy_of<nb::ndarray<nb::numpy>>(std::move(tensor));
}

}  // namespace tessera::python
