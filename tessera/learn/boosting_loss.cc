#include "tessera/learn/boosting_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/backend.h"
#include "tessera/tensor/op.h"

namespace tessera::learn::internal {

namespace {

constexpr std::int64_t kRowsOfLoss = 4096;

// The kernel rather than the operation: whoever watches operations would see those of the calling thread alone.
std::vector<double> sigmoids(std::vector<double> x) {
  std::vector<double> found(x.size());
  const auto count = static_cast<std::int64_t>(x.size());
  const TensorView input{x.data(), DType::kFloat64, Shape{count}, Strides{1}},
      output{found.data(), DType::kFloat64, Shape{count}, Strides{1}};
  const Attributes none = NoAttributes{};
  backend_for(DeviceKind::kCpu).run({Op::kSigmoid, {&input, 1}, output, none});
  return found;
}

template <typename Body>
void for_rows(std::int64_t rows, const Body& body) {
  parallel_for((rows + kRowsOfLoss - 1) / kRowsOfLoss, [&](std::int64_t c) {
    const std::int64_t last = std::min(rows, (c + 1) * kRowsOfLoss);
    for (std::int64_t i = c * kRowsOfLoss; i < last; ++i) body(i);
  });
}

}  // namespace

std::vector<double> BoostingLoss::baseline() const {
  if (classes_ == 0) return {numerics::mean(std::span<const double>(y_))};
  std::vector<double> logs(static_cast<std::size_t>(classes_));
  for (const double y : y_) ++logs[static_cast<std::size_t>(y)];
  for (double& value : logs) value = numerics::log(value / static_cast<double>(rows()));
  if (classes_ == 2) return {logs[1] - logs[0]};
  const double middle = numerics::mean(std::span<const double>(logs));
  for (double& value : logs) value -= middle;
  return logs;
}

double BoostingLoss::loss_of(std::int64_t row, std::span<const double> raw) const {
  const double y = y_[static_cast<std::size_t>(row)], r = raw[static_cast<std::size_t>(row)];
  if (classes_ == 0) return (r - y) * (r - y) / 2;
  if (classes_ == 2) return std::max(r, 0.0) + numerics::log1p(numerics::exp(-std::abs(r))) - y * r;
  double most = r, sum = 0;
  const auto of_class = [&](std::int64_t k) { return raw[static_cast<std::size_t>(k * rows() + row)]; };
  for (std::int64_t k = 1; k < classes_; ++k) most = std::max(most, of_class(k));
  for (std::int64_t k = 0; k < classes_; ++k) sum += numerics::exp(of_class(k) - most);
  return most + numerics::log(sum) - of_class(static_cast<std::int64_t>(y));
}

double BoostingLoss::mean_loss(std::span<const double> raw) const {
  std::vector<double> losses(y_.size());
  for_rows(rows(), [&](std::int64_t i) { losses[static_cast<std::size_t>(i)] = loss_of(i, raw); });
  return numerics::mean(std::span<const double>(losses));
}

Quantisation BoostingLoss::quantisation(std::span<const double> raw) const {
  double largest = classes_ == 0 ? 0 : 1;
  if (classes_ == 0)
    for (std::size_t i = 0; i < y_.size(); ++i) largest = std::max(largest, std::abs(raw[i] - y_[i]));
  return Quantisation(rows(), largest > 0 ? largest : 1, classes_ == 0);
}

void BoostingLoss::row_gradients(std::int64_t row, std::span<const double> raw,
                                 const Quantisation& quantisation, std::span<RowGradient> out) const {
  const auto i = static_cast<std::size_t>(row);
  if (classes_ == 0) {
    out[i] = quantisation(raw[i] - y_[i], 1);
    return;
  }
  const auto place = [&](std::int64_t k) { return static_cast<std::size_t>(k * rows() + row); };
  double most = raw[i], sum = 0;
  for (std::int64_t k = 1; k < classes_; ++k) most = std::max(most, raw[place(k)]);
  for (std::int64_t k = 0; k < classes_; ++k) sum += numerics::exp(raw[place(k)] - most);
  for (std::int64_t k = 0; k < classes_; ++k) {
    const double p = numerics::exp(raw[place(k)] - most) / sum;
    out[place(k)] = quantisation(p - (static_cast<std::int64_t>(y_[i]) == k ? 1 : 0), p * (1 - p));
  }
}

void BoostingLoss::gradients(std::span<const double> raw, const Quantisation& quantisation,
                             std::span<RowGradient> out) const {
  if (classes_ == 2) {                           // the operation has the bits of numerics::sigmoid
    constexpr std::int64_t kRowsOfPart = 16384;  // which stay in the cache
    parallel_for((rows() + kRowsOfPart - 1) / kRowsOfPart, [&](std::int64_t part) {
      const auto first = static_cast<std::size_t>(part * kRowsOfPart);
      const std::size_t last = std::min(y_.size(), first + static_cast<std::size_t>(kRowsOfPart));
      const std::vector<double> p = sigmoids({raw.begin() + static_cast<std::ptrdiff_t>(first),
                                              raw.begin() + static_cast<std::ptrdiff_t>(last)});
      for (std::size_t i = first; i < last; ++i)
        out[i] = quantisation(p[i - first] - y_[i], p[i - first] * (1 - p[i - first]));
    });
    return;
  }
  for_rows(rows(), [&](std::int64_t i) { row_gradients(i, raw, quantisation, out); });
}

}  // namespace tessera::learn::internal
