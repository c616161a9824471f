#include "tessera/learn/extrapolation.h"

#include <cmath>
#include <cstdint>

#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/matrix.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn::internal {

namespace {

constexpr double kRegularised = 1e-12;  // share of the products' trace: steps become parallel

using Lines = std::vector<std::vector<double>>;

std::vector<double> combined(const Lines& lines, const std::vector<double>& weights) {
  std::vector<double> sum(lines.front().size(), 0.0);
  for (std::size_t i = 0; i < lines.size(); ++i)
    linalg::internal::add_scaled(weights[i], lines[i].data(), sum.data(),
                                 static_cast<std::int64_t>(sum.size()));
  return sum;
}

// Of steps: products' inverse times ones, scaled to add up to 1. None where the steps say nothing.
std::vector<double> weights_of(const Lines& steps) {
  const auto count = static_cast<std::int64_t>(steps.size());
  std::vector<double> products;
  double trace = 0;
  for (const auto& a : steps)
    for (const auto& b : steps)
      products.push_back(linalg::internal::dot(a.data(), b.data(), static_cast<std::int64_t>(a.size())));
  for (std::int64_t i = 0; i < count; ++i) trace += products[static_cast<std::size_t>(i * count + i)];
  if (!(trace > 0) || !std::isfinite(trace)) return {};
  for (std::int64_t i = 0; i < count; ++i)
    products[static_cast<std::size_t>(i * count + i)] += kRegularised * trace;
  const auto attempt = linalg::try_cholesky(Tensor::from(products, {count, count}));
  if (!attempt.factor.defined()) return {};
  std::vector<double> weights =
      linalg::cholesky_solve(attempt.factor, ones({count}, DType::kFloat64)).to_vector<double>();
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight /= sum;
  return std::isfinite(weights.front()) ? weights : std::vector<double>{};
}

}  // namespace

Extrapolation::Point Extrapolation::take() {
  Lines steps, ats, linears;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    std::vector<double> step = points_[i].at;
    for (std::size_t j = 0; j < step.size(); ++j) step[j] -= points_[i - 1].at[j];
    steps.push_back(std::move(step));
  }
  for (std::size_t i = 1; i < points_.size(); ++i) {
    ats.push_back(std::move(points_[i].at));
    linears.push_back(std::move(points_[i].linear));
  }
  points_.clear();
  const std::vector<double> weights = weights_of(steps);
  if (weights.empty()) return {};
  return {combined(ats, weights), combined(linears, weights)};
}

}  // namespace tessera::learn::internal
