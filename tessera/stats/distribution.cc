#include "tessera/stats/distribution.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/stats/constants.h"

namespace tessera::stats {
namespace {

constexpr std::int64_t kDrawsPerTask = 256;
constexpr int kMostSteps =
    400;  // 64 for a bisection to the last bit, and what the ends of the number line take

// The middle of a bracket whose ends may be far apart by size, or infinite.
double middle_of(double low, double high, double guess) {
  if (low == -kInfinity && high == kInfinity) return guess;
  if (low == -kInfinity) return high - 2 * std::max(1.0, std::abs(high));
  if (high == kInfinity) return low + 2 * std::max(1.0, std::abs(low));
  if (low == 0 && high > 0x1p-1000) return high * 0x1p-10;
  if (low > 0 && high > 16 * low) return numerics::sqrt(low) * numerics::sqrt(high);
  return low + (high - low) / 2;
}

}  // namespace

std::array<double, 2> DrawNumbers::attempt(std::uint32_t number) const {
  if (number == 0) return first_;
  const numerics::PhiloxBlock words =
      numerics::philox(key_, numerics::philox_counter(element_, step_, number));
  const auto uniform = [&](std::size_t at) {
    const std::uint64_t bits = (std::uint64_t{words[at + 1]} << 32) | words[at];
    return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
  };
  return {uniform(0), uniform(2)};
}

double Distribution::log_density(double x) const {
  const FloatEnvironment contract;
  return x != x ? x : log_density_of(x);
}
double Distribution::density(double x) const {
  const FloatEnvironment contract;
  return x != x ? x : numerics::exp(log_density_of(x));
}
double Distribution::cdf(double x) const {
  const FloatEnvironment contract;
  return x != x ? x : cdf_of(x);
}
double Distribution::survival(double x) const {
  const FloatEnvironment contract;
  return x != x ? x : survival_of(x);
}
double Distribution::quantile(double p) const {
  const FloatEnvironment contract;
  if (!(p >= 0 && p <= 1)) fail("quantile: p is {}, expected 0 to 1", p);
  return quantile_of(p);
}
double Distribution::mean() const {
  const FloatEnvironment contract;
  return mean_of();
}
double Distribution::variance() const {
  const FloatEnvironment contract;
  return variance_of();
}
double Distribution::draw(const DrawNumbers& numbers) const {
  const FloatEnvironment contract;
  return draw_of(numbers);
}

Tensor sample(const Distribution& distribution, RandomSource& random, std::string_view name,
              const Shape& shape, std::uint64_t offset) {
  const std::int64_t count = shape.elements();
  // Two uniform numbers are a block of the generator, attempt 0; this also notes the name as drawn.
  const std::vector<double> first =
      random.uniform(name, {count, 2}, DType::kFloat64, 2 * offset).to_vector<double>();
  const numerics::PhiloxKey key = numerics::stream_key(random.seed(), name);
  const auto step = static_cast<std::uint32_t>(random.step());
  std::vector<double> values(static_cast<std::size_t>(count));
  parallel_for((count + kDrawsPerTask - 1) / kDrawsPerTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(count, (task + 1) * kDrawsPerTask);
    for (std::int64_t i = task * kDrawsPerTask; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      values[at] = distribution.draw(
          {{first[2 * at], first[2 * at + 1]}, key, offset + static_cast<std::uint64_t>(i), step});
    }
  });
  return Tensor::from<double>(values, shape);
}

double ContinuousSearch::find(const Distribution& distribution, double p) const {
  if (p == 0) return lower;
  if (p == 1) return upper;
  const bool above = p > 0.5;
  const double target = above ? 1 - p : p;
  const double log_target = numerics::log(target);
  double low = lower, high = upper, x = guess;
  for (int step = 0; step < kMostSteps; ++step) {
    if (!(x > low && x < high)) x = middle_of(low, high, guess);
    if (x == low || x == high) return x;
    const double share = above ? distribution.survival(x) : distribution.cdf(x);
    if (share == target) return x;
    ((share < target) == above ? high : low) = x;
    const double slope = distribution.density(x) / share;  // of the share's logarithm
    const double newton = (numerics::log(share) - log_target) / slope;
    double next = above ? x + newton : x - newton;
    if (!(slope > 0 && std::abs(next) < kInfinity) || !(next > low && next < high))
      next = middle_of(low, high, guess);
    const bool settled = std::abs(next - x) <= 0x1p-52 * std::abs(x);
    x = next;
    if (settled) return x;
  }
  return x;
}

}  // namespace tessera::stats
