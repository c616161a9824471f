// Some eigenvalues without the others: beside the whole decomposition, spectra with a formula, and the places where inverse iteration is known to fail.
#include "tessera/linalg/selected_eigen.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

#include "tessera/base/thread_pool.h"
#include "tessera/linalg/linalg_test.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"

namespace tessera::linalg {
namespace {

constexpr double kFew = 40;  // in units of n * 2^-53

class SelectedEigen : public testing::Test {
 protected:
  SelectedEigen() { use_default_backend(); }
};

Tensor tridiagonal(const std::vector<double>& diagonal, const std::vector<double>& beside) {
  const auto n = static_cast<std::int64_t>(diagonal.size());
  std::vector<double> values(diagonal.size() * diagonal.size());
  for (std::size_t i = 0; i < diagonal.size(); ++i) {
    values[i * diagonal.size() + i] = diagonal[i];
    if (i > 0) values[i * diagonal.size() + i - 1] = values[(i - 1) * diagonal.size() + i] = beside[i - 1];
  }
  return Tensor::from<double>(values, {n, n});
}

Tensor last_columns(const Tensor& a, std::int64_t k) {
  return copy(a.slice({Range::all(), Range(a.size(1) - k, a.size(1))}));
}

// ||a v - v values|| in units of n * 2^-53 * ||a||.
double residual(const Tensor& a, const SymmetricEigen& found) {
  return distance(matmul(a, found.vectors), found.vectors * found.values) /
         (kRoundoff * static_cast<double>(a.size(0)) * std::max(largest_element(a), 1e-300));
}

// What must hold for the k pairs at either end of any matrix.
void check_both_ends(const Tensor& a, std::int64_t k) {
  const std::int64_t n = a.size(0);
  const Tensor all = symmetric_eigenvalues(a);
  for (const bool largest : {true, false}) {
    const SymmetricEigen found = largest ? largest_symmetric_eigen(a, k) : smallest_symmetric_eigen(a, k);
    ASSERT_EQ(found.values.shape(), (Shape{k}));
    ASSERT_EQ(found.vectors.shape(), (Shape{n, k}));
    if (k == 0) continue;
    const std::vector<double> values = found.values.to_vector<double>();
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    const std::int64_t first = largest ? n - k : 0;
    EXPECT_LT(distance(found.values, copy(all.slice({Range(first, first + k)}))),
              kFew * kRoundoff * static_cast<double>(n) * std::max(largest_element(a), 1e-300));
    EXPECT_LT(skewness(found.vectors), kFew);
    EXPECT_LT(residual(a, found), kFew);
    for (std::int64_t j = 0; j < k; ++j) {
      double top = 0;
      for (std::int64_t i = 0; i < n; ++i)
        if (std::abs(found.vectors.at<double>({i, j})) > std::abs(top))
          top = found.vectors.at<double>({i, j});
      EXPECT_GT(top, 0) << "column " << j;
    }
  }
}

RC_GTEST_FIXTURE_PROP(SelectedEigen, TheEndsOfTheWholeDecomposition, ()) {
  const std::int64_t n = *rc::gen::element<std::int64_t>(1, 2, 8, 9, 16, 33, 40, 64, 66, 97, 130);
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000000);
  const std::int64_t k = std::min(n, *rc::gen::inRange<std::int64_t>(0, n / 8 + 2));
  Tensor a = random_symmetric(n, seed);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:  // few values that are not 0
      a = random_of_rank(n, n, (n + 9) / 10, seed);
      a = matmul(a, transpose(a));
      break;
    case 1:  // small integers, many equal and many zeros
      a = cast(cast(a * 0.7, DType::kInt64), DType::kFloat64);
      break;
    case 2: {  // rows of very different sizes
      const Tensor sizes = exp(random_matrix(n, 1, seed + 2) * 5.0);
      a = a * sizes * transpose(sizes);
      break;
    }
    default:
      break;
  }
  check_both_ends((a + transpose(a)) * 0.5, k);
}

TEST_F(SelectedEigen, ManyPairsAreTheBitsOfTheWholeDecomposition) {
  const Tensor a = random_symmetric(40, 3);
  const SymmetricEigen all = symmetric_eigen(a);
  for (const std::int64_t k : {6, 20, 40}) {
    const SymmetricEigen largest = largest_symmetric_eigen(a, k), smallest = smallest_symmetric_eigen(a, k);
    EXPECT_TRUE(same_bits(largest.vectors, last_columns(all.vectors, k)));
    EXPECT_TRUE(same_bits(smallest.values, copy(all.values.slice({Range::to(k)}))));
  }
}

// The second difference: eigenvalues 2 - 2 cos(k pi / (n + 1)), vectors sin(i k pi / (n + 1)).
TEST_F(SelectedEigen, SecondDifference) {
  constexpr std::int64_t kN = 300, kK = 12;
  const Tensor a = tridiagonal(std::vector<double>(kN, 2), std::vector<double>(kN - 1, -1));
  const SymmetricEigen low = smallest_symmetric_eigen(a, kK), high = largest_symmetric_eigen(a, kK);
  for (std::int64_t k = 1; k <= kK; ++k) {
    const double angle = static_cast<double>(k) * M_PI / (kN + 1);
    EXPECT_NEAR(low.values.at<double>({k - 1}), 2 - 2 * std::cos(angle), 4e-15);
    EXPECT_NEAR(high.values.at<double>({kK - k}), 2 + 2 * std::cos(angle), 4e-15);
    double product = 0;
    for (std::int64_t i = 0; i < kN; ++i)
      product += low.vectors.at<double>({i, k - 1}) * std::sin(static_cast<double>(i + 1) * angle);
    EXPECT_NEAR(std::abs(product), std::sqrt((kN + 1) / 2.0), 1e-9);
  }
}

