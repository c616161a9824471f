#include "tessera/learn/median.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace tessera::learn {

namespace {

constexpr std::size_t kFew = 8192;                   // from here on a sample pays
constexpr std::size_t kSample = 2048, kMargin = 68;  // three standard deviations of the place of the middle

// The values between two of a sample, and how many lie below. The middle is among them, but for lists that the sample does not resemble.
struct Band {
  std::vector<double> values;
  std::size_t below = 0;
  bool has(std::size_t rank) const { return below <= rank && rank < below + values.size(); }
};

Band likely_band(std::span<const double> values) {
  std::array<double, kSample> sample;
  for (std::size_t i = 0; i < kSample; ++i) sample[i] = values[i * (values.size() / kSample)];
  std::ranges::sort(sample);
  const double least = sample[kSample / 2 - kMargin], most = sample[kSample / 2 + kMargin];
  Band band;
  band.values.resize(values.size());
  std::size_t inside = 0;
  for (const double value : values) {
    band.values[inside] = value;
    inside += static_cast<std::size_t>(value >= least) & static_cast<std::size_t>(value <= most);
    band.below += static_cast<std::size_t>(value < least);
  }
  band.values.resize(inside);
  return band;
}

// Zeros are equal, but have signs: the one that a stable sort puts there.
double zero_of_rank(std::span<const double> values, std::size_t rank) {
  std::size_t before =
      static_cast<std::size_t>(std::ranges::count_if(values, [](double x) { return x < 0; }));
  const auto found = std::ranges::find_if(values, [&](double x) { return x == 0 && before++ == rank; });
  return *found;
}

}  // namespace

double median(std::span<const double> values) {
  const std::size_t half = values.size() / 2;
  const bool odd = values.size() % 2 == 1;
  Band band;
  if (values.size() > kFew) band = likely_band(values);
  if (!band.has(half) || !(odd || band.has(half - 1))) band = {{values.begin(), values.end()}, 0};
  const auto middle = band.values.begin() + static_cast<std::ptrdiff_t>(half - band.below);
  std::nth_element(band.values.begin(), middle, band.values.end());
  const double high = *middle;
  if (odd) return high == 0 ? zero_of_rank(values, half) : high;
  const double low = *std::max_element(band.values.begin(), middle);
  return std::isfinite(high - low) ? low + (high - low) / 2 : low / 2 + high / 2;
}

}  // namespace tessera::learn
