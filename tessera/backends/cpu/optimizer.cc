// Optimiser steps over many tensors: all of them are cut into stretches, which the threads share.

#include <algorithm>
#include <vector>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/optimizer_kernels.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kBeyondCaches = std::int64_t{1}
                                       << 22;  // bytes of results that the near caches do not keep

struct Stretch {
  std::size_t tensor;
  std::int64_t begin, end;  // of the tensor's elements
  std::int64_t out;         // where the tensor begins in the output
};

// Stretches in the order of the tensors, and for each task where its stretches begin.
struct Division {
  std::vector<Stretch> stretches;
  std::vector<std::size_t> tasks;
};

Division divide(const KernelCall& call, const OptimizerLists& lists) {
  Division division;
  std::int64_t out = 0, in_task = kTask;
  for (std::size_t i = 0; i < lists.tensors; ++i) {
    const std::int64_t elements = call.inputs[i].elements();
    for (std::int64_t begin = 0; begin < elements; begin += kTask) {
      if (in_task >= kTask) {
        division.tasks.push_back(division.stretches.size());
        in_task = 0;
      }
      const std::int64_t end = std::min(elements, begin + kTask);
      division.stretches.push_back({i, begin, end, out});
      in_task += end - begin;
    }
    out += padded_elements(elements);
  }
  division.tasks.push_back(division.stretches.size());
  return division;
}

template <typename T>
bool run_step(const KernelCall& call) {
  const auto& attributes = std::get<OptimizerAttributes>(call.attributes);
  const StepLoop<T> loop = step_loop<T>(call.op, attributes);
  if (loop == nullptr) return false;
  for (const TensorView& input : call.inputs)
    if (!input.contiguous()) return false;
  const OptimizerLists lists = optimizer_lists(call.op, call.inputs.size(), attributes);
  const Division division = divide(call, lists);
  const std::int64_t kind_size = call.output.elements() / static_cast<std::int64_t>(1 + lists.states);
  const bool stream = call.output.elements() * dtype_size(call.output.dtype) > kBeyondCaches;
  const auto run_stretch = [&](const Stretch& part) {
    const auto input = [&](std::size_t list) {
      return call.inputs[list * lists.tensors + part.tensor].template as<const T>() + part.begin;
    };
    T* const out = call.output.as<T>() + part.out + part.begin;
    StepStretch<T> stretch{
        input(0), input(1), {}, out, {}, part.end - part.begin, call.inputs.back().template as<const T>(),
        stream};
    for (std::size_t state = 0; state < lists.states; ++state) {
      stretch.state[state] = input(2 + state);
      stretch.new_state[state] = out + static_cast<std::int64_t>(1 + state) * kind_size;
    }
    loop(stretch);
  };
  parallel_for(static_cast<std::int64_t>(division.tasks.size()) - 1, [&](std::int64_t task) {
    const auto first = static_cast<std::size_t>(task);
    for (std::size_t i = division.tasks[first]; i < division.tasks[first + 1]; ++i)
      run_stretch(division.stretches[i]);
  });
  return true;
}

}  // namespace

bool run_optimizer_step(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return run_step<float>(call);
  return run_step<double>(call);
}

}  // namespace tessera::backends
