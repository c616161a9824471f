// The operations as functions. Each makes a new tensor through `apply` (op.h) and is one row of ops.def, or a composition
// of rows where it says so. Rules that hold for all:
//   - Elementwise operations broadcast (NumPy's rule). Both tensors must have the same dtype; a C++ number takes the tensor's.
//   - Axes may be negative (counted from the back). Errors name both shapes and the axis, and the operation.
//   - Results are the same bits on every backend, thread count and vector width, whatever the strides of the inputs.
//
// ```cpp
// Tensor x = Tensor::from<float>({1, 2, 3, 4}, {2, 2});
// Tensor y = matmul(x, transpose(x)) * 0.5 + 1;
// assert(y.to_vector<float>() == (std::vector<float>{3.5, 6.5, 6.5, 13.5}));
// assert(sum(x, {0}).to_vector<float>() == (std::vector<float>{4, 6}));
// ```
#pragma once

#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <variant>
#include <vector>

#include "tessera/tensor/op.h"
#include "tessera/tensor/source_location.h"
#include "tessera/tensor/tensor.h"

namespace tessera {

// An argument of an operation: a tensor, or a number that takes the other argument's dtype. Made implicitly; it also notes the
// line of the caller, which traces show. A number is kept exactly as it was written and rounded once, to the dtype, whatever the
// caller's rounding mode; an integer type that cannot hold it is an Error.
class Operand {
 public:
  Operand(const Tensor& tensor, SourceLocation where = SourceLocation::current())  // NOLINT
      : value_(tensor), where_(where) {}
  template <typename Number>
  requires std::is_arithmetic_v<Number> Operand(Number value,  // NOLINT
                                                SourceLocation where = SourceLocation::current())
      : value_(static_cast<Kept<Number>>(value)), where_(where) {}

  bool is_tensor() const { return std::holds_alternative<Tensor>(value_); }
  const Tensor& tensor() const { return std::get<Tensor>(value_); }  // only if is_tensor()
  Tensor as_tensor(DType dtype) const;  // the tensor, or the number as a scalar of this dtype
  SourceLocation where() const { return where_; }

