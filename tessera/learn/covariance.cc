#include "tessera/learn/covariance.h"

#include <algorithm>
#include <vector>

#include "tessera/learn/mixture_kernels.h"
#include "tessera/learn/piece_sums.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kMostColumnsInLanes = 128;  // a piece of rows then fits the second-level cache
// Squared means up to so many variances leave twelve digits of a variance that is computed as a difference.
constexpr double kMostCancelled = 1e4;

Tensor symmetric(const Tensor& a) {
  return (a + transpose(a)) * 0.5;
}

Tensor in_lanes(const Tensor& x, const Tensor& mean, double divisor) {
  const std::int64_t rows = x.size(0), width = x.size(1);
  const double* values = x.values<double>().data();
  const double* center = mean.values<double>().data();
  std::vector<double> sums = sum_over_pieces((rows + kPieceRows - 1) / kPieceRows, [&](std::int64_t piece) {
    const std::int64_t first = piece * kPieceRows, count = std::min(kPieceRows, rows - first);
    const RowBlocks packed(values + first * width, count, width);
    std::vector<double> weights(static_cast<std::size_t>(packed.blocks() * kLaneRows), 0);
    std::fill_n(weights.begin(), count, 1.0);
    std::vector<double> scatter(static_cast<std::size_t>(width * width));
    weighted_scatter(packed.block(0), packed.blocks(), width, weights.data(), kLaneRows, center,
                     scatter.data());
    return scatter;
  });
  for (std::int64_t i = 0; i < width; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      const double covariance = sums[static_cast<std::size_t>(i * width + j)] / divisor;
      sums[static_cast<std::size_t>(i * width + j)] = sums[static_cast<std::size_t>(j * width + i)] =
          covariance;
    }
  return Tensor::from(sums, {width, width});
}

}  // namespace

Tensor covariance_of(const Tensor& x, const Tensor& mean, double divisor) {
  const std::int64_t width = x.size(1);
  if (width <= kMostColumnsInLanes) return in_lanes(contiguous(x), contiguous(mean), divisor);
  const double rows = static_cast<double>(x.size(0));
  const Tensor line = reshape(mean, {1, width});
  const Tensor found = matmul(transpose(x), x) - matmul(transpose(line), line) * rows;
  bool cancels = false;
  for (std::int64_t f = 0; f < width; ++f) {
    const double center = mean.at<double>({f});
    cancels = cancels || center * center * rows > kMostCancelled * found.at<double>({f, f});
  }
  if (!cancels) return symmetric(found) / divisor;
  const Tensor centered = x - mean;
  return symmetric(matmul(transpose(centered), centered)) / divisor;
}

}  // namespace tessera::learn
