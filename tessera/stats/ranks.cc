#include "tessera/stats/ranks.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/stats/moments.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

double quantile_of_sorted(std::span<const double> sorted, double q) {
  if (!(q >= 0 && q <= 1)) fail("quantile: q is {}, expected 0 to 1", q);
  const double place = static_cast<double>(sorted.size() - 1) * q, below = std::floor(place);
  const auto i = static_cast<std::size_t>(below);
  if (i + 1 >= sorted.size()) return sorted.back();
  const double share = place - below, step = sorted[i + 1] - sorted[i];
  return share >= 0.5 ? sorted[i + 1] - step * (1 - share) : sorted[i] + step * share;
}

std::vector<double> in_ascending_order(std::span<const double> x) {
  std::vector<double> values(x.begin(), x.end());
  std::sort(values.begin(), values.end());
  return values;
}

std::int64_t pairs(std::int64_t n) {
  return n * (n - 1) / 2;
}

// How many pairs of neighbours in a sorted order agree, group by group: the pairs within runs of equal elements.
template <typename Same>
std::int64_t tied_pairs(std::int64_t count, const Same& same) {
  std::int64_t total = 0, run = 1;
  for (std::int64_t i = 1; i <= count; ++i) {
    if (i < count && same(i - 1, i)) {
      ++run;
    } else {
      total += pairs(run);
      run = 1;
    }
  }
  return total;
}

// Sorts, and counts the pairs that stood in the wrong order.
std::int64_t sort_counting(std::span<double> x, std::span<double> space) {
  if (x.size() < 2) return 0;
  const std::size_t half = x.size() / 2;
  std::int64_t exchanged =
      sort_counting(x.first(half), space.first(half)) + sort_counting(x.subspan(half), space.subspan(half));
  std::size_t left = 0, right = half;
  for (double& out : space) {
    const bool take_right = left == half || (right < x.size() && x[right] < x[left]);
    if (take_right) exchanged += static_cast<std::int64_t>(half - left);
    out = take_right ? x[right++] : x[left++];
  }
  std::copy(space.begin(), space.end(), x.begin());
  return exchanged;
}

}  // namespace

double quantile(std::span<const double> x, double q) {
  const FloatEnvironment contract;
  check_sample("quantile", x, 1);
  return quantile_of_sorted(in_ascending_order(x), q);
}
std::vector<double> quantiles(std::span<const double> x, std::span<const double> q) {
  const FloatEnvironment contract;
  check_sample("quantiles", x, 1);
  const std::vector<double> values = in_ascending_order(x);
  std::vector<double> result;
  for (const double share : q) result.push_back(quantile_of_sorted(values, share));
  return result;
}
double median(std::span<const double> x) {
  return quantile(x, 0.5);
}

std::vector<double> ranks(std::span<const double> x) {
  const FloatEnvironment contract;
  check_sample("ranks", x, 1);
  std::vector<std::size_t> order(x.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> result(x.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    for (end = first + 1; end < order.size() && x[order[end]] == x[order[first]];) ++end;
    for (std::size_t i = first; i < end; ++i) result[order[i]] = static_cast<double>(first + 1 + end) / 2;
  }
  return result;
}

double spearman(std::span<const double> x, std::span<const double> y) {
  check_pairs("spearman", x, y, 2);
  return correlation(ranks(x), ranks(y));
}

double kendall(std::span<const double> x, std::span<const double> y) {
  const FloatEnvironment contract;
  check_pairs("kendall", x, y, 2);
  const auto n = static_cast<std::int64_t>(x.size());
  std::vector<std::pair<double, double>> both;
  for (std::size_t i = 0; i < x.size(); ++i) both.emplace_back(x[i], y[i]);
  std::sort(both.begin(), both.end());
  const auto at = [&](std::int64_t i) -> const std::pair<double, double>& {
    return both[static_cast<std::size_t>(i)];
  };
  const std::int64_t tied_x = tied_pairs(n, [&](auto i, auto j) { return at(i).first == at(j).first; });
  const std::int64_t tied_both = tied_pairs(n, [&](auto i, auto j) { return at(i) == at(j); });
  std::vector<double> rest, space(x.size());
  for (const auto& pair : both) rest.push_back(pair.second);
  const std::int64_t discordant = sort_counting(rest, space);
  const std::int64_t tied_y = tied_pairs(n, [&](auto i, auto j) {
    return rest[static_cast<std::size_t>(i)] == rest[static_cast<std::size_t>(j)];
  });
  const std::int64_t difference = pairs(n) - tied_x - tied_y + tied_both - 2 * discordant;
  const double value = static_cast<double>(difference) /
                       numerics::sqrt(static_cast<double>(pairs(n) - tied_x)) /
                       numerics::sqrt(static_cast<double>(pairs(n) - tied_y));
  return value > 1 ? 1 : value < -1 ? -1 : value;
}

}  // namespace tessera::stats
