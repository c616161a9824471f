// Eigenvalues, singular values and least squares: what they must satisfy for any matrix, and matrices whose answers are known.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tessera/linalg/eigen.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/linalg_test.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"

namespace tessera::linalg {
namespace {

constexpr double kFew = 40;  // in units of n * 2^-53

class Decompositions : public testing::Test {
 protected:
  Decompositions() { use_default_backend(); }
};

std::int64_t any_size() {
  return *rc::gen::element<std::int64_t>(1, 2, 3, 4, 5, 9, 16, 31, 32, 33, 34, 47, 64, 66, 97, 130);
}
std::uint64_t any_seed() {
  return *rc::gen::inRange<std::uint64_t>(1, 1000000);
}

// One of several structures that such algorithms have met their trouble with.
Tensor any_square(std::int64_t n, int kinds = 6) {
  const std::uint64_t seed = any_seed();
  const Tensor a = random_matrix(n, n, seed);
  switch (*rc::gen::inRange(0, kinds)) {
    case 0:
      return random_of_rank(n, n, (n + 1) / 2, seed);
    case 1:  // small integers, many equal and many zeros
      return cast(cast(a * 1.2, DType::kInt64), DType::kFloat64);
    case 2:  // nearly multiple eigenvalues
      return eye(n) * 3.0 + cast(less(a, -2.3), DType::kFloat64);
    case 5:  // rows of very different sizes
      return a * exp(random_matrix(n, 1, seed + 2) * 5.0);
    default:
      return a;
  }
}

RC_GTEST_FIXTURE_PROP(Decompositions, SymmetricEigen, ()) {
  const std::int64_t n = any_size();
  const Tensor half = any_square(n), a = half + transpose(half);
  const SymmetricEigen parts = symmetric_eigen(a);
  RC_ASSERT(skewness(parts.vectors) < kFew);
  RC_ASSERT(error_of(a, matmul(parts.vectors * parts.values, transpose(parts.vectors))) < kFew);
  const std::vector<double> values = parts.values.to_vector<double>();
  RC_ASSERT(std::is_sorted(values.begin(), values.end()));
  RC_ASSERT(same_bits(parts.values, symmetric_eigenvalues(a)));
}

RC_GTEST_FIXTURE_PROP(Decompositions, SingularValues, ()) {
  const std::int64_t m = any_size(), n = any_size();
  const Tensor square = any_square(std::max(m, n)), a = copy(square.slice({Range(0, m), Range(0, n)}));
  for (const Size size : {Size::kThin, Size::kFull}) {
    const Svd parts = svd(a, size);
    const std::int64_t k = std::min(m, n);
    RC_ASSERT(parts.u.size(1) == (size == Size::kThin ? k : m) &&
              parts.vt.size(0) == (size == Size::kThin ? k : n));
    RC_ASSERT(skewness(parts.u) < kFew && skewness(transpose(parts.vt)) < kFew);
    const Tensor u = parts.u.slice({Range::all(), Range(0, k)}), vt = parts.vt.slice({Range(0, k)});
    RC_ASSERT(error_of(a, matmul(u * parts.s, vt)) < kFew);
    const std::vector<double> s = parts.s.to_vector<double>();
    RC_ASSERT(std::is_sorted(s.rbegin(), s.rend()) && s.back() >= 0);
    RC_ASSERT(same_bits(parts.s, singular_values(a)));
  }
}

// a v = lambda v, in real arithmetic: the parts of both sides. (Balancing gives up a small residual where rows differ much in size: for
// small eigenvalues with all their digits.)
RC_GTEST_FIXTURE_PROP(Decompositions, GeneralEigen, ()) {
  const std::int64_t n = any_size();
  const Tensor a = any_square(n, 5);
  const Eigen parts = eigen(a);
  const Tensor &re = parts.vectors_real, &im = parts.vectors_imaginary;
  const Tensor real = re * parts.real - im * parts.imaginary,
               imaginary = im * parts.real + re * parts.imaginary;
  const double scale = kRoundoff * static_cast<double>(n) * std::max(1.0, largest_element(a)) *
                       std::sqrt(static_cast<double>(n));
  RC_ASSERT(distance(matmul(a, re), real) < kFew * scale);
  RC_ASSERT(distance(matmul(a, im), imaginary) < kFew * scale);
  RC_ASSERT(distance(sum(re * re + im * im, {0}), ones({n}, DType::kFloat64)) < 1e-13);
  const Eigen alone = eigenvalues(a);
  RC_ASSERT(same_bits(parts.real, alone.real) && same_bits(parts.imaginary, alone.imaginary));
  const std::vector<double> w = parts.imaginary.to_vector<double>(), r = parts.real.to_vector<double>();
  RC_ASSERT(std::is_sorted(r.begin(), r.end()));
  for (std::size_t i = 0; i < w.size(); ++i)
    if (w[i] > 0) RC_ASSERT(i + 1 < w.size() && w[i + 1] == -w[i] && r[i + 1] == r[i]);
}

TEST_F(Decompositions, TheTraceIsTheSumAndOrthogonalMatricesHaveModulusOne) {
  const Tensor a = random_matrix(120, 120, 3);
  EXPECT_NEAR(sum(eigenvalues(a).real).item<double>(), sum(a * eye(120)).item<double>(), 1e-11);
  const Eigen turn = eigenvalues(qr(a).q);
  const Tensor modulus = turn.real * turn.real + turn.imaginary * turn.imaginary;
  EXPECT_LT(distance(modulus, ones({120}, DType::kFloat64)), 1e-13);
}

// The polynomial (x - 1)(x - 2)...(x - 6): its companion matrix.
TEST_F(Decompositions, RootsOfAPolynomial) {
  const std::vector<double> coefficients = {-720, 1764, -1624, 735, -175, 21};  // of x^0 ... x^5, negated
  std::vector<double> companion(36);
  for (std::size_t i = 0; i < 6; ++i) companion[i * 6 + 5] = i == 0 ? coefficients[0] : coefficients[i];
  for (std::size_t i = 1; i < 6; ++i) companion[i * 6 + i - 1] = 1;
  const Eigen roots = eigenvalues(Tensor::from<double>(companion, {6, 6}));
  EXPECT_TRUE(roots.all_real());
  for (std::int64_t i = 0; i < 6; ++i)
    EXPECT_NEAR(roots.real.at<double>({i}), static_cast<double>(i + 1), 1e-9);
}

// Nearly multiple eigenvalues that lack eigenvectors: one of them takes more than 60 steps.
TEST_F(Decompositions, SlowConvergence) {
  const Tensor sparse = cast(less(random_matrix(130, 130, 223676), -2.3), DType::kFloat64);
  const Eigen found = eigen(eye(130) * 3.0 + sparse);
  EXPECT_NEAR(found.real.at<double>({0}), 2.065475083074368, 1e-9);  // as NumPy has it
  EXPECT_NEAR(found.real.at<double>({-1}), 4.2043667111376095, 1e-9);
}

// A symmetric matrix that grows towards its middle by many powers of ten: its first eigenvalue takes 93 steps.
TEST_F(Decompositions, SlowConvergenceOfASymmetricMatrix) {
  const Tensor sizes = exp(random_matrix(97, 1, 2511) * 5.0), half = random_symmetric(97, 2509);
  const Tensor product = half * sizes * transpose(sizes), a = (product + transpose(product)) * 0.5;
  const SymmetricEigen parts = symmetric_eigen(a);
  EXPECT_LT(skewness(parts.vectors), kFew);
  EXPECT_LT(error_of(a, matmul(parts.vectors * parts.values, transpose(parts.vectors))), kFew);
}

// A cyclic permutation: the n-th roots of one, on which unshifted iterations go in circles.
TEST_F(Decompositions, CyclicPermutation) {
  constexpr std::int64_t kN = 24;
  std::vector<double> cycle(kN * kN);
  for (std::int64_t i = 0; i < kN; ++i) cycle[static_cast<std::size_t>(i * kN + (i + 1) % kN)] = 1;
  const Eigen roots = eigenvalues(Tensor::from<double>(cycle, {kN, kN}));
  EXPECT_NEAR(roots.real.at<double>({0}), -1, 1e-14);
  EXPECT_NEAR(roots.real.at<double>({-1}), 1, 1e-14);
  EXPECT_NEAR(spectral_radius(Tensor::from<double>(cycle, {kN, kN})), 1, 1e-14);
}

// The second difference: eigenvalues 2 - 2 cos(k pi / (n + 1)).
TEST_F(Decompositions, SecondDifference) {
  constexpr std::int64_t kN = 50;
  std::vector<double> values(kN * kN);
  for (std::int64_t i = 0; i < kN; ++i) {
    values[static_cast<std::size_t>(i * kN + i)] = 2;
    if (i > 0)
      values[static_cast<std::size_t>(i * kN + i - 1)] = values[static_cast<std::size_t>((i - 1) * kN + i)] =
          -1;
  }
  const Tensor a = Tensor::from<double>(values, {kN, kN}), found = symmetric_eigenvalues(a);
  for (std::int64_t k = 0; k < kN; ++k)
    EXPECT_NEAR(found.at<double>({k}), 2 - 2 * std::cos(static_cast<double>(k + 1) * M_PI / (kN + 1)), 1e-14);
  EXPECT_LT(distance(eigenvalues(a).real, found), 1e-13);
}

TEST_F(Decompositions, ZeroAndExtremeScales) {
  const Tensor zero = zeros({4, 4}, DType::kFloat64), a = random_matrix(20, 20, 4), s = a + transpose(a);
  EXPECT_EQ(largest_element(symmetric_eigen(zero).values), 0);
  EXPECT_TRUE(same_bits(symmetric_eigen(zero).vectors, eye(4)));
  EXPECT_EQ(largest_element(eigen(zero).real), 0);
  EXPECT_TRUE(same_bits(eigen(zero).vectors_real, eye(4)));
  EXPECT_EQ(largest_element(svd(zero).s), 0);
  for (const double scale : {0x1p-900, 0x1p-300, 0x1p300, 0x1p900}) {
    EXPECT_TRUE(same_bits(symmetric_eigen(s * scale).values, symmetric_eigen(s).values * scale));
    EXPECT_TRUE(same_bits(svd(a * scale).s, svd(a).s * scale));
    EXPECT_TRUE(same_bits(pseudoinverse(a * scale), pseudoinverse(a) * (1 / scale)));
    EXPECT_TRUE(same_bits(eigen(a * scale).real, eigen(a).real * scale));
    EXPECT_TRUE(same_bits(eigen(a * scale).vectors_imaginary, eigen(a).vectors_imaginary));
  }
}

// Elements below the normal numbers: the inverse has some beyond the largest one, and nothing that is not a number.
TEST_F(Decompositions, PseudoinverseOfSubnormalMatrices) {
  const Tensor diagonal = Tensor::from<double>({0x1p-1030, 0, 0, 0x1p-1010}, {2, 2});
  EXPECT_EQ(pseudoinverse(diagonal).to_vector<double>(), (std::vector<double>{INFINITY, 0, 0, 0x1p1010}));
}

TEST_F(Decompositions, SignsAreDefined) {
  const Tensor a = random_matrix(9, 7, 5);
  const auto check = [](const Tensor& columns) {
    for (std::int64_t j = 0; j < columns.size(1); ++j) {
      double top = 0;
      for (std::int64_t i = 0; i < columns.size(0); ++i)
        if (std::abs(columns.at<double>({i, j})) > std::abs(top)) top = columns.at<double>({i, j});
      EXPECT_GT(top, 0) << "column " << j;
    }
  };
  check(svd(a, Size::kFull).u);
  check(svd(transpose(a)).u);
  check(symmetric_eigen(matmul(transpose(a), a)).vectors);
}

// ---- Least squares ----

RC_GTEST_FIXTURE_PROP(Decompositions, LeastSquaresIsThatOfThePseudoinverse, ()) {
  const std::int64_t m = any_size(), n = any_size(),
                     rank = *rc::gen::inRange<std::int64_t>(1, std::min(m, n) + 1);
  const Tensor a = random_of_rank(m, n, rank, any_seed()), b = random_matrix(m, 2, 3);
  const LeastSquares fit = least_squares(a, b);
  RC_ASSERT(fit.rank == rank);
  const Tensor expected = matmul(pseudoinverse(a), b);
  const std::vector<double> s = singular_values(a).to_vector<double>();
  const double condition = s.front() / s[static_cast<std::size_t>(rank - 1)];
  RC_ASSERT(distance(fit.solution, expected) <=
            100 * static_cast<double>(std::max(m, n)) * kRoundoff * condition * condition *
                (largest_element(expected) + largest_element(b) / s.front()));
  // The residuals are orthogonal to the columns.
  RC_ASSERT(
      largest_element(matmul(transpose(a), fit.residuals)) <=
      1e3 * kRoundoff * static_cast<double>(m + n) * largest_element(a) * static_cast<double>(m) *
          (largest_element(b) + largest_element(a) * largest_element(fit.solution) * static_cast<double>(n)));
}

TEST_F(Decompositions, CovarianceIsTheInverseOfTheGramMatrix) {
  const Tensor a = random_matrix(50, 6, 6) * Tensor::from<double>({1, 1e6, 1e-5, 1, 3, 1e3}, {6});
  const LeastSquares fit =
      least_squares(a, random_matrix(50, 1, 7), {.rank_tolerance = -1, .refine = false, .covariance = true});
  EXPECT_EQ(fit.rank, 6);
  EXPECT_LT(distance(matmul(fit.covariance, matmul(transpose(a), a)), eye(6)), 1e-4);
  const Tensor scaled_gram = matmul(transpose(a), a);
  for (std::int64_t i = 0; i < 6; ++i)
    EXPECT_GT(fit.covariance.at<double>({i, i}) * scaled_gram.at<double>({i, i}), 0.99);
}

// Hilbert's matrix of order 8 (condition 1.5e10) with a solution of ones: correction finds nearly all its digits, refinement all.
TEST_F(Decompositions, RefinementGivesAllDigits) {
  constexpr std::int64_t kN = 8;
  std::vector<double> hilbert, right;
  for (std::int64_t i = 0; i < kN + 3; ++i) {
    double total = 0;
    for (std::int64_t j = 0; j < kN; ++j) {
      hilbert.push_back(720720.0 * 17 * 19 / static_cast<double>(i + j + 1));  // integers up to 18
      total += hilbert.back();
    }
    right.push_back(total);
  }
  const Tensor a = Tensor::from<double>(hilbert, {kN + 3, kN}), b = Tensor::from<double>(right, {kN + 3});
  const LeastSquares plain = least_squares(a, b),
                     refined =
                         least_squares(a, b, {.rank_tolerance = -1, .refine = true, .covariance = false});
  EXPECT_LT(distance(plain.solution, ones({kN}, DType::kFloat64)), 1e-12);
  EXPECT_EQ(distance(refined.solution, ones({kN}, DType::kFloat64)), 0);
  EXPECT_GE(refined.refinements, 2);
}

TEST_F(Decompositions, BadMatricesGetASentence) {
  const Tensor skew = Tensor::from<double>({1, 2, 3, 4}, {2, 2});
  EXPECT_EQ(message_of([&] { symmetric_eigen(skew); }),
            "symmetric_eigen: a is not symmetric: found 3 at row 1, column 0 and 2 at row 0, column 1");
  EXPECT_EQ(message_of([&] {
              eigen(zeros({2, 3}, DType::kFloat64));
            }),
            "eigen: a has shape [2, 3], expected a square matrix");
  EXPECT_EQ(message_of([&] { svd(zeros({2}, DType::kFloat64)); }),
            "svd: a has shape [2], expected a matrix [rows, columns]");
  EXPECT_EQ(message_of([&] {
              least_squares(skew, skew, {.rank_tolerance = 2, .refine = false, .covariance = false});
            }),
            "least_squares: rank_tolerance is 2, expected a number below 1");
}

}  // namespace
}  // namespace tessera::linalg
