#include "tessera/tensor/tensor.h"

#include <algorithm>
#include <cstring>

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/storage.h"
#include "tessera/tensor/strided.h"

namespace tessera {
namespace {

void check_lengths(const Shape& shape) {
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] < 0)
      fail("shape: axis {} of {} is negative, expected at least 0", axis, shape.to_string());
}

void check_count(std::size_t found, const Shape& shape) {
  check_lengths(shape);
  if (found != static_cast<std::size_t>(shape.elements()))
    fail("tensor: found {} values for shape {}, expected {}", found, shape.to_string(), shape.elements());
}

bool is_row_major(const Shape& shape, const Strides& strides) {
  if (shape.elements() == 0) return true;
  std::int64_t expected = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (shape[axis] == 1) continue;
    if (strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

const internal::TensorData& checked(const std::shared_ptr<internal::TensorData>& data) {
  TESSERA_CHECK(data != nullptr, "the tensor is undefined (default-constructed or moved from)");
  return *data;
}

// The view for reading on the host as elements of T.
template <typename T>
TensorView readable(const Tensor& tensor, const char* what) {
  if (tensor.dtype() != dtype_of<T>)
    fail("{}: the tensor is {}, read as {}; use to() to convert", what, dtype_name(tensor.dtype()),
         dtype_name(dtype_of<T>));
  TESSERA_CHECK(tensor.device().kind == DeviceKind::kCpu, "{}: only tensors on the cpu can be read", what);
  return tensor.view();
}

// Copies the elements in row-major order to `out`, by unsigned integers of the element's size.
template <typename Word>
void gather_words(const TensorView& view, std::byte* out) {
  const Word* data = view.as<const Word>();
  internal::for_each_offset(view.shape, view.strides, [&](std::int64_t offset) {
    std::memcpy(out, data + offset, sizeof(Word));
    out += sizeof(Word);
  });
}

void copy_row_major(const TensorView& view, std::byte* out) {
  if (view.elements() == 0) return;
  const auto size = static_cast<std::size_t>(dtype_size(view.dtype));
  if (view.contiguous())
    std::memcpy(out, view.data, static_cast<std::size_t>(view.elements()) * size);
  else if (size == 8)
    gather_words<std::uint64_t>(view, out);
  else if (size == 4)
    gather_words<std::uint32_t>(view, out);
  else if (size == 2)
    gather_words<std::uint16_t>(view, out);
  else
    gather_words<std::uint8_t>(view, out);
}

// Words above the pattern of infinity, the sign aside, are NaN: they become the quiet NaN without payload.
template <typename Word>
void make_nan_canonical(std::span<std::byte> bytes, Word infinity, Word quiet_nan) {
  constexpr Word kMagnitude = static_cast<Word>(~Word{0}) >> 1;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(Word)) {
    Word word;
    std::memcpy(&word, bytes.data() + i, sizeof(Word));
    if ((word & kMagnitude) > infinity) std::memcpy(bytes.data() + i, &quiet_nan, sizeof(Word));
  }
}

}  // namespace

bool TensorView::contiguous() const {
  return is_row_major(shape, strides);
}

Tensor Tensor::allocate(const Shape& shape, DType dtype, Device device) {
  check_lengths(shape);
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(shape.elements(), dtype_size(dtype), &bytes))
    fail("out of memory: a tensor of shape {} and type {} is too large", shape.to_string(),
         dtype_name(dtype));
  Tensor tensor;
  tensor.data_ = std::make_shared<internal::TensorData>(
      internal::TensorData{std::make_shared<internal::Storage>(static_cast<std::size_t>(bytes), device), 0,
                           dtype, shape, row_major_strides(shape)});
  return tensor;
}

Tensor Tensor::borrow(const void* data, DType dtype, const Shape& shape, const Strides& strides,
                      std::shared_ptr<const void> owner, SourceLocation where) {
  check_lengths(shape);
  if (strides.rank() != shape.rank())
    fail("tensor: found {} strides for shape {}, expected {}", strides.rank(), shape.to_string(),
         shape.rank());
  Tensor tensor;
  tensor.data_ = std::make_shared<internal::TensorData>(
      internal::TensorData{std::make_shared<internal::Storage>(const_cast<void*>(data), std::move(owner)), 0,
                           dtype, shape, strides});
  internal::tell_of_host_tensor(tensor, where);
  return tensor;
}

