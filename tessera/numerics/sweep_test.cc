// fp32: every function against its SIMD forms (bits) and against the C library's double (error in ULP).
//
// By default a stride through all inputs and the neighbourhoods of every power of two; with
// TESSERA_SWEEP=full all 2^32 inputs of every function (minutes each). The C library is allowed here: it is
// the oracle, not the result.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/simd_functions_test.h"

namespace tessera::numerics {
namespace {

struct Case {
  const char* name;
  float (*function)(float);
  double (*oracle)(double);
  VectorFunction<float> VectorFunctions<float>::*vector;
  VectorFunction<double> VectorFunctions<double>::*wide;
  double largest_error;  // what functions.h states
};

double exact_sigmoid(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

const Case kCases[] = {
    {"exp", exp, [](double x) { return std::exp(x); }, &VectorFunctions<float>::exp,
     &VectorFunctions<double>::exp, 0.78},
    {"log", log, [](double x) { return std::log(x); }, &VectorFunctions<float>::log,
     &VectorFunctions<double>::log, 0.95},
    {"expm1", expm1, [](double x) { return std::expm1(x); }, &VectorFunctions<float>::expm1,
     &VectorFunctions<double>::expm1, 1.26},
    {"log1p", log1p, [](double x) { return std::log1p(x); }, &VectorFunctions<float>::log1p,
     &VectorFunctions<double>::log1p, 1.53},
    {"tanh", tanh, [](double x) { return std::tanh(x); }, &VectorFunctions<float>::tanh,
     &VectorFunctions<double>::tanh, 1.35},
    {"sigmoid", sigmoid, exact_sigmoid, &VectorFunctions<float>::sigmoid, &VectorFunctions<double>::sigmoid,
     1.48},
    {"erf", erf, [](double x) { return std::erf(x); }, &VectorFunctions<float>::erf,
     &VectorFunctions<double>::erf, 1.14},
    {"sin", sin, [](double x) { return std::sin(x); }, &VectorFunctions<float>::sin,
     &VectorFunctions<double>::sin, 1.50},
    {"cos", cos, [](double x) { return std::cos(x); }, &VectorFunctions<float>::cos,
     &VectorFunctions<double>::cos, 1.50},
    {"sqrt", sqrt, [](double x) { return std::sqrt(x); }, &VectorFunctions<float>::sqrt,
     &VectorFunctions<double>::sqrt, 0.5},
};

// |y - exact| in units of the last place of exact. Infinity counts as 2^128, where it starts.
double error_in_ulp(float y, double exact) {
  constexpr double kEnd = 0x1p128;
  if (std::isnan(y) || std::isnan(exact)) return std::isnan(y) && std::isnan(exact) ? 0 : kEnd;
  const double got = std::isinf(y) ? std::copysign(kEnd, y) : static_cast<double>(y);
  if (std::fabs(exact) > kEnd) exact = std::copysign(kEnd, exact);
  const int exponent =
      std::max(static_cast<int>(std::bit_cast<std::uint64_t>(exact) >> 52 & 0x7FF) - 1023, -126);
  const double ulp_inverse =
      std::bit_cast<double>(static_cast<std::uint64_t>(1023 + 23 - std::min(exponent, 127)) << 52);
  return std::fabs(got - exact) * ulp_inverse;
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

struct Finding {
  double error = 0;
  float at = 0;
  std::int64_t differing = 0;  // inputs with SIMD unlike scalar
  float differing_at = 0;
  void merge(const Finding& other) {
    if (other.error > error || (other.error == error && other.at < at)) error = other.error, at = other.at;
    if (other.differing > 0) differing_at = other.differing_at;
    differing += other.differing;
  }
};

// The oracle is slow. Tessera's own double, checked against MPFR elsewhere, says which inputs of a chunk may
// have its largest error; those go to the oracle, and every 16th besides.
std::vector<std::size_t> worth_asking(const Case& c, const std::vector<SimdLevelFunctions>& levels,
                                      const std::vector<float>& x, const std::vector<float>& y) {
  std::vector<std::size_t> chosen;
  if (levels.empty()) {
    for (std::size_t i = 0; i < x.size(); ++i) chosen.push_back(i);
    return chosen;
  }
  std::vector<double> wide(x.begin(), x.end()), expected(x.size());
  (levels[0].double_precision.*c.wide)(wide.data(), expected.data(), x.size());
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = error_in_ulp(y[i], expected[i]);
    if (error >= largest || i % 16 == 0) chosen.push_back(i);
    largest = std::max(largest, error - 1e-6);
  }
  return chosen;
}

Finding check(const Case& c, const std::vector<SimdLevelFunctions>& levels, const std::vector<float>& x) {
  Finding finding;
  std::vector<float> y(x.size()), z(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = c.function(x[i]);
  for (const SimdLevelFunctions& level : levels) {
    (level.single_precision.*c.vector)(x.data(), z.data(), x.size());
    if (std::memcmp(y.data(), z.data(), x.size() * sizeof(float)) == 0) continue;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!same_bits(y[i], z[i])) ++finding.differing, finding.differing_at = x[i];
  }
  for (const std::size_t i : worth_asking(c, levels, x, y)) {
    const double error = error_in_ulp(y[i], c.oracle(static_cast<double>(x[i])));
    if (error > finding.error) finding.error = error, finding.at = x[i];
  }
  return finding;
}

constexpr std::int64_t kChunk = std::int64_t{1} << 16;

// Part `chunk` of every stride-th of all numbers; the offset of the first varies with the chunk.
std::vector<float> chunk_of_all(std::int64_t chunk, std::int64_t stride) {
  std::vector<float> x(kChunk);
  for (std::int64_t i = 0; i < kChunk; ++i)
    x[i] = std::bit_cast<float>(static_cast<std::uint32_t>((chunk * kChunk + i) * stride + chunk % stride));
  return x;
}

// 16 chunks that step through all numbers with an odd stride, then one of neighbours of powers of two.
std::vector<float> chunk_of_sample(std::int64_t chunk) {
  std::vector<float> x(kChunk);
  for (std::int64_t i = 0; i < kChunk; ++i) {
    const auto index = static_cast<std::uint32_t>(chunk * kChunk + i);
    const std::uint32_t sign_and_exponent = (index & 511u) << 23, offset = (index >> 9 & 127u) - 64u;
    x[i] = std::bit_cast<float>(chunk < 16 ? index * 4099u : sign_and_exponent + offset);
  }
  return x;
}

// 1 for TESSERA_SWEEP=full, n for TESSERA_SWEEP=n, 0 for the short sample.
std::int64_t stride_of_sweep() {
  const char* mode = std::getenv("TESSERA_SWEEP");
  if (mode == nullptr) return 0;
  return std::string(mode) == "full" ? 1 : std::atoll(mode);
}

class Sweep : public testing::TestWithParam<Case> {};

TEST_P(Sweep, SimdEqualsScalarAndErrorIsSmall) {
  const Case& c = GetParam();
  const std::int64_t stride = stride_of_sweep();
  const std::vector<SimdLevelFunctions> levels = simd_levels();
  Finding total;
  std::mutex mutex;
  const std::int64_t chunks = stride == 0 ? 17 : (std::int64_t{1} << 32) / kChunk / stride;
  parallel_for(chunks, [&](std::int64_t chunk) {
    const Finding finding =
        check(c, levels, stride == 0 ? chunk_of_sample(chunk) : chunk_of_all(chunk, stride));
    const std::lock_guard lock(mutex);
    total.merge(finding);
  });
  std::printf("%-8s largest error %.4f ULP at %a, %zu SIMD levels%s\n", c.name, total.error,
              static_cast<double>(total.at), levels.size(), stride == 1 ? ", all 2^32 inputs" : "");
  EXPECT_EQ(total.differing, 0) << c.name << " at " << total.differing_at;
  EXPECT_LE(total.error, c.largest_error) << c.name << " at " << total.at;
}

INSTANTIATE_TEST_SUITE_P(Functions, Sweep, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& each) {
                           return std::string(each.param.name);
                         });

}  // namespace
}  // namespace tessera::numerics
