// Sums of the rows of each cluster, for the means of k-means: one chain of additions per cluster and feature, in ascending order of rows, as index_add(zeros,
// clusters, x) has it. A thread adds up the rows of some clusters, whatever their number, so the bits do not depend on it.
//
// Errors: none. Thread-safety: constant functions may be called from several threads. Internal to k_means.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn::internal {

class ClusterSums {
 public:
  // x float64 [N, F], contiguous; it is referred to.
  ClusterSums(const Tensor& x, std::int64_t clusters);
  // The cluster of each row, from 0 on; there may be more numbers than rows.
  void add_up(std::span<const std::int32_t> clusters);
  std::vector<std::int64_t>& counts() { return counts_; }  // rows of each cluster, since add_up
  Tensor means() const;                                    // [clusters, F]

 private:
  std::vector<std::int32_t> first_clusters(std::int64_t groups) const;
  void add_clusters(std::span<const std::int32_t> clusters, std::int32_t first, std::int32_t last);

  const Tensor& x_;
  std::vector<double> sums_;          // [clusters, F]
  std::vector<std::int64_t> counts_;  // at first as if clusters were equal
};

}  // namespace tessera::learn::internal
