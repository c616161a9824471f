// Edges (C99 Annex F), fp64 errors against MPFR, pow, and scalar against SIMD in fp64.
#include "tessera/numerics/functions.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "tessera/numerics/philox.h"
#include "tessera/numerics/simd_functions_test.h"

#ifdef TESSERA_HAVE_MPFR
#include <mpfr.h>
#endif

namespace tessera::numerics {
namespace {

template <typename T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <typename T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <typename T>
bool same(T a, T b) {
  return std::bit_cast<BitsOf<T>>(a) == std::bit_cast<BitsOf<T>>(b) || (std::isnan(a) && std::isnan(b));
}

template <typename T>
class Edges : public testing::Test {};
using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(Edges, FloatTypes);

// Two operands are the same number: equal bits, or both NaN.
#define EXPECT_SAME(actual, expected) EXPECT_PRED2(same<TypeParam>, TypeParam(actual), TypeParam(expected))

TYPED_TEST(Edges, Exponentials) {
  using T = TypeParam;
  const T inf = kInfinity<T>, zero = 0;
  EXPECT_SAME(exp(inf), inf);
  EXPECT_SAME(exp(-inf), zero);
  EXPECT_SAME(exp(-zero), 1);
  EXPECT_SAME(exp(kNaN<T>), kNaN<T>);
  EXPECT_SAME(exp(T(1e4)), inf);
  EXPECT_SAME(exp(T(-1e4)), zero);
  EXPECT_SAME(expm1(inf), inf);
  EXPECT_SAME(expm1(-inf), -1);
  EXPECT_SAME(expm1(-zero), -zero);
  EXPECT_SAME(expm1(zero), zero);
  EXPECT_SAME(expm1(kNaN<T>), kNaN<T>);
  EXPECT_SAME(expm1(std::numeric_limits<T>::denorm_min()), std::numeric_limits<T>::denorm_min());
}

TYPED_TEST(Edges, Logarithms) {
  using T = TypeParam;
  const T inf = kInfinity<T>, zero = 0;
  EXPECT_SAME(log(zero), -inf);
  EXPECT_SAME(log(-zero), -inf);
  EXPECT_SAME(log(T(1)), zero);
  EXPECT_SAME(log(inf), inf);
  EXPECT_SAME(log(T(-1)), kNaN<T>);
  EXPECT_SAME(log(-std::numeric_limits<T>::denorm_min()), kNaN<T>);
  EXPECT_SAME(log(-inf), kNaN<T>);
  EXPECT_SAME(log(kNaN<T>), kNaN<T>);
  EXPECT_SAME(log1p(T(-1)), -inf);
  EXPECT_SAME(log1p(-zero), -zero);
  EXPECT_SAME(log1p(inf), inf);
  EXPECT_SAME(log1p(T(-1.5)), kNaN<T>);
  EXPECT_SAME(log1p(-inf), kNaN<T>);
  EXPECT_SAME(log1p(kNaN<T>), kNaN<T>);
}

TYPED_TEST(Edges, Sigmoids) {
  using T = TypeParam;
  const T inf = kInfinity<T>, zero = 0;
  EXPECT_SAME(tanh(inf), 1);
  EXPECT_SAME(tanh(-inf), -1);
  EXPECT_SAME(tanh(-zero), -zero);
  EXPECT_SAME(tanh(kNaN<T>), kNaN<T>);
  EXPECT_SAME(sigmoid(inf), 1);
  EXPECT_SAME(sigmoid(-inf), zero);
  EXPECT_SAME(sigmoid(-zero), 0.5);
  EXPECT_SAME(sigmoid(kNaN<T>), kNaN<T>);
  EXPECT_SAME(erf(inf), 1);
  EXPECT_SAME(erf(-inf), -1);
  EXPECT_SAME(erf(-zero), -zero);
  EXPECT_SAME(erf(kNaN<T>), kNaN<T>);
}

TYPED_TEST(Edges, TrigonometryAndRoot) {
  using T = TypeParam;
  const T inf = kInfinity<T>, zero = 0;
  EXPECT_SAME(sin(-zero), -zero);
  EXPECT_SAME(sin(zero), zero);
  EXPECT_SAME(cos(-zero), 1);
  for (const T x : {inf, -inf, kNaN<T>}) {
    EXPECT_SAME(sin(x), kNaN<T>);
    EXPECT_SAME(cos(x), kNaN<T>);
  }
  EXPECT_SAME(sqrt(-zero), -zero);
  EXPECT_SAME(sqrt(inf), inf);
  EXPECT_SAME(sqrt(T(-1)), kNaN<T>);
  EXPECT_SAME(sqrt(T(2.25)), 1.5);
}

// Every special case of Annex F 10.4.4 over all pairs of interesting operands: there the C library is exact,
// so that agreement is demanded wherever an operand or the result is special.
TYPED_TEST(Edges, PowAgreesWithAnnexF) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  const T inf = kInfinity<T>, big = std::ldexp(T(1), Limits::digits - 1);
  std::vector<T> values;
  for (const T v : {T(0),          T(0.5),        T(1),        T(1.5),  T(2),
                    T(3),          T(4),          T(5),        T(0.1),  Limits::denorm_min(),
                    Limits::min(), Limits::max(), big,         big - 1, big / 2 + T(0.5),
                    2 * big - 1,   2 * big,       2 * big + 2, inf,     kNaN<T>}) {
    values.push_back(v);
    values.push_back(-v);
  }
  for (const T x : values)
    for (const T y : values) {
      const T expected = std::pow(x, y), actual = pow(x, y);
      const bool special = !std::isfinite(expected) || expected == 0 || std::fabs(expected) == 1;
      if (special)
        EXPECT_PRED2(same<T>, actual, expected) << x << "^" << y;
      else
        EXPECT_NEAR(actual / expected, 1, 4 * Limits::epsilon()) << x << "^" << y;
    }
}

// Abramowitz and Stegun, "Handbook of Mathematical Functions": tables 4.2, 4.4, 7.1 and 4.15, rounded.
TEST(Functions, AgreeWithPublishedValues) {
  EXPECT_DOUBLE_EQ(exp(1.0), 2.718281828459045);
  EXPECT_DOUBLE_EQ(log(2.0), 0.6931471805599453);
  EXPECT_DOUBLE_EQ(erf(0.5), 0.5204998778130465);
  EXPECT_DOUBLE_EQ(erf(1.0), 0.8427007929497149);
  EXPECT_DOUBLE_EQ(erf(2.0), 0.9953222650189527);
  EXPECT_DOUBLE_EQ(sin(1.0), 0.8414709848078965);
  EXPECT_DOUBLE_EQ(cos(1.0), 0.5403023058681398);
  EXPECT_DOUBLE_EQ(tanh(1.0), 0.7615941559557649);
}

// 64 random bits per sample, the same in every run.
std::uint64_t random_bits(const char* stream, std::int64_t i) {
  const PhiloxBlock block = philox(stream_key(1, stream), philox_counter(static_cast<std::uint64_t>(i), 0));
  return std::uint64_t{block[1]} << 32 | block[0];
}

struct Range {
  double low, high;
};

// Samples spread evenly over a range, and others evenly over all exponents.
std::vector<double> samples(const Range& range, std::int64_t count) {
  std::vector<double> x;
  for (std::int64_t i = 0; i < count; ++i) {
    const double u = static_cast<double>(random_bits("functions", i) >> 11) * 0x1p-53;
    x.push_back(range.low + (range.high - range.low) * u);
  }
  return x;
}
std::vector<double> samples_of_all_bits(std::int64_t count) {
  std::vector<double> x;
  for (std::int64_t i = 0; i < count; ++i) x.push_back(std::bit_cast<double>(random_bits("all bits", i)));
  return x;
}

struct DoubleCase {
  const char* name;
  double (*function)(double);
  VectorFunction<double> VectorFunctions<double>::*vector;
  double largest_error;  // what functions.h states, rounded up
  std::vector<Range> ranges;
};

const std::vector<DoubleCase>& double_cases() {
  using V = VectorFunctions<double>;
  static const std::vector<DoubleCase> cases = {
      {"exp", exp, &V::exp, 1.0, {{-1, 1}, {-746, 710}}},
      {"log", log, &V::log, 1.0, {{0, 2}, {0.9, 1.1}, {0, 1e300}, {0, 1e-308}}},
      {"expm1", expm1, &V::expm1, 2.0, {{-1, 1}, {-1e-3, 1e-3}, {-60, 710}}},
      {"log1p", log1p, &V::log1p, 2.0, {{-1, 1}, {-1e-3, 1e-3}, {-1, 1e3}, {0, 1e20}}},
      {"tanh", tanh, &V::tanh, 2.0, {{-1, 1}, {-20, 20}, {-1e-3, 1e-3}}},
      {"sigmoid", sigmoid, &V::sigmoid, 2.0, {{-1, 1}, {-40, 40}, {-746, 0}}},
      {"erf", erf, &V::erf, 2.0, {{-1, 1}, {-6, 6}, {-1e-3, 1e-3}}},
      {"sin", sin, &V::sin, 1.0, {{-1, 1}, {-10, 10}, {-1e6, 1e6}, {-1e20, 1e20}}},
      {"cos", cos, &V::cos, 1.0, {{-1, 1}, {-10, 10}, {-1e6, 1e6}, {-1e20, 1e20}}},
  };
  return cases;
}

class DoubleFunction : public testing::TestWithParam<DoubleCase> {
 protected:
  static std::vector<double> inputs(std::int64_t count) {
    std::vector<double> x = samples_of_all_bits(count);
    for (const Range& range : GetParam().ranges) {
      const std::vector<double> more = samples(range, count);
      x.insert(x.end(), more.begin(), more.end());
    }
    for (int exponent = 0; exponent < 0x7FF; ++exponent)  // beside each power of two
      for (const std::uint64_t mantissa : {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 52) - 1})
        for (const std::uint64_t sign : {std::uint64_t{0}, std::uint64_t{1} << 63})
          x.push_back(std::bit_cast<double>(sign | static_cast<std::uint64_t>(exponent) << 52 | mantissa));
    for (const double v : {0.0, kInfinity<double>, kNaN<double>}) x.push_back(v), x.push_back(-v);
    while (x.size() % 16 != 0) x.push_back(1);
    return x;
  }
};

