// Automatic differentiation in reverse mode, on an eager tape.
//
// While a Tape is alive on a thread it records every differentiable operation that depends on a watched tensor.
// `gradient` walks the record backwards. Gradients are themselves compositions of table operations, executed while the tape records,
// so they can be differentiated again. Contributions to one tensor add in descending tape order of their consumers, the
// first one copied (contract rule 6), so a gradient has the same bits everywhere. (One consumer that takes a tensor twice contributes in
// the order of its arguments.)
//
// A tape keeps every recorded tensor alive until it is destroyed. A training step, which needs no second derivatives, calls
// `stop` before `gradient`, so that the backward pass is not recorded as well.
//
// The method: Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, chapter 3.
// Thread-safety: a Tape belongs to the thread that made it. Tapes nest; each records for itself.
//
// ```cpp
// Tensor x = Tensor::from<double>({3}, {1});
// Tape tape;
// tape.watch(x);
// Tensor y = x * x * x;
// Tensor slope = tape.gradient(y, {x})[0];         // 3 x^2
// Tensor curvature = tape.gradient(slope, {x})[0];  // 6 x
// assert(slope.item<double>() == 27 && curvature.item<double>() == 18);
// ```
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tessera/tensor/op.h"

namespace tessera {

class Tape : private OpObserver {
 public:
  Tape();
  ~Tape() override;

  // Makes `x` a leaf: operations on it are recorded from now on. Floating dtypes only.
  void watch(const Tensor& x);
  void watch(const std::vector<Tensor>& tensors);

  // Ends recording, for good; what has been recorded can still be differentiated.
  void stop();

  // d(output)/d(inputs[i]), contiguous, of the shape of inputs[i]; zeros where output does not depend on it. `output` must have one
  // element unless `output_gradient` (of output's shape) is given. The inputs must be watched tensors or depend on one,
  // else Error: a gradient of zeros for a tensor that somebody forgot to watch would be a trap.
  std::vector<Tensor> gradient(const Tensor& output, const std::vector<Tensor>& inputs,
                               const Tensor& output_gradient = {});

  std::size_t size() const;  // number of recorded operations

 private:
  void on_op(const OpEvent& event) override;
  struct Record;
  class Backward;
  std::unique_ptr<Record> record_;
};

// While it is alive, the tapes of this thread that were made before it do not record (evaluation, parameter updates).
class NoTape {
 public:
  NoTape();
  ~NoTape();
  NoTape(const NoTape&) = delete;
  NoTape& operator=(const NoTape&) = delete;
};

}  // namespace tessera
