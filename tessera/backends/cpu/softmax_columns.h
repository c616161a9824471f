// The softmax family along an axis that is not the last: lines side by side, a tile of neighbouring ones at a time and for each SIMD level.
//
// A vector holds one element of as many lines. A tile is first written side by side into `room`, since rows of an image may lie so
// (1 MB apart, say) that they drive each other out of the caches; the passes that follow read it there. Each line's sum is contract rule 3.
// As with rows (normalization_kernels.h), lines whose numbers lie within a range that has no edges go a shorter way to the same bits.
#pragma once

#include <cstdint>

#include "tessera/tensor/backend.h"

namespace tessera::backends {

inline constexpr std::int64_t kMostColumns = 512;  // of a tile

// Line j, 0 <= j < columns <= kMostColumns, has the elements x[i * stride + j], i = 0 ... n-1; g and out lie likewise.
template <typename T>
struct ColumnTile {
  const T *x, *g;  // g: of the gradients, where x is the output
  T* out;
  std::int64_t stride, n, columns;
  T *room, *g_room;  // aligned; n rows of `columns` rounded up to 64 bytes
  bool streams;  // out, stride and columns are then multiples of 64 bytes, and the caller ends with a fence
};

template <typename T>
struct ColumnLoops {
  void (*softmax)(const ColumnTile<T>& tile);
  void (*log_softmax)(const ColumnTile<T>& tile);
  void (*softmax_gradient)(const ColumnTile<T>& tile);
  void (*log_softmax_gradient)(const ColumnTile<T>& tile);
};
template <typename T>
const ColumnLoops<T>* column_loops();

// A whole call of these four operations; false where rows are the better way (normalization.cc).
bool run_softmax_columns(const KernelCall& call);

}  // namespace tessera::backends
