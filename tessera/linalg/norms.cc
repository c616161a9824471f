#include "tessera/linalg/norms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tessera/base/float_environment.h"
#include "tessera/linalg/matrix.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::linalg {
namespace {

using namespace internal;

double largest_row_sum(const Matrix& a) {
  double top = 0;
  for (std::int64_t i = 0; i < a.rows(); ++i) {
    std::vector<double> sizes(a.row(i), a.row(i) + a.columns());
    for (double& x : sizes) x = std::abs(x);
    top = std::max(top, numerics::sum(std::span<const double>(sizes)));
  }
  return top;
}

}  // namespace

double norm(const Tensor& a, Norm kind) {
  const FloatEnvironment contract;
  Matrix matrix = read_matrix(a, "norm");
  switch (kind) {
    case Norm::kFrobenius: {
      const int exponent = scale_to_one(matrix);
      return scaled(numerics::sqrt(numerics::sum_of_squares(std::span<const double>(matrix.elements()))),
                    -exponent);
    }
    case Norm::kOne:
      return largest_row_sum(transposed(matrix));
    case Norm::kInfinity:
      return largest_row_sum(matrix);
    case Norm::kTwo:
      return singular_values(a).at<double>({0});
    case Norm::kNuclear: {
      const std::vector<double> values = singular_values(a).to_vector<double>();
      return numerics::sum(std::span<const double>(values));
    }
  }
  return 0;
}

double condition_number(const Tensor& a) {
  const FloatEnvironment contract;
  read_matrix(a, "condition_number");
  const std::vector<double> values = singular_values(a).to_vector<double>();
  return values.back() == 0 ? std::numeric_limits<double>::infinity() : values.front() / values.back();
}

std::int64_t rank(const Tensor& a, double tolerance) {
  const FloatEnvironment contract;
  read_matrix(a, "rank");
  const std::vector<double> values = singular_values(a).to_vector<double>();
  const double least = rank_tolerance_or_default(tolerance, a.size(0), a.size(1)) * values.front();
  return std::count_if(values.begin(), values.end(), [&](double x) { return x > least; });
}

std::string_view definiteness_name(Definiteness kind) {
  constexpr std::array<std::string_view, 6> kNames = {"positive definite", "positive semidefinite",
                                                      "negative definite", "negative semidefinite",
                                                      "indefinite",        "zero"};
  return kNames[static_cast<std::size_t>(kind)];
}

Definiteness definiteness_of_eigenvalues(const Tensor& values) {
  const FloatEnvironment contract;
  const std::vector<double> list = values.to_vector<double>();
  const auto n = static_cast<std::int64_t>(list.size());
  const double least = static_cast<double>(n) * 0x1p-52 * largest(list.data(), n);
  const auto above = std::count_if(list.begin(), list.end(), [&](double x) { return x > least; });
  const auto below = std::count_if(list.begin(), list.end(), [&](double x) { return x < -least; });
  if (above > 0 && below > 0) return Definiteness::kIndefinite;
  if (above > 0) return above == n ? Definiteness::kPositiveDefinite : Definiteness::kPositiveSemidefinite;
  if (below > 0) return below == n ? Definiteness::kNegativeDefinite : Definiteness::kNegativeSemidefinite;
  return Definiteness::kZero;
}

Definiteness definiteness(const Tensor& a) {
  const FloatEnvironment contract;
  read_symmetric(a, "definiteness");
  return definiteness_of_eigenvalues(symmetric_eigenvalues(a));
}

}  // namespace tessera::linalg
