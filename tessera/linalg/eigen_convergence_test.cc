// Matrices on which the iteration for general eigenvalues has its trouble: multiple eigenvalues that lack eigenvectors, zeros, and elements so
// small that their products underflow.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "tessera/linalg/eigen.h"
#include "tessera/linalg/linalg_test.h"

namespace tessera::linalg {
namespace {

// max |A V - V D| in units of 2^-53 n^1.5 |A|.
double residual(const Tensor& a, const Eigen& parts) {
  const Tensor &re = parts.vectors_real, &im = parts.vectors_imaginary;
  const Tensor real = re * parts.real - im * parts.imaginary,
               imaginary = im * parts.real + re * parts.imaginary;
  const double n = static_cast<double>(a.size(0)),
               scale = kRoundoff * n * std::sqrt(n) * std::max(largest_element(a), 1e-300);
  return (distance(matmul(a, re), real) + distance(matmul(a, im), imaginary)) / scale;
}

// Numbers and matrices of one seed, the same with every compiler.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : bits_(seed) {}

  int integer(int first, int last) {
    return first + static_cast<int>(bits_() % static_cast<std::uint64_t>(last - first + 1));
  }
  bool chance(double probability) { return static_cast<double>(bits_() >> 11) * 0x1p-53 < probability; }

  // Each element, with this probability, of what `element` gives.
  Tensor sparse(int n, double density, const std::function<double()>& element) {
    std::vector<double> values(static_cast<std::size_t>(n * n));
    for (double& x : values) x = chance(density) ? element() : 0;
    return Tensor::from<double>(values, {n, n});
  }
  std::vector<int> permutation(int n) {
    std::vector<int> result(static_cast<std::size_t>(n));
    std::iota(result.begin(), result.end(), 0);
    for (int i = n - 1; i > 0; --i)
      std::swap(result[static_cast<std::size_t>(i)], result[static_cast<std::size_t>(integer(0, i))]);
    return result;
  }
  Tensor permutation_matrix(int n) {
    std::vector<double> values(static_cast<std::size_t>(n * n));
    int row = 0;
    for (const int column : permutation(n)) values[static_cast<std::size_t>(row++ * n + column)] = 1;
    return Tensor::from<double>(values, {n, n});
  }
  // The eigenvalues are equal; now and then a Jordan block ends.
  Tensor jordan_blocks(int n) {
    std::vector<double> values(static_cast<std::size_t>(n * n));
    for (int i = 0; i + 1 < n; ++i) values[static_cast<std::size_t>(i * n + i + 1)] = chance(0.8) ? 1 : 0;
    const Tensor turn = permutation_matrix(n);
    const Tensor blocks = Tensor::from<double>(values, {n, n}) + eye(n) * static_cast<double>(integer(-2, 2));
    return matmul(matmul(turn, blocks), transpose(turn));
  }

 private:
  std::mt19937_64 bits_;
};

// Of the polynomial (x - root)^n.
Tensor companion(int n, double root) {
  std::vector<double> coefficients(static_cast<std::size_t>(n + 1)), values(static_cast<std::size_t>(n * n));
  coefficients[0] = 1;
  for (int k = 0; k < n; ++k)
    for (std::size_t i = static_cast<std::size_t>(k) + 1; i > 0; --i)
      coefficients[i] -= root * coefficients[i - 1];
  for (int i = 0; i < n; ++i) {
    values[static_cast<std::size_t>(i)] = -coefficients[static_cast<std::size_t>(i + 1)];
    if (i > 0) values[static_cast<std::size_t>(i * n + i - 1)] = 1;
  }
  return Tensor::from<double>(values, {n, n});
}

class EigenConvergence : public testing::Test {
 protected:
  EigenConvergence() { use_default_backend(); }

