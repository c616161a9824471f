#include "tessera/learn/value_columns.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/tree_kernels.h"

namespace tessera::learn {

ValueColumns::ValueColumns(const Tensor& x)
    : rows_(x.size(0)), columns_(static_cast<std::size_t>(x.size(1))) {
  TESSERA_CHECK(rows_ < (std::int64_t{1} << 31), "{} rows are more than 2^31", rows_);
  const double* const values = x.values<double>().data();
  const std::int64_t features = x.size(1);
  parallel_for(features, [&](std::int64_t f) {
    columns_[static_cast<std::size_t>(f)].resize(static_cast<std::size_t>(rows_ + internal::kReadBehind));
  });
  constexpr std::int64_t kRowsOfTask = 1024;  // which stay in the cache while all columns take theirs
  parallel_for((rows_ + kRowsOfTask - 1) / kRowsOfTask, [&](std::int64_t task) {
    const std::int64_t first = task * kRowsOfTask, last = std::min(rows_, first + kRowsOfTask);
    for (std::int64_t f = 0; f < features; ++f) {
      double* const column = columns_[static_cast<std::size_t>(f)].data();
      for (std::int64_t row = first; row < last; ++row) column[row] = values[row * features + f];
    }
  });
}

}  // namespace tessera::learn
