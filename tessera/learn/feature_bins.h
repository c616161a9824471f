// Features as bins, one byte each: the values of a column are cut at its quantiles, so that histograms of few bins stand for all thresholds.
//
// A column with at most `max_bins` different values has one bin for each, cut in the middle between neighbours. Otherwise it is cut at the k-th of
// max_bins quantiles for k = 1, ..., max_bins - 1 (the mean of the two values around the place where it falls between them: "averaged
// inverted distribution function"), equal cuts once. All rows are looked at. Value x is in bin i iff cut[i-1] < x <= cut[i]; missing ones
// (NaN) are in kMissingBin.
//
// Errors: TESSERA_CHECK on 2^28 rows or more. Thread-safety: constant after it was made; making it uses all threads.
//
// ```cpp
// const learn::FeatureBins bins(Tensor::from<double>({5, 1, 5, 3}, {4, 1}), 255);
// assert(bins.cuts(0) == (std::vector<double>{2, 4}) && bins.bins(0)[0] == 2 && bins.count(0) == 3);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/learn/coded_features.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

class FeatureBins {
 public:
  static constexpr std::uint8_t kMissingBin = 255;

  FeatureBins(const Tensor& x, std::int64_t max_bins);  // float64 [N, F], contiguous; max_bins from 2 to 255

  std::int64_t rows() const { return rows_; }
  std::int64_t features() const { return static_cast<std::int64_t>(columns_.size()); }
  const std::uint8_t* bins(std::int64_t feature) const { return column(feature).bins.data(); }  // [N]
  const std::uint8_t* bins_of_rows() const { return of_rows_.data(); }  // the same as [N, F]
  const std::vector<double>& cuts(std::int64_t feature) const { return column(feature).cuts; }  // ascending
  std::int64_t count(std::int64_t feature) const {  // of bins, without the one of missing values
    return static_cast<std::int64_t>(column(feature).cuts.size()) + 1;
  }
  bool any_missing(std::int64_t feature) const { return column(feature).any_missing; }

 private:
  struct Column {
    std::vector<std::uint8_t> bins;
    std::vector<double> cuts;
    bool any_missing = false;
  };
  const Column& column(std::int64_t feature) const { return columns_[static_cast<std::size_t>(feature)]; }
  void lay_out_rows();
  static Column binned(KeySorter& sorter, std::span<const double> values, std::int64_t max_bins);

  std::int64_t rows_ = 0;
  std::vector<Column> columns_;
  std::vector<std::uint8_t> of_rows_;
};

}  // namespace tessera::learn
