// Linear algebra by the clock: bench/linalg.py runs this beside NumPy and SciPy and prints both.
//
//   tessera_bench_linalg THREADS SIZE...     prints "method size milliseconds", the best of some repetitions, and "residual ..." lines
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/eigen.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/lu.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/linalg/triangular.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace {

using namespace tessera;

double seconds(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(const char* method, std::int64_t size, const std::function<void()>& body) {
  double best = seconds(body), total = best;
  for (int i = 0; i < 50 && total < 0.6; ++i) {
    const double taken = seconds(body);
    best = std::min(best, taken);
    total += taken;
  }
  std::printf("%s %lld %.4f\n", method, static_cast<long long>(size), best * 1e3);
  std::fflush(stdout);
}

void measure_all(std::int64_t n) {
  RandomSource random(1);
  const Tensor a = random.normal("a", {n, n}, DType::kFloat64),
               b = random.normal("b", {n, n}, DType::kFloat64);
  const Tensor symmetric = copy(a + transpose(a)), definite = matmul(a, transpose(a)),
               l = linalg::cholesky(definite);
  const Tensor tall = random.normal("tall", {10 * n, n / 10}, DType::kFloat64),
               right = random.normal("right", {10 * n}, DType::kFloat64);
  measure("matmul", n, [&] { matmul(a, b); });
  measure("triangular", n, [&] { linalg::solve_triangular(l, b); });
  measure("cholesky", n, [&] { linalg::cholesky(definite); });
  measure("lu", n, [&] { linalg::lu(a); });
  measure("solve", n, [&] { linalg::solve(a, b); });
  measure("inverse", n, [&] { linalg::inverse(a); });
  measure("qr", n, [&] { linalg::qr(a); });
  measure("pivoted_qr", n, [&] { linalg::pivoted_qr(a); });
  measure("least_squares", n, [&] { linalg::least_squares(tall, right); });
  measure("symmetric_eigenvalues", n, [&] { linalg::symmetric_eigenvalues(symmetric); });
  measure("symmetric_eigen", n, [&] { linalg::symmetric_eigen(symmetric); });
  measure("largest_two_eigen", n, [&] { linalg::largest_symmetric_eigen(symmetric, 2); });
  measure("singular_values", n, [&] { linalg::singular_values(a); });
  measure("svd", n, [&] { linalg::svd(a); });
  measure("eigenvalues", n, [&] { linalg::eigenvalues(a); });
  measure("eigen", n, [&] { linalg::eigen(a); });
}

}  // namespace

int main(int count, char** arguments) {
  use_default_backend();
  set_thread_count(count > 1 ? std::max(1, std::atoi(arguments[1])) : 2);
  for (int i = 2; i < count; ++i) measure_all(std::max(10, std::atoi(arguments[i])));
}
