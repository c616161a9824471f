// Values of a kernel of one row with many: what support vector machines spend their time on. Internal to this room.
//
// Points stand in blocks of 32, feature after feature, so that a vector holds one feature of several points; each product is the chain of contract rule 2,
// the same bits as a matrix product gives. AVX2, AVX-512 and plain C++ agree.
//
// Thread-safety: pure functions, but for KernelRows::row; expect the contract's floating-point environment.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 0, 3, 4, 6, 8}, {3, 2});
// learn::KernelRows rows({.kernel = learn::Kernel::kLinear}, x, {2, 1}, 1 << 20);
// assert(rows.size() == 2 && rows.row(0)[0] == 100 && rows.row(0)[1] == 50 && rows.diagonal()[1] == 25);
// ```
#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "tessera/learn/kernel_functions.h"

namespace tessera::learn {

inline constexpr std::int64_t kLinePoints = 32;

// x.x of each row, by contract rule 2.
std::vector<double> squared_lengths(const Tensor& x);
// Products with `count` points become values of the kernel.
void apply_kernel(const KernelFunction& function, double square, const double* squares, std::int64_t count,
                  double* products);
// Products of a row with the 32 points of a block [features, 32].
void line_products(const double* row, const double* block, std::int64_t features, double* products);

// The rows of the kernel matrix of some rows of a table, computed when they are asked for; those asked for last are kept.
class KernelRows {
 public:
  // `cache_bytes` bounds what is kept, but for the two rows asked for last.
  KernelRows(const KernelFunction& function, const Tensor& x, const std::vector<std::int64_t>& which,
             double cache_bytes);

  std::int64_t size() const { return size_; }
  // [size()], valid until two other rows were asked for.
  const double* row(std::int64_t i);
  const std::vector<double>& diagonal() const { return diagonal_; }

 private:
  struct Kept {
    std::vector<double> values;
    std::list<std::int64_t>::iterator place;
  };
  void compute(std::int64_t i, double* values) const;

  KernelFunction function_;
  std::int64_t size_, features_, most_kept_;
  std::vector<double> rows_, blocks_, squares_, diagonal_;  // squares: filled up to whole blocks
  std::vector<Kept> kept_;                                  // values: empty where a row is not kept
  std::list<std::int64_t> order_;                           // of the kept ones, the last asked for first
};

}  // namespace tessera::learn
