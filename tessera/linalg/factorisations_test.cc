// Triangular systems, Cholesky, LU and QR: what they must satisfy for any matrix, and what they say of bad ones.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/linalg_test.h"
#include "tessera/linalg/lu.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/triangular.h"

namespace tessera::linalg {
namespace {

constexpr double kFew = 20;  // in units of n * 2^-53: what a backward stable method stays below

class Factorisations : public testing::Test {
 protected:
  Factorisations() { use_default_backend(); }
};

// Sizes around the leaves and panels of the algorithms.
std::int64_t any_size() {
  return *rc::gen::element<std::int64_t>(1, 2, 3, 5, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 65, 97, 130);
}
std::uint64_t any_seed() {
  return *rc::gen::inRange<std::uint64_t>(1, 1000000);
}

RC_GTEST_FIXTURE_PROP(Factorisations, TriangularSystemsAreSolvedBothWays, ()) {
  const std::int64_t n = any_size(), m = *rc::gen::element<std::int64_t>(1, 3, 200);
  const Tensor full = random_matrix(n, n, any_seed()) * (1 / std::sqrt(static_cast<double>(n))) + eye(n) * 3;
  const Tensor b = random_matrix(n, m, 5);
  const bool lower = *rc::gen::arbitrary<bool>(), turned = *rc::gen::arbitrary<bool>(),
             unit = *rc::gen::arbitrary<bool>();
  const Tensor x = solve_triangular(full, b, {lower ? Triangle::kLower : Triangle::kUpper, turned, unit});
  std::vector<double> part = full.to_vector<double>();
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      if (lower ? j > i : j < i) part[static_cast<std::size_t>(i * n + j)] = 0;
      if (unit && i == j) part[static_cast<std::size_t>(i * n + j)] = 1;
    }
  const Tensor triangle = Tensor::from<double>(part, {n, n});
  const Tensor product = matmul(turned ? transpose(triangle) : triangle, x);
  RC_ASSERT(distance(product, b) <=
            kFew * kRoundoff * static_cast<double>(n) * 4 * std::max(1.0, largest_element(x)));
}

RC_GTEST_FIXTURE_PROP(Factorisations, CholeskyGivesTheMatrixBack, ()) {
  const std::int64_t n = any_size();
  const Tensor a = random_definite(n, any_seed()), l = cholesky(a);
  RC_ASSERT(error_of(a, matmul(l, transpose(l))) < kFew);
  const Tensor x = random_matrix(n, 2, 3);
  RC_ASSERT(distance(matmul(a, cholesky_solve(l, matmul(a, x))), matmul(a, x)) <=
            kFew * kRoundoff * static_cast<double>(n) * largest_element(a) * 1e3 * largest_element(x) *
                static_cast<double>(n));
}

RC_GTEST_FIXTURE_PROP(Factorisations, LuGivesTheRowsBackAndItsFactorsAreAtMostOne, ()) {
  const std::int64_t n = any_size();
  const Tensor a = random_matrix(n, n, any_seed());
  const Lu factors = lu(a);
  const Tensor rows = gather(a, Tensor::from<std::int64_t>(factors.permutation, {n}));
  RC_ASSERT(error_of(rows, matmul(factors.lower(), factors.upper())) < kFew);
  RC_ASSERT(largest_element(factors.lower()) <= 1.0);
}

RC_GTEST_FIXTURE_PROP(Factorisations, SolutionsHaveSmallResiduals, ()) {
  const std::int64_t n = any_size();
  const Tensor a = random_matrix(n, n, any_seed()), b = random_matrix(n, 3, 4), x = solve(a, b);
  const double scale = static_cast<double>(n) * largest_element(a) * largest_element(x) + largest_element(b);
  RC_ASSERT(distance(matmul(a, x), b) <= kFew * static_cast<double>(n) * kRoundoff * scale);
  // A column by itself has the bits that it has among others.
  RC_ASSERT(
      same_bits(solve(a, copy(b.slice({Range::all(), Range(1)}))), copy(x.slice({Range::all(), Range(1)}))));
}

RC_GTEST_FIXTURE_PROP(Factorisations, QrIsOrthogonalTimesTriangular, ()) {
  const std::int64_t m = any_size(), n = any_size();
  const Tensor a = random_matrix(m, n, any_seed());
  for (const Size size : {Size::kThin, Size::kFull}) {
    const Qr factors = qr(a, size);
    RC_ASSERT(factors.q.size(1) == (size == Size::kFull ? m : std::min(m, n)));
    RC_ASSERT(skewness(factors.q) < kFew);
    RC_ASSERT(error_of(a, matmul(factors.q, factors.r)) < kFew);
    for (std::int64_t i = 0; i < factors.r.size(0); ++i)
      for (std::int64_t j = 0; j <= std::min(i, n - 1); ++j)
        RC_ASSERT((j < i ? factors.r.at<double>({i, j}) == 0 : factors.r.at<double>({i, j}) >= 0));
  }
}

RC_GTEST_FIXTURE_PROP(Factorisations, PivotedQrShowsTheRank, ()) {
  const std::int64_t m = any_size(), n = any_size(),
                     rank = *rc::gen::inRange<std::int64_t>(1, std::min(m, n) + 1);
  const Tensor a = random_of_rank(m, n, rank, any_seed());
  const PivotedQr factors = pivoted_qr(a);
  RC_ASSERT(factors.rank == rank);
  RC_ASSERT(skewness(factors.q) < kFew);
  RC_ASSERT(error_of(columns_in_order(a, factors.permutation), matmul(factors.q, factors.r)) < 2 * kFew);
  for (std::int64_t i = 1; i < rank; ++i)
    RC_ASSERT(factors.r.at<double>({i, i}) <= factors.r.at<double>({i - 1, i - 1}) * (1 + 1e-7));
}

// R is the Cholesky factor of a^T a: two ways that have nothing in common.
TEST_F(Factorisations, RIsTheCholeskyFactorOfTheGramMatrix) {
  const Tensor a = random_matrix(90, 40, 1);
  EXPECT_LT(distance(qr(a).r, transpose(cholesky(matmul(transpose(a), a)))), 1e-12);
}

TEST_F(Factorisations, ScaleDoesNotMatter) {
  const Tensor a = random_matrix(40, 40, 2);
  for (const double scale : {0x1p-900, 0x1p-500, 0x1p500, 0x1p900}) {
    EXPECT_TRUE(same_bits(qr(a * scale).q, qr(a).q));
    EXPECT_TRUE(same_bits(triangular_factor(a * scale), qr(a * scale).r));
    EXPECT_TRUE(same_bits(pivoted_qr(a * scale).r, pivoted_qr(a).r * scale));
  }
}

// The squares of the first column's elements are subnormal or zero, beside columns of the size of 1.
TEST_F(Factorisations, AColumnOfTinyElementsIsAColumnLikeOthers) {
  const Tensor a = random_matrix(40, 7, 8);
  const Qr expected = qr(a);
  for (const double size : {0x1p-500, 0x1p-530, 0x1p-540, 0x1p-600, 0x1p-900}) {
    const Qr found = qr(a * Tensor::from<double>({size, 1, 1, 1, 1, 1, 1}, {7}));
    EXPECT_TRUE(same_bits(found.q, expected.q)) << size;
  }
}

TEST_F(Factorisations, DeterminantsOfKnownMatrices) {
  EXPECT_EQ(determinant(eye(5)), 1);
  EXPECT_EQ(determinant(Tensor::from<double>({1, 2, 2, 4}, {2, 2})), 0);
  // Orders far beyond float64's range of products: 2^(1500) * 2^(-1500) = 1.
  std::vector<double> diagonal(3000, 2);
  std::fill(diagonal.begin(), diagonal.begin() + 1500, 0.5);
  std::vector<double> small(diagonal.begin() + 1400, diagonal.begin() + 1600);
  EXPECT_EQ(determinant(as_diagonal(Tensor::from<double>(small, {200}))), 1);
  const LogDeterminant none = log_determinant(Tensor::from<double>({1, 2, 2, 4}, {2, 2}));
  EXPECT_EQ(none.sign, 0);
  EXPECT_TRUE(std::isinf(none.logarithm) && none.logarithm < 0);
  EXPECT_EQ(log_determinant(eye(400) * -1e300).sign, 1);
  EXPECT_NEAR(log_determinant(eye(401) * -1e300).logarithm, 401 * 300 * std::log(10.0), 1e-9);
  EXPECT_EQ(log_determinant(eye(401) * -1e300).sign, -1);
  const Tensor definite = random_definite(30, 7);
  EXPECT_NEAR(cholesky_log_determinant(cholesky(definite)), log_determinant(definite).logarithm, 1e-11);
}

TEST_F(Factorisations, InverseOfTheInverse) {
  const Tensor a = random_matrix(70, 70, 8);
  EXPECT_LT(distance(matmul(inverse(a), a), eye(70)), 1e-11);
}

TEST_F(Factorisations, TheFirstLeadingMinorThatFailsIsNamed) {
  for (const std::int64_t minor : {1, 2, 17, 33, 50, 64}) {
    std::vector<double> values = eye(64).to_vector<double>();
    values[static_cast<std::size_t>((minor - 1) * 65)] = -0.25;
    const CholeskyAttempt attempt = try_cholesky(Tensor::from<double>(values, {64, 64}));
    EXPECT_EQ(attempt.failed_minor, minor);
    EXPECT_EQ(attempt.pivot, -0.25);
    EXPECT_FALSE(attempt.factor.defined());
  }
  EXPECT_EQ(message_of([] {
              cholesky(Tensor::from<double>({1, 2, 2, 1}, {2, 2}));
            }),
            "cholesky: the leading minor of order 2 is not positive definite (found pivot -3, expected a "
            "positive number)");
}

// Only a matrix that nobody else has is factored where it lies.
TEST_F(Factorisations, AMatrixThatSomebodyElseHasStaysWhatItWas) {
  const std::vector<double> values = {4, 2, 2, 5};
  Tensor a = Tensor::from<double>(values, {2, 2});
  const Tensor kept = a, factor = try_cholesky(std::move(a)).factor;
  EXPECT_EQ(kept.to_vector<double>(), values);
  EXPECT_EQ(factor.to_vector<double>(), (std::vector<double>{2, 0, 1, 2}));
  Tensor alone = Tensor::from<double>(values, {2, 2});
  EXPECT_EQ(try_cholesky(std::move(alone)).factor.to_vector<double>(), factor.to_vector<double>());
  EXPECT_EQ(try_cholesky(transpose(kept)).factor.to_vector<double>(), factor.to_vector<double>());
}

TEST_F(Factorisations, BadMatricesGetASentence) {
  const Tensor wide = zeros({2, 3}, DType::kFloat64), single = zeros({2, 2});
  const Tensor missing = Tensor::from<double>({1, 2, NAN, 4}, {2, 2});
  EXPECT_EQ(message_of([&] { lu(wide); }), "lu: a has shape [2, 3], expected a square matrix");
  EXPECT_EQ(message_of([&] { cholesky(single); }),
            "cholesky: a is of dtype float32, expected float64 (cast(x, DType::kFloat64) converts)");
  EXPECT_EQ(message_of([&] { qr(missing); }),
            "qr: found nan at row 1, column 0 of a, expected finite numbers");
  EXPECT_EQ(message_of([&] { qr(missing / 0.0); }),
            "qr: found inf at row 0, column 0 of a, expected finite numbers");
  EXPECT_EQ(message_of([&] {
              inverse(zeros({0, 0}, DType::kFloat64));
            }),
            "inverse: a has shape [0, 0], expected at least one row and one column");
  EXPECT_EQ(message_of([&] { pivoted_qr(zeros({3}, DType::kFloat64)); }),
            "pivoted_qr: a has shape [3], expected a matrix [rows, columns]");
  EXPECT_EQ(message_of([&] { determinant(Tensor{}); }),
            "determinant: a is an undefined tensor, expected a float64 matrix");
  EXPECT_EQ(message_of([&] { solve(eye(3), zeros({2}, DType::kFloat64)); }),
            "solve: b has 2 rows, expected 3 as the matrix");
  EXPECT_EQ(message_of([&] {
              solve(eye(3), zeros({3, 1, 1}, DType::kFloat64));
            }),
            "solve: b has shape [3, 1, 1], expected [3] or [3, right-hand sides]");
  EXPECT_EQ(message_of([&] {
              solve(zeros({2, 2}, DType::kFloat64), zeros({2}, DType::kFloat64));
            }),
            "solve: the matrix is singular: column 0 depends on those before it");
  EXPECT_EQ(message_of([&] {
              inverse(Tensor::from<double>({1, 2, 2, 4}, {2, 2}));
            }),
            "inverse: the matrix is singular: column 1 depends on those before it");
  EXPECT_EQ(message_of([&] {
              solve_triangular(zeros({2, 2}, DType::kFloat64), zeros({2}, DType::kFloat64));
            }),
            "solve_triangular: element (0, 0) of the diagonal is zero, so the matrix is singular");
}

}  // namespace
}  // namespace tessera::linalg
