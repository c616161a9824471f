#include "tessera/linalg/randomized_svd.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/matrix.h"
#include "tessera/linalg/symmetric_eigen.h"

namespace tessera::linalg {
namespace {

using namespace internal;

void check_count(const Matrix& a, std::int64_t k, const char* function) {
  const std::int64_t most = std::min(a.rows(), a.columns());
  if (k < 1 || k > most)
    fail("{}: k is {}, expected 1 to {} for a matrix [{}, {}]", function, k, most, a.rows(), a.columns());
}

Matrix orthonormal(Matrix a) {
  const std::int64_t columns = std::min(a.rows(), a.columns());
  return factor_qr(std::move(a)).q.form(columns);
}

Matrix range_of(Matrix& a, std::int64_t k, RandomSource& random, std::string_view name,
                int power_iterations) {
  if (power_iterations < 0)
    fail("randomized_range: power_iterations is {}, expected 0 or more", power_iterations);
  Matrix start = read_matrix(random.normal(name, {a.columns(), k}, DType::kFloat64), "randomized_range");
  Matrix q = orthonormal(multiply(a.block(), start.block()));
  for (int i = 0; i < power_iterations; ++i) {
    Matrix other = orthonormal(multiply(a.block().transposed(), q.block()));
    q = orthonormal(multiply(a.block(), other.block()));
  }
  return q;
}

}  // namespace

Tensor randomized_range(const Tensor& a, std::int64_t k, RandomSource& random, std::string_view name,
                        int power_iterations) {
  const FloatEnvironment contract;
  Matrix matrix = read_matrix(a, "randomized_range");
  check_count(matrix, k, "randomized_range");
  scale_to_one(matrix);
  return to_tensor(range_of(matrix, k, random, name, power_iterations));
}

Svd randomized_svd(const Tensor& a, std::int64_t k, RandomSource& random, std::string_view name,
                   const RandomizedOptions& options) {
  const FloatEnvironment contract;
  Matrix matrix = read_matrix(a, "randomized_svd");
  check_count(matrix, k, "randomized_svd");
  if (options.oversampling < 0)
    fail("randomized_svd: oversampling is {}, expected 0 or more", options.oversampling);
  const int exponent = scale_to_one(matrix);
  const std::int64_t width = std::min(k + options.oversampling, std::min(matrix.rows(), matrix.columns()));
  Matrix q = range_of(matrix, width, random, name, options.power_iterations);
  const Svd small = svd(to_tensor(multiply(q.block().transposed(), matrix.block())));
  Matrix left = read_matrix(small.u, "randomized_svd"), right = read_matrix(small.vt, "randomized_svd");
  Matrix u = transposed(multiply(q.block(), left.block().part(0, 0, left.rows(), k)));
  Matrix vt(k, matrix.columns());
  std::vector<double> s;
  for (std::int64_t i = 0; i < k; ++i) {
    s.push_back(scaled(small.s.at<double>({i}), -exponent));
    std::copy_n(right.row(i), vt.columns(), vt.row(i));
    if (!turn_positive(u.row(i), u.columns())) continue;
    for (std::int64_t j = 0; j < vt.columns(); ++j) vt(i, j) = 0 - vt(i, j);
  }
  return {to_tensor(transposed(u)), to_tensor(s), to_tensor(vt)};
}

}  // namespace tessera::linalg