TEST_P(DoubleFunction, SimdEqualsScalar) {
  const std::vector<double> x = inputs(100000);
  std::vector<double> y(x.size());
  for (const SimdLevelFunctions& level : simd_levels()) {
    (level.double_precision.*GetParam().vector)(x.data(), y.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_PRED2(same<double>, y[i], GetParam().function(x[i])) << level.name << " at " << x[i];
  }
}

#ifdef TESSERA_HAVE_MPFR

// A number of 200 bits, enough to call it exact here.
class Exact {
 public:
  Exact() { mpfr_init2(value, 200); }
  ~Exact() { mpfr_clear(value); }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  mpfr_t value;
};

// |y - exact| in units of the last place of exact, of a type with `digits` digits and least exponent `least`.
double error_in_ulp(double y, const Exact& exact, int digits = 53, int least = -1074) {
  if (std::isnan(y) || mpfr_nan_p(exact.value))
    return std::isnan(y) && mpfr_nan_p(exact.value) ? 0 : kInfinity<double>;
  if (mpfr_zero_p(exact.value) || mpfr_inf_p(exact.value))
    return y == mpfr_get_d(exact.value, MPFR_RNDN) ? 0 : kInfinity<double>;
  const int largest = digits == 53 ? 1024 : 128;
  if (std::isinf(y))
    return std::isinf(digits == 53 ? mpfr_get_d(exact.value, MPFR_RNDN)
                                   : static_cast<double>(mpfr_get_flt(exact.value, MPFR_RNDN)))
               ? 0
               : kInfinity<double>;
  const long exponent = std::min<long>(mpfr_get_exp(exact.value), largest);
  Exact difference;
  mpfr_d_sub(difference.value, y, exact.value, MPFR_RNDN);
  mpfr_mul_2si(difference.value, difference.value, -std::max<long>(exponent - digits, least), MPFR_RNDN);
  return std::fabs(mpfr_get_d(difference.value, MPFR_RNDN));
}

void exact_value(const std::string& name, const Exact& x, Exact& y) {
  if (name == "exp") mpfr_exp(y.value, x.value, MPFR_RNDN);
  if (name == "log") mpfr_log(y.value, x.value, MPFR_RNDN);
  if (name == "expm1") mpfr_expm1(y.value, x.value, MPFR_RNDN);
  if (name == "log1p") mpfr_log1p(y.value, x.value, MPFR_RNDN);
  if (name == "tanh") mpfr_tanh(y.value, x.value, MPFR_RNDN);
  if (name == "erf") mpfr_erf(y.value, x.value, MPFR_RNDN);
  if (name == "sin") mpfr_sin(y.value, x.value, MPFR_RNDN);
  if (name == "cos") mpfr_cos(y.value, x.value, MPFR_RNDN);
  if (name == "sigmoid") {
    mpfr_neg(y.value, x.value, MPFR_RNDN);
    mpfr_exp(y.value, y.value, MPFR_RNDN);
    mpfr_add_ui(y.value, y.value, 1, MPFR_RNDN);
    mpfr_ui_div(y.value, 1, y.value, MPFR_RNDN);
  }
}

TEST_P(DoubleFunction, ErrorAgainstMpfrIsSmall) {
  const char* wanted = std::getenv("TESSERA_SWEEP");
  const std::vector<double> x = inputs(wanted == nullptr ? 3000 : 300000);
  double largest = 0, at = 0;
  Exact argument, expected;
  for (const double v : x) {
    mpfr_set_d(argument.value, v, MPFR_RNDN);
    exact_value(GetParam().name, argument, expected);
    const double error = error_in_ulp(GetParam().function(v), expected);
    if (error > largest) largest = error, at = v;
  }
  std::printf("fp64 %-8s largest error %.4f ULP at %a\n", GetParam().name, largest, at);
  EXPECT_LE(largest, GetParam().largest_error) << GetParam().name << " at " << at;
}

// x^y for x in the range given (by logarithm) and y such that the result spans the whole range of exponents.
template <typename T>
double largest_pow_error(std::int64_t count) {
  constexpr int kDigits = std::numeric_limits<T>::digits;
  constexpr int kLeast = kDigits == 53 ? -1074 : -149;
  double largest = 0;
  Exact base, exponent, expected;
  for (std::int64_t i = 0; i < count; ++i) {
    const double u = static_cast<double>(random_bits("pow base", i) >> 11) * 0x1p-53;
    const double w = static_cast<double>(random_bits("pow exponent", i) >> 11) * 0x1p-52 - 1;
    const T x = i % 2 == 0 ? T(std::exp2((u - 0.5) * 60)) : T(0.5 + u);
    const T y = i % 3 == 0 ? T(10 * w)
                           : T(w * (kDigits == 53 ? 750 : 105) / std::fabs(std::log(static_cast<double>(x))));
    mpfr_set_d(base.value, x, MPFR_RNDN);
    mpfr_set_d(exponent.value, y, MPFR_RNDN);
    mpfr_pow(expected.value, base.value, exponent.value, MPFR_RNDN);
    const double error = error_in_ulp(pow(x, y), expected, kDigits, kLeast);
    EXPECT_LE(error, kDigits == 53 ? 1.1 : 1.0) << x << "^" << y;
    largest = std::max(largest, error);
  }
  return largest;
}

TEST(Pow, ErrorAgainstMpfrIsSmall) {
  const std::int64_t count = std::getenv("TESSERA_SWEEP") == nullptr ? 10000 : 2000000;
  std::printf("fp32 pow largest error %.4f ULP\n", largest_pow_error<float>(count));
  std::printf("fp64 pow largest error %.4f ULP\n", largest_pow_error<double>(count));
}

#endif  // TESSERA_HAVE_MPFR

INSTANTIATE_TEST_SUITE_P(Functions, DoubleFunction, testing::ValuesIn(double_cases()),
                         [](const testing::TestParamInfo<DoubleCase>& each) {
                           return std::string(each.param.name);
                         });

template <typename T>
void check_pow_simd() {
  const std::vector<T> edges = {
      T(0),    T(1),         T(2),    T(3),        T(0.5),
      T(1e-5), kInfinity<T>, kNaN<T>, T(16777217), std::numeric_limits<T>::denorm_min()};
  std::vector<T> x, y, z(65536);
  for (std::int64_t i = 0; i < 65536; ++i) {
    const std::uint64_t a = random_bits("x", i), b = random_bits("y", i);
    if (i < 400) {
      x.push_back((i & 1 ? T(-1) : T(1)) * edges[i / 4 % 10]);
      y.push_back((i & 2 ? T(-1) : T(1)) * edges[i / 40]);
    } else if (i % 2 == 0) {
      x.push_back(std::bit_cast<T>(static_cast<BitsOf<T>>(a)));
      y.push_back(std::bit_cast<T>(static_cast<BitsOf<T>>(b)));
    } else {
      x.push_back(static_cast<T>(static_cast<double>(a >> 11) * 0x1p-50));
      y.push_back(static_cast<T>(static_cast<double>(static_cast<std::int64_t>(b)) * 0x1p-58));
    }
  }
  for (const SimdLevelFunctions& level : simd_levels()) {
    level.of<T>().pow(x.data(), y.data(), z.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_PRED2(same<T>, z[i], pow(x[i], y[i])) << level.name << ": " << x[i] << "^" << y[i];
  }
}

TEST(Pow, SimdEqualsScalar) {
  check_pow_simd<float>();
  check_pow_simd<double>();
}

}  // namespace
}  // namespace tessera::numerics
