#include "tessera/numerics/reduce.h"

#include "tessera/base/float_environment.h"
#include "tessera/numerics/reduce-inl.h"

namespace tessera::numerics {

namespace {

template <typename T>
struct Contiguous {
  const T* data;
  TESSERA_INLINE T operator()(std::int64_t i) const { return data[i]; }
};
template <typename T>
struct Strided {
  const T* data;
  std::int64_t stride;
  TESSERA_INLINE T operator()(std::int64_t i) const { return data[i * stride]; }
};

// One block of contiguous elements; not templates, so that they can be compiled for FMA as well.
TESSERA_FMA_CLONES float block_sum(const float* x, std::int64_t n) {
  return reduce_block<float>(Contiguous<float>{x}, 0, n, AddStep<float>());
}
TESSERA_FMA_CLONES double block_sum(const double* x, std::int64_t n) {
  return reduce_block<double>(Contiguous<double>{x}, 0, n, AddStep<double>());
}
TESSERA_FMA_CLONES float block_sum_of_squares(const float* x, std::int64_t n) {
  return reduce_block<float>(Contiguous<float>{x}, 0, n, SquareStep<float>());
}
TESSERA_FMA_CLONES double block_sum_of_squares(const double* x, std::int64_t n) {
  return reduce_block<double>(Contiguous<double>{x}, 0, n, SquareStep<double>());
}
TESSERA_FMA_CLONES Moments<float> moments_of_block(const float* x, std::int64_t n) {
  return block_moments<float>(Contiguous<float>{x}, 0, n);
}
TESSERA_FMA_CLONES Moments<double> moments_of_block(const double* x, std::int64_t n) {
  return block_moments<double>(Contiguous<double>{x}, 0, n);
}

template <typename T>
T sum_of_list(std::span<const T> x) {
  if (x.empty()) return T{0};
  return reduce_blocks(
      static_cast<std::int64_t>(x.size()),
      [&](std::int64_t begin, std::int64_t count) { return block_sum(x.data() + begin, count); },
      [](T a, T b) { return a + b; });
}

template <typename T>
T sum_of_squares_of_list(std::span<const T> x) {
  if (x.empty()) return T{0};
  return reduce_blocks(
      static_cast<std::int64_t>(x.size()),
      [&](std::int64_t begin, std::int64_t count) { return block_sum_of_squares(x.data() + begin, count); },
      [](T a, T b) { return a + b; });
}

template <typename T>
Moments<T> moments_of_list(std::span<const T> x) {
  if (x.empty()) return {};
  return reduce_blocks(
      static_cast<std::int64_t>(x.size()),
      [&](std::int64_t begin, std::int64_t count) { return moments_of_block(x.data() + begin, count); },
      [](const Moments<T>& a, const Moments<T>& b) { return merge_moments(a, b); });
}

template <typename T>
T max_of_list(std::span<const T> x) {
  TESSERA_CHECK(!x.empty(), "max of an empty list");
  T best = x[0] + T{0};
  for (const T value : x) best = larger_of(best, value);
  return best;
}

template <typename T>
T min_of_list(std::span<const T> x) {
  TESSERA_CHECK(!x.empty(), "min of an empty list");
  T best = x[0] + T{0};
  for (const T value : x) best = smaller_of(best, value);
  return best;
}

template <typename T>
std::int64_t arg_max_of_list(std::span<const T> x) {
  TESSERA_CHECK(!x.empty(), "arg_max of an empty list");
  std::size_t best = 0;
  for (std::size_t i = 1; i < x.size(); ++i)
    if (exceeds(x[i], x[best])) best = i;
  return static_cast<std::int64_t>(best);
}

}  // namespace

float sum(std::span<const float> x) {
  const FloatEnvironment contract;
  return sum_of_list(x);
}
double sum(std::span<const double> x) {
  const FloatEnvironment contract;
  return sum_of_list(x);
}
float sum_of_squares(std::span<const float> x) {
  const FloatEnvironment contract;
  return sum_of_squares_of_list(x);
}
double sum_of_squares(std::span<const double> x) {
  const FloatEnvironment contract;
  return sum_of_squares_of_list(x);
}
float mean(std::span<const float> x) {
  const FloatEnvironment contract;
  return sum(x) / static_cast<float>(x.size());
}
double mean(std::span<const double> x) {
  const FloatEnvironment contract;
  return sum(x) / static_cast<double>(x.size());
}

Moments<float> moments(std::span<const float> x) {
  const FloatEnvironment contract;
  return moments_of_list(x);
}
Moments<double> moments(std::span<const double> x) {
  const FloatEnvironment contract;
  return moments_of_list(x);
}
Moments<float> merge(const Moments<float>& a, const Moments<float>& b) {
  return merge_moments(a, b);
}
Moments<double> merge(const Moments<double>& a, const Moments<double>& b) {
  return merge_moments(a, b);
}
float variance(std::span<const float> x) {
  const FloatEnvironment contract;
  return moments(x).m2 / static_cast<float>(x.size());
}
double variance(std::span<const double> x) {
  const FloatEnvironment contract;
  return moments(x).m2 / static_cast<double>(x.size());
}

TESSERA_FMA_CLONES float dot_chunked(const float* a, std::int64_t a_stride, const float* b,
                                     std::int64_t b_stride, std::int64_t n) {
  const FloatEnvironment contract;
  return dot_chunked_of<float>(n, Strided<float>{a, a_stride}, Strided<float>{b, b_stride});
}
TESSERA_FMA_CLONES double dot_chunked(const double* a, std::int64_t a_stride, const double* b,
                                      std::int64_t b_stride, std::int64_t n) {
  const FloatEnvironment contract;
  return dot_chunked_of<double>(n, Strided<double>{a, a_stride}, Strided<double>{b, b_stride});
}

float max(std::span<const float> x) {
  const FloatEnvironment contract;
  return max_of_list(x);
}
double max(std::span<const double> x) {
  const FloatEnvironment contract;
  return max_of_list(x);
}
float min(std::span<const float> x) {
  const FloatEnvironment contract;
  return min_of_list(x);
}
double min(std::span<const double> x) {
  const FloatEnvironment contract;
  return min_of_list(x);
}
std::int64_t arg_max(std::span<const float> x) {
  const FloatEnvironment contract;
  return arg_max_of_list(x);
}
std::int64_t arg_max(std::span<const double> x) {
  const FloatEnvironment contract;
  return arg_max_of_list(x);
}

}  // namespace tessera::numerics
