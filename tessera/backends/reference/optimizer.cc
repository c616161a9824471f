// Optimiser steps, one element after the other: the formulas of tensor/optimizer_steps.h.
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce-inl.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera::backends::reference {
namespace {

// One element: what the step reads and replaces.
template <typename T>
struct Element {
  T value, gradient, state[kMostStepStates];
};

template <typename T>
T with_decay(const Element<T>& x, T decay, const OptimizerAttributes& has) {
  return has.decay ? x.gradient + x.value * decay : x.gradient;
}

// A mean that forgets; `rest` is 1 - keep.
template <typename T>
T moving(T mean, T keep, T value, T rest) {
  return mean * keep + value * rest;
}

template <typename T>
void step_sgd(Element<T>& x, const T* factors, const OptimizerAttributes& has) {
  const T rate = factors[0], momentum = factors[1], decay = factors[2];
  T direction = with_decay(x, decay, has);
  if (has.momentum) {
    T& velocity = x.state[0];
    velocity = velocity * momentum + direction;
    direction = has.nesterov ? direction + velocity * momentum : velocity;
  }
  x.value = x.value - direction * rate;
}

template <typename T>
void step_adam(Element<T>& x, const T* factors, const OptimizerAttributes& has) {
  const T step_size = factors[0], epsilon = factors[1], decay = factors[6];
  if (has.decoupled) x.value = x.value * decay;
  const T g = with_decay(x, decay, has);
  T &mean = x.state[0], &square = x.state[1], &largest = x.state[2];
  mean = moving(mean, factors[2], g, factors[3]);
  square = moving(square, factors[4], g * g, factors[5]);
  if (has.amsgrad) largest = numerics::larger_of(largest, square);
  x.value = x.value - (mean * step_size) / (numerics::sqrt(has.amsgrad ? largest : square) + epsilon);
}

template <typename T>
void step_rmsprop(Element<T>& x, const T* factors, const OptimizerAttributes& has) {
  const T rate = factors[0], epsilon = factors[1], alpha = factors[2], rest = factors[3];
  const T momentum = factors[4], decay = factors[5];
  const T g = with_decay(x, decay, has);
  T &square = x.state[0], &mean = x.state[1], &velocity = x.state[has.centered ? 2 : 1];
  square = moving(square, alpha, g * g, rest);
  T spread = square;
  if (has.centered) {
    mean = moving(mean, alpha, g, rest);
    spread = numerics::larger_of(square - mean * mean, T{0});
  }
  T direction = g / (numerics::sqrt(spread) + epsilon);
  if (has.momentum) direction = velocity = velocity * momentum + direction;
  x.value = x.value - direction * rate;
}

template <typename T>
void step_adagrad(Element<T>& x, const T* factors, const OptimizerAttributes& has) {
  const T rate = factors[0], epsilon = factors[1], decay = factors[2];
  const T g = with_decay(x, decay, has);
  T& sum = x.state[0];
  sum = sum + g * g;
  x.value = x.value - (g / (numerics::sqrt(sum) + epsilon)) * rate;
}

template <typename T>
void step_adadelta(Element<T>& x, const T* factors, const OptimizerAttributes& has) {
  const T rate = factors[0], epsilon = factors[1], rho = factors[2], rest = factors[3], decay = factors[4];
  const T g = with_decay(x, decay, has);
  T &square = x.state[0], &change = x.state[1];
  square = moving(square, rho, g * g, rest);
  const T step = numerics::sqrt(change + epsilon) / numerics::sqrt(square + epsilon) * g;
  change = moving(change, rho, step * step, rest);
  x.value = x.value - step * rate;
}

template <typename T>
using Step = void (*)(Element<T>&, const T* factors, const OptimizerAttributes&);

// Tensor `i` of all lists; its parts of the output begin `kind_size` elements apart.
template <typename T>
void step_tensor(const KernelCall& call, Step<T> step, const OptimizerLists& lists, std::size_t i,
                 const T* factors, T* out, std::int64_t kind_size) {
  const Dense<T> value(call.inputs[i]), gradient(call.inputs[lists.tensors + i]);
  std::vector<Dense<T>> states;
  for (std::size_t state = 0; state < lists.states; ++state)
    states.emplace_back(call.inputs[(2 + state) * lists.tensors + i]);
  const auto& attributes = attributes_of<OptimizerAttributes>(call);
  for_each_output(padded_elements(value.size()), kElementsPerTask, [&](std::int64_t e) {
    Element<T> x{};  // zeros between the tensors
    if (e < value.size()) {
      x = {value[e], gradient[e], {}};
      for (std::size_t state = 0; state < lists.states; ++state) x.state[state] = states[state][e];
      step(x, factors, attributes);
    }
    out[e] = x.value;
    for (std::size_t state = 0; state < lists.states; ++state)
      out[static_cast<std::int64_t>(1 + state) * kind_size + e] = x.state[state];
  });
}

template <typename T>
void step_all(const KernelCall& call, Step<T> step) {
  const OptimizerLists lists =
      optimizer_lists(call.op, call.inputs.size(), attributes_of<OptimizerAttributes>(call));
  const Dense<T> factors(call.inputs.back());
  const std::int64_t kind_size = call.output.elements() / static_cast<std::int64_t>(1 + lists.states);
  T* out = call.output.as<T>();
  for (std::size_t i = 0; i < lists.tensors; ++i) {
    step_tensor<T>(call, step, lists, i, factors.data(), out, kind_size);
    out += padded_elements(call.inputs[i].elements());
  }
}

}  // namespace

void sgd_step_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { step_all(call, &step_sgd<decltype(zero)>); });
}

void adam_step_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { step_all(call, &step_adam<decltype(zero)>); });
}

void rmsprop_step_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype,
                          [&](auto zero) { step_all(call, &step_rmsprop<decltype(zero)>); });
}

void adagrad_step_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype,
                          [&](auto zero) { step_all(call, &step_adagrad<decltype(zero)>); });
}

void adadelta_step_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype,
                          [&](auto zero) { step_all(call, &step_adadelta<decltype(zero)>); });
}

}  // namespace tessera::backends::reference
