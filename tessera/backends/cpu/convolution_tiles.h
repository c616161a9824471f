// The register tiles of convolution, one table per SIMD level. Every element of a result is one chain of fused
// multiply-adds per chunk of kChunk steps of k, ascending, from +0 (contract rule 2); tiles only divide
// elements. Which tile does what is told in convolution.h.
#pragma once

#include <cstdint>

#include "tessera/backends/cpu/gemm.h"

namespace tessera::backends {

inline constexpr int kConvolutionRows = 8;     // at most
inline constexpr int kConvolutionVectors = 8;  // at most
inline constexpr int kDepthwiseTaps = 10;      // at most

// One step of k: where it reads, counted from a row's first element, and which row of b it is multiplied with.
struct TapStep {
  std::int64_t source, weights;
};

// Lanes are channels: c[i][j] (+)= sum over steps of rows[i][step.source] * b[step.weights][j], where rows of b and
// c have `vectors` full vectors, those of b one behind the other.
template <typename T>
struct PositionTile {
  std::int64_t depth;  // steps: at most kChunk
  const T* rows[kConvolutionRows];
  const TapStep* steps;
  const T* b;
  T* c[kConvolutionRows];
  bool accumulate;  // add the chunk's sum to c; otherwise store it
};

// Lanes are positions side by side: vector j of row i, at c + targets[j] + i * c_row, (+)= sum over k of
// factors[k][i] * vector at source + places[j] + offsets[k]. Vectors of c may overlap where they are not
// accumulated.
template <typename T>
struct LineTile {
  std::int64_t depth;
  const T* factors;  // [depth][rows of the tile]
  const T* source;
  const std::int64_t* offsets;
  const std::int64_t *places, *targets;
  std::int64_t groups;  // of as many vectors as the tile has, one after the other
  T* c;
  std::int64_t c_row;
  bool accumulate;
};

// Lanes are groups of one channel: sums[t] = fma(gradients[k], source[taps[t] + offsets[k]], sums[t]) for
// ascending k, every element a vector.
template <typename T>
struct DepthwiseTile {
  std::int64_t depth;
  const T* gradients;
  const T* source;
  const std::int64_t* taps;
  const std::int64_t* offsets;
  T* sums;
};

// A filter of three rows and three columns over one plane: rows of the source go by, and each takes part in three
// rows of the output, which are under way in registers. Output row y reads source rows y, y + 1 and y + 2 (in
// steps of source_row, which may be negative), each at the three columns.
template <typename T>
struct Stencil {
  const T* source;
  std::int64_t source_row;
  const std::int64_t* columns;  // [3]
  const T* factors;             // [3 rows][3 columns]
  std::int64_t rows;
  const std::int64_t* places;  // of the vectors in a row
  std::int64_t vectors;
  T* c;
  std::int64_t c_row;
};

template <typename T>
struct HaloCopy {
  const T* from;
  std::int64_t from_row;
  std::int64_t above, rows, below;
  std::int64_t before, length, after;
  T* to;
};

template <typename T>
struct ConvolutionKernels {
  int lanes;
  int vectors;                                 // of a whole PositionTile
  int position_rows[kConvolutionVectors + 1];  // of a whole PositionTile with so many vectors
  int line_vectors[kConvolutionRows + 1];      // of a whole LineTile with so many rows
  int line_rows;                               // of the tallest LineTile
  void (*position[kConvolutionRows + 1][kConvolutionVectors + 1])(const PositionTile<T>&);
  void (*line[kConvolutionRows + 1][kConvolutionVectors + 1])(const LineTile<T>&);
  void (*depthwise[kDepthwiseTaps + 1])(const DepthwiseTile<T>&);
  void (*stencil)(const Stencil<T>&);
  // to[j * to_row + i] = from[i * from_row + j] for i < rows, j < columns.
  void (*transpose)(const T* from, std::int64_t from_row, std::int64_t rows, std::int64_t columns, T* to,
                    std::int64_t to_row);
  // Copies `rows` stretches of `length` elements.
  void (*copy_rows)(const T* from, std::int64_t from_row, std::int64_t rows, std::int64_t length, T* to,
                    std::int64_t to_row);
  bool (*all_finite)(const T* from, std::int64_t length);
  bool (*has_negative_zero)(const T* from, std::int64_t length);
  // A plane [rows][before + length + after] of which the outer rows and columns are zero. Writes up to 64 bytes
  // of zeros behind it.
  void (*copy_with_halo)(const HaloCopy<T>& copy);
};

// The active SIMD level's table, null when there is none. A narrow one has vectors of 32 bytes: for few
// channels they waste fewer lanes.
template <typename T>
const ConvolutionKernels<T>* convolution_kernels(bool narrow = false);

}  // namespace tessera::backends
