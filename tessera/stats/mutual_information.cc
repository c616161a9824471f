#include "tessera/stats/mutual_information.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

using Counts = std::vector<std::int64_t>;

template <typename Key>
Counts counts_of(const std::map<Key, std::int64_t>& table) {
  Counts counts;
  for (const auto& [key, count] : table) counts.push_back(count);
  return counts;
}

void check_labels(const char* where, std::size_t x, std::size_t y) {
  if (x == 0) fail("{}: there are no samples, expected at least one", where);
  if (x != y) fail("{}: the samples have {} and {} elements, expected as many", where, x, y);
}

double mutual_information_of(std::span<const std::int64_t> x, std::span<const std::int64_t> y,
                             BiasCorrection correction) {
  std::map<std::int64_t, std::int64_t> of_x, of_y;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> of_both;
  for (std::size_t i = 0; i < x.size(); ++i) {
    ++of_x[x[i]];
    ++of_y[y[i]];
    ++of_both[{x[i], y[i]}];
  }
  if (correction == BiasCorrection::kMillerMadow)
    return entropy_of_counts(counts_of(of_x), correction) + entropy_of_counts(counts_of(of_y), correction) -
           entropy_of_counts(counts_of(of_both), correction);
  std::vector<double> terms;  // p log(p / (px py)) + px py - p, those of pairs that never occurred in `rest`
  const auto n = static_cast<double>(x.size());
  std::vector<double> products;
  for (const auto& [pair, count] : of_both) {
    const double product =
        static_cast<double>(of_x[pair.first]) / n * (static_cast<double>(of_y[pair.second]) / n);
    terms.push_back(numerics::deviance_part(static_cast<double>(count) / n, product));
    products.push_back(product);
  }
  return numerics::sum(terms) + std::max(0.0, 1 - numerics::sum(products));
}

// ---- Continuous numbers ----

// The numbers times a power of two, with which no sum, difference or square of them leaves the range. Those of ordinary size stay as they are; of others
// only what is smaller than the largest by 2^-1022 loses bits.
std::vector<double> in_range(std::span<const double> x) {
  std::vector<double> values(x.begin(), x.end());
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  if (most == 0 || (most > 0x1p-150 && most < 0x1p150)) return values;
  const int exponent = -std::ilogb(most);
  for (double& value : values) value = std::ldexp(value, exponent);
  return values;
}

// Divided by their deviation, and told apart by noise.
std::vector<double> scaled(std::span<const double> x, const NeighbourSettings& settings,
                           std::string_view name) {
  std::vector<double> values = in_range(x), sizes;
  const double deviation = numerics::sqrt(numerics::variance(values));
  for (double& value : values) {
    value = deviation > 0 ? value / deviation : value;
    sizes.push_back(std::abs(value));
  }
  if (settings.noise == 0) return values;
  const double noise = settings.noise * std::max(1.0, numerics::mean(sizes));
  std::vector<double> normal(values.size());
  numerics::fill_normal(normal.data(), static_cast<std::int64_t>(normal.size()),
                        numerics::stream_key(settings.seed, name), 0);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = values[i] + noise * normal[i];
  return values;
}

void check_settings(const char* where, const NeighbourSettings& settings, std::size_t samples) {
  if (settings.neighbours < 1 || static_cast<std::size_t>(settings.neighbours) >= samples)
    fail("{}: {} neighbours of {} samples, expected at least 1 and fewer than the samples", where,
         settings.neighbours, samples);
  if (!(settings.noise >= 0) || !std::isfinite(settings.noise))
    fail("{}: the noise is {}, expected 0 or more", where, settings.noise);
}

// How many of the ascending numbers are within `radius` of x, which is one of them.
std::int64_t within(std::span<const double> sorted, double x, double radius) {
  const auto low =
      std::partition_point(sorted.begin(), sorted.end(), [&](double v) { return x - v > radius; });
  const auto high = std::partition_point(low, sorted.end(), [&](double v) { return v - x <= radius; });
  return high - low;
}

// The k smallest of the numbers that are given to it.
class Smallest {
 public:
  explicit Smallest(std::int64_t k) : k_(static_cast<std::size_t>(k)) {}
  void add(double value) {
    if (full() && !(value < kept_.back())) return;
    kept_.insert(std::upper_bound(kept_.begin(), kept_.end(), value), value);
    if (kept_.size() > k_) kept_.pop_back();
  }
  bool full() const { return kept_.size() == k_; }
  double largest() const { return kept_.back(); }

 private:
  std::size_t k_;
  std::vector<double> kept_;
};

std::vector<std::size_t> ascending(std::span<const double> x) {
  std::vector<std::size_t> order(x.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  return order;
}

// The distance of the element at place `at` of the order to its k-th neighbour by max(|dx|, |dy|): outwards along x, until x alone is too far.
double kth_distance(std::span<const double> x, std::span<const double> y, std::span<const std::size_t> order,
                    std::size_t at, std::int64_t k) {
  Smallest nearest(k);
  const std::size_t self = order[at];
  std::size_t left = at, right = at + 1;  // next to be looked at: order[left - 1] and order[right]
  while (left > 0 || right < order.size()) {
    const double to_left = left > 0 ? x[self] - x[order[left - 1]] : HUGE_VAL;
    const double to_right = right < order.size() ? x[order[right]] - x[self] : HUGE_VAL;
    const bool go_left = left > 0 && (right == order.size() || to_left <= to_right);
    const double along = go_left ? to_left : to_right;
    if (nearest.full() && along >= nearest.largest()) break;
    const std::size_t other = go_left ? order[--left] : order[right++];
    nearest.add(std::max(along, std::abs(y[self] - y[other])));
  }
  return nearest.largest();
}

std::vector<double> sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::int64_t bin_of(double x, double low, double high, std::int64_t bins) {
  if (high == low) return 0;
  const auto bin = static_cast<std::int64_t>((x - low) / (high - low) * static_cast<double>(bins));
  return std::min(bin, bins - 1);
}

Counts binned(std::span<const double> x, std::int64_t bins) {
  const std::vector<double> values = in_range(x);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  Counts labels;
  for (const double value : values) labels.push_back(bin_of(value, *low, *high, bins));
  return labels;
}

}  // namespace

