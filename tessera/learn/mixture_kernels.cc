#include "tessera/learn/mixture_kernels.h"

// Only targets whose MulAdd is one fused operation: AVX2 and AVX-512; Highway insists on a baseline.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/mixture_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>

#include "tessera/base/thread_pool.h"
#include "tessera/learn/lanes-inl.h"
#include "tessera/numerics/reduce.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::HWY_NAMESPACE {

using namespace lanes::HWY_NAMESPACE;

// Accumulators that registers hold: what is computed together does not change any chain.
constexpr std::int64_t kLines = HWY_TARGET == HWY_AVX3 ? 4 : 2;
constexpr std::int64_t kColumns = 4;
constexpr std::int64_t kPair = 2;  // vectors

void triangular(const double* block, std::int64_t features, const double* mean, const double* triangle,
                double* scratch, double* measures) {
  for (std::int64_t f = 0; f < features; ++f)
    for (std::int64_t lane = 0; lane < kLaneRows; lane += kWidth)
      store(Ops::sub(load(block + f * kLaneRows + lane), Ops::set(mean[f])), scratch + f * kLaneRows + lane);
  for (std::int64_t lane = 0; lane < kLaneRows; lane += kPair * kWidth) {
    const double* coefficients = triangle;
    V total[kPair] = {Ops::set(0), Ops::set(0)};
    for (std::int64_t first = 0; first < features; first += 4) {
      V sums[4][kPair];
      for (auto& line : sums) line[0] = line[1] = Ops::set(0);
      const std::int64_t length = std::min(features, first + 4);
      for (std::int64_t f = 0; f < length; ++f, coefficients += 4) {
        const V low = load(scratch + f * kLaneRows + lane),
                high = load(scratch + f * kLaneRows + lane + kWidth);
        for (std::int64_t j = 0; j < 4; ++j) {
          const V c = Ops::set(coefficients[j]);
          sums[j][0] = Ops::fma(c, low, sums[j][0]);
          sums[j][1] = Ops::fma(c, high, sums[j][1]);
        }
      }
      for (const auto& line : sums)
        for (std::int64_t v = 0; v < kPair; ++v) total[v] = Ops::fma(line[v], line[v], total[v]);
    }
    store(total[0], measures + lane);
    store(total[1], measures + lane + kWidth);
  }
}

void weighted(const double* block, std::int64_t features, const double* mean, const double* scale,
              double* measures) {
  for (std::int64_t lane = 0; lane < kLaneRows; lane += kWidth) {
    V total = Ops::set(0);
    for (std::int64_t f = 0; f < features; ++f) {
      const V d =
          Ops::mul(Ops::sub(load(block + f * kLaneRows + lane), Ops::set(mean[f])), Ops::set(scale[f]));
      total = Ops::fma(d, d, total);
    }
    store(total, measures + lane);
  }
}

void normalise(double* values, std::int64_t components, double* log_sums) {
  for (std::int64_t lane = 0; lane < kLaneRows; lane += kWidth) {
    V largest = load(values + lane), sum = Ops::set(0);
    for (std::int64_t k = 1; k < components; ++k)
      largest = Ops::max(largest, load(values + k * kLaneRows + lane));
    for (std::int64_t k = 0; k < components; ++k) {
      const V e = exp_of(Ops::sub(load(values + k * kLaneRows + lane), largest));
      store(e, values + k * kLaneRows + lane);
      sum = Ops::add(sum, e);
    }
    store(Ops::add(largest, log_of(sum)), log_sums + lane);
    for (std::int64_t k = 0; k < components; ++k)
      store(Ops::div(load(values + k * kLaneRows + lane), sum), values + k * kLaneRows + lane);
  }
}

double combined(double* lanes) {
  for (std::int64_t s = kLaneRows / 2; s > 0; s /= 2)
    for (std::int64_t i = 0; i < s; ++i) lanes[i] = lanes[i] + lanes[i + s];
  return lanes[0];
}

