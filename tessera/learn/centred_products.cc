#include "tessera/learn/centred_products.h"

#include <algorithm>
#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/numerics/chunk_sums.h"
#include "tessera/numerics/contract.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn::internal {

namespace {

using linalg::internal::Block;

constexpr std::int64_t kChunk = numerics::kDotChunk;
constexpr std::int64_t kFewestRows = 16 * kChunk;    // with fewer, or
constexpr std::int64_t kMostColumns = 320;           // more columns, one product of all rows is as fast
constexpr std::int64_t kLine = 64 / sizeof(double);  // of memory

TESSERA_FMA_CLONES void subtract_lines(const double* from, const double* mean, std::int64_t rows,
                                       std::int64_t width, std::int64_t step, double* to) {
  for (std::int64_t i = 0; i < rows; ++i, from += width, to += step)
    for (std::int64_t f = 0; f < width; ++f) to[f] = from[f] - mean[f];
}

class ChunkedProducts {
 public:
  ChunkedProducts(const Tensor& x, const Tensor& mean, const Tensor& constant, const Tensor& target)
      : x_(contiguous(x)), mean_(contiguous(mean)), target_(target.defined() ? contiguous(target) : target) {
    rows_ = x_.size(0);
    width_ = x_.size(1);
    results_ = width_ * (width_ + (target.defined() ? 1 : 0));
    // An odd number of lines of memory: rows do not meet in the same places of a cache.
    step_ = ((width_ + kLine - 1) / kLine | 1) * kLine;
    if (constant.defined()) {
      const std::vector<bool> flags = constant.to_vector<bool>();
      for (std::int64_t f = 0; f < width_; ++f)
        if (flags[static_cast<std::size_t>(f)]) constant_.push_back(f);
    }
  }

  CentredProducts run() {
    const std::int64_t chunks = (rows_ + kChunk - 1) / kChunk;
    const Tensor places =
        Tensor::allocate({numerics::chunk_places<double>(chunks, results_)}, DType::kFloat64);
    const Tensor sums = Tensor::allocate({results_}, DType::kFloat64);
    numerics::sum_chunks(chunks, results_, places.view().as<double>(), sums.view().as<double>(),
                         [&](std::int64_t chunk, double* to) { multiply(chunk, to); });
    const std::int64_t square = width_ * width_;
    CentredProducts products{copy(reshape(sums.slice({Range::to(square)}), {width_, width_})), {}};
    if (target_.defined()) products.with_target = copy(sums.slice({Range::from(square)}));
    return products;
  }

 private:
  void multiply(std::int64_t chunk, double* products) const {
    static thread_local std::vector<double> memory;
    memory.resize(static_cast<std::size_t>(kChunk * step_));
    const std::int64_t first = chunk * kChunk, count = std::min(kChunk, rows_ - first);
    double* const lines = memory.data();
    subtract_lines(x_.values<double>().data() + first * width_, mean_.values<double>().data(), count, width_,
                   step_, lines);
    for (const std::int64_t f : constant_)
      for (std::int64_t i = 0; i < count; ++i) lines[i * step_ + f] = 0;
    const Block block{lines, count, width_, step_, 1};
    linalg::internal::multiply(block.transposed(), block, products);
    if (!target_.defined()) return;
    // A block does not own its elements; a factor's are only read.
    auto* const line = const_cast<double*>(target_.values<double>().data() + first);
    linalg::internal::multiply(Block{line, 1, count, count, 1}, block, products + width_ * width_);
  }

  const Tensor x_, mean_, target_;
  std::int64_t rows_, width_, step_;
  std::int64_t results_;  // squares, and behind them those with the target
  std::vector<std::int64_t> constant_;
};

}  // namespace

Tensor centred_rows(const Tensor& x, const Tensor& mean, const Tensor& constant) {
  const Tensor rows = x - mean;
  return constant.defined() ? select(constant, 0.0, rows) : rows;
}

CentredProducts centred_products(const Tensor& x, const Tensor& mean, const Tensor& constant,
                                 const Tensor& target) {
  if (x.size(0) >= kFewestRows && x.size(1) <= kMostColumns)
    return ChunkedProducts(x, mean, constant, target).run();
  const Tensor rows = centred_rows(x, mean, constant), turned = transpose(rows);
  return {matmul(turned, rows), target.defined() ? matmul(turned, target) : Tensor{}};
}

}  // namespace tessera::learn::internal
