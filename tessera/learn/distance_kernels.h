// Distances of one point to sixteen others at once: what nearest neighbours and k-means spend their time on.
//
// Points stand in blocks of 16, feature after feature (structure of arrays), so that a vector holds one feature of several points; each point's own
// chain of operations is that of nearest.h whatever the width. AVX2, AVX-512 and plain C++ give the same bits.
//
// Errors: none. Thread-safety: pure functions; expect the contract's floating-point environment (a task of parallel_for has it).
//
// ```cpp
// const std::vector<double> points = {0, 0, 3, 4};
// const learn::PointBlocks blocks(points, 2, {0, 1});
// double measures[learn::kBlockPoints];
// learn::block_measures(learn::Metric::kL2, std::vector<double>{0, 0}.data(), blocks.block(0), 2, measures);
// assert(measures[0] == 0 && measures[1] == 25);
// ```
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

enum class Metric : std::uint8_t { kL1, kL2, kChebyshev };

inline constexpr std::int64_t kBlockPoints = 16;

// Points in blocks, in a given order; the last block is filled up with its last point, whose row is kNoRow.
class PointBlocks {
 public:
  static constexpr std::int64_t kNoRow = std::numeric_limits<std::int64_t>::max();
  PointBlocks() = default;
  // points [N, features] row-major; order holds N rows.
  PointBlocks(std::span<const double> points, std::int64_t features, const std::vector<std::int64_t>& order);

  std::int64_t blocks() const { return static_cast<std::int64_t>(rows_.size()) / kBlockPoints; }
  const double* block(std::int64_t b) const { return first_ + b * kBlockPoints * features_; }
  const std::int64_t* rows(std::int64_t b) const { return rows_.data() + b * kBlockPoints; }

 private:
  std::int64_t features_ = 0;
  Tensor values_;                   // [blocks, features, 16]
  const double* first_ = nullptr;   // of them
  std::vector<std::int64_t> rows_;  // [blocks, 16]
};

// The measure of nearest.h (l2: squared) of `query` to each point of a block.
void block_measures(Metric metric, const double* query, const double* block, std::int64_t features,
                    double* measures);
// Of up to kBlockQueries queries [count, features] to each point of a block: bit p of masks[q] says that the measure to point p is at most limits[q].
// The measures [count, 16] are written where there is such a bit.
inline constexpr std::int64_t kBlockQueries = 4;
void block_below(Metric metric, const double* queries, std::int64_t count, const double* block,
                 std::int64_t features, const double* limits, double* measures, std::uint16_t* masks);
// Puts up to 16 points [count, features] into a block; it is filled up with the last one.
void place_block(const double* points, std::int64_t count, std::int64_t features, double* block);
// The l2 measure of each row to its own one of the points [N, features], `which` their numbers. Rows are `stride` apart; 0: it is always the same one.
void own_measures(const double* rows, std::int64_t stride, std::int64_t count, std::int64_t features,
                  const double* points, const std::int32_t* which, double* measures);
// The distance that a measure stands for: of l2 the square root.
double distance_of(Metric metric, double measure);

}  // namespace tessera::learn