// Lane sums of kLines times kColumns numbers: term(i, j, block, lane, sum) adds the next row of each lane.
template <typename Terms>
HWY_INLINE void tile_sums(std::int64_t count, const Terms& add_block,
                          double (&lanes)[kLines * kColumns][kLaneRows]) {
  for (std::int64_t lane = 0; lane < kLaneRows; lane += kWidth) {
    V sums[kLines][kColumns];
    for (auto& line : sums)
      for (V& sum : line) sum = Ops::set(0);
    for (std::int64_t b = 0; b < count; ++b) add_block(b, lane, sums);
    for (std::int64_t i = 0; i < kLines; ++i)
      for (std::int64_t j = 0; j < kColumns; ++j) store(sums[i][j], lanes[i * kColumns + j] + lane);
  }
}

void totals_of(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
               std::int64_t components, double* totals, double* firsts) {
  double lanes[kLines * kColumns][kLaneRows];
  for (std::int64_t k = 0; k < components; ++k) {
    for (std::int64_t lane = 0; lane < kLaneRows; lane += kWidth) {
      V sum = Ops::set(0);
      for (std::int64_t b = 0; b < count; ++b)
        sum = Ops::add(sum, load(weights + (b * components + k) * kLaneRows + lane));
      store(sum, lanes[0] + lane);
    }
    totals[k] = combined(lanes[0]);
  }
  for (std::int64_t k = 0; k < components; k += kLines)
    for (std::int64_t f = 0; f < features; f += kColumns) {
      tile_sums(
          count,
          [&](std::int64_t b, std::int64_t lane, V(&sums)[kLines][kColumns]) {
            V x[kColumns];
            for (std::int64_t j = 0; j < kColumns; ++j)
              x[j] = load(blocks + (b * features + std::min(f + j, features - 1)) * kLaneRows + lane);
            for (std::int64_t i = 0; i < kLines; ++i) {
              const V w =
                  load(weights + (b * components + std::min(k + i, components - 1)) * kLaneRows + lane);
              for (std::int64_t j = 0; j < kColumns; ++j) sums[i][j] = Ops::fma(w, x[j], sums[i][j]);
            }
          },
          lanes);
      for (std::int64_t i = 0; i < std::min(kLines, components - k); ++i)
        for (std::int64_t j = 0; j < std::min(kColumns, features - f); ++j)
          firsts[(k + i) * features + f + j] = combined(lanes[i * kColumns + j]);
    }
}

void squares_of(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                std::int64_t components, const double* means, double* seconds) {
  double lanes[kLaneRows];
  for (std::int64_t k = 0; k < components; ++k)
    for (std::int64_t f = 0; f < features; ++f) {
      const V mean = Ops::set(means[k * features + f]);
      for (std::int64_t lane = 0; lane < kLaneRows; lane += kWidth) {
        V sum = Ops::set(0);
        for (std::int64_t b = 0; b < count; ++b) {
          const V d = Ops::sub(load(blocks + (b * features + f) * kLaneRows + lane), mean);
          const V w = load(weights + (b * components + k) * kLaneRows + lane);
          sum = Ops::fma(Ops::mul(w, d), d, sum);
        }
        store(sum, lanes + lane);
      }
      seconds[k * features + f] = combined(lanes);
    }
}

void scatter_of(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                std::int64_t stride, const double* mean, double* scatter) {
  double lanes[kLines * kColumns][kLaneRows];
  for (std::int64_t line = 0; line < features; line += kLines)
    for (std::int64_t column = 0; column < std::min(features, line + kLines); column += kColumns) {
      const double *lines[kLines], *columns[kColumns];
      V line_means[kLines], column_means[kColumns];
      for (std::int64_t i = 0; i < kLines; ++i) {
        const std::int64_t f = std::min(line + i, features - 1);
        lines[i] = blocks + f * kLaneRows;
        line_means[i] = Ops::set(mean[f]);
      }
      for (std::int64_t j = 0; j < kColumns; ++j) {
        const std::int64_t g = std::min(column + j, features - 1);
        columns[j] = blocks + g * kLaneRows;
        column_means[j] = Ops::set(mean[g]);
      }
      tile_sums(
          count,
          [&](std::int64_t b, std::int64_t lane, V(&sums)[kLines][kColumns]) {
            const std::int64_t at = b * features * kLaneRows + lane;
            const V w = load(weights + b * stride + lane);
            V z[kLines];
            for (std::int64_t i = 0; i < kLines; ++i)
              z[i] = Ops::mul(w, Ops::sub(load(lines[i] + at), line_means[i]));
            for (std::int64_t j = 0; j < kColumns; ++j) {
              const V d = Ops::sub(load(columns[j] + at), column_means[j]);
              for (std::int64_t i = 0; i < kLines; ++i) sums[i][j] = Ops::fma(z[i], d, sums[i][j]);
            }
          },
          lanes);
      for (std::int64_t i = 0; i < std::min(kLines, features - line); ++i)
        for (std::int64_t j = 0; j < kColumns && column + j <= line + i; ++j)
          scatter[(line + i) * features + column + j] = combined(lanes[i * kColumns + j]);
    }
}

}  // namespace tessera::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn {

