#include "tessera/learn/linear_loss_pass.h"

#include <algorithm>
#include <functional>
#include <span>

#include "tessera/base/at.h"
#include "tessera/base/thread_pool.h"
#include "tessera/linalg/matrix.h"
#include "tessera/numerics/contract.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn::internal {

namespace {

using linalg::internal::Block;
using numerics::kDotChunk;
constexpr std::int64_t kBlockRows = numerics::kReduceBlock;
constexpr std::int64_t kBlockChunks = kBlockRows / kDotChunk;
constexpr std::int64_t kBlocksAtOnce = 64;  // whose chunks' sums are kept
constexpr std::int64_t kLeastBlocks = 4, kMostFeatures = 2048, kMostOutputs = 64;
constexpr std::int64_t kFewNumbers = 1 << 16;              // of which one thread makes short work
constexpr std::int64_t kMostSums = std::int64_t{1} << 22;  // numbers
constexpr std::int64_t kStride = kBlockRows + kLossLanes;

std::vector<double> with_room(const Tensor& values) {
  std::vector<double> result = cast(reshape(values, {-1}), DType::kFloat64).to_vector<double>();
  result.resize(result.size() + kLossLanes);
  return result;
}

// Rule 3, from the sums of blocks.
double tree_sum(const double* sums, std::int64_t blocks) {
  return numerics::tree_combine(
      blocks, [&](std::int64_t b) { return sums[b]; }, std::plus<double>());
}

// Of a block of rows: row i goes to lane i mod 16 of each feature. `lanes` are 16 lines of zeros.
TESSERA_FMA_CLONES void sum_block_squares(const double* x, std::int64_t rows, std::int64_t features,
                                          double* lanes, double* sums) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const double* __restrict row = x + i * features;
    double* __restrict lane = lanes + i % numerics::kReduceLanes * features;
    for (std::int64_t j = 0; j < features; ++j) lane[j] = __builtin_fma(row[j], row[j], lane[j]);
  }
  for (std::int64_t s = numerics::kReduceLanes / 2; s > 0; s /= 2)
    for (std::int64_t j = 0; j < s * features; ++j) lanes[j] = lanes[j] + lanes[j + s * features];
  std::copy_n(lanes, features, sums);
}

}  // namespace

bool LinearLossPass::suits(std::int64_t rows, std::int64_t features, std::int64_t outputs) {
  const bool divided = rows > (kLeastBlocks - 1) * kBlockRows && features <= kMostFeatures;
  return (divided || rows * features <= kFewNumbers) && outputs <= kMostOutputs &&
         kBlocksAtOnce * kBlockChunks * outputs * features <= kMostSums;
}

LinearLossPass::LinearLossPass(const Tensor& x, const Tensor& y, LossView view, std::int64_t outputs,
                               const Tensor& weights, bool squares)
    : x_(contiguous(x)),
      scores_(Tensor::allocate({outputs, x.size(0)}, DType::kFloat64)),
      view_(view),
      rows_(x.size(0)),
      features_(x.size(1)),
      outputs_(outputs),
      blocks_((rows_ + kBlockRows - 1) / kBlockRows),
      targets_(with_room(y)),
      loss_sums_(at(blocks_)),
      slope_means_(at(outputs * blocks_)),
      chunk_sums_(at(std::min(blocks_, kBlocksAtOnce) * kBlockChunks * outputs * features_)),
      slope_sums_(at(outputs * features_)) {
  if (weights.defined()) weights_ = with_room(weights);
  if (squares) square_sums_.resize(at(blocks_ * features_));
}

