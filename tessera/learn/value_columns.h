// A table of features column by column, as its values are.
//
// Errors: none; more than 2^31 rows are refused by TESSERA_CHECK. Thread-safety: constant after it was made; making it uses all threads.
//
// ```cpp
// const learn::ValueColumns columns(Tensor::from<double>({1, 2, 3, 4}, {2, 2}));
// assert(columns.values(1)[0] == 2 && columns.values(1)[1] == 4);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

// Columns first, first + 1, ... of float64 [N, F], contiguous, as many as there are places: each becomes [N + behind], of which the last are not set. Uses all threads.
void copy_columns(const Tensor& x, std::int64_t first, std::span<std::vector<double>> columns,
                  std::int64_t behind = 0);

class ValueColumns {
 public:
  explicit ValueColumns(const Tensor& x);  // float64 [N, F], contiguous

  std::int64_t rows() const { return rows_; }
  std::int64_t features() const { return static_cast<std::int64_t>(columns_.size()); }
  // [N], and 8 more numbers that may be read but mean nothing.
  const double* values(std::int64_t feature) const {
    return columns_[static_cast<std::size_t>(feature)].data();
  }

 private:
  std::int64_t rows_ = 0;
  std::vector<std::vector<double>> columns_;
};

}  // namespace tessera::learn