HWY_EXPORT(triangular);
HWY_EXPORT(weighted);
HWY_EXPORT(normalise);
HWY_EXPORT(totals_of);
HWY_EXPORT(squares_of);
HWY_EXPORT(scatter_of);

RowBlocks::RowBlocks(const Tensor& x) : RowBlocks(x.values<double>().data(), x.size(0), x.size(1)) {}

RowBlocks::RowBlocks(const double* first_row, std::int64_t rows, std::int64_t features)
    : rows_(rows), features_(features) {
  values_.resize(static_cast<std::size_t>(blocks() * features_ * kLaneRows));
  parallel_for(pieces(), [&](std::int64_t piece) {
    for (std::int64_t b = piece * kPieceBlocks; b < piece * kPieceBlocks + piece_blocks(piece); ++b)
      for (std::int64_t lane = 0; lane < kLaneRows; ++lane) {
        const double* row = first_row + std::min(b * kLaneRows + lane, rows_ - 1) * features_;
        double* to = values_.data() + b * features_ * kLaneRows + lane;
        for (std::int64_t f = 0; f < features_; ++f) to[f * kLaneRows] = row[f];
      }
  });
}

std::int64_t RowBlocks::piece_blocks(std::int64_t piece) const {
  return std::min(kPieceBlocks, blocks() - piece * kPieceBlocks);
}

std::vector<double> packed_triangle(const double* matrix, std::int64_t features) {
  std::vector<double> packed;
  for (std::int64_t first = 0; first < features; first += 4)
    for (std::int64_t f = 0; f < std::min(features, first + 4); ++f)
      for (std::int64_t j = first; j < first + 4; ++j)
        packed.push_back(j < features && f <= j ? matrix[j * features + f] : 0);
  return packed;
}

void triangular_measures(const double* block, std::int64_t features, const double* mean,
                         const double* triangle, double* scratch, double* measures) {
  HWY_DYNAMIC_DISPATCH(triangular)(block, features, mean, triangle, scratch, measures);
}

void weighted_measures(const double* block, std::int64_t features, const double* mean, const double* scale,
                       double* measures) {
  HWY_DYNAMIC_DISPATCH(weighted)(block, features, mean, scale, measures);
}

void normalise_logarithms(double* values, std::int64_t components, double* log_sums) {
  HWY_DYNAMIC_DISPATCH(normalise)(values, components, log_sums);
}

void weighted_totals(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                     std::int64_t components, double* totals, double* firsts) {
  HWY_DYNAMIC_DISPATCH(totals_of)(blocks, count, features, weights, components, totals, firsts);
}

void weighted_squares(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                      std::int64_t components, const double* means, double* seconds) {
  HWY_DYNAMIC_DISPATCH(squares_of)(blocks, count, features, weights, components, means, seconds);
}

void weighted_scatter(const double* blocks, std::int64_t count, std::int64_t features, const double* weights,
                      std::int64_t stride, const double* mean, double* scatter) {
  HWY_DYNAMIC_DISPATCH(scatter_of)(blocks, count, features, weights, stride, mean, scatter);
}

}  // namespace tessera::learn
#endif  // HWY_ONCE
