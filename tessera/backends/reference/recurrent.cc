// Recurrent layers, one sample after the other through all times: the formulas of tensor/recurrent.h.
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/backends/reference/products.h"
#include "tessera/numerics/functions.h"

namespace tessera::backends::reference {
namespace {

struct Sizes {
  std::int64_t times, samples, hidden;
  std::int64_t all() const { return times * samples * hidden; }
};

// Of a layer's own row: its first input are the products of all gates.
Sizes sizes_of(const KernelCall& call, std::int64_t gates) {
  const Shape& products = call.inputs[0].shape;
  return {products[0], products[1], products[2] / gates};
}

// row [k] times matrix [k, n], by contract rule 2.
template <typename T>
std::vector<T> row_times(const T* row, const T* matrix, std::int64_t k, std::int64_t n) {
  ProductSums<T> sums(n);
  for (std::int64_t i = 0; i < k; ++i) sums.add_products(row[i], matrix + i * n);
  std::vector<T> result(static_cast<std::size_t>(n));
  sums.finish(result.data());
  return result;
}

template <typename T>
std::vector<T> transposed(const Dense<T>& matrix, std::int64_t rows, std::int64_t columns) {
  std::vector<T> result(static_cast<std::size_t>(rows * columns));
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      result[static_cast<std::size_t>(j * rows + i)] = matrix[i * columns + j];
  return result;
}

// ---- GRU: gates r, z, n ----

template <typename T>
struct GruInputs {
  Dense<T> x, h0, weight, x_bias, bias;
  explicit GruInputs(std::span<const TensorView> inputs)
      : x(inputs[0]), h0(inputs[1]), weight(inputs[2]), x_bias(inputs[3]), bias(inputs[4]) {}
};

// One time of one sample; `row` is its place among all. The first `kept` of its parts are written.
template <typename T>
void gru_step(const GruInputs<T>& in, const std::vector<T>& weight, const Sizes& size, const T* before,
              std::int64_t row, std::int64_t kept, T* out) {
  const std::int64_t hidden = size.hidden;
  const std::vector<T> products = row_times(before, weight.data(), hidden, 3 * hidden);
  for (std::int64_t j = 0; j < hidden; ++j) {
    const auto a = [&](std::int64_t gate) {
      return in.x[(row * 3 + gate) * hidden + j] + in.x_bias[gate * hidden + j];
    };
    const auto b = [&](std::int64_t gate) {
      return products[static_cast<std::size_t>(gate * hidden + j)] + in.bias[gate * hidden + j];
    };
    const T r = numerics::sigmoid(a(0) + b(0)), z = numerics::sigmoid(a(1) + b(1));
    const T n = numerics::tanh(a(2) + r * b(2));
    const T parts[] = {z * before[j] + (T(1) - z) * n, r, z, n, b(2)};
    for (std::int64_t part = 0; part < kept; ++part) out[part * size.all() + row * hidden + j] = parts[part];
  }
}

template <typename T>
void gru(const KernelCall& call) {
  const GruInputs<T> in(call.inputs);
  const Sizes size = sizes_of(call, 3);
  const std::int64_t kept = call.op == Op::kGruPlain ? 1 : 5;
  const std::vector<T> weight = transposed(in.weight, 3 * size.hidden, size.hidden);
  T* out = call.output.as<T>();
  parallel_for(size.samples, [&](std::int64_t sample) {
    const T* before = in.h0.data() + sample * size.hidden;
    for (std::int64_t t = 0; t < size.times; ++t) {
      const std::int64_t row = t * size.samples + sample;
      gru_step(in, weight, size, before, row, kept, out);
      before = out + row * size.hidden;
    }
  });
}

// One time of one sample backwards. `later`: what the time after this one gives to the state; then what this one gives.
template <typename T>
void gru_step_back(const Dense<T>& g, const Dense<T>& states, const Dense<T>& weight, const Sizes& size,
                   const T* before, std::int64_t row, std::vector<T>& later, T* out) {
  const std::int64_t hidden = size.hidden;
  T* const of_x = out + row * 3 * hidden;
  T* const of_hidden = of_x + 3 * size.all();
  std::vector<T> keep(later.size());
  for (std::int64_t j = 0; j < hidden; ++j) {
    const auto state = [&](std::int64_t part) { return states[part * size.all() + row * hidden + j]; };
    const T r = state(1), z = state(2), n = state(3), b = state(4);
    const T d = g[row * hidden + j] + later[static_cast<std::size_t>(j)];
    const T d_n = d * (T(1) - z), d_z = d * (before[j] - n);
    const T g_n = d_n * (T(1) - n * n), g_z = d_z * (z * (T(1) - z)), g_r = (g_n * b) * (r * (T(1) - r));
    of_x[j] = of_hidden[j] = g_r;
    of_x[hidden + j] = of_hidden[hidden + j] = g_z;
    of_x[2 * hidden + j] = g_n;
    of_hidden[2 * hidden + j] = g_n * r;
    keep[static_cast<std::size_t>(j)] = d * z;
  }
  const std::vector<T> product = row_times<T>(of_hidden, weight.data(), 3 * hidden, hidden);
  for (std::size_t j = 0; j < later.size(); ++j) later[j] = keep[j] + product[j];
}

template <typename T>
void gru_gradient(const KernelCall& call) {
  const Shape& shape = call.inputs[0].shape;
  const Sizes size{shape[0], shape[1], shape[2]};
  const Dense<T> g(call.inputs[0]), h0(call.inputs[2]), weight(call.inputs[3]), states(call.inputs[6]);
  T* out = call.output.as<T>();
  parallel_for(size.samples, [&](std::int64_t sample) {
    std::vector<T> later(static_cast<std::size_t>(size.hidden), T(0));
    for (std::int64_t t = size.times - 1; t >= 0; --t) {
      const std::int64_t row = t * size.samples + sample;
      const T* before =
          t == 0 ? h0.data() + sample * size.hidden : states.data() + (row - size.samples) * size.hidden;
      gru_step_back(g, states, weight, size, before, row, later, out);
    }
    std::copy(later.begin(), later.end(), out + 6 * size.all() + sample * size.hidden);
  });
}

// ---- LSTM: gates i, f, g, o ----

template <typename T>
struct LstmInputs {
  Dense<T> x, h0, c0, weight, x_bias, bias;
  explicit LstmInputs(std::span<const TensorView> inputs)
      : x(inputs[0]), h0(inputs[1]), c0(inputs[2]), weight(inputs[3]), x_bias(inputs[4]), bias(inputs[5]) {}
};

template <typename T>
void lstm_step(const LstmInputs<T>& in, const std::vector<T>& weight, const Sizes& size, const T* h,
               const T* c, std::int64_t row, std::int64_t kept, T* out) {
  const std::int64_t hidden = size.hidden;
  const std::vector<T> products = row_times(h, weight.data(), hidden, 4 * hidden);
  for (std::int64_t j = 0; j < hidden; ++j) {
    const auto s = [&](std::int64_t gate) {
      const T a = in.x[(row * 4 + gate) * hidden + j] + in.x_bias[gate * hidden + j];
      return a + (products[static_cast<std::size_t>(gate * hidden + j)] + in.bias[gate * hidden + j]);
    };
    const T i = numerics::sigmoid(s(0)), f = numerics::sigmoid(s(1));
    const T g = numerics::tanh(s(2)), o = numerics::sigmoid(s(3));
    const T after = f * c[j] + i * g, q = numerics::tanh(after);
    const T parts[] = {o * q, after, i, f, g, o, q};
    for (std::int64_t part = 0; part < kept; ++part) out[part * size.all() + row * hidden + j] = parts[part];
  }
}

template <typename T>
void lstm(const KernelCall& call) {
  const LstmInputs<T> in(call.inputs);
  const Sizes size = sizes_of(call, 4);
  const std::int64_t kept = call.op == Op::kLstmPlain ? 2 : 7;
  const std::vector<T> weight = transposed(in.weight, 4 * size.hidden, size.hidden);
  T* out = call.output.as<T>();
  parallel_for(size.samples, [&](std::int64_t sample) {
    const T* h = in.h0.data() + sample * size.hidden;
    const T* c = in.c0.data() + sample * size.hidden;
    for (std::int64_t t = 0; t < size.times; ++t) {
      const std::int64_t row = t * size.samples + sample;
      lstm_step(in, weight, size, h, c, row, kept, out);
      h = out + row * size.hidden;
      c = h + size.all();
    }
  });
}

template <typename T>
struct Later {
  std::vector<T> h, c;
};

template <typename T>
void lstm_step_back(const Dense<T>& gradients, const Dense<T>& states, const Dense<T>& weight,
                    const Sizes& size, const T* c, std::int64_t row, Later<T>& later, T* gates) {
  const std::int64_t hidden = size.hidden;
  for (std::int64_t j = 0; j < hidden; ++j) {
    const std::int64_t place = row * hidden + j;
    const auto state = [&](std::int64_t part) { return states[part * size.all() + place]; };
    const T i = state(2), f = state(3), g = state(4), o = state(5), q = state(6);
    T &later_h = later.h[static_cast<std::size_t>(j)], &later_c = later.c[static_cast<std::size_t>(j)];
    const T d = gradients[place] + later_h;
    const T d_c = (gradients[size.all() + place] + later_c) + (d * o) * (T(1) - q * q);
    gates[j] = (d_c * g) * (i * (T(1) - i));
    gates[hidden + j] = (d_c * c[j]) * (f * (T(1) - f));
    gates[2 * hidden + j] = (d_c * i) * (T(1) - g * g);
    gates[3 * hidden + j] = (d * q) * (o * (T(1) - o));
    later_c = d_c * f;
  }
  later.h = row_times<T>(gates, weight.data(), 4 * hidden, hidden);
}

template <typename T>
void lstm_gradient(const KernelCall& call) {
  const Shape& shape = call.inputs[0].shape;
  const Sizes size{shape[1], shape[2], shape[3]};
  const Dense<T> gradients(call.inputs[0]), c0(call.inputs[3]), weight(call.inputs[4]),
      states(call.inputs[7]);
  T* out = call.output.as<T>();
  parallel_for(size.samples, [&](std::int64_t sample) {
    const auto hidden = static_cast<std::size_t>(size.hidden);
    Later<T> later{std::vector<T>(hidden, T(0)), std::vector<T>(hidden, T(0))};
    for (std::int64_t t = size.times - 1; t >= 0; --t) {
      const std::int64_t row = t * size.samples + sample;
      const T* c = t == 0 ? c0.data() + sample * size.hidden
                          : states.data() + size.all() + (row - size.samples) * size.hidden;
      lstm_step_back(gradients, states, weight, size, c, row, later, out + row * 4 * size.hidden);
    }
    T* const of_h0 = out + 4 * size.all() + sample * size.hidden;
    std::copy(later.h.begin(), later.h.end(), of_h0);
    std::copy(later.c.begin(), later.c.end(), of_h0 + size.samples * size.hidden);
  });
}

// ---- RNN ----

bool is_relu(const KernelCall& call) {
  return attributes_of<RecurrentAttributes>(call).nonlinearity == Activation::kRelu;
}

template <typename T>
void rnn(const KernelCall& call) {
  const Shape& shape = call.output.shape;
  const Sizes size{shape[0], shape[1], shape[2]};
  const GruInputs<T> in(call.inputs);
  const std::vector<T> weight = transposed(in.weight, size.hidden, size.hidden);
  const bool relu = is_relu(call);
  T* out = call.output.as<T>();
  parallel_for(size.samples, [&](std::int64_t sample) {
    const T* before = in.h0.data() + sample * size.hidden;
    for (std::int64_t t = 0; t < size.times; ++t) {
      T* const h = out + (t * size.samples + sample) * size.hidden;
      const std::vector<T> products = row_times(before, weight.data(), size.hidden, size.hidden);
      for (std::int64_t j = 0; j < size.hidden; ++j) {
        const T a = in.x[h - out + j] + in.x_bias[j];
        const T sum = a + (products[static_cast<std::size_t>(j)] + in.bias[j]);
        h[j] = !relu ? numerics::tanh(sum) : sum <= 0 ? T(0) : sum;  // NaN stays NaN, -0 gives +0
      }
      before = h;
    }
  });
}

template <typename T>
void rnn_gradient(const KernelCall& call) {
  const Shape& shape = call.inputs[0].shape;
  const Sizes size{shape[0], shape[1], shape[2]};
  const Dense<T> g(call.inputs[0]), weight(call.inputs[3]), states(call.inputs[6]);
  const bool relu = is_relu(call);
  T* out = call.output.as<T>();
  parallel_for(size.samples, [&](std::int64_t sample) {
    std::vector<T> later(static_cast<std::size_t>(size.hidden), T(0));
    for (std::int64_t t = size.times - 1; t >= 0; --t) {
      const std::int64_t row = (t * size.samples + sample) * size.hidden;
      for (std::int64_t j = 0; j < size.hidden; ++j) {
        const T d = g[row + j] + later[static_cast<std::size_t>(j)], h = states[row + j];
        out[row + j] = relu ? (h > 0 ? d : T(0)) : d * (T(1) - h * h);
      }
      later = row_times<T>(out + row, weight.data(), size.hidden, size.hidden);
    }
    std::copy(later.begin(), later.end(), out + size.all() + sample * size.hidden);
  });
}

}  // namespace

void rnn_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { rnn<decltype(zero)>(call); });
}
void rnn_gradient_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { rnn_gradient<decltype(zero)>(call); });
}

void gru_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { gru<decltype(zero)>(call); });
}
void gru_plain_kernel(const KernelCall& call) {
  gru_kernel(call);
}
void gru_gradient_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { gru_gradient<decltype(zero)>(call); });
}

void lstm_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { lstm<decltype(zero)>(call); });
}
void lstm_plain_kernel(const KernelCall& call) {
  lstm_kernel(call);
}
void lstm_gradient_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { lstm_gradient<decltype(zero)>(call); });
}

}  // namespace tessera::backends::reference