// Wilkinson's matrices of order 21, whose largest values come in pairs that agree to all digits; and ten of them glued together, whose
// values come in clusters of 20 (Parlett: on these, vectors of inverse iteration have come out parallel).
TEST_F(SelectedEigen, Clusters) {
  std::vector<double> diagonal, beside;
  for (int matrix = 0; matrix < 10; ++matrix)
    for (int i = -10; i <= 10; ++i) {
      diagonal.push_back(std::abs(i));
      beside.push_back(i < 10 ? 1 : 1e-9);
    }
  beside.back() = 0;
  const std::vector<double> values = internal::bisect_eigenvalues(diagonal, beside, 184, 26);
  EXPECT_TRUE(internal::inverse_iteration(diagonal, beside, values)) << "and not the whole decomposition";
  const Tensor glued = tridiagonal(diagonal, beside);
  check_both_ends(glued, 26);
  EXPECT_NEAR(largest_symmetric_eigen(glued, 1).values.at<double>({0}), 10.746194182903393,
              1e-8);  // Wilkinson (1965)
  const Tensor turn = qr(random_matrix(210, 210, 8)).q;
  const Tensor full = matmul(matmul(turn, glued), transpose(turn));
  check_both_ends((full + transpose(full)) * 0.5, 26);
}

// Values that are equal: any basis of their space is right.
TEST_F(SelectedEigen, Multiples) {
  check_both_ends(eye(80), 10);
  check_both_ends(eye(80) * -3.0, 10);
  check_both_ends(zeros({80, 80}, DType::kFloat64), 10);
  const Tensor plane = qr(random_matrix(80, 6, 4)).q;
  const Tensor projection = matmul(plane, transpose(plane));
  check_both_ends(projection, 10);
  const SymmetricEigen found = largest_symmetric_eigen(projection, 6);
  EXPECT_LT(distance(matmul(found.vectors, transpose(found.vectors)), projection), 1e-13);
  check_both_ends(tridiagonal({5, 5, 5, 5, 5, 5, 5, 5}, {0, 0, 0, 1e-20, 0, 0, 0}), 1);
  check_both_ends(ones({64, 64}, DType::kFloat64), 8);
}

TEST_F(SelectedEigen, ExtremeScales) {
  const Tensor a = random_symmetric(48, 4);
  const SymmetricEigen found = largest_symmetric_eigen(a, 5);
  for (const double scale : {0x1p-900, 0x1p-300, 0x1p300, 0x1p900}) {
    const SymmetricEigen scaled = largest_symmetric_eigen(a * scale, 5);
    EXPECT_TRUE(same_bits(scaled.values, found.values * scale));
    EXPECT_TRUE(same_bits(scaled.vectors, found.vectors));
  }
}

// So large that the reduction's products are shared out.
TEST_F(SelectedEigen, TheSameBitsOnAnyNumberOfThreads) {
  const Tensor a = random_symmetric(650, 5);
  const int threads = thread_count();
  set_thread_count(1);
  const SymmetricEigen expected = largest_symmetric_eigen(a, 9);
  for (const int count : {2, 3, 7}) {
    set_thread_count(count);
    const SymmetricEigen found = largest_symmetric_eigen(a, 9);
    EXPECT_TRUE(same_bits(found.values, expected.values) && same_bits(found.vectors, expected.vectors))
        << count;
  }
  set_thread_count(threads);
  EXPECT_LT(skewness(expected.vectors), kFew);
  EXPECT_LT(residual(a, expected), kFew);
}

TEST_F(SelectedEigen, BadArgumentsGetASentence) {
  const Tensor a = eye(3);
  EXPECT_EQ(message_of([&] { largest_symmetric_eigen(a, 4); }),
            "largest_symmetric_eigen: k is 4, expected 0 to 3 for a matrix [3, 3]");
  EXPECT_EQ(message_of([&] { smallest_symmetric_eigen(a, -1); }),
            "smallest_symmetric_eigen: k is -1, expected 0 to 3 for a matrix [3, 3]");
  EXPECT_EQ(message_of([&] { smallest_symmetric_eigen(a * std::numeric_limits<double>::quiet_NaN(), 1); }),
            "smallest_symmetric_eigen: found nan at row 0, column 0 of a, expected finite numbers");
  EXPECT_EQ(
      message_of([] {
        largest_symmetric_eigen(Tensor::from<double>({1, 2, 3, 4}, {2, 2}), 1);
      }),
      "largest_symmetric_eigen: a is not symmetric: found 3 at row 1, column 0 and 2 at row 0, column 1");
}

RC_GTEST_FIXTURE_PROP(SelectedEigen, RightSingularVectorsAreThoseOfTheWholeDecomposition, ()) {
  const std::int64_t m = *rc::gen::element<std::int64_t>(1, 2, 5, 16, 33, 70, 130),
                     n = *rc::gen::element<std::int64_t>(1, 2, 5, 16, 33, 70, 130);
  const Tensor a = random_matrix(m, n, *rc::gen::inRange<std::uint64_t>(1, 1000000));
  const Svd whole = svd(a);
  const RightSingularVectors right = right_singular_vectors(a);
  RC_ASSERT(same_bits(right.s, whole.s));
  const Tensor at = argmax(absolute(whole.vt), 1, true), tops = take_along(whole.vt, at, 1);
  RC_ASSERT(distance(right.vt, whole.vt * sign(tops)) == 0);
}

}  // namespace
}  // namespace tessera::linalg
