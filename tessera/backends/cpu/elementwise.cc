// Elementwise operations: shapes, broadcasting and threads around the loops of elementwise_kernels.h.
//
// Operands whose run has step 0 or 1 are read where they are. Any other step is gathered, a few hundred
// elements at a time, into a buffer that stays in the first-level cache.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/elementwise_kernels.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/runs.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kGather = 512;  // elements gathered at a time

// An operand of a run: its elements side by side, or one repeated element.
template <typename T>
const T* gathered(const T* from, std::int64_t step, std::int64_t length, T* buffer) {
  if (step == 0 || step == 1) return from;
  for (std::int64_t i = 0; i < length; ++i) buffer[i] = from[i * step];
  return buffer;
}

// Divides a run so that its gathered operands fit their buffers.
template <typename Body>
void in_pieces(std::int64_t length, bool gather, Body&& body) {
  const std::int64_t piece = gather ? kGather : length;
  for (std::int64_t i = 0; i < length; i += piece) body(i, std::min(piece, length - i));
}

bool needs_gathering(std::int64_t step) {
  return step != 0 && step != 1;
}

template <typename T>
bool map(const KernelCall& call, UnaryLoop<T> loop) {
  if (loop == nullptr) return false;
  const TensorView& x = call.inputs[0];
  const RunSpace<1> space(call.output.shape, {&x});
  const std::int64_t step = space.step(0);
  if (space.run_length() > 1 && step == 0) return false;  // not worth a loop of its own
  T* out = call.output.as<T>();
  for_each_part(call.output.elements(), [&](std::int64_t begin, std::int64_t end) {
    T buffer[kGather];
    space.for_each_run(begin, end,
                       [&](std::int64_t position, std::int64_t length, const std::int64_t* offsets) {
                         const T* from = x.as<const T>() + offsets[0];
                         in_pieces(length, needs_gathering(step), [&](std::int64_t i, std::int64_t count) {
                           loop(gathered(from + i * step, step, count, buffer), out + position + i, count);
                         });
                       });
  });
  return true;
}

// Binary operations and comparisons; Loop takes (a, b, out, n, repeat).
template <typename T, typename Out, typename Loop>
bool map_pairs(const KernelCall& call, Loop loop) {
  if (loop == nullptr) return false;
  const TensorView& a = call.inputs[0];
  const TensorView& b = call.inputs[1];
  const RunSpace<2> space(call.output.shape, {&a, &b});
  const bool single = space.run_length() == 1;
  const std::int64_t a_step = single ? 1 : space.step(0), b_step = single ? 1 : space.step(1);
  if (a_step == 0 && b_step == 0) return false;
  const Repeat repeat = a_step == 0 ? Repeat::kFirst : b_step == 0 ? Repeat::kSecond : Repeat::kNone;
  const bool gather = needs_gathering(a_step) || needs_gathering(b_step);
  Out* out = call.output.as<Out>();
  for_each_part(call.output.elements(), [&](std::int64_t begin, std::int64_t end) {
    T a_buffer[kGather], b_buffer[kGather];
    space.for_each_run(
        begin, end, [&](std::int64_t position, std::int64_t length, const std::int64_t* offsets) {
          const T* left = a.as<const T>() + offsets[0];
          const T* right = b.as<const T>() + offsets[1];
          in_pieces(length, gather, [&](std::int64_t i, std::int64_t count) {
            loop(gathered(left + i * a_step, a_step, count, a_buffer),
                 gathered(right + i * b_step, b_step, count, b_buffer), out + position + i, count, repeat);
          });
        });
  });
  return true;
}