void LinearLossPass::run(const Tensor& coef, const Tensor& intercept) {
  coef_ = coef.to_vector<double>();
  intercept_ = intercept.to_vector<double>();
  const std::int64_t numbers = outputs_ * features_, chunks = (rows_ + kDotChunk - 1) / kDotChunk;
  for (std::int64_t first = 0; first < blocks_; first += kBlocksAtOnce) {
    parallel_for(std::min(kBlocksAtOnce, blocks_ - first), [&](std::int64_t block) {
      run_block(first + block, chunk_sums_.data() + block * kBlockChunks * numbers);
    });
    const std::int64_t end = std::min(chunks - first * kBlockChunks, kBlocksAtOnce * kBlockChunks);
    for (std::int64_t chunk = 0; chunk < end; ++chunk) {
      const double* const sums = chunk_sums_.data() + chunk * numbers;
      if (first + chunk == 0) {
        std::copy_n(sums, numbers, slope_sums_.data());
        continue;
      }
      for (std::int64_t i = 0; i < numbers; ++i) slope_sums_[at(i)] = slope_sums_[at(i)] + sums[i];
    }
  }
  mean_loss_ = tree_sum(loss_sums_.data(), blocks_) / static_cast<double>(rows_);
  if (!square_sums_.empty()) add_squares();
}

void LinearLossPass::add_squares() {
  std::vector<double> sums(at(features_)), of_blocks(at(blocks_));
  for (std::int64_t j = 0; j < features_; ++j) {
    for (std::int64_t block = 0; block < blocks_; ++block)
      of_blocks[at(block)] = square_sums_[at(block * features_ + j)];
    sums[at(j)] = tree_sum(of_blocks.data(), blocks_);
  }
  column_squares_ = Tensor::from(sums, {features_});
  square_sums_.clear();
}

void LinearLossPass::run_block(std::int64_t block, double* sums) {
  const std::int64_t first = block * kBlockRows, rows = std::min(kBlockRows, rows_ - first);
  const Block x{x_.view().as<double>() + first * features_, rows, features_, features_, 1};
  std::vector<double> products(at(outputs_ * rows)), scores(at(outputs_ * kStride)),
      slopes(at(outputs_ * kStride)), losses(at(kStride));
  multiply({coef_.data(), outputs_, features_, features_, 1}, x.transposed(), products.data());
  double* const kept = scores_.view().as<double>() + first;
  for (std::int64_t k = 0; k < outputs_; ++k) {
    double* const line = scores.data() + k * kStride;
    for (std::int64_t i = 0; i < rows; ++i) line[i] = products[at(k * rows + i)] + intercept_[at(k)];
    std::copy_n(line, rows, kept + k * rows_);
  }
  compute_loss_lines({view_, rows, outputs_, kStride, scores.data(), targets_.data() + first,
                      weights_.empty() ? nullptr : weights_.data() + first, losses.data(), slopes.data()});
  const auto sum_of = [rows](const double* line) { return numerics::sum(std::span(line, at(rows))); };
  loss_sums_[at(block)] = sum_of(losses.data());
  for (std::int64_t k = 0; k < outputs_; ++k)
    slope_means_[at(k * blocks_ + block)] = sum_of(slopes.data() + k * kStride);
  for (std::int64_t row = 0; row < rows; row += kDotChunk, sums += outputs_ * features_) {
    const std::int64_t depth = std::min(kDotChunk, rows - row);
    multiply({slopes.data() + row, outputs_, depth, kStride, 1}, x.part(row, 0, depth, features_), sums);
  }
  if (square_sums_.empty()) return;
  std::vector<double> lanes(at(numerics::kReduceLanes * features_));
  sum_block_squares(x.data, rows, features_, lanes.data(), square_sums_.data() + block * features_);
}

Tensor LinearLossPass::slope_sums() const {
  return Tensor::from(slope_sums_, {outputs_, features_});
}

Tensor LinearLossPass::slope_means() const {
  std::vector<double> means(at(outputs_));
  for (std::int64_t k = 0; k < outputs_; ++k)
    means[at(k)] = tree_sum(slope_means_.data() + k * blocks_, blocks_) / static_cast<double>(rows_);
  return Tensor::from(means, {outputs_});
}

}  // namespace tessera::learn::internal
