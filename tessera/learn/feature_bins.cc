#include "tessera/learn/feature_bins.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
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

std::vector<double> cuts_of(std::span<const std::uint64_t> ordered, std::int64_t max_bins) {
  const auto bins = static_cast<std::size_t>(max_bins);
  std::vector<std::uint64_t> different;
  for (std::size_t i = 0; i < ordered.size() && different.size() <= bins; ++i)
    if (different.empty() || ordered[i] != different.back()) different.push_back(ordered[i]);
  std::vector<double> cuts;
  if (different.size() <= bins) {
    for (std::size_t i = 1; i < different.size(); ++i) cuts.push_back(middle(different[i - 1], different[i]));
    return cuts;
  }
  for (std::size_t k = 1; k < bins; ++k) {
    const std::size_t place = ordered.size() * k / bins;
    const bool between = ordered.size() * k % bins == 0;
    const double upper = value_of_key(ordered[place]);
    const double cut = between ? value_of_key(ordered[place - 1]) / 2 + upper / 2 : upper;
    if (cuts.empty() || cut > cuts.back()) cuts.push_back(cut);
  }
  return cuts;
}

constexpr std::int64_t kBinnedRows = 1024;  // which stay in the cache while all columns give or take theirs
constexpr std::int64_t kColumnsOfLine = 8;  // that memory brings at once

// Columns first, ..., last - 1, one after the other.
void copy_columns(const Tensor& x, std::int64_t first, std::int64_t last, std::span<double> to) {
  const double* const from = x.values<double>().data();
  const std::int64_t rows = x.size(0), width = x.size(1);
  parallel_for((rows + kBinnedRows - 1) / kBinnedRows, [&](std::int64_t task) {
    const std::int64_t first_row = task * kBinnedRows, last_row = std::min(rows, first_row + kBinnedRows);
    for (std::int64_t f = first; f < last; ++f)
      for (std::int64_t row = first_row; row < last_row; ++row)
        to[static_cast<std::size_t>((f - first) * rows + row)] = from[row * width + f];
  });
}

// How many cuts are below a value, in eight steps that have no branch.
class BinSearch {
 public:
  explicit BinSearch(const std::vector<double>& cuts) {
    cuts_.fill(std::numeric_limits<double>::infinity());
    std::ranges::copy(cuts, cuts_.begin());
  }
  std::uint8_t operator()(double value) const {
    std::size_t below = 0;
    for (std::size_t step = 128; step > 0; step /= 2)
      below += step * static_cast<std::size_t>(cuts_[below + step - 1] < value);
    return std::isnan(value) ? FeatureBins::kMissingBin : static_cast<std::uint8_t>(below);
  }

 private:
  std::array<double, 255> cuts_;
};

}  // namespace

FeatureBins::Column FeatureBins::binned(KeySorter& sorter, std::span<const double> values,
                                        std::int64_t max_bins) {
  Column column;
  const std::span<const std::uint64_t> ordered =
      sorter.sort(values.data(), static_cast<std::int64_t>(values.size()), 1);
  column.any_missing = ordered.size() < values.size();
  column.cuts = cuts_of(ordered, max_bins);
  column.bins.resize(values.size());
  const BinSearch bin_of(column.cuts);
  for (std::size_t row = 0; row < values.size(); ++row) column.bins[row] = bin_of(values[row]);
  return column;
}

FeatureBins::FeatureBins(const Tensor& x, std::int64_t max_bins)
    : rows_(x.size(0)), columns_(static_cast<std::size_t>(x.size(1))) {
  TESSERA_CHECK(rows_ < (std::int64_t{1} << 28), "{} rows are 2^28 or more", rows_);
  const FloatEnvironment contract;
  const std::int64_t threads = thread_count(), together = std::max(kColumnsOfLine, threads);
  std::vector<KeySorter> sorters(static_cast<std::size_t>(threads));
  std::vector<double> values(static_cast<std::size_t>(std::min(together, features()) * rows_));
  for (std::int64_t first = 0; first < features(); first += together) {
    const std::int64_t last = std::min(features(), first + together);
    copy_columns(x, first, last, values);
    parallel_for(threads, [&](std::int64_t task) {
      for (std::int64_t f = first + task; f < last; f += threads) {
        const std::span<const double> of_feature = std::span(values).subspan(
            static_cast<std::size_t>((f - first) * rows_), static_cast<std::size_t>(rows_));
        columns_[static_cast<std::size_t>(f)] =
            binned(sorters[static_cast<std::size_t>(task)], of_feature, max_bins);
      }
    });
  }
  lay_out_rows();
}

void FeatureBins::lay_out_rows() {
  const std::int64_t width = features();
  of_rows_.resize(static_cast<std::size_t>(rows_ * width));
  parallel_for((rows_ + kBinnedRows - 1) / kBinnedRows, [&](std::int64_t task) {
    const std::int64_t first = task * kBinnedRows, last = std::min(rows_, first + kBinnedRows);
    for (std::int64_t f = 0; f < width; ++f) {
      const std::uint8_t* const from = bins(f);
      std::uint8_t* const to = of_rows_.data() + f;
      for (std::int64_t row = first; row < last; ++row) to[row * width] = from[row];
    }
  });
}

}  // namespace tessera::learn
