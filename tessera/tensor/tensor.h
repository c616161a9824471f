// Tensor: an immutable n-dimensional array, held by reference.
//
// A Tensor is a small handle (copying it copies no elements) to a view of a storage: a shape, strides and an offset.
// Operations (ops.h) make new tensors; transpose, slice, reshape of contiguous data and broadcasting make views without
// copying. Elements are never changed once an operation has made them, so sharing is safe, a recorded tensor stays what
// it was, and the tape of autograd needs no versions.
//
// Errors: wrong shapes and types throw Error with both shapes and the axis. A default-constructed Tensor is undefined: only
// `defined()`, assignment and destruction are allowed.
// Thread-safety: any number of threads may read one tensor; a handle itself is not to be assigned from two threads at once.
//
// ```cpp
// Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
// assert(x.shape() == (Shape{2, 3}));
// assert(x.slice({Range::all(), Range::step(-1)}).to_vector<float>() == (std::vector<float>{3, 2, 1, 6, 5, 4}));
// assert(x.at<float>({1, -1}) == 6);
// ```
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tessera/tensor/dtype.h"
#include "tessera/tensor/shape.h"
#include "tessera/tensor/source_location.h"

namespace tessera {

enum class DeviceKind : std::uint8_t { kCpu, kCuda };
struct Device {
  DeviceKind kind = DeviceKind::kCpu;
  int index = 0;
  friend bool operator==(const Device&, const Device&) = default;
};

// One axis of a slice, as in Python: [start:stop:step], each part optional, negative positions counted from the end;
// out-of-range bounds are clipped; or a single position, which removes the axis.
class Range {
 public:
  Range(std::int64_t position);  // NOLINT: x.slice({0, Range(1, 3)}) reads as intended
  Range(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step = 1);
  static Range all() { return Range(std::nullopt, std::nullopt); }
  static Range from(std::int64_t start) { return Range(start, std::nullopt); }
  static Range to(std::int64_t stop) { return Range(std::nullopt, stop); }
  static Range step(std::int64_t step) { return Range(std::nullopt, std::nullopt, step); }

  struct Resolved {
    std::int64_t start, length, step;
    bool removes_axis;
  };
  // Throws Error when a position is out of range or the step is 0; `axis` is for the message.
  Resolved resolve(std::int64_t length, int axis) const;

 private:
  std::optional<std::int64_t> start_, stop_;
  std::int64_t step_ = 1;
  bool position_ = false;
};

// What a kernel sees of a tensor: no ownership, trivially copyable.
struct TensorView {
  void* data = nullptr;  // address of the element at position 0, 0, ...
  DType dtype = DType::kFloat32;
  Shape shape;
  Strides strides;  // in elements

  template <typename T>
  T* as() const {
    return static_cast<T*>(data);
  }
  bool contiguous() const;
  std::int64_t elements() const { return shape.elements(); }
};

namespace internal {
class Storage;      // bytes on a device, from the memory pool (storage.h)
struct TensorData;  // storage, view, identity
}  // namespace internal

class Tensor {
 public:
  Tensor() = default;

  // ---- Making tensors (ops.h has full, zeros, ones, arange and the random ones) ----
  // Copies `values`; their number must be the shape's. T is float, double, std::int64_t, std::uint8_t or bool.
  // Observers of operations are told of what comes from the program's own memory, with the caller's line (op.h).
  template <typename T>
  static Tensor from(std::span<const T> values, const Shape& shape,
                     SourceLocation where = SourceLocation::current());
  template <typename T>
  static Tensor from(const std::vector<T>& values, const Shape& shape,
                     SourceLocation where = SourceLocation::current());
  template <typename T>
  static Tensor from(std::initializer_list<T> values, const Shape& shape,
                     SourceLocation where = SourceLocation::current()) {
    return from<T>(std::span<const T>(values.begin(), values.size()), shape, where);
  }
  template <typename T>
  static Tensor scalar(T value, SourceLocation where = SourceLocation::current()) {
    return from<T>({value}, Shape{}, where);
  }
  // Copies raw bytes in row-major order (readers of files and checkpoints).
  static Tensor from_bytes(std::span<const std::byte> bytes, DType dtype, const Shape& shape,
                           SourceLocation where = SourceLocation::current());
  // The elements where they lie, in memory of somebody else (a NumPy array): strides are in elements and may be 0 or negative, `data` is the address
  // of the element at position 0, 0, ..., aligned for its type. `owner` is kept as long as a tensor needs the memory; meanwhile nobody may write to it.
  // What is to outlive that is copied by its maker: see sole_owner() and the use count of `owner`.
  static Tensor borrow(const void* data, DType dtype, const Shape& shape, const Strides& strides,
                       std::shared_ptr<const void> owner, SourceLocation where = SourceLocation::current());
  // Uninitialised contiguous memory for a kernel to fill; not for users.
  static Tensor allocate(const Shape& shape, DType dtype, Device device = {});

  // ---- What it is ----
  bool defined() const { return data_ != nullptr; }
  const Shape& shape() const;
  const Strides& strides() const;
  int rank() const { return shape().rank(); }
  std::int64_t size(std::int64_t axis) const;  // length of an axis; negative counts from the back
  std::int64_t elements() const { return shape().elements(); }
  DType dtype() const;
  Device device() const;
  bool contiguous() const;  // row-major without gaps
  TensorView view() const;
  bool sole_owner() const;  // nobody else has the memory: it may be given away for writing
  const void* identity() const { return data_.get(); }  // equal for handles of one tensor; for look-ups only

  // ---- Reading elements ----
  // The elements in row-major order. T must be the tensor's own type.
  template <typename T>
  std::vector<T> to_vector() const;
  template <typename T>
  T item() const;  // the only element; Error when there is not exactly one
  template <typename T>
  T at(std::initializer_list<std::int64_t> position) const;  // negative counts from the end
  double item_as_double() const;                             // of any dtype
  // Contiguous data without a copy; throws Error if the tensor is not contiguous or T is not its type.
  template <typename T>
  std::span<const T> values() const;
  // The bytes in row-major order with canonical NaN, as digests and files use them.
  std::vector<std::byte> canonical_bytes() const;
  // As NumPy prints, with shape and dtype; large tensors are abbreviated at both ends of each axis.
  std::string to_string() const;

  // ---- Views and the shorthand of ops.h ----
  Tensor slice(std::initializer_list<Range> ranges) const;  // missing ranges are all()
  Tensor slice(const std::vector<Range>& ranges) const;
  Tensor reshape(const Shape& shape) const;  // one length may be -1; copies only when the strides force it
  Tensor transpose() const;                  // reverses the axes
  Tensor permute(std::initializer_list<int> axes) const;
  Tensor broadcast_to(const Shape& shape) const;
  Tensor to(DType dtype) const;

  // Used by the operations to make views; not for users.
  static Tensor make_view(const Tensor& base, std::int64_t offset, const Shape& shape,
                          const Strides& strides);

 private:
  std::shared_ptr<internal::TensorData> data_;
};

// True when dtype, shape and every bit (canonical NaN) agree.
bool same_bits(const Tensor& a, const Tensor& b);

}  // namespace tessera
