// What LAPACK, by way of NumPy and SciPy, says of the same matrices (linalg_facts.py).
#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/conjugate_gradients.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/linalg_test.h"
#include "tessera/linalg/lu.h"
#include "tessera/linalg/matrix_power.h"
#include "tessera/linalg/norms.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/randomized_svd.h"
#include "tessera/linalg/symmetric_eigen.h"

namespace tessera::linalg {
namespace {

struct Fact {
  int matrix;
  std::string name;
  std::vector<double> values;
};
const std::vector<Fact>& facts() {
  static const std::vector<Fact> all = {
#include "tessera/linalg/linalg_facts_test.inc"
  };
  return all;
}

Tensor matrix(std::int64_t k, std::int64_t rows, std::int64_t columns) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      values.push_back(
          static_cast<double>((7 * i + 13 * j + 5 * i * j + 3 * k + i * i * i + i * j * j) % 101 - 50) / 16);
  return Tensor::from<double>(values, {rows, columns});
}

std::vector<double> row(const Tensor& a, std::int64_t i) {
  return copy(slice(a, {Range(i)})).to_vector<double>();
}
std::vector<double> column(const Tensor& a, std::int64_t j) {
  return row(transpose(a), j);
}

class LinalgFacts : public testing::Test {
 protected:
  LinalgFacts() { use_default_backend(); }

  void expect(const std::string& name, const std::vector<double>& found, double tolerance = 1e-11) {
    const auto fact = std::find_if(facts().begin(), facts().end(),
                                   [&](const Fact& f) { return f.matrix == matrix_ && f.name == name; });
    ASSERT_NE(fact, facts().end()) << matrix_ << " " << name;
    ASSERT_EQ(found.size(), fact->values.size()) << matrix_ << " " << name;
    double top = 0;
    for (const double x : fact->values) top = std::max(top, std::abs(x));
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i], fact->values[i], tolerance * top)
          << "matrix " << matrix_ << ", " << name << ", element " << i;
    ++compared_;
  }

  void square(const Tensor& a) {
    const std::int64_t n = a.size(0);
    const Tensor definite = matmul(a, transpose(a)) + eye(n), right = arange(n, DType::kFloat64) + 1;
    const LogDeterminant logarithm = log_determinant(a);
    expect("determinant", {determinant(a), static_cast<double>(logarithm.sign), logarithm.logarithm});
    expect("solve", solve(a, right).to_vector<double>(), 1e-10);
    expect("inverse", row(inverse(a), 0), 1e-10);
    expect("cholesky", row(cholesky(definite), n - 1));
    const SymmetricEigen symmetric = symmetric_eigen(a + transpose(a));
    expect("symmetric values", symmetric.values.to_vector<double>());
    expect("symmetric vector", column(symmetric.vectors, n - 1));
    const Eigen values = eigenvalues(a);
    std::vector<double> pairs;
    for (std::int64_t i = 0; i < n; ++i) {
      pairs.push_back(values.real.at<double>({i}));
      pairs.push_back(values.imaginary.at<double>({i}));
    }
    expect("eigenvalues", pairs);
    std::vector<double> tenths(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < tenths.size(); ++i) tenths[i] = std::pow(10.0, -static_cast<double>(i));
    const std::vector<double> graded =
        eigen(definite * Tensor::from<double>(tenths, {n, 1})).real.to_vector<double>();
    expect("graded eigenvalues", {graded.end() - 3, graded.end()});
    expect("power", row(matrix_power(a, 5), 0), 1e-13);
    EXPECT_LT(distance(EigenbasisPowers(a).power(5), matrix_power(a, 5)),
              1e-10 * largest_element(matrix_power(a, 5)));
    EXPECT_LT(distance(EigenbasisPowers(a).power(-3), matrix_power(a, -3)),
              1e-7 * largest_element(matrix_power(a, -3)));
  }

  void any_shape(const Tensor& a) {
    expect("norms",
           {norm(a), norm(a, Norm::kOne), norm(a, Norm::kInfinity), norm(a, Norm::kTwo),
            norm(a, Norm::kNuclear), condition_number(a)},
           1e-10);
    expect("singular values", singular_values(a).to_vector<double>());
    expect("left vector", column(svd(a).u, 0));
    expect("r", row(qr(a).r, 0));
    const std::vector<std::int64_t> permutation = pivoted_qr(a).permutation;
    expect("permutation", {permutation.begin(), permutation.end()});
    const Tensor right = arange(a.size(0), DType::kFloat64) + 1;
    expect("least squares", least_squares(a, right).solution.to_vector<double>(), 1e-10);
    const Tensor more = slice(a, {Range::all(), Range(0, 2)}) - slice(a, {Range::all(), Range(1, 3)});
    const Tensor deficient = concatenate({a, more}, 1);
    expect("deficient", least_squares(deficient, right).solution.to_vector<double>(), 1e-10);
    expect("rank", {static_cast<double>(rank(deficient))});
    EXPECT_EQ(least_squares(deficient, right).rank, rank(deficient));
    expect("pseudoinverse", row(pseudoinverse(deficient), 0), 1e-10);
  }

  int matrix_ = 0;
  std::size_t compared_ = 0;
};

