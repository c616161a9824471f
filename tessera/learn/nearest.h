// The nearest of a set of points, exactly, by comparing with all of them or through a kd-tree; the answer is the same bits either way.
//
// The distance of two points is a formula: the differences of their features, in ascending order, form one chain from +0 (contract rule 2, chunks of
// 256): fma(d, d, sum) for l2, |d| + sum for l1, max(|d|, sum) for chebyshev. "Nearer" compares these numbers (for l2 the square), and of equal
// ones the lower row. A kd-tree (Bentley, "Multidimensional binary search trees used for associative searching", CACM 18, 1975)
// splits the widest feature of a box at its median; a box that is certainly farther than the nearest found so far is left out, and "certainly" allows for
// every rounding.
//
// The tree pays with up to some 15 features; beyond them most boxes are near every point. Building takes N log N, a search log N at best. Where all
// points are compared, nothing is built but, for l2, what distance_filter.h needs to leave most of them out before they are measured: the points stay
// where they are.
//
// Errors: none; the estimators check what they are given. Thread-safety: constant functions may be called from several threads.
//
// ```cpp
// const Tensor points = Tensor::from<double>({0, 0, 3, 4, 1, 0}, {3, 2});
// const learn::NearestPoints index(points, learn::Metric::kL2, true);
// const learn::Neighbours found = index.search(zeros({1, 2}, DType::kFloat64), 2);
// assert(found.rows.to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 2}));
// assert(found.distances.to_vector<double>() == (std::vector<double>{0, 1}));
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/learn/distance_filter.h"
#include "tessera/learn/distance_kernels.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

struct Neighbours {
  Tensor distances;  // float64 [queries, k], ascending
  Tensor rows;       // int64 [queries, k]
};

class NearestPoints {
 public:
  // points float64 [N, F], contiguous and finite, N < 2^31.
  NearestPoints(const Tensor& points, Metric metric, bool tree);

  // queries float64 [Q, F], contiguous and finite; 1 <= k <= N.
  Neighbours search(const Tensor& queries, std::int64_t k) const;

 private:
  struct Found {
    double measure;  // the distance, of l2 its square
    std::int64_t row;
    bool operator<(const Found& other) const {
      return measure != other.measure ? measure < other.measure : row < other.row;
    }
  };
  class Best;
  struct Box {
    std::int64_t first_block, blocks;
    std::int64_t left = -1, right = -1;  // boxes; -1: a leaf
  };

  std::int64_t split(std::vector<std::int64_t>& order, std::int64_t first_block, std::int64_t blocks,
                     std::span<const double> points);
  void add_bounds(std::span<const std::int64_t> rows, std::span<const double> points);
  void search_box(std::int64_t box, const double* query, Best& best) const;
  // `best`, one per query of the task's rows first ... first + best.size() - 1.
  void search_filtered(const internal::FilterQueries& filtered, std::span<const double> queries,
                       std::int64_t first, std::span<Best> best) const;
  void search_all(const double* queries, std::span<Best> best) const;
  void compare_block(std::int64_t block, const double* query, Best& best) const;
  void compare_rows(std::span<const std::int32_t> rows, const double* query, Best& best) const;
  double least_measure(std::int64_t box, const double* query) const;

  Tensor values_;
  std::int64_t points_, features_;
  Metric metric_;
  PointBlocks blocks_;           // of the tree
  internal::FilterFrame frame_;  // usable: what the filter needs is there
  internal::FilterPoints filter_;
  std::vector<Box> boxes_;      // of the tree; the first is the root
  std::vector<double> bounds_;  // per box: the least of each feature, then the most
};

}  // namespace tessera::learn
