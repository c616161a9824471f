// Activations in one pass: the threads share the elements.

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/activate_kernels.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

template <typename T>
bool activate(const KernelCall& call) {
  const bool gradient = call.op == Op::kActivateGradient;
  const auto& attributes = std::get<CurveAttributes>(call.attributes);
  const CurveLoop<T> loop = curve_loop<T>(attributes.curve, gradient);
  if (loop == nullptr) return false;
  ScratchScope scratch;
  const T* g = gradient ? dense<T>(call.inputs[0], scratch) : nullptr;
  const T* x = dense<T>(call.inputs[gradient ? 1 : 0], scratch);
  T* out = call.output.as<T>();
  const std::int64_t n = call.output.elements();
  parallel_for((n + kTask - 1) / kTask, [&](std::int64_t task) {
    const std::int64_t begin = task * kTask;
    loop(gradient ? g + begin : nullptr, x + begin, static_cast<T>(attributes.parameter), out + begin,
         std::min(kTask, n - begin));
  });
  return true;
}

}  // namespace

bool run_activate(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? activate<float>(call) : activate<double>(call);
}

}  // namespace tessera::backends
