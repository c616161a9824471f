// Losses of rows side by side, and their derivatives by the scores: the innermost loop of linear_loss_pass.h. Internal to this room.
//
// The formulas are those of losses() and loss_slopes() in linear_loss.cc, operation for operation (sums over classes by rule 3 of docs/numerics.md), so
// that the bits are theirs too; here a lane of a vector is a row. AVX2, AVX-512 and plain C++ give the same bits.
//
// Errors: none. Thread-safety: a pure function; it expects the contract's floating-point environment (a task of parallel_for has it).
#pragma once

#include <cstdint>

namespace tessera::learn::internal {

enum class LossView : std::uint8_t { kBernoulli, kMargin, kCategorical, kCategoricalMargin, kPoisson };

inline constexpr std::int64_t kLossLanes = 8;         // rows at a time, at most
inline constexpr std::int64_t kMostLossLines = 1024;  // a block of rule 3

// Every line can be read, or written, up to the next multiple of kLossLanes behind `rows`.
struct LossLines {
  LossView view = LossView::kBernoulli;
  std::int64_t rows = 0, outputs = 1;  // at most kMostLossLines outputs
  std::int64_t stride = 0;             // from a line of scores, or of slopes, to the next output's
  const double* scores = nullptr;      // outputs lines
  const double* targets = nullptr;     // classes as numbers
  const double* weights = nullptr;     // or null: all 1
  double* losses = nullptr;
  double* slopes = nullptr;  // outputs lines
};
void compute_loss_lines(const LossLines& lines);

}  // namespace tessera::learn::internal
