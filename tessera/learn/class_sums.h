// Sums of numbers made from the rows of a table, over all rows and over the rows of each class, in one pass over the table. Internal to this room.
//
// The orders are those of the operations that would give the same: over all rows that of sum(..., {0}) (rule 3 of docs/numerics.md), over a class that
// of matmul(memberships, ...) with memberships [classes, N] of 0 and 1 (rule 2: chunks of 256 rows; a row of another class would add 0). So the bits are
// theirs, without a table in memory for each step. Pieces of 1,024 rows run in threads, as many at once as have their chunks' sums in some megabytes.
//
// `of_all(x, f)` and `of_class(x, label, f)` give what the element x of column f counts. Errors: none. Thread-safety: pure; the functions are called from
// several threads.
//
// ```cpp
// const std::vector<double> x = {1, 2, 3};
// const std::vector<std::int64_t> labels = {0, 1, 0};
// const learn::ClassSums sums = learn::class_sums(x, 1, labels, 2, [](double v, std::int64_t) { return v; },
//                                                 [](double v, std::int64_t, std::int64_t) { return v * v; });
// assert(sums.of_all == (std::vector<double>{6}) && sums.of_class == (std::vector<double>{10, 4}));
// ```
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "tessera/base/thread_pool.h"
#include "tessera/learn/piece_sums.h"
#include "tessera/numerics/reduce.h"

namespace tessera::learn {

struct ClassSums {
  std::vector<double> of_all;    // [F]
  std::vector<double> of_class;  // [classes, F]
};

namespace internal {

// The part of a table that a task adds up, and where to.
struct PieceOfRows {
  const double* values;  // of the first row
  const std::int64_t* labels;
  std::int64_t rows, features, first_column, last_column;
  double* of_all;     // [F]
  double* of_chunks;  // [chunks, classes, F], zeros
  std::int64_t chunk_size;
};

template <typename OfAll, typename OfClass>
void add_piece(const PieceOfRows& piece, const OfAll& of_all, const OfClass& of_class) {
  const std::int64_t width = piece.last_column - piece.first_column;
  std::vector<double> lanes(static_cast<std::size_t>(numerics::kReduceLanes * width));
  for (std::int64_t i = 0; i < piece.rows; ++i) {
    const std::int64_t label = piece.labels[i];
    const double* const __restrict row = piece.values + i * piece.features + piece.first_column;
    double* const __restrict lane = lanes.data() + i % numerics::kReduceLanes * width;
    double* const __restrict own = piece.of_chunks + i / numerics::kDotChunk * piece.chunk_size +
                                   label * piece.features + piece.first_column;
    for (std::int64_t f = 0; f < width; ++f) {
      lane[f] += of_all(row[f], piece.first_column + f);
      own[f] += of_class(row[f], label, piece.first_column + f);
    }
  }
  for (std::int64_t s = numerics::kReduceLanes / 2; s > 0; s /= 2)
    for (std::int64_t k = 0; k < s * width; ++k)
      lanes[static_cast<std::size_t>(k)] += lanes[static_cast<std::size_t>(k + s * width)];
  std::copy_n(lanes.begin(), width, piece.of_all + piece.first_column);
}

// Adds the chunks' sums in ascending order, and leaves zeros.
inline void add_chunks(std::vector<double>& of_chunks, std::int64_t chunks, std::vector<double>& sums) {
  constexpr std::int64_t kOfTask = 1024;
  const auto size = static_cast<std::int64_t>(sums.size());
  parallel_for((size + kOfTask - 1) / kOfTask, [&](std::int64_t task) {
    const std::int64_t first = task * kOfTask, last = std::min(size, first + kOfTask);
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
      double* const of_chunk = of_chunks.data() + chunk * size;
      for (std::int64_t k = first; k < last; ++k) sums[static_cast<std::size_t>(k)] += of_chunk[k];
      std::fill(of_chunk + first, of_chunk + last, 0.0);
    }
  });
}

}  // namespace internal

// values [N, features] with N >= 1; a label for each row, from 0 to classes - 1.
template <typename OfAll, typename OfClass>
ClassSums class_sums(std::span<const double> values, std::int64_t features,
                     std::span<const std::int64_t> labels, std::int64_t classes, const OfAll& of_all,
                     const OfClass& of_class) {
  constexpr std::int64_t kRows = numerics::kReduceBlock, kChunks = kRows / numerics::kDotChunk;
  constexpr std::int64_t kMostAtOnce = 64, kMostNumbers = 1 << 20, kColumns = 256;
  const auto rows = static_cast<std::int64_t>(labels.size());
  const std::int64_t pieces = (rows + kRows - 1) / kRows, parts = (features + kColumns - 1) / kColumns;
  const std::int64_t size = classes * features;
  const std::int64_t at_once =
      std::min(pieces, std::clamp<std::int64_t>(kMostNumbers / (kChunks * size), 1, kMostAtOnce));
  std::vector<double> of_pieces(static_cast<std::size_t>(pieces * features));
  std::vector<double> of_chunks(static_cast<std::size_t>(at_once * kChunks * size));
  ClassSums sums{{}, std::vector<double>(static_cast<std::size_t>(size))};
  for (std::int64_t first = 0; first < pieces; first += at_once) {
    const std::int64_t now = std::min(at_once, pieces - first);
    parallel_for(now * parts, [&](std::int64_t task) {
      const std::int64_t piece = first + task / parts, column = task % parts * kColumns;
      internal::add_piece(
          {values.data() + piece * kRows * features, labels.data() + piece * kRows,
           std::min(kRows, rows - piece * kRows), features, column, std::min(features, column + kColumns),
           of_pieces.data() + piece * features, of_chunks.data() + task / parts * kChunks * size, size},
          of_all, of_class);
    });
    internal::add_chunks(of_chunks, now * kChunks, sums.of_class);
  }
  sums.of_all = numerics::tree_combine(
      pieces,
      [&](std::int64_t piece) {
        const auto begin = of_pieces.begin() + piece * features;
        return std::vector<double>(begin, begin + features);
      },
      sum_of);
  return sums;
}

}  // namespace tessera::learn
