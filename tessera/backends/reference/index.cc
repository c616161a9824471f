// Operations with an int64 index along one axis. A tensor is read as [outer, length of the axis, inner].
#include "tessera/backends/addition.h"
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/tensor/op.h"

namespace tessera::backends::reference {
namespace {

void check_indices(const KernelCall& call, const Dense<std::int64_t>& index, int axis) {
  const std::int64_t length = call.inputs[0].shape[axis];
  if (length == 0 && index.size() > 0)
    fail("{}: axis {} of {} is empty, but the index asks for {} of its positions", op_info(call.op).name,
         axis, call.inputs[0].shape.to_string(), index.size());
  for (std::int64_t j = 0; j < index.size(); ++j)
    if (index[j] < 0 || index[j] >= length)
      fail("{}: index[{}] is {}, but axis {} of {} has positions 0 to {}", op_info(call.op).name, j, index[j],
           axis, call.inputs[0].shape.to_string(), length - 1);
}

}  // namespace

// out[o, j, i] = x[o, index[j], i]
void gather_kernel(const KernelCall& call) {
  const int axis = attributes_of<AxisAttributes>(call).axis;
  const Shape& shape = call.inputs[0].shape;
  const Dense<std::int64_t> index(call.inputs[1]);
  check_indices(call, index, axis);
  const std::int64_t outer = elements_between(shape, 0, axis), length = shape[axis];
  const std::int64_t inner = elements_between(shape, axis + 1, shape.rank());
  dispatch_any(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]);
    T* out = call.output.as<T>();
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t j = 0; j < index.size(); ++j)
        std::copy_n(x.data() + (o * length + index[j]) * inner, inner, out + (o * index.size() + j) * inner);
  });
}

// out = x; then for j ascending: out[o, index[j], i] += source[o, j, i]
void index_add_kernel(const KernelCall& call) {
  const int axis = attributes_of<AxisAttributes>(call).axis;
  const Shape& shape = call.inputs[0].shape;
  const Dense<std::int64_t> index(call.inputs[1]);
  check_indices(call, index, axis);
  const std::int64_t outer = elements_between(shape, 0, axis), length = shape[axis];
  const std::int64_t inner = elements_between(shape, axis + 1, shape.rank());
  dispatch<float, double, std::int64_t>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]), source(call.inputs[2]);
    T* out = call.output.as<T>();
    std::copy_n(x.data(), x.size(), out);
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t j = 0; j < index.size(); ++j) {
        T* target = out + (o * length + index[j]) * inner;
        for (std::int64_t i = 0; i < inner; ++i)
          target[i] = plus(target[i], source[(o * index.size() + j) * inner + i]);
      }
  });
}

// out[o, j, i] = x[o, index[o, j, i], i]
void take_along_kernel(const KernelCall& call) {
  const int axis = attributes_of<AxisAttributes>(call).axis;
  const Shape& shape = call.inputs[0].shape;
  const Dense<std::int64_t> index(call.inputs[1]);
  check_indices(call, index, axis);
  const std::int64_t length = shape[axis], count = call.inputs[1].shape[axis];
  const std::int64_t inner = elements_between(shape, axis + 1, shape.rank());
  dispatch_any(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]);
    T* out = call.output.as<T>();
    for (std::int64_t place = 0; place < index.size(); ++place)
      out[place] = x[(place / (count * inner) * length + index[place]) * inner + place % inner];
  });
}

// out = x; then for j ascending: out[o, index[o, j, i], i] += source[o, j, i]
void scatter_add_kernel(const KernelCall& call) {
  const int axis = attributes_of<AxisAttributes>(call).axis;
  const Shape& shape = call.inputs[0].shape;
  const Dense<std::int64_t> index(call.inputs[1]);
  check_indices(call, index, axis);
  const std::int64_t length = shape[axis], count = call.inputs[1].shape[axis];
  const std::int64_t inner = elements_between(shape, axis + 1, shape.rank());
  dispatch<float, double, std::int64_t>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]), source(call.inputs[2]);
    T* out = call.output.as<T>();
    std::copy_n(x.data(), x.size(), out);
    for (std::int64_t place = 0; place < index.size(); ++place) {
      T& target = out[(place / (count * inner) * length + index[place]) * inner + place % inner];
      target = plus(target, source[place]);
    }
  });
}

}  // namespace tessera::backends::reference
