// The interface that a backend implements: memory and one entry that runs a kernel.
//
// The reference backend is the definition of every operation (plain loops); another backend must agree with it bit
// for bit. Backends are registered explicitly by the program (`backends/backends.h`); there are no static initialisers.
//
// What a kernel may assume, so that it need not check it again:
//   all         the inputs passed the row's shape rule; the output is contiguous, row-major, holds arbitrary bytes, shares no memory
//               with an input and has at least one element; inputs may have any strides, 0 and negative ones included, unless
//               this list says otherwise, and may be empty (a sum of nothing, a product with k = 0); an argument that was a
//               number is a scalar view of the right dtype
//   Binary, Compare, Select   the inputs are views already broadcast to the output's shape (stride 0 for repeated axes)
//   MatrixMultiply            both have the output's rank, at least 2, and the output's leading axes (stride 0 for repeated ones)
//   Linear                    x has at least one axis, the weight is [n, k], the bias [n]; of the attributes only the activation counts
//   Conv2d, pooling           4 axes (Conv3d 5); `kernel` holds the filter's or the window's size, `input_shape` is set for gradients only
//   Reduce      `axes` count from the front, ascend and do not repeat; Max, Min, ArgMax have something to choose from
//   Softmax, LogSoftmax, their gradients, Concatenate, Gather, IndexAdd, TakeAlong, ScatterAdd, Sort, ArgSort   `axis` counts from the front
//   LayerNorm and its gradients   scale and shift have the shape of the last `axes` axes of x, at least one
//   BatchNorm and its gradients   x has at least 2 axes and C channels along axis 1; statistics and sums are [2,C], scale and shift [C]
//   GroupNorm and its gradient    x has at least 2 axes and C channels along axis 1, which divide into the groups; scale and shift are [C]
//   TakeAlong, ScatterAdd     the values of the index are not checked yet
//   Optimizer                 whole lists of tensors and factors (optimizer_steps.h); the output's gaps are to be zeros
//   Finish, Recurrent         inputs in the order of finish.h and recurrent.h; `axis` counts from the front
//   Gather, IndexAdd, CrossEntropy and its gradient   index and labels are contiguous int64 vectors; their values are not checked yet
//   View        never reach a backend
// What is left to the kernel is to refuse bad values with an Error: an index or a label out of range, integer division by zero. An
// operation whose output has no elements does not reach the backend, so its values are not looked at.
//
// Thread-safety: `run` may be called from several threads at once.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tessera/tensor/op.h"

namespace tessera {

struct KernelCall {
  Op op;
  std::span<const TensorView> inputs;
  TensorView output;
  const Attributes& attributes;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;      // "reference", "cpu"
  virtual std::string description() const = 0;    // e.g. "AVX-512, 2 threads"
  virtual void run(const KernelCall& call) = 0;   // throws Error for bad values (division by zero, index)
  virtual void* allocate(std::size_t bytes) = 0;  // 64-byte aligned; throws Error naming the size
  virtual void release(void* memory, std::size_t bytes) = 0;
};

// Makes `backend` the one that serves a kind of device from now on. The backend must outlive its use.
void set_backend(DeviceKind device, Backend* backend);
// The backend of a device; throws Error that says how to register one.
Backend& backend_for(DeviceKind device);

}  // namespace tessera
