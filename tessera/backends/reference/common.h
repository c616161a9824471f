// What the reference kernels share: choosing a C++ type for a dtype, reading a strided input as if it were a
// plain row-major array, and dividing outputs over threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/backend.h"

namespace tessera::backends::reference {

// Calls `body` with a zero of the C++ type of `dtype`, which must be one of Types:
//   dispatch<float, double>(x.dtype, [&](auto zero) { using T = decltype(zero); ... });
template <typename... Types, typename Body>
void dispatch(DType dtype, Body&& body) {
  const bool found = ((dtype == dtype_of<Types> ? (body(Types{}), true) : false) || ...);
  TESSERA_CHECK(found, "the operation has no kernel for {}; its shape rule must refuse it",
                dtype_name(dtype));
}
template <typename Body>
void dispatch_any(DType dtype, Body&& body) {
  dispatch<float, double, std::int64_t, std::uint8_t, bool>(dtype, body);
}

// Also the types that no operation computes in.
template <typename Body>
void dispatch_storage(DType dtype, Body&& body) {
  dispatch<float, double, std::int64_t, std::uint8_t, bool, BFloat16>(dtype, body);
}

// The same view with its axes in another order.
TensorView permute_view(const TensorView& view, std::span<const int> axes);

// Copies the elements of `from` in row-major order to where `to` has them; the shapes are equal. Element size
// 1, 2, 4 or 8.
void copy_elements(const TensorView& from, const TensorView& to);

// The elements of a view as a row-major array. A view that already is one is not copied.
template <typename T>
class Dense {
 public:
  explicit Dense(const TensorView& view) : size_(view.elements()), data_(view.as<const T>()) {
    if (view.contiguous()) return;
    copy_ = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(size_));
    copy_elements(view, {copy_.get(), view.dtype, view.shape, row_major_strides(view.shape)});
    data_ = copy_.get();
  }
  const T& operator[](std::int64_t position) const { return data_[position]; }
  const T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  std::span<const T> row(std::int64_t index, std::int64_t length) const {
    return {data_ + index * length, static_cast<std::size_t>(length)};
  }

 private:
  std::int64_t size_;
  const T* data_;
  std::unique_ptr<T[]> copy_;
};

// The labels of cross_entropy and its gradient; throws Error if one is not a class of the logits.
Dense<std::int64_t> checked_labels(const KernelCall& call);

// Runs body(i) for i = 0 ... count-1 on all threads, in runs of `run` consecutive i. Only for bodies that
// write distinct outputs.
template <typename Body>
void for_each_output(std::int64_t count, std::int64_t run, Body&& body) {
  parallel_for((count + run - 1) / run, [&](std::int64_t part) {
    const std::int64_t end = std::min(count, (part + 1) * run);
    for (std::int64_t i = part * run; i < end; ++i) body(i);
  });
}
inline constexpr std::int64_t kElementsPerTask = 4096;

// The product of the lengths of axes [first, last).
inline std::int64_t elements_between(const Shape& shape, int first, int last) {
  std::int64_t product = 1;
  for (int axis = first; axis < last; ++axis) product *= shape[axis];
  return product;
}

template <typename A>
const A& attributes_of(const KernelCall& call) {
  return std::get<A>(call.attributes);
}

}  // namespace tessera::backends::reference
