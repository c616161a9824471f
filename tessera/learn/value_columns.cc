#include "tessera/learn/value_columns.h"

#include <algorithm>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/tree_kernels.h"

namespace tessera::learn {

void copy_columns(const Tensor& x, std::int64_t first, std::span<std::vector<double>> columns,
                  std::int64_t behind) {
  const double* const values = x.values<double>().data() + first;
  const std::int64_t rows = x.size(0), features = x.size(1), count = std::ssize(columns);
  parallel_for(count, [&](std::int64_t column) { columns[at(column)].resize(at(rows + behind)); });
  constexpr std::int64_t kRowsOfTask = 1024;  // which stay in the cache while all columns take theirs
  parallel_for((rows + kRowsOfTask - 1) / kRowsOfTask, [&](std::int64_t task) {
    const std::int64_t begin = task * kRowsOfTask, end = std::min(rows, begin + kRowsOfTask);
    for (std::int64_t column = 0; column < count; ++column) {
      double* const into = columns[at(column)].data();
      for (std::int64_t row = begin; row < end; ++row) into[row] = values[row * features + column];
    }
  });
}

ValueColumns::ValueColumns(const Tensor& x) : rows_(x.size(0)), columns_(at(x.size(1))) {
  TESSERA_CHECK(rows_ < (std::int64_t{1} << 31), "{} rows are more than 2^31", rows_);
  copy_columns(x, 0, columns_, internal::kReadBehind);
}

}  // namespace tessera::learn
