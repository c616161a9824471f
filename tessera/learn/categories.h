// The categories of each column of a table, and which of them a value is.
//
// A column's categories are its distinct values in ascending order; a missing value (NaN) is one, too, and the last, if there was any. -0 and +0
// are one value. The code of a value is its position among them; a value that was not there has the code -1, and so has a missing one where none was missing.
// What is learned, and what a value's code is, depends on the set of values alone: not on their order, nor on a hash.
//
// Errors: TESSERA_CHECK on 2^31 rows or more. Thread-safety: constant after it was made; making it and asking for codes use all threads.
//
// ```cpp
// const double missing = std::numeric_limits<double>::quiet_NaN();
// const learn::Categories categories(Tensor::from<double>({5, 1, missing, 5}, {4, 1}));
// assert(categories.count(0) == 3 && categories.keys(0)[1] == 5);
// assert(categories.codes(Tensor::from<double>({1, 7, missing}, {3, 1})) == (learn::CategoryCodes{{0, -1, 2}}));
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

using CategoryCodes = std::vector<std::vector<std::int32_t>>;  // of each column, of each row

class Categories {
 public:
  Categories() = default;
  explicit Categories(const Tensor& x);  // float64 [N, F], contiguous, finite or NaN

  std::int64_t features() const { return first_.defined() ? first_.size(0) - 1 : 0; }
  std::int64_t total() const { return keys_.defined() ? keys_.size(0) : 0; }  // of all columns
  std::int64_t first(std::int64_t feature) const;  // where a column's begin among them
  std::int64_t count(std::int64_t feature) const { return first(feature + 1) - first(feature); }
  std::int64_t most() const;                                 // of one column
  std::span<const double> keys(std::int64_t feature) const;  // [count]
  CategoryCodes codes(const Tensor& x) const;
  // The same of the rows that were learned from: an Error where a category is new.
  CategoryCodes known_codes(std::string_view owner, const Tensor& x) const;

  void visit(StateVisitor& visitor);
  void check(std::string_view owner, std::int64_t features) const;  // as Estimator::check_restored

 private:
  Tensor keys_;   // float64 [total]
  Tensor first_;  // int64 [F + 1]
};

// One column's values looked up: by a table where they are whole numbers that lie close together, by hashing otherwise, and by bisection where `queries` are so few
// that neither would pay.
class CategoryLookup {
 public:
  CategoryLookup(std::span<const double> keys, std::int64_t queries);
  std::int32_t code(double value) const;

 private:
  enum class Way : std::uint8_t { kTable, kHash, kBisection };
  std::int32_t hashed(double value) const;
  std::int32_t bisected(double value) const;

  std::span<const double> keys_;  // without the missing one
  std::int32_t missing_ = -1;
  Way way_ = Way::kBisection;
  double low_ = 0;
  int shift_ = 0;
  std::vector<std::int32_t> table_;
};

// float64 [rows, features] that its maker writes: every number of it, before anybody else sees it.
struct EncodedRows {
  EncodedRows(std::int64_t rows, std::int64_t features);
  Tensor done(SourceLocation where = SourceLocation::current()) const;
  Tensor tensor;
  double* values;
};

// Tasks for parallel_for over rows.
inline constexpr std::int64_t kRowsOfEncodingTask = 4096;

// The rows of each category one after the other: of category c they are rows[first[c]], ..., rows[first[c + 1] - 1], in ascending
// order, or as they stand in `order`. Rows of code -1 are left out.
struct CategoryRows {
  CategoryRows(std::span<const std::int32_t> codes, std::int64_t categories,
               std::span<const std::int64_t> order = {});
  std::int64_t count(std::size_t category) const { return first[category + 1] - first[category]; }
  std::vector<std::int64_t> first;
  std::vector<std::uint32_t> rows;
};

}  // namespace tessera::learn
