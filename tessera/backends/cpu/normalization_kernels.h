// Softmax, its relatives and layer normalisation (layer_norm_kernels.cc), one row at a time and for each SIMD level: the passes over a
// row follow each other while it is in the first-level cache, and the next row is fetched meanwhile.
//
// A row is n >= 1 contiguous elements; sums are contract rule 3. The softmax of a row whose numbers lie within
// a range of e^60 (fp32; e^600 in fp64) needs no care: no exponential is an edge, and a division by the sum is a
// multiplication by its reciprocal and a correction by the remainder, which rounds like the division (Markstein,
// "Computation of elementary functions on the IBM RISC System/6000", 1990). Other rows go the careful way; the
// bits are the same.
#pragma once

#include <cstdint>

namespace tessera::backends {

template <typename T>
struct RowStatistics {
  T mean, inverse;  // inverse = 1 / sqrt(variance + epsilon)
};

// Where a row of the result goes. `streams`: past the caches; out and n are then multiples of 64 bytes, and the
// caller ends with a fence (hwy::FlushStream). `room` is for n numbers in between; it may be `out` otherwise.
template <typename T>
struct RowResult {
  T* out;
  T* room;
  bool streams;
};

template <typename T>
struct RowLoops {
  void (*softmax)(const T* x, std::int64_t n, const RowResult<T>& to);
  void (*log_softmax)(const T* x, std::int64_t n, const RowResult<T>& to);
  T (*cross_entropy)(const T* x, std::int64_t n, std::int64_t label);
  // The definitions are those of ops.def; y and g are rows of the output and of its gradient.
  void (*softmax_gradient)(const T* y, const T* g, std::int64_t n, const RowResult<T>& to);
  void (*log_softmax_gradient)(const T* y, const T* g, std::int64_t n, const RowResult<T>& to);
  void (*cross_entropy_gradient)(const T* x, std::int64_t n, std::int64_t label, T g, const RowResult<T>& to);
};
template <typename T>
const RowLoops<T>* row_loops();

// A row of x and of the gradient g that arrived at its normalisation; the row that is worked on after it lies `next`
// elements on.
template <typename T>
struct LayerNormRow {
  const T *g, *x, *scale;
  std::int64_t n, next;
  T epsilon;
};

template <typename T>
struct LayerNormLoops {
  void (*layer_norm)(const T* x, const T* scale, const T* shift, std::int64_t n, T epsilon,
                     const RowResult<T>& to);
  // The gradient of the row's input; of the scale, scale_lane += g * normalized; both, and shift_lane += g.
  void (*to_input)(const LayerNormRow<T>& row, const RowResult<T>& to);
  void (*to_scale)(const LayerNormRow<T>& row, T* scale_lane);
  void (*to_all)(const LayerNormRow<T>& row, const RowResult<T>& to, T* scale_lane, T* shift_lane);
};
template <typename T>
const LayerNormLoops<T>* layer_norm_loops();

}  // namespace tessera::backends
