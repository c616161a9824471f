#include "tessera/tabular/row_features.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "tessera/tensor/op.h"

namespace tessera::tabular {
namespace {

constexpr std::size_t kRowsAtOnce = 16384;

}  // namespace

Tensor features_of_rows(const learn::TableFeatures& features, const data::Table& table,
                        std::span<const std::int64_t> rows) {
  if (rows.size() <= kRowsAtOnce) return features.transform(data::take_rows(table, rows));
  Tensor all;
  double* place = nullptr;
  for (std::size_t begin = 0; begin < rows.size(); begin += kRowsAtOnce) {
    const auto some = rows.subspan(begin, std::min(kRowsAtOnce, rows.size() - begin));
    const Tensor part = features.transform(data::take_rows(table, some));
    if (!all.defined()) {
      all = Tensor::allocate({static_cast<std::int64_t>(rows.size()), part.size(1)}, DType::kFloat64);
      place = all.view().as<double>();
    }
    place = std::ranges::copy(part.values<double>(), place).out;
  }
  internal::tell_of_host_tensor(all, SourceLocation::current());
  return all;
}

Tensor features_of_table(const learn::TableFeatures& features, const data::Table& table) {
  if (table.rows <= static_cast<std::int64_t>(kRowsAtOnce)) return features.transform(table);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(table.rows));
  std::iota(rows.begin(), rows.end(), 0);
  return features_of_rows(features, table, rows);
}

bool features_by_row(const learn::TableFeaturesOptions& options) {
  using learn::CategoryEncoding;
  return !options.scale && (options.categories == CategoryEncoding::kOneHot ||
                            options.categories == CategoryEncoding::kOrdinal);
}

}  // namespace tessera::tabular