TEST_F(LinalgFacts, AgreeWithLapack) {
  const std::vector<std::array<std::int64_t, 3>> cases = {{1, 5, 5}, {2, 8, 8}, {3, 12, 12},
                                                          {4, 9, 4}, {5, 4, 9}, {6, 40, 40}};
  for (const auto& [k, rows, columns] : cases) {
    matrix_ = static_cast<int>(k);
    const Tensor a = matrix(k, rows, columns);
    if (rows == columns) square(a);
    any_shape(a);
  }
  EXPECT_EQ(compared_, facts().size());
}

// ---- What has no counterpart there ----

TEST_F(LinalgFacts, PowersByTheEigenbasis) {
  const Tensor turn = Tensor::from<double>({0, -1, 1, 0}, {2, 2});
  EXPECT_LT(distance(EigenbasisPowers(turn).power(7), matrix_power(turn, 3)), 1e-15);
  EXPECT_LT(distance(EigenbasisPowers(turn).power(1000001), turn), 1e-9);
  EXPECT_TRUE(same_bits(matrix_power(turn, 0), eye(2)));
  EXPECT_LT(distance(matrix_power(turn, -1), transpose(turn)), 1e-15);
  EXPECT_EQ(message_of([] {
              EigenbasisPowers(Tensor::from<double>({1, 1, 0, 1}, {2, 2}));
            }).substr(0, 69),
            "EigenbasisPowers: the eigenvectors of a do not span the space (their ");
  EXPECT_EQ(message_of([] {
              EigenbasisPowers(Tensor::from<double>({1, 0, 0, 0}, {2, 2})).power(-1);
            }),
            "EigenbasisPowers: eigenvalue 0 is 0, so there is no power -1");
}

TEST_F(LinalgFacts, Definiteness) {
  const auto kind = [](std::vector<double> diagonal) {
    return definiteness(
        as_diagonal(Tensor::from<double>(diagonal, {static_cast<std::int64_t>(diagonal.size())})));
  };
  EXPECT_EQ(kind({1, 2}), Definiteness::kPositiveDefinite);
  EXPECT_EQ(kind({1, 0}), Definiteness::kPositiveSemidefinite);
  EXPECT_EQ(kind({-1, -2}), Definiteness::kNegativeDefinite);
  EXPECT_EQ(kind({-1, 0}), Definiteness::kNegativeSemidefinite);
  EXPECT_EQ(kind({-1, 0, 1}), Definiteness::kIndefinite);
  EXPECT_EQ(kind({0, 0}), Definiteness::kZero);
  // What rounding leaves of a singular matrix is zero; the Cholesky factorisation cannot tell.
  const Tensor low = random_of_rank(12, 12, 5, 3);
  EXPECT_EQ(definiteness(matmul(low, transpose(low))), Definiteness::kPositiveSemidefinite);
  EXPECT_EQ(definiteness_name(Definiteness::kIndefinite), "indefinite");
}

TEST_F(LinalgFacts, RandomizedSvd) {
  const Tensor q = qr(random_matrix(120, 30, 1)).q, w = qr(random_matrix(80, 30, 2)).q;
  const Tensor falling = exp(arange(30, DType::kFloat64) * -1.0), a = matmul(q * falling, transpose(w));
  RandomSource random(5), again(5);
  const Svd found = randomized_svd(a, 8, random, "svd"), exact = svd(a);
  EXPECT_LT(distance(found.s, slice(exact.s, {Range(0, 8)})), 1e-14);
  EXPECT_LT(distance(found.u, slice(exact.u, {Range::all(), Range(0, 8)})), 1e-11);
  EXPECT_LT(distance(found.vt, slice(exact.vt, {Range(0, 8)})), 1e-11);
  EXPECT_TRUE(same_bits(randomized_svd(a, 8, again, "svd").vt, found.vt));
  EXPECT_LT(skewness(randomized_range(a, 10, random, "range")), 20);
  EXPECT_EQ(message_of([&] { randomized_svd(a, 81, random, "more"); }),
            "randomized_svd: k is 81, expected 1 to 80 for a matrix [120, 80]");
}

TEST_F(LinalgFacts, ConjugateGradients) {
  const Tensor a = random_definite(60, 4), b = copy(slice(random_matrix(60, 1, 5), {Range::all(), Range(0)}));
  const auto product = [&](const Tensor& x) { return matmul(a, x); };
  const ConjugateGradients found = conjugate_gradients(product, b, {.tolerance = 1e-12, .most_steps = 1000});
  EXPECT_TRUE(found.converged);
  EXPECT_LT(distance(found.solution, solve(a, b)), 1e-9 * largest_element(found.solution));
  EXPECT_EQ(conjugate_gradients(product, b * 0.0).steps, 0);
  EXPECT_FALSE(conjugate_gradients(product, b, {.tolerance = 1e-12, .most_steps = 2}).converged);
  EXPECT_EQ(message_of(
                [&] { conjugate_gradients([](const Tensor& x) { return -x; }, ones({1}, DType::kFloat64)); }),
            "conjugate_gradients: found p . a p = -1 at step 1, expected a positive number: the matrix is "
            "not positive definite");
  EXPECT_EQ(message_of([&] { conjugate_gradients([](const Tensor& x) { return sum(x); }, b); }),
            "conjugate_gradients: the product gave float64 [], expected float64 [60]");
}

}  // namespace
}  // namespace tessera::linalg