  // Matrices of up to 40 rows: everything converges, to what satisfies the equation.
  void expect_small_residuals(int count, std::uint64_t seed,
                              const std::function<Tensor(Draw&, int)>& matrix) {
    Draw draw(seed);
    for (int i = 0; i < count; ++i) {
      const Tensor a = matrix(draw, draw.integer(1, 40));
      EXPECT_EQ(message_of([&] { EXPECT_LT(residual(a, eigen(a)), 40) << "matrix " << i; }), "no error")
          << "matrix " << i;
    }
  }
};

// A block whose diagonal elements are equal: its last subdiagonal element must fall below 1e-264, and its square has vanished long before.
TEST_F(EigenConvergence, SquaresOfSubdiagonalElementsUnderflow) {
  const Tensor a = eye(31) * 3.0 + cast(less(random_matrix(31, 31, 10829), -2.3), DType::kFloat64);
  EXPECT_LT(residual(a, eigen(a)), 4);
  EXPECT_LT(distance(eigenvalues(a).real, ones({31}, DType::kFloat64) * 3.0), 1e-4);
}

// Here even products of such elements vanish, and in the end no shift moves anything.
TEST_F(EigenConvergence, ProductsOfSubdiagonalElementsUnderflow) {
  for (const double upper : {-0x1p-760, -0x1p-960, 0x1p-850})
    for (const double lower : {-0x1p-760, -0x1p-960, 0x1p-320}) {
      const Tensor a = Tensor::from<double>({3, 1, 0, upper, 3, 1, 0, lower, 3}, {3, 3});
      EXPECT_EQ(
          message_of([&] { EXPECT_EQ(distance(eigenvalues(a).real, ones({3}, DType::kFloat64) * 3.0), 0); }),
          "no error");
    }
}

TEST_F(EigenConvergence, SparseMatricesWithAConstantDiagonal) {
  expect_small_residuals(1200, 1, [](Draw& draw, int n) {
    const Tensor sparse = draw.sparse(n, 0.01 * draw.integer(0, 15), [] { return 1.0; });
    return sparse + eye(n) * static_cast<double>(draw.integer(-3, 3));
  });
}

TEST_F(EigenConvergence, DefectiveMatrices) {
  expect_small_residuals(400, 2, [](Draw& draw, int n) { return draw.jordan_blocks(n); });
  expect_small_residuals(200, 3, [](Draw& draw, int n) {
    const Tensor a = companion((n + 1) / 2, draw.integer(1, 2));
    return draw.chance(0.5) ? a : copy(transpose(a));
  });
}

TEST_F(EigenConvergence, Permutations) {
  expect_small_residuals(400, 4, [](Draw& draw, int n) { return draw.permutation_matrix(n); });
}

TEST_F(EigenConvergence, RowsAndColumnsOfZeros) {
  expect_small_residuals(400, 5, [](Draw& draw, int n) {
    const Tensor a = draw.sparse(n, 0.8, [&] { return draw.integer(-2, 2); });
    std::vector<double> rows, columns;
    for (int i = 0; i < n; ++i) {
      rows.push_back(draw.chance(0.4) ? 0 : 1);
      columns.push_back(draw.chance(0.4) ? 0 : 1);
    }
    return a * Tensor::from<double>(rows, {n, 1}) * Tensor::from<double>(columns, {n});
  });
}

// Balancing gives up the residual here; that all converge is what is asked.
TEST_F(EigenConvergence, ElementsOfAllSizes) {
  Draw draw(6);
  const auto element = [&] {
    const double digit = draw.integer(-3, 3);
    return std::ldexp(digit, draw.integer(-900, 0));
  };
  for (int i = 0; i < 800; ++i) {
    const int n = draw.integer(1, 40);
    const Tensor a = draw.sparse(n, 0.02 * draw.integer(1, 15), element), diagonal = eye(n);
    EXPECT_EQ(message_of([&] { eigenvalues(a + diagonal * static_cast<double>(draw.integer(0, 1))); }),
              "no error")
        << "matrix " << i;
  }
}

}  // namespace
}  // namespace tessera::linalg