// One flag for a run, as that of a row: a copy of what it chooses.
template <typename T>
void choose_runs(const KernelCall& call, const RunSpace<3>& space) {
  T* out = call.output.as<T>();
  for_each_part(call.output.elements(), [&](std::int64_t begin, std::int64_t end) {
    space.for_each_run(begin, end,
                       [&](std::int64_t position, std::int64_t length, const std::int64_t* offsets) {
                         const std::size_t chosen = call.inputs[0].as<const bool>()[offsets[0]] ? 1 : 2;
                         const T* from = call.inputs[chosen].as<const T>() + offsets[chosen];
                         const std::int64_t step = space.step(static_cast<int>(chosen));
                         if (step == 0)
                           std::fill_n(out + position, length, *from);
                         else if (step == 1)
                           std::copy_n(from, length, out + position);
                         else
                           for (std::int64_t i = 0; i < length; ++i) out[position + i] = from[i * step];
                       });
  });
}

template <typename T>
bool choose(const KernelCall& call) {
  const SelectLoop<T> loop = select_loop<T>();
  if (loop == nullptr) return false;
  const TensorView& condition = call.inputs[0];
  const TensorView& a = call.inputs[1];
  const TensorView& b = call.inputs[2];
  const RunSpace<3> space(call.output.shape, {&condition, &a, &b});
  const bool single = space.run_length() == 1;
  const std::int64_t step = single ? 1 : space.step(0);
  const std::int64_t a_step = single ? 1 : space.step(1), b_step = single ? 1 : space.step(2);
  if (step == 0) {
    choose_runs<T>(call, space);
    return true;
  }
  const bool gather = needs_gathering(step) || needs_gathering(a_step) || needs_gathering(b_step);
  T* out = call.output.as<T>();
  for_each_part(call.output.elements(), [&](std::int64_t begin, std::int64_t end) {
    bool buffer[kGather];
    T a_buffer[kGather], b_buffer[kGather];
    space.for_each_run(
        begin, end, [&](std::int64_t position, std::int64_t length, const std::int64_t* offsets) {
          in_pieces(length, gather, [&](std::int64_t i, std::int64_t count) {
            loop(gathered(condition.as<const bool>() + offsets[0] + i * step, step, count, buffer),
                 gathered(a.as<const T>() + offsets[1] + i * a_step, a_step, count, a_buffer),
                 gathered(b.as<const T>() + offsets[2] + i * b_step, b_step, count, b_buffer),
                 out + position + i, count, a_step, b_step);
          });
        });
  });
  return true;
}

template <typename T>
UnaryLoop<T> any_unary_loop(Op op) {
  const UnaryLoop<T> loop = unary_loop<T>(op);
  return loop != nullptr ? loop : function_loop<T>(op);
}

template <typename T>
BinaryLoop<T> any_binary_loop(Op op) {
  return op == Op::kPow ? pow_loop<T>() : binary_loop<T>(op);
}

}  // namespace

bool run_unary(const KernelCall& call) {
  if (call.output.elements() == 0) return true;
  if (call.output.dtype == DType::kFloat32) return map<float>(call, any_unary_loop<float>(call.op));
  if (call.output.dtype == DType::kFloat64) return map<double>(call, any_unary_loop<double>(call.op));
  return false;
}

bool run_binary(const KernelCall& call) {
  if (call.output.elements() == 0) return true;
  if (call.output.dtype == DType::kFloat32)
    return map_pairs<float, float>(call, any_binary_loop<float>(call.op));
  if (call.output.dtype == DType::kFloat64)
    return map_pairs<double, double>(call, any_binary_loop<double>(call.op));
  return false;
}

bool run_compare(const KernelCall& call) {
  if (call.output.elements() == 0) return true;
  if (call.inputs[0].dtype == DType::kFloat32)
    return map_pairs<float, bool>(call, compare_loop<float>(call.op));
  if (call.inputs[0].dtype == DType::kFloat64)
    return map_pairs<double, bool>(call, compare_loop<double>(call.op));
  if (call.inputs[0].dtype == DType::kInt64)
    return map_pairs<std::int64_t, bool>(call, compare_loop<std::int64_t>(call.op));
  return false;
}

bool run_select(const KernelCall& call) {
  if (call.output.elements() == 0) return true;
  if (call.output.dtype == DType::kFloat32) return choose<float>(call);
  if (call.output.dtype == DType::kFloat64) return choose<double>(call);
  return false;
}

}  // namespace tessera::backends
