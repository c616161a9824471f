// The same bits on every backend, vector width and number of threads. (Over compilers, builds and Arm: the selftest, whose cases
// linalg.* hold the digests.)
#include <gtest/gtest.h>

#include <functional>

#include "tessera/base/thread_pool.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/conjugate_gradients.h"
#include "tessera/linalg/eigen.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/linalg_test.h"
#include "tessera/linalg/lu.h"
#include "tessera/linalg/matrix_power.h"
#include "tessera/linalg/nonlinear_least_squares.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/randomized_svd.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/linalg/triangular.h"

namespace tessera::linalg {
namespace {

// Every result of the room for matrices of these sizes, in one list.
std::vector<Tensor> results(std::int64_t m, std::int64_t n) {
  const Tensor a = random_matrix(n, n, 1), tall = random_matrix(m, n, 2), b = random_matrix(n, 3, 3);
  const Tensor low = random_of_rank(m, n, n / 2, 4), symmetric = copy(a + transpose(a)),
               l = cholesky(random_definite(n, 5));
  std::vector<Tensor> all = {l,          cholesky_solve(l, b), solve(a, b),
                             inverse(a), lu(a).factors,        matrix_power(a, 5)};
  const auto add = [&](std::initializer_list<Tensor> more) { all.insert(all.end(), more); };
  const Qr plain = qr(tall, Size::kFull);
  const PivotedQr pivoted = pivoted_qr(low);
  const SymmetricEigen ascending = symmetric_eigen(symmetric),
                       largest = largest_symmetric_eigen(symmetric, std::max<std::int64_t>(1, n / 8)),
                       smallest = smallest_symmetric_eigen(symmetric, 1);
  const Eigen general = eigen(a);
  const Svd parts = svd(tall), wide = svd(transpose(low), Size::kFull);
  const RightSingularVectors right_alone = right_singular_vectors(tall),
                             wide_alone = right_singular_vectors(transpose(low));
  const Tensor right = random_matrix(m, 2, 6);
  const LeastSquares fit =
      least_squares(tall, right, {.rank_tolerance = -1, .refine = true, .covariance = true});
  const LeastSquares shortest = least_squares(low, right);
  RandomSource random(7);
  const Svd sketched = randomized_svd(low, n / 2, random, "sketch");
  add({plain.q, plain.r, pivoted.q, pivoted.r, ascending.values, ascending.vectors, general.real,
       general.imaginary});
  add({general.vectors_real, general.vectors_imaginary, parts.u, parts.s, parts.vt, wide.u, wide.s, wide.vt});
  add({largest.values, largest.vectors, smallest.values, smallest.vectors, right_alone.vt, wide_alone.s,
       wide_alone.vt});
  add({fit.solution, fit.covariance, shortest.solution, shortest.residuals, sketched.u, sketched.s,
       sketched.vt});
  const VectorFunction curved = [&](const Tensor& p) {
    const Tensor line = reshape(matmul(tall, reshape(p, {n, 1})), {m});
    return line + tanh(line) - reshape(copy(slice(right, {Range::all(), Range(0, 1)})), {m});
  };
  const NonlinearLeastSquares bent =
      nonlinear_least_squares(curved, numerical_jacobian(curved), zeros({n}, DType::kFloat64));
  add({bent.solution, bent.residuals, bent.covariance});
  return all;
}

void expect_same(const std::vector<Tensor>& found, const std::vector<Tensor>& expected,
                 const std::string& where) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(same_bits(found[i], expected[i])) << where << ", result " << i;
}

TEST(LinalgBits, EveryBackendWidthAndThreadCount) {
  const int threads = thread_count();
  for (const auto& [m, n] : {std::pair<std::int64_t, std::int64_t>{9, 7}, {80, 67}, {150, 41}}) {
    use_backend("reference");
    set_thread_count(1);
    const std::vector<Tensor> expected = results(m, n);
    std::vector<std::string> levels = available_simd_levels();
    levels.emplace_back("reference");
    for (const std::string& level : levels)
      for (const int count : {1, 2, 3, 7}) {
        use_backend(level == "reference" ? "reference" : "cpu");
        if (level != "reference") use_simd_level(level);
        set_thread_count(count);
        expect_same(results(m, n), expected, fmt::format("[{}, {}], {}, {} threads", m, n, level, count));
      }
  }
  use_backend("cpu");
  use_simd_level("");
  use_default_backend();
  set_thread_count(threads);
}

// Larger than what one task takes, so that loops are cut.
TEST(LinalgBits, LargeMatricesOnSeveralThreads) {
  use_default_backend();
  const int threads = thread_count();
  set_thread_count(1);
  const std::vector<Tensor> expected = results(300, 260);
  for (const int count : {2, 5}) {
    set_thread_count(count);
    expect_same(results(300, 260), expected, fmt::format("{} threads", count));
  }
  set_thread_count(threads);
}

}  // namespace
}  // namespace tessera::linalg
