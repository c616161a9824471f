// Divide and conquer on tridiagonal and bidiagonal matrices: beside bisection, which shares nothing with it, where halves meet in equal, clustered,
// vanishing or far apart eigenvalues; and the secular equation by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tessera/linalg/bidiagonal.h"
#include "tessera/linalg/linalg_test.h"
#include "tessera/linalg/secular.h"
#include "tessera/linalg/selected_eigen.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/linalg/tridiagonal.h"

namespace tessera::linalg::internal {
namespace {

class Division : public testing::Test {
 protected:
  Division() { use_default_backend(); }
};

using Numbers = std::vector<double>;

// The two diagonals of a matrix with n rows; the second one ends in 0.
struct Bands {
  std::string name;
  Numbers diagonal, beside;
};

Numbers numbers(std::int64_t n, const std::function<double(std::int64_t)>& number) {
  Numbers result;
  for (std::int64_t i = 0; i < n; ++i) result.push_back(number(i));
  return result;
}

std::vector<Bands> kinds(std::int64_t n) {
  const Numbers normal = random_matrix(n, 2, static_cast<std::uint64_t>(n)).to_vector<double>();
  const auto of_normal = [&](std::int64_t i) { return normal[static_cast<std::size_t>(i)]; };
  const auto constant = [](double x) { return [x](std::int64_t) { return x; }; };
  const double half = static_cast<double>(n - 1) / 2;
  std::vector<Bands> all = {
      {"random", numbers(n, of_normal), numbers(n, [&](std::int64_t i) { return of_normal(n + i); })},
      {"second difference", numbers(n, constant(2)), numbers(n, constant(-1))},
      // Wilkinson's: pairs of eigenvalues that agree to more and more digits.
      {"Wilkinson", numbers(n, [&](std::int64_t i) { return std::abs(static_cast<double>(i) - half); }),
       numbers(n, constant(1))},
      {"glued", numbers(n, [](std::int64_t i) { return static_cast<double>(std::abs(i % 11 - 5)); }),
       numbers(n, [](std::int64_t i) { return i % 11 == 10 ? 1e-8 : 1.0; })},
      {"zero", numbers(n, constant(0)), numbers(n, constant(0))},
      {"equal", numbers(n, constant(3)), numbers(n, constant(0))},
      {"nothing but couplings", numbers(n, constant(0)), numbers(n, constant(1))},
      {"tiny couplings", numbers(n, [](std::int64_t i) { return static_cast<double>(i % 7); }),
       numbers(n, constant(1e-9))},
      {"falling", numbers(n, [](std::int64_t i) { return std::pow(0.5, static_cast<double>(i)); }),
       numbers(n, [](std::int64_t i) { return std::pow(0.5, static_cast<double>(i) + 1); })},
      {"growing", numbers(n, [&](std::int64_t i) { return std::pow(0.5, static_cast<double>(n - i)); }),
       numbers(n, [&](std::int64_t i) { return -std::pow(0.5, static_cast<double>(n - i)); })},
      {"one large", numbers(n, [&](std::int64_t i) { return i == n / 2 ? 1e20 : 1.0; }),
       numbers(n, constant(0.1))},
      {"large coupling", numbers(n, of_normal),
       numbers(n, [&](std::int64_t i) { return i == n / 2 - 1 || i == n / 2 ? 1e12 : 1e-3; })},
      {"small and large by turns", numbers(n, [](std::int64_t i) { return i % 2 == 0 ? 1.0 : 1e-30; }),
       numbers(n, constant(1e-15))},
      {"near 2^-200", numbers(n, [&](std::int64_t i) { return 0x1p-199 * of_normal(i); }),
       numbers(n, [&](std::int64_t i) { return 0x1p-199 * of_normal(n + i); })},
      {"near 2^200", numbers(n, [&](std::int64_t i) { return 0x1p198 * of_normal(i); }),
       numbers(n, [&](std::int64_t i) { return 0x1p198 * of_normal(n + i); })},
      // Squares of what is in a part vanish.
      {"a part near 2^-600",
       numbers(n, [&](std::int64_t i) { return of_normal(i) * (i <= n / 4 ? 1 : 0x1p-600); }),
       numbers(n, [&](std::int64_t i) { return of_normal(n + i) * (i <= n / 4 ? 1 : 0x1p-600); })},
      {"a part near 2^-1020",
       numbers(n, [&](std::int64_t i) { return of_normal(i) * (i <= n / 4 ? 1 : 0x1p-1020); }),
       numbers(n, [&](std::int64_t i) { return of_normal(n + i) * (i <= n / 4 ? 1 : 0x1p-1020); })},
      {"subnormal but for one",
       numbers(n, [&](std::int64_t i) { return of_normal(i) * (i == 0 ? 1 : 0x1p-1070); }),
       numbers(n, [&](std::int64_t i) { return of_normal(n + i) * 0x1p-1070; })},
      {"growing by hundreds",
       numbers(n, [](std::int64_t i) { return std::exp2(8.0 * static_cast<double>(i % 24) - 180); }),
       numbers(n, [](std::int64_t i) { return 0.6 * std::exp2(8.0 * static_cast<double>(i % 24) - 180); })},
      {"one large coupling",
       numbers(n, [&](std::int64_t i) { return i + 1 == n ? 0x1p190 : 0x1p-780 * of_normal(i); }),
       numbers(n, [&](std::int64_t i) { return i == 0 ? 0x1p190 : 0x1p-780 * of_normal(n + i); })},
  };
  for (Bands& bands : all) bands.beside.back() = 0;
  return all;
}

double size_of(const Bands& bands) {
  return std::max(largest(bands.diagonal.data(), static_cast<std::int64_t>(bands.diagonal.size())),
                  largest(bands.beside.data(), static_cast<std::int64_t>(bands.beside.size())));
}

// The largest difference, in units of n * 2^-53 * size.
double difference(Numbers found, const Numbers& expected, double size) {
  std::sort(found.begin(), found.end());
  double result = found.size() == expected.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < expected.size(); ++i)
    result = std::isnan(found[i]) ? NAN : std::max(result, std::abs(found[i] - expected[i]));
  return result == 0 ? 0 : result / (0x1p-53 * static_cast<double>(expected.size()) * size);
}

Tensor matrix_of(const Bands& bands, bool symmetric) {
  const auto n = static_cast<std::int64_t>(bands.diagonal.size());
  Matrix a(n, n);
  for (std::int64_t i = 0; i < n; ++i) {
    a(i, i) = bands.diagonal[static_cast<std::size_t>(i)];
    if (i + 1 < n) a(i, i + 1) = bands.beside[static_cast<std::size_t>(i)];
    if (i + 1 < n && symmetric) a(i + 1, i) = a(i, i + 1);
  }
  return to_tensor(a);
}

constexpr std::int64_t kSizes[] = {1, 2, 32, 33, 34, 65, 66, 67, 133, 240};
constexpr double kFew = 16;

TEST_F(Division, OfTridiagonalMatrices) {
  for (const std::int64_t n : kSizes)
    for (const Bands& bands : kinds(n)) {
      SCOPED_TRACE(bands.name + ", n = " + std::to_string(n));
      const Spectrum found = divide_tridiagonal(bands.diagonal, bands.beside, Frame::kWhole);
      const double size = size_of(bands);
      EXPECT_LT(difference(found.values, bisect_eigenvalues(bands.diagonal, bands.beside, 0, n), size), kFew);
      const Tensor vectors = transpose(to_tensor(found.rows));
      EXPECT_LT(skewness(vectors), kFew);
      const Tensor a = matrix_of(bands, true);
      EXPECT_LE(distance(matmul(a, vectors), vectors * to_tensor(found.values)),
                kFew * kRoundoff * static_cast<double>(n) * size);
      EXPECT_EQ(divide_tridiagonal(bands.diagonal, bands.beside, Frame::kEnds).values, found.values);
    }
}

// The singular values are the upper half of the eigenvalues of the tridiagonal matrix with zeros on its diagonal (Golub and Kahan).
Numbers bisected_singular_values(const Bands& bands) {
  Numbers beside;
  for (std::size_t i = 0; i < bands.diagonal.size(); ++i) {
    beside.push_back(bands.diagonal[i]);
    beside.push_back(bands.beside[i]);
  }
  const auto n = static_cast<std::int64_t>(bands.diagonal.size());
  return bisect_eigenvalues(Numbers(beside.size()), beside, n, n);
}

TEST_F(Division, OfBidiagonalMatrices) {
  for (const std::int64_t n : kSizes)
    for (const Bands& bands : kinds(n)) {
      SCOPED_TRACE(bands.name + ", n = " + std::to_string(n));
      const Bidiagonal b{bands.diagonal, bands.beside, {}, {}};
      const BidiagonalSvd found = divide_bidiagonal(b, Frame::kWhole, true);
      const double size = size_of(bands);
      EXPECT_LT(difference(found.values, bisected_singular_values(bands), size), kFew);
      const Tensor left = transpose(to_tensor(found.left)), right = transpose(to_tensor(found.right));
      EXPECT_LT(skewness(left), kFew);
      EXPECT_LT(skewness(right), kFew);
      EXPECT_LE(distance(matmul(matrix_of(bands, false), right), left * to_tensor(found.values)),
                kFew * kRoundoff * static_cast<double>(n) * size);
      const BidiagonalSvd ends = divide_bidiagonal(b, Frame::kEnds, false);
      const BidiagonalSvd of_right = divide_bidiagonal(b, Frame::kWhole, false),
                          of_left = divide_bidiagonal(b, Frame::kEnds, true);
      EXPECT_EQ(ends.values, found.values);
      EXPECT_EQ(of_right.values, found.values);
      EXPECT_EQ(of_right.right.elements(), found.right.elements());
      EXPECT_EQ(of_left.left.elements(), found.left.elements());
    }
}

// Weights and distances over hundreds of powers of two: every root lies strictly between its poles, and the vectors are orthogonal.
TEST_F(Division, SecularEquationsOfAllSizes) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const std::int64_t n = 2 + static_cast<std::int64_t>(seed % 19);
    const Numbers draws = random_matrix(n, 2, seed).to_vector<double>();
    Numbers poles = {0}, z;
    const double spread = static_cast<double>(seed % 5) * 4;
    for (std::int64_t i = 0; i < n; ++i) {
      const double first = draws[static_cast<std::size_t>(2 * i)],
                   second = draws[static_cast<std::size_t>(2 * i + 1)];
      if (i > 0) poles.push_back(poles.back() + std::exp(spread * first) + 1e-12 * poles.back());
      z.push_back(std::exp(spread * second / 2) * (second < 0 ? -1 : 1));
    }
    for (const Poles kind : {Poles::kPlain, Poles::kSquares}) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      const SecularSolution found = solve_secular(kind, poles, z);
      std::vector<std::int64_t> places;
      for (std::int64_t i = 0; i < n; ++i) places.push_back(i);
      EXPECT_LT(skewness(transpose(to_tensor(secular_vectors(found, places)))), kFew);
      for (std::int64_t i = 0; i < n; ++i) {
        EXPECT_LT(found.gaps(i, i), 0);
        if (i + 1 < n) {
          EXPECT_GT(found.gaps(i, i + 1), 0);
        }
        const double weight = z[static_cast<std::size_t>(i)];
        EXPECT_NEAR(found.z[static_cast<std::size_t>(i)], weight, 1e-13 * std::abs(weight)) << "weight " << i;
      }
    }
  }
}

// Zeros of both signs come out as the same bits from both functions; no singular value is -0.
TEST_F(Division, OfZerosWithSigns) {
  constexpr std::int64_t kRows = 67;
  Matrix a(kRows, kRows);
  for (std::int64_t i = 0; i < kRows; ++i)
    for (std::int64_t j = 0; j < kRows; ++j) a(i, j) = i == j && i % 3 != 0 ? 0.0 : -0.0;
  const auto bits = [](const Tensor& values) {
    std::vector<bool> result;
    for (const double x : values.to_vector<double>()) result.push_back(std::signbit(x));
    return result;
  };
  const Tensor matrix = to_tensor(a);
  EXPECT_EQ(bits(symmetric_eigenvalues(matrix)), bits(symmetric_eigen(matrix).values));
  EXPECT_EQ(bits(singular_values(matrix)), std::vector<bool>(kRows, false));
}

}  // namespace
}  // namespace tessera::linalg::internal