bool Tensor::sole_owner() const {
  return data_ != nullptr && data_.use_count() == 1 && data_->storage.use_count() == 1 &&
         !data_->storage->borrowed();
}

Tensor Tensor::make_view(const Tensor& base, std::int64_t offset, const Shape& shape,
                         const Strides& strides) {
  const internal::TensorData& data = checked(base.data_);
  Tensor tensor;
  tensor.data_ = std::make_shared<internal::TensorData>(
      internal::TensorData{data.storage, data.offset + offset, data.dtype, shape, strides});
  return tensor;
}

template <typename T>
Tensor Tensor::from(std::span<const T> values, const Shape& shape, SourceLocation where) {
  check_count(values.size(), shape);
  Tensor tensor = allocate(shape, dtype_of<T>);
  if (!values.empty()) std::memcpy(tensor.view().data, values.data(), values.size_bytes());
  internal::tell_of_host_tensor(tensor, where);
  return tensor;
}

template <typename T>
Tensor Tensor::from(const std::vector<T>& values, const Shape& shape, SourceLocation where) {
  if constexpr (std::is_same_v<T, bool>) {  // std::vector<bool> has no array of bool inside
    check_count(values.size(), shape);
    Tensor tensor = allocate(shape, DType::kBool);
    std::copy(values.begin(), values.end(), tensor.view().as<bool>());
    internal::tell_of_host_tensor(tensor, where);
    return tensor;
  } else {
    return from<T>(std::span<const T>(values), shape, where);
  }
}

Tensor Tensor::from_bytes(std::span<const std::byte> bytes, DType dtype, const Shape& shape,
                          SourceLocation where) {
  check_lengths(shape);
  const std::size_t expected =
      static_cast<std::size_t>(shape.elements()) * static_cast<std::size_t>(dtype_size(dtype));
  if (bytes.size() != expected)
    fail("tensor: found {} bytes for shape {} of {}, expected {}", bytes.size(), shape.to_string(),
         dtype_name(dtype), expected);
  if (dtype == DType::kBool)
    for (std::size_t i = 0; i < bytes.size(); ++i)
      if (static_cast<unsigned>(bytes[i]) > 1)
        fail("tensor: byte {} of a bool tensor is {}, expected 0 or 1", i, static_cast<unsigned>(bytes[i]));
  Tensor tensor = allocate(shape, dtype);
  if (!bytes.empty()) std::memcpy(tensor.view().data, bytes.data(), bytes.size());
  internal::tell_of_host_tensor(tensor, where);
  return tensor;
}

const Shape& Tensor::shape() const {
  return checked(data_).shape;
}
const Strides& Tensor::strides() const {
  return checked(data_).strides;
}
DType Tensor::dtype() const {
  return checked(data_).dtype;
}
Device Tensor::device() const {
  return checked(data_).storage->device();
}
bool Tensor::contiguous() const {
  return is_row_major(shape(), strides());
}
std::int64_t Tensor::size(std::int64_t axis) const {
  return shape()[normalize_axis(axis, shape())];
}

TensorView Tensor::view() const {
  const internal::TensorData& data = checked(data_);
  return {data.storage->data() + data.offset * dtype_size(data.dtype), data.dtype, data.shape, data.strides};
}

template <typename T>
std::vector<T> Tensor::to_vector() const {
  const TensorView view = readable<T>(*this, "to_vector");
  std::vector<T> result;
  result.reserve(static_cast<std::size_t>(elements()));
  const T* data = view.as<const T>();
  internal::for_each_offset(view.shape, view.strides,
                            [&](std::int64_t offset) { result.push_back(data[offset]); });
  return result;
}

template <typename T>
T Tensor::item() const {
  if (elements() != 1)
    fail("item: the tensor of shape {} has {} elements, expected 1", shape().to_string(), elements());
  return *readable<T>(*this, "item").template as<const T>();
}