double entropy_of_counts(std::span<const std::int64_t> counts, BiasCorrection correction) {
  const FloatEnvironment contract;
  std::int64_t total = 0, occurred = 0;
  for (const std::int64_t count : counts) {
    if (count < 0) fail("entropy_of_counts: a count is {}, expected 0 or more", count);
    total += count;
    occurred += count > 0 ? 1 : 0;
  }
  if (total == 0) fail("entropy_of_counts: all counts are 0, expected at least one observation");
  const auto n = static_cast<double>(total);
  std::vector<double> terms;
  for (const std::int64_t count : counts) {
    const double share = static_cast<double>(count) / n;
    terms.push_back(count == 0 ? 0 : -(share * numerics::log(share)));
  }
  const double plug_in = numerics::sum(terms);
  if (correction == BiasCorrection::kNone) return plug_in;
  return plug_in + static_cast<double>(occurred - 1) / (2 * n);
}

double entropy_of_labels(std::span<const std::int64_t> labels, BiasCorrection correction) {
  std::map<std::int64_t, std::int64_t> table;
  for (const std::int64_t label : labels) ++table[label];
  if (labels.empty()) fail("entropy_of_labels: there are no labels, expected at least one");
  return entropy_of_counts(counts_of(table), correction);
}

double mutual_information_of_labels(std::span<const std::int64_t> x, std::span<const std::int64_t> y,
                                    BiasCorrection correction) {
  const FloatEnvironment contract;
  check_labels("mutual_information_of_labels", x.size(), y.size());
  return mutual_information_of(x, y, correction);
}

double mutual_information_by_histogram(std::span<const double> x, std::span<const double> y,
                                       std::int64_t bins, BiasCorrection correction) {
  const FloatEnvironment contract;
  check_pairs("mutual_information_by_histogram", x, y, 1);
  if (bins < 1) fail("mutual_information_by_histogram: {} bins, expected at least 1", bins);
  return mutual_information_of(binned(x, bins), binned(y, bins), correction);
}

double mutual_information_by_neighbours(std::span<const double> x, std::span<const double> y,
                                        const NeighbourSettings& settings) {
  const FloatEnvironment contract;
  check_pairs("mutual_information_by_neighbours", x, y, 2);
  check_settings("mutual_information_by_neighbours", settings, x.size());
  const std::vector<double> a = scaled(x, settings, "x"), b = scaled(y, settings, "y");
  const std::vector<double> sorted_a = sorted(a), sorted_b = sorted(b);
  const std::vector<std::size_t> order = ascending(a);
  std::vector<double> terms(a.size());
  for (std::size_t at = 0; at < order.size(); ++at) {
    // Strictly nearer than the k-th neighbour; the sample itself is counted, too.
    const double radius = std::nextafter(kth_distance(a, b, order, at, settings.neighbours), 0.0);
    const std::size_t i = order[at];
    terms[i] = numerics::digamma(static_cast<double>(within(sorted_a, a[i], radius))) +
               numerics::digamma(static_cast<double>(within(sorted_b, b[i], radius)));
  }
  const double estimate = numerics::digamma(static_cast<double>(a.size())) +
                          numerics::digamma(static_cast<double>(settings.neighbours)) - numerics::mean(terms);
  return std::max(0.0, estimate);
}

double mutual_information_with_class(std::span<const double> x, std::span<const std::int64_t> labels,
                                     const NeighbourSettings& settings) {
  const FloatEnvironment contract;
  check_labels("mutual_information_with_class", x.size(), labels.size());
  check_sample("mutual_information_with_class", x, 2);
  check_settings("mutual_information_with_class", settings, x.size());
  const std::vector<double> values = scaled(x, settings, "x");
  std::map<std::int64_t, std::vector<double>> classes;
  for (std::size_t i = 0; i < values.size(); ++i) classes[labels[i]].push_back(values[i]);
  std::vector<double> all;
  for (auto& [label, members] : classes) {
    std::sort(members.begin(), members.end());
    if (members.size() > 1) all.insert(all.end(), members.begin(), members.end());
  }
  if (all.empty()) return 0;  // no class has two samples
  std::sort(all.begin(), all.end());
  std::vector<double> terms;
  for (const auto& [label, members] : classes) {
    if (members.size() == 1) continue;
    const std::int64_t size = static_cast<std::int64_t>(members.size());
    const std::int64_t k = std::min(settings.neighbours, size - 1);
    const std::vector<double> level(members.size(), 0.0);  // one axis only
    const std::vector<std::size_t> order = ascending(members);
    const double of_class =
        numerics::digamma(static_cast<double>(k)) - numerics::digamma(static_cast<double>(size));
    for (std::size_t at = 0; at < members.size(); ++at) {
      const double radius = std::nextafter(kth_distance(members, level, order, at, k), 0.0);
      terms.push_back(of_class - numerics::digamma(static_cast<double>(within(all, members[at], radius))));
    }
  }
  return std::max(0.0, numerics::digamma(static_cast<double>(all.size())) + numerics::mean(terms));
}

}  // namespace tessera::stats
