// A table of features as whole numbers: each value is replaced by its rank among the different values of its column.
//
// What a decision tree learns depends on the order of values only, so it is grown on ranks: they sort quickly, take half the memory,
// and a forest makes them once. -0 and +0 are one value; a missing value (NaN) has the rank behind all others.
//
// Errors: none; more than 2^31 rows are refused by TESSERA_CHECK. Thread-safety: constant after it was made; making it uses all threads.
//
// ```cpp
// const learn::CodedFeatures coded(Tensor::from<double>({0.5, 7, 0.5, 3}, {4, 1}));
// assert(coded.value(0, coded.codes(0)[1]) == 7 && coded.codes(0)[1] == 2 && coded.different(0) == 3);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

class CodedFeatures {
 public:
  explicit CodedFeatures(const Tensor& x);  // float64 [N, F], contiguous, finite or NaN

  std::int64_t rows() const { return rows_; }
  std::int64_t features() const { return static_cast<std::int64_t>(columns_.size()); }
  const std::uint32_t* codes(std::int64_t feature) const { return column(feature).codes.data(); }  // [N]
  double value(std::int64_t feature, std::uint32_t code) const { return column(feature).values[code]; }
  const std::vector<double>& values(std::int64_t feature) const { return column(feature).values; }
  // How many different values there are; also the code of a missing one.
  std::uint32_t different(std::int64_t feature) const {
    return static_cast<std::uint32_t>(column(feature).values.size());
  }

 private:
  struct Column {
    std::vector<std::uint32_t> codes;
    std::vector<double> values;  // ascending
  };
  const Column& column(std::int64_t feature) const { return columns_[static_cast<std::size_t>(feature)]; }
  static Column coded(const double* first, std::int64_t rows, std::int64_t stride);

  std::int64_t rows_ = 0;
  std::vector<Column> columns_;
};

// Places of `values` (finite or NaN) in ascending order, NaN last; equal values stay in their order.
struct KeyedPlace {
  std::uint64_t key;  // orders as the values do; of NaN: the largest
  std::uint32_t place;
};
std::vector<KeyedPlace> places_in_order(const double* first, std::int64_t count, std::int64_t stride);
// Sorts one column after the other in the same memory.
class KeySorter {
 public:
  // Keys of the values that are not missing, ascending; until the next call.
  std::span<const std::uint64_t> sort(const double* first, std::int64_t count, std::int64_t stride);

 private:
  void sort_digits(int low);
  std::vector<std::uint64_t> keys_, other_;
};
double value_of_key(std::uint64_t key);
inline constexpr std::uint64_t kMissingKey = ~std::uint64_t{0};

}  // namespace tessera::learn
