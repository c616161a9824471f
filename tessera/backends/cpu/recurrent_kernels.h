// The gates of recurrent layers for each SIMD level: one stretch of one sample's hidden features at one time. The formulas are those of
// the reference kernels (reference/recurrent.cc).
#pragma once

#include <cstdint>

namespace tessera::backends {

// Gates in the order r, z, n; x and product are without their biases.
template <typename T>
struct GruForward {
  const T *x[3], *product[3], *x_bias[3], *bias[3], *before;
  T *h, *r, *z, *n, *b;  // gru_plain writes h only
  std::int64_t count;
};

template <typename T>
struct GruBackward {
  const T *gradient, *before, *r, *z, *n, *b;
  const T* product;  // of the time after this one
  T* keep;           // in: of the time after this one; out: of this one
  T *x[3], *hidden[3];
  std::int64_t count;
};

// Gates in the order i, f, g, o.
template <typename T>
struct LstmForward {
  const T *x[4], *product[4], *x_bias[4], *bias[4], *c;
  T* out[7];  // h, c, i, f, g, o, tanh(c); lstm_plain writes h and c only
  std::int64_t count;
};

template <typename T>
struct LstmBackward {
  const T *gradient_h, *gradient_c, *c, *i, *f, *g, *o, *q;
  const T* later_h;  // of the time after this one
  T* later_c;        // in: of the time after this one; out: of this one
  T* gates[4];
  std::int64_t count;
};

template <typename T>
struct RnnForward {
  const T *x, *product, *x_bias, *bias;
  T* h;
  std::int64_t count;
};

template <typename T>
struct RnnBackward {
  const T *gradient, *h;
  const T* later;  // of the time after this one
  T* sums;
  std::int64_t count;
};

template <typename T>
struct RecurrentLoops {
  void (*gru_forward)(const GruForward<T>& stretch);
  void (*gru_plain)(const GruForward<T>& stretch);
  void (*gru_backward)(const GruBackward<T>& stretch);
  void (*lstm_forward)(const LstmForward<T>& stretch);
  void (*lstm_plain)(const LstmForward<T>& stretch);
  void (*lstm_backward)(const LstmBackward<T>& stretch);
  void (*tanh_forward)(const RnnForward<T>& stretch);
  void (*tanh_backward)(const RnnBackward<T>& stretch);
  void (*relu_forward)(const RnnForward<T>& stretch);
  void (*relu_backward)(const RnnBackward<T>& stretch);
};

// The active SIMD level's loops; null when there are none.
template <typename T>
const RecurrentLoops<T>* recurrent_loops();

}  // namespace tessera::backends
