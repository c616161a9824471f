#include "tessera/learn/kernel_lines.h"

// Only targets whose MulAdd is one fused operation: AVX2 and AVX-512; Highway insists on a baseline.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/kernel_lines.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
#include "tessera/numerics/hwy_ops-inl.h"
#endif

#ifndef TESSERA_LEARN_KERNEL_LINES_ONCE
#define TESSERA_LEARN_KERNEL_LINES_ONCE
namespace tessera::learn {

// From a product, one number at a time.
inline double kernel_value(const KernelFunction& function, double squares, double product) {
  if (function.kernel == Kernel::kLinear) return product;
  if (function.kernel == Kernel::kRbf) {
    const double distance = std::fma(-2.0, product, squares);
    return numerics::exp(-function.gamma * (distance > 0 ? distance : 0));
  }
  const double argument = std::fma(function.gamma, product, function.coef0);
  if (function.kernel == Kernel::kSigmoid) return numerics::tanh(argument);
  double power = 1, factor = argument;
  for (std::int64_t rest = function.degree; rest > 0; rest /= 2, factor = factor * factor)
    if (rest % 2 == 1) power = power * factor;
  return power;
}

}  // namespace tessera::learn
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;
using D = hn::CappedTag<double, 8>;
using V = hn::Vec<D>;
constexpr std::int64_t kLanes = HWY_TARGET == HWY_AVX3 ? 8 : 4;
constexpr std::int64_t kVectors = kLinePoints / kLanes;

HWY_INLINE void chunk_of(const double* row, const double* block, std::int64_t first, std::int64_t last,
                         V (&sum)[kVectors]) {
  const D d;
  for (V& v : sum) v = hn::Zero(d);
  for (std::int64_t f = first; f < last; ++f) {
    const V q = hn::Set(d, row[f]);
    for (std::int64_t v = 0; v < kVectors; ++v)
      sum[v] = hn::MulAdd(q, hn::LoadU(d, block + f * kLinePoints + v * kLanes), sum[v]);
  }
}

void products_of(const double* row, const double* block, std::int64_t features, double* products) {
  const D d;
  V sum[kVectors];
  chunk_of(row, block, 0, std::min(features, numerics::kDotChunk), sum);
  for (std::int64_t first = numerics::kDotChunk; first < features; first += numerics::kDotChunk) {
    V more[kVectors];
    chunk_of(row, block, first, std::min(features, first + numerics::kDotChunk), more);
    for (std::int64_t v = 0; v < kVectors; ++v) sum[v] = hn::Add(sum[v], more[v]);
  }
  for (std::int64_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], d, products + v * kLanes);
}

HWY_INLINE V values_of(const KernelFunction& function, V squares, V products) {
  using Ops = fn::HwyOps<D>;
  const D d;
  if (function.kernel == Kernel::kRbf) {
    const V distance = hn::MulAdd(hn::Set(d, -2.0), products, squares);
    const V inside = hn::IfThenElseZero(hn::Gt(distance, hn::Zero(d)), distance);
    return fn::exp<Ops>(hn::Mul(hn::Set(d, -function.gamma), inside));
  }
  const V argument = hn::MulAdd(hn::Set(d, function.gamma), products, hn::Set(d, function.coef0));
  if (function.kernel == Kernel::kSigmoid) return fn::tanh<Ops>(argument);
  V power = hn::Set(d, 1.0), factor = argument;
  for (std::int64_t rest = function.degree; rest > 0; rest /= 2, factor = hn::Mul(factor, factor))
    if (rest % 2 == 1) power = hn::Mul(power, factor);
  return power;
}

void values_line(const KernelFunction& function, double square, const double* squares, std::int64_t count,
                 double* products) {
  if (function.kernel == Kernel::kLinear) return;
  const D d;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V both = hn::Add(hn::Set(d, square), hn::LoadU(d, squares + i));
    hn::StoreU(values_of(function, both, hn::LoadU(d, products + i)), d, products + i);
  }
  for (; i < count; ++i) products[i] = kernel_value(function, square + squares[i], products[i]);
}

#else

void products_of(const double* row, const double* block, std::int64_t features, double* products) {
  for (std::int64_t p = 0; p < kLinePoints; ++p)
    products[p] = numerics::dot_chunked(row, 1, block + p, kLinePoints, features);
}

void values_line(const KernelFunction& function, double square, const double* squares, std::int64_t count,
                 double* products) {
  for (std::int64_t i = 0; i < count; ++i)
    products[i] = kernel_value(function, square + squares[i], products[i]);
}

