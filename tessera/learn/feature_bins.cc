#include "tessera/learn/feature_bins.h"

#include <algorithm>
#include <span>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/coded_features.h"

namespace tessera::learn {

namespace {

double middle(std::uint64_t lower_key, std::uint64_t upper_key) {
  const double lower = value_of_key(lower_key), upper = value_of_key(upper_key);
  const double between = lower / 2 + upper / 2;
  return between >= lower && between < upper ? between : lower;
}

// `ordered` has no missing values.
std::vector<double> cuts_of(std::span<const KeyedPlace> ordered, std::int64_t max_bins) {
  std::vector<std::uint64_t> different;
  for (const KeyedPlace& place : ordered)
    if (different.empty() || place.key != different.back()) different.push_back(place.key);
  std::vector<double> cuts;
  if (static_cast<std::int64_t>(different.size()) <= max_bins) {
    for (std::size_t i = 1; i < different.size(); ++i) cuts.push_back(middle(different[i - 1], different[i]));
    return cuts;
  }
  const auto bins = static_cast<std::size_t>(max_bins);
  for (std::size_t k = 1; k < bins; ++k) {
    const std::size_t place = ordered.size() * k / bins;
    const bool between = ordered.size() * k % bins == 0;
    const double upper = value_of_key(ordered[place].key);
    const double cut = between ? value_of_key(ordered[place - 1].key) / 2 + upper / 2 : upper;
    if (cuts.empty() || cut > cuts.back()) cuts.push_back(cut);
  }
  return cuts;
}

}  // namespace

FeatureBins::Column FeatureBins::binned(const double* first, std::int64_t rows, std::int64_t stride,
                                        std::int64_t max_bins) {
  Column column;
  column.bins.assign(static_cast<std::size_t>(rows), kMissingBin);
  const std::vector<KeyedPlace> places = places_in_order(first, rows, stride);
  const auto present =
      static_cast<std::size_t>(std::ranges::find(places, kMissingKey, &KeyedPlace::key) - places.begin());
  column.any_missing = present < places.size();
  if (present == 0) return column;
  const std::span<const KeyedPlace> ordered(places.data(), present);
  column.cuts = cuts_of(ordered, max_bins);
  std::size_t bin = 0;
  for (const KeyedPlace& place : ordered) {
    const double value = value_of_key(place.key);
    while (bin < column.cuts.size() && value > column.cuts[bin]) ++bin;
    column.bins[place.place] = static_cast<std::uint8_t>(bin);
  }
  return column;
}

FeatureBins::FeatureBins(const Tensor& x, std::int64_t max_bins) : rows_(x.size(0)) {
  TESSERA_CHECK(rows_ < (std::int64_t{1} << 28), "{} rows are 2^28 or more", rows_);
  const FloatEnvironment contract;
  const double* const values = x.values<double>().data();
  const std::int64_t features = x.size(1);
  columns_.resize(static_cast<std::size_t>(features));
  parallel_for(features, [&](std::int64_t f) {
    columns_[static_cast<std::size_t>(f)] = binned(values + f, rows_, features, max_bins);
  });
}

}  // namespace tessera::learn
