// Sums over sixteen rows at once: what mixtures of normal distributions spend their time on. Internal to this room.
//
// Rows stand in blocks of 16, feature after feature, so that a lane of a vector is a row: what is computed of a row is a chain of its own, in the
// order that each function states, whatever the width of vectors and the rows beside it. Sums over rows follow rule 3 of docs/numerics.md: blocks of 1,024
// rows, row i in lane i mod 16, lanes by halves, blocks by the tree. AVX2, AVX-512 and plain C++ give the same bits.
//
// Errors: none. Thread-safety: pure functions; they expect the contract's floating-point environment (a task of parallel_for has it).
//
// ```cpp
// const learn::RowBlocks rows(Tensor::from<double>({1, 2, 4, 6}, {2, 2}));
// double measures[learn::kLaneRows];
// learn::weighted_measures(rows.block(0), 2, std::vector<double>{1, 2}.data(), std::vector<double>{1, 0.5}.data(), measures);
// assert(measures[0] == 0 && measures[1] == 9 + 4);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

inline constexpr std::int64_t kLaneRows = 16;
inline constexpr std::int64_t kPieceRows = 1024;  // a block of rule 3
inline constexpr std::int64_t kPieceBlocks = kPieceRows / kLaneRows;

// float64 [N, F] as [blocks, F, 16]; the last block is filled up with its last row.
class RowBlocks {
 public:
  explicit RowBlocks(const Tensor& x);
  RowBlocks(const double* first_row, std::int64_t rows, std::int64_t features);
  std::int64_t rows() const { return rows_; }
  std::int64_t features() const { return features_; }
  std::int64_t blocks() const { return (rows_ + kLaneRows - 1) / kLaneRows; }
  std::int64_t pieces() const { return (rows_ + kPieceRows - 1) / kPieceRows; }
  const double* block(std::int64_t b) const { return values_.data() + b * features_ * kLaneRows; }
  std::int64_t piece_blocks(std::int64_t piece) const;

 private:
  std::int64_t rows_, features_;
  std::vector<double> values_;
};

// A lower triangular matrix [F, F] as triangular_measures reads it: four lines together, column after column.
std::vector<double> packed_triangle(const double* matrix, std::int64_t features);

// sum over j of y_j^2 with y_j = sum over f <= j of matrix[j][f] (x_f - mean_f): both chains of fma, ascending, from +0. `scratch` holds 16 F numbers.
void triangular_measures(const double* block, std::int64_t features, const double* mean,
                         const double* triangle, double* scratch, double* measures);
// sum over f of ((x_f - mean_f) scale_f)^2, a chain of fma.
void weighted_measures(const double* block, std::int64_t features, const double* mean, const double* scale,
                       double* measures);
// values [components, 16], logarithms of joint probabilities, become the conditional ones; log_sums [16] are the logarithms of their sums (an
// ascending chain after the largest was taken off).
void normalise_logarithms(double* values, std::int64_t components, double* log_sums);

// Sums over the rows of up to kPieceBlocks blocks; weights [blocks, components, 16], 0 for rows that only fill a block up.
// totals [components]: of w; firsts [components, F]: fma(w, x_f, lane).
void weighted_totals(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                     std::int64_t components, double* totals, double* firsts);
// seconds [components, F]: fma(w d_f, d_f, lane) with d = x - means[component].
void weighted_squares(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                      std::int64_t components, const double* means, double* seconds);
// scatter [F, F], the lower triangle: fma(w d_f, d_g, lane) with d = x - mean; `weights` of one component, `stride` apart from block to block.
void weighted_scatter(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                      std::int64_t stride, const double* mean, double* scatter);

}  // namespace tessera::learn
