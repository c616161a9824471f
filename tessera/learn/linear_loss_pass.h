// One pass over the rows gives the mean loss of scores that are linear in the features, and its derivatives. Internal to linear_loss.cc.
//
// What such a loss costs is reading the features. Here a block of rows gives its scores, its losses and its share of the derivatives while it is in the
// cache, so that memory is read once where products with whole matrices read it twice. The bits are those of the whole products: blocks are
// those of rule 3 of docs/numerics.md, and the chunks of rule 2 are added in ascending order.
//
// Errors: none. Thread-safety: one object by one thread at a time, which uses the pool.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/learn/linear_loss_lines.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn::internal {

class LinearLossPass {
 public:
  // Blocks must be many enough for the threads, and fit in a cache.
  static bool suits(std::int64_t rows, std::int64_t features, std::int64_t outputs);
  // x float64 [N, F]; y [N]; weights [N, 1] or undefined. With `squares` the first run also adds up each feature's squares.
  LinearLossPass(const Tensor& x, const Tensor& y, LossView view, std::int64_t outputs, const Tensor& weights,
                 bool squares = false);

  // coef [outputs, F], intercept [outputs].
  void run(const Tensor& coef, const Tensor& intercept);
  // Of the last run:
  const Tensor& scores() const { return scores_; }  // [outputs, N]
  double mean_loss() const { return mean_loss_; }
  Tensor slope_sums()
      const;  // [outputs, F]: the losses' derivatives by the scores, times x, summed over rows
  // Of the first run: [F], the bits of sum_squares(x, {0}). Undefined before it, and unless asked for.
  Tensor column_squares() const { return column_squares_; }
  Tensor slope_means() const;  // [outputs]: the derivatives' mean over rows

 private:
  void run_block(std::int64_t block, double* sums);
  void add_squares();

  Tensor x_, scores_;
  LossView view_;
  std::int64_t rows_, features_, outputs_, blocks_;
  std::vector<double> targets_, weights_;  // some numbers longer, see LossLines
  std::vector<double> coef_, intercept_;
  std::vector<double> loss_sums_, slope_means_;  // [blocks], [outputs, blocks], then [outputs]
  std::vector<double> chunk_sums_, slope_sums_;  // [chunks at a time, outputs, F], [outputs, F]
  std::vector<double> square_sums_;              // [blocks, F], until they are added up
  Tensor column_squares_;
  double mean_loss_ = 0;
};

}  // namespace tessera::learn::internal
