// Bias, activation and dropout in one pass. The threads share the elements; a bias cuts them into runs with one bias each, or, along the
// last axis, into rows beside the biases.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/finish_kernels.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

template <typename T>
class Pass {
 public:
  Pass(const KernelCall& call, FinishLoop<T> loop) : loop_(loop) {
    const auto& finish = std::get<FinishAttributes>(call.attributes);
    const bool gradient = call.op == Op::kFinishGradient;
    const std::size_t x = gradient ? 1 : 0;
    all_.gradient = gradient ? call.inputs[0].template as<const T>() : nullptr;
    all_.x = call.inputs[x].template as<const T>();
    all_.bias = finish.bias ? call.inputs[x + 1].template as<const T>() : nullptr;
    all_.draws = finish.drops ? call.inputs.back().template as<const float>() : nullptr;
    all_.out = call.output.as<T>();
    all_.n = call.output.elements();
    all_.drop = static_cast<float>(finish.drop);
    all_.scale = static_cast<T>(finish.scale);
    if (!finish.bias) return;
    const Shape& shape = call.output.shape;
    channels_ = shape[finish.axis];
    for (int axis = finish.axis + 1; axis < shape.rank(); ++axis) inner_ *= shape[axis];
    all_.one_bias = inner_ > 1;
  }

  std::int64_t elements() const { return all_.n; }

  void run(std::int64_t begin, std::int64_t end) const {
    const std::int64_t period = all_.bias == nullptr ? all_.n : inner_ > 1 ? inner_ : channels_;
    while (begin < end) {
      const std::int64_t length = std::min(end - begin, period - begin % period);
      FinishRun<T> part = all_;
      if (part.bias != nullptr) part.bias += inner_ > 1 ? begin / inner_ % channels_ : begin % channels_;
      if (part.gradient != nullptr) part.gradient += begin;
      if (part.draws != nullptr) part.draws += begin;
      part.x += begin;
      part.out += begin;
      part.n = length;
      loop_(part);
      begin += length;
    }
  }

 private:
  FinishLoop<T> loop_;
  FinishRun<T> all_{};
  std::int64_t channels_ = 1, inner_ = 1;
};

template <typename T>
bool finish(const KernelCall& call) {
  const FinishLoop<T> loop =
      finish_loop<T>(std::get<FinishAttributes>(call.attributes).activation, call.op == Op::kFinishGradient);
  if (loop == nullptr) return false;
  for (const TensorView& input : call.inputs)
    if (!input.contiguous()) return false;
  const Pass<T> pass(call, loop);
  parallel_for((pass.elements() + kTask - 1) / kTask, [&](std::int64_t task) {
    pass.run(task * kTask, std::min(pass.elements(), (task + 1) * kTask));
  });
  return true;
}

}  // namespace

bool run_finish(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? finish<float>(call) : finish<double>(call);
}

}  // namespace tessera::backends