#endif

}  // namespace tessera::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn {

HWY_EXPORT(products_of);
HWY_EXPORT(values_line);

namespace {

constexpr std::int64_t kParallelWork = 1 << 17;  // below, waking a thread costs more than it saves
constexpr std::int64_t kBlocksPerTask = 32;

}  // namespace

void apply_kernel(const KernelFunction& function, double square, const double* squares, std::int64_t count,
                  double* products) {
  HWY_DYNAMIC_DISPATCH(values_line)(function, square, squares, count, products);
}

void line_products(const double* row, const double* block, std::int64_t features, double* products) {
  HWY_DYNAMIC_DISPATCH(products_of)(row, block, features, products);
}

std::vector<double> squared_lengths(const Tensor& x) {
  const double* values = x.values<double>().data();
  std::vector<double> squares;
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const double* row = values + i * x.size(1);
    squares.push_back(numerics::dot_chunked(row, 1, row, 1, x.size(1)));
  }
  return squares;
}

KernelRows::KernelRows(const KernelFunction& function, const Tensor& x,
                       const std::vector<std::int64_t>& which, double cache_bytes)
    : function_(function), size_(static_cast<std::int64_t>(which.size())), features_(x.size(1)) {
  const std::int64_t blocks = (size_ + kLinePoints - 1) / kLinePoints;
  const double row_bytes = static_cast<double>(blocks * kLinePoints) * sizeof(double);
  most_kept_ = static_cast<std::int64_t>(std::clamp(std::floor(cache_bytes / row_bytes), 2.0,
                                                    static_cast<double>(std::max<std::int64_t>(size_, 2))));
  kept_.resize(static_cast<std::size_t>(size_));
  rows_.resize(static_cast<std::size_t>(size_ * features_));
  blocks_.resize(static_cast<std::size_t>(blocks * kLinePoints * features_));
  squares_.resize(static_cast<std::size_t>(blocks * kLinePoints));
  diagonal_.resize(static_cast<std::size_t>(size_));
  const double* values = x.values<double>().data();
  for (std::int64_t i = 0; i < size_; ++i) {
    double* row = rows_.data() + i * features_;
    std::copy_n(values + which[static_cast<std::size_t>(i)] * features_, features_, row);
    double* place = blocks_.data() + i / kLinePoints * kLinePoints * features_ + i % kLinePoints;
    for (std::int64_t f = 0; f < features_; ++f) place[f * kLinePoints] = row[f];
    const double square = numerics::dot_chunked(row, 1, row, 1, features_);
    squares_[static_cast<std::size_t>(i)] = square;
    diagonal_[static_cast<std::size_t>(i)] = kernel_value(function, square + square, square);
  }
}

void KernelRows::compute(std::int64_t i, double* values) const {
  const std::int64_t blocks = static_cast<std::int64_t>(squares_.size()) / kLinePoints;
  const double* row = rows_.data() + i * features_;
  const auto some = [&](std::int64_t task) {
    for (std::int64_t b = task * kBlocksPerTask; b < std::min(blocks, (task + 1) * kBlocksPerTask); ++b) {
      double* line = values + b * kLinePoints;
      line_products(row, blocks_.data() + b * kLinePoints * features_, features_, line);
      apply_kernel(function_, squares_[static_cast<std::size_t>(i)], squares_.data() + b * kLinePoints,
                   kLinePoints, line);
    }
  };
  const std::int64_t tasks = (blocks + kBlocksPerTask - 1) / kBlocksPerTask;
  if (size_ * (features_ + 16) >= kParallelWork)
    parallel_for(tasks, some);
  else
    for (std::int64_t task = 0; task < tasks; ++task) some(task);
}

const double* KernelRows::row(std::int64_t i) {
  Kept& wanted = kept_[static_cast<std::size_t>(i)];
  if (!wanted.values.empty()) {
    order_.splice(order_.begin(), order_, wanted.place);
    return wanted.values.data();
  }
  if (static_cast<std::int64_t>(order_.size()) ==
      most_kept_) {  // the memory of the one not asked for the longest
    wanted.values = std::move(kept_[static_cast<std::size_t>(order_.back())].values);
    kept_[static_cast<std::size_t>(order_.back())].values.clear();
    order_.pop_back();
  } else {
    wanted.values.resize(squares_.size());
  }
  order_.push_front(i);
  wanted.place = order_.begin();
  compute(i, wanted.values.data());
  return wanted.values.data();
}

}  // namespace tessera::learn
#endif  // HWY_ONCE