 private:
  // Wide enough for each type to be converted exactly (but for long double), without an arithmetic instruction.
  template <typename Number>
  using Kept = std::conditional_t<
      std::is_same_v<Number, float>, float,
      std::conditional_t<std::is_floating_point_v<Number>, double,
                         std::conditional_t<std::is_same_v<Number, bool> || std::is_signed_v<Number>,
                                            std::int64_t, std::uint64_t>>>;
  std::variant<Tensor, float, double, std::int64_t, std::uint64_t> value_;
  SourceLocation where_;
};

// ---- Elementwise, one argument; definitions and edge cases: ops.def and numerics/functions.h ----
#define TESSERA_DECLARE_UNARY(name) Tensor name(const Operand& x);
TESSERA_DECLARE_UNARY(negate)
TESSERA_DECLARE_UNARY(absolute)
TESSERA_DECLARE_UNARY(sign)
TESSERA_DECLARE_UNARY(sqrt)
TESSERA_DECLARE_UNARY(exp)
TESSERA_DECLARE_UNARY(log)
TESSERA_DECLARE_UNARY(expm1)
TESSERA_DECLARE_UNARY(log1p)
TESSERA_DECLARE_UNARY(tanh)
TESSERA_DECLARE_UNARY(sigmoid)
TESSERA_DECLARE_UNARY(erf)
TESSERA_DECLARE_UNARY(sin)
TESSERA_DECLARE_UNARY(cos)
TESSERA_DECLARE_UNARY(relu)
#undef TESSERA_DECLARE_UNARY

// ---- Elementwise, two arguments ----
#define TESSERA_DECLARE_BINARY(name) Tensor name(const Operand& a, const Operand& b);
TESSERA_DECLARE_BINARY(add)
TESSERA_DECLARE_BINARY(subtract)
TESSERA_DECLARE_BINARY(multiply)
TESSERA_DECLARE_BINARY(divide)
TESSERA_DECLARE_BINARY(pow)
TESSERA_DECLARE_BINARY(maximum)
TESSERA_DECLARE_BINARY(minimum)
TESSERA_DECLARE_BINARY(equal)  // comparisons give bool
TESSERA_DECLARE_BINARY(not_equal)
TESSERA_DECLARE_BINARY(less)
TESSERA_DECLARE_BINARY(less_equal)
TESSERA_DECLARE_BINARY(greater)
TESSERA_DECLARE_BINARY(greater_equal)
#undef TESSERA_DECLARE_BINARY

// At least one side must be a Tensor, which these overloads say by their types.
#define TESSERA_DECLARE_OPERATOR(symbol, name)                                               \
  inline Tensor operator symbol(const Tensor& a, const Operand& b) {                         \
    return name(Operand(a, b.where()), b);                                                   \
  }                                                                                          \
  template <typename Number>                                                                 \
  requires std::is_arithmetic_v<Number> Tensor operator symbol(Number a, const Operand& b) { \
    return name(Operand(a, b.where()), b);                                                   \
  }
TESSERA_DECLARE_OPERATOR(+, add)
TESSERA_DECLARE_OPERATOR(-, subtract)
TESSERA_DECLARE_OPERATOR(*, multiply)
TESSERA_DECLARE_OPERATOR(/, divide)
#undef TESSERA_DECLARE_OPERATOR
inline Tensor operator-(const Operand& x) {
  return negate(x);
}

// condition ? a : b per element; condition is bool; all three broadcast.
Tensor select(const Operand& condition, const Operand& a, const Operand& b);
Tensor cast(const Operand& x, DType dtype);

// ---- Making tensors ----
Tensor full(const Shape& shape, double value, DType dtype = DType::kFloat32,
            SourceLocation where = SourceLocation::current());
Tensor zeros(const Shape& shape, DType dtype = DType::kFloat32,
             SourceLocation where = SourceLocation::current());
Tensor ones(const Shape& shape, DType dtype = DType::kFloat32,
            SourceLocation where = SourceLocation::current());
// 0, 1, ..., n-1
Tensor arange(std::int64_t n, DType dtype = DType::kInt64, SourceLocation where = SourceLocation::current());

// ---- Shape ----
Tensor reshape(const Operand& x, const Shape& shape);  // one length may be -1
Tensor permute(const Operand& x, const std::vector<int>& axes);
Tensor transpose(const Operand& x);  // the last two axes exchanged
Tensor transpose(const Operand& x, std::int64_t axis0, std::int64_t axis1);
Tensor slice(const Operand& x, const std::vector<Range>& ranges);  // as in Python
Tensor broadcast_to(const Operand& x, const Shape& shape);
Tensor copy(const Operand& x);                                      // contiguous
Tensor contiguous(const Operand& x);                                // x itself when it is contiguous
Tensor embed(const Operand& x, const SliceAttributes& attributes);  // the adjoint of slice
Tensor concatenate(const std::vector<Tensor>& tensors, std::int64_t axis,
                   SourceLocation where = SourceLocation::current());
Tensor gather(const Operand& x, const Tensor& index, std::int64_t axis = 0);
Tensor index_add(const Operand& x, const Tensor& index, const Tensor& source, std::int64_t axis = 0);

// ---- Along an axis: an index, or an order, for each line of its own ----
// index and x have the same lengths but along the axis (torch.gather, numpy.take_along_axis).
Tensor take_along(const Operand& x, const Tensor& index, std::int64_t axis = -1);
Tensor scatter_add(const Operand& x, const Tensor& index, const Tensor& source, std::int64_t axis = -1);
// Stable: equal elements (-0 equals +0) keep their order, also when descending. NaN comes last, also when descending. bool: false
// before true. take_along(x, argsort(x)) is sort(x).
Tensor sort(const Operand& x, std::int64_t axis = -1, bool descending = false);
Tensor argsort(const Operand& x, std::int64_t axis = -1, bool descending = false);

// ---- Products ----
// [..., m, k] x [..., k, n] -> [..., m, n]; leading axes broadcast; a 1-D argument is a row (left) or a column (right).
Tensor matmul(const Operand& a, const Operand& b);
// A fully connected layer: matmul(x, transpose(weight)) + bias, then the activation, bit for bit; bias and activation are applied while the
// products are still at hand (in bfloat16 all is computed in float32 and rounded once). x has at least one axis. Floating types. Throws Error
// when a shape or type does not fit.
//
// ```cpp
// const Tensor x = Tensor::from<float>({1, 2, 3, 4}, {2, 2}), weight = Tensor::from<float>({1, 1}, {1, 2});
// const Tensor y = linear(x, weight, Tensor::from<float>({-4}, {1}), Activation::kRelu);
// assert(y.to_vector<float>() == (std::vector<float>{0, 3}));  // 1 + 2 - 4 is below zero
// ```
//
// x [..., k], weight [n, k], bias [n] -> [..., n]
Tensor linear(const Operand& x, const Tensor& weight, const Tensor& bias,
              Activation activation = Activation::kNone);
struct Conv2dOptions {
  std::int64_t stride[2] = {1, 1};
  std::int64_t padding[2] = {0, 0};
  std::int64_t dilation[2] = {1, 1};
  std::int64_t groups = 1;
};
// Cross-correlation, as everywhere in deep learning: the filter is not turned around. Along each spatial axis the output has
// (length + 2 padding - dilation (taps - 1) - 1) / stride + 1 elements, rounded down; outside of x the filter meets +0. With groups, x's
// channels and the filters are cut into as many parts, and each part of the filters sees its part of the channels only; as many groups as
// channels make it depthwise. Floating types. Throws Error when a shape does not fit.
//
// ```cpp
// const Tensor x = ones({1, 1, 4, 4}), weight = ones({2, 1, 3, 3});
// const Tensor y = conv2d(x, weight, {.padding = {1, 1}});
// assert((y.shape() == Shape{1, 2, 4, 4}) && y.at<float>({0, 1, 0, 0}) == 4);  // a corner meets four elements and five zeros
// ```
//
// x [N,C,H,W], weight [O,C/groups,R,S] -> [N,O,H',W']
Tensor conv2d(const Operand& x, const Tensor& weight, const Conv2dOptions& options = {});
struct Conv1dOptions {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
// x [N,C,L], weight [O,C/groups,S] -> [N,O,L']: conv2d of an image of one row.
Tensor conv1d(const Operand& x, const Tensor& weight, const Conv1dOptions& options = {});
struct Conv3dOptions {  // (depth, rows, columns)
  std::int64_t stride[3] = {1, 1, 1};
  std::int64_t padding[3] = {0, 0, 0};
  std::int64_t dilation[3] = {1, 1, 1};
  std::int64_t groups = 1;
};
// x [N,C,D,H,W], weight [O,C/groups,Q,R,S] -> [N,O,D',H',W']
Tensor conv3d(const Operand& x, const Tensor& weight, const Conv3dOptions& options = {});

// ---- Pooling over the last two axes of [N,C,H,W] ----
struct Pool2dOptions {
  std::int64_t kernel[2] = {2, 2};
  std::int64_t stride[2] = {2, 2};
  std::int64_t padding[2] = {0, 0};   // at most half the kernel
  std::int64_t dilation[2] = {1, 1};  // max pooling only
  bool count_padding = true;          // average pooling only
  bool round_up = false;
};
Tensor max_pool2d(const Operand& x, const Pool2dOptions& options = {});
Tensor max_pool2d_indices(const Operand& x, const Pool2dOptions& options = {});
Tensor average_pool2d(const Operand& x, const Pool2dOptions& options = {});

// ---- Reductions; no axes given: over all. An empty list of axes reduces none. Sums of int64, uint8 and bool are int64. ----
#define TESSERA_DECLARE_REDUCTION(name)                                                         \
  Tensor name(const Operand& x, const std::vector<std::int64_t>& axes, bool keep_axes = false); \
  Tensor name(const Operand& x);
TESSERA_DECLARE_REDUCTION(sum)
TESSERA_DECLARE_REDUCTION(sum_squares)
TESSERA_DECLARE_REDUCTION(mean)      // floating only; of no elements: NaN
TESSERA_DECLARE_REDUCTION(variance)  // divided by n (not n - 1); floating only
TESSERA_DECLARE_REDUCTION(max)       // of no elements: Error
TESSERA_DECLARE_REDUCTION(min)
#undef TESSERA_DECLARE_REDUCTION
Tensor argmax(const Operand& x, std::int64_t axis, bool keep_axis = false);

// ---- Normalisation and loss ----
Tensor softmax(const Operand& x, std::int64_t axis = -1);
Tensor log_softmax(const Operand& x, std::int64_t axis = -1);
// logits [N,C], labels int64 [N] in [0, C) -> one loss per sample, [N]
Tensor cross_entropy(const Operand& logits, const Tensor& labels);
// Rows over x's trailing axes, as many as scale and shift have: (x - mean) / sqrt(variance + epsilon) * scale + shift, where the
// division is a multiplication by 1 / sqrt(...). Ba, Kiros and Hinton, "Layer normalization" (2016).
Tensor layer_norm(const Operand& x, const Tensor& scale, const Tensor& shift, double epsilon = 1e-5);

}  // namespace tessera