template <typename T>
T Tensor::at(std::initializer_list<std::int64_t> position) const {
  if (position.size() != static_cast<std::size_t>(rank()))
    fail("at: found {} positions for shape {}, expected {}", position.size(), shape().to_string(), rank());
  const TensorView view = readable<T>(*this, "at");
  std::int64_t offset = 0;
  int axis = 0;
  for (std::int64_t index : position) {
    const std::int64_t length = view.shape[axis];
    if (index < -length || index >= length)
      fail("at: position {} is out of range on axis {} of shape {}", index, axis, view.shape.to_string());
    offset += (index < 0 ? index + length : index) * view.strides[axis];
    ++axis;
  }
  return view.as<const T>()[offset];
}

double Tensor::item_as_double() const {
  switch (dtype()) {
    case DType::kFloat32:
      return static_cast<double>(item<float>());
    case DType::kFloat64:
      return item<double>();
    case DType::kInt64:
      return static_cast<double>(item<std::int64_t>());
    case DType::kUInt8:
      return static_cast<double>(item<std::uint8_t>());
    case DType::kBool:
      return item<bool>() ? 1 : 0;
    case DType::kBFloat16:
      return static_cast<double>(item<BFloat16>());
  }
  return 0;
}

template <typename T>
std::span<const T> Tensor::values() const {
  const TensorView view = readable<T>(*this, "values");
  if (!view.contiguous())
    fail("values: the tensor of shape {} and strides {} is not contiguous; use contiguous() or to_vector()",
         view.shape.to_string(), view.strides.to_string());
  return {view.as<const T>(), static_cast<std::size_t>(elements())};
}

std::vector<std::byte> Tensor::canonical_bytes() const {
  TESSERA_CHECK(device().kind == DeviceKind::kCpu, "canonical_bytes: only tensors on the cpu can be read");
  std::vector<std::byte> bytes(static_cast<std::size_t>(elements() * dtype_size(dtype())));
  copy_row_major(view(), bytes.data());
  if (dtype() == DType::kFloat32)
    make_nan_canonical<std::uint32_t>(bytes, 0x7f800000u, 0x7fc00000u);
  else if (dtype() == DType::kFloat64)
    make_nan_canonical<std::uint64_t>(bytes, 0x7ff0000000000000u, 0x7ff8000000000000u);
  else if (dtype() == DType::kBFloat16)
    make_nan_canonical<std::uint16_t>(bytes, 0x7f80u, 0x7fc0u);
  return bytes;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.elements() == 0) return true;
  if (a.contiguous() && b.contiguous()) {
    const auto bytes = static_cast<std::size_t>(a.elements() * dtype_size(a.dtype()));
    if (std::memcmp(a.view().data, b.view().data, bytes) == 0) return true;
  }
  return a.canonical_bytes() == b.canonical_bytes();
}

Tensor Tensor::slice(std::initializer_list<Range> ranges) const {
  return tessera::slice(*this, ranges);
}
Tensor Tensor::slice(const std::vector<Range>& ranges) const {
  return tessera::slice(*this, ranges);
}
Tensor Tensor::reshape(const Shape& shape) const {
  return tessera::reshape(*this, shape);
}
Tensor Tensor::permute(std::initializer_list<int> axes) const {
  return tessera::permute(*this, axes);
}
Tensor Tensor::broadcast_to(const Shape& shape) const {
  return tessera::broadcast_to(*this, shape);
}
Tensor Tensor::to(DType dtype) const {
  return dtype == this->dtype() ? *this : tessera::cast(*this, dtype);
}

Tensor Tensor::transpose() const {
  std::vector<int> axes;
  for (int axis = rank() - 1; axis >= 0; --axis) axes.push_back(axis);
  return tessera::permute(*this, axes);
}

#define TESSERA_INSTANTIATE(T)                                                          \
  template Tensor Tensor::from<T>(std::span<const T>, const Shape&, SourceLocation);    \
  template Tensor Tensor::from<T>(const std::vector<T>&, const Shape&, SourceLocation); \
  template std::vector<T> Tensor::to_vector<T>() const;                                 \
  template T Tensor::item<T>() const;                                                   \
  template T Tensor::at<T>(std::initializer_list<std::int64_t>) const;                  \
  template std::span<const T> Tensor::values<T>() const;
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::int64_t)
TESSERA_INSTANTIATE(std::uint8_t)
TESSERA_INSTANTIATE(bool)
TESSERA_INSTANTIATE(BFloat16)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
