#include "tessera/learn/categories.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/coded_features.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/op.h"

namespace tessera::learn {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Whole numbers from `low` on that fit into a table of `size`.
struct WholeRange {
  double low = 0;
  std::int64_t size = 0;  // 0: there is no such table
};

// How many entries a table may have for so many values.
double largest_table(std::int64_t values) {
  return 4.0 * static_cast<double>(values) + 1024;
}

WholeRange range_of(double low, double high, std::int64_t values) {
  const double width = high - low;
  if (!(std::abs(low) < 0x1p52 && width < largest_table(values))) return {};
  return {low, static_cast<std::int64_t>(width) + 1};
}

// Distinct values by a table of flags; nothing if they are no whole numbers that lie close together.
bool distinct_by_table(const double* first, std::int64_t rows, std::int64_t stride,
                       std::vector<double>& keys) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool missing = false, whole = true;
  for (std::int64_t i = 0; i < rows && whole; ++i) {
    const double value = first[i * stride];
    if (std::isnan(value)) {
      missing = true;
      continue;
    }
    low = std::min(low, value);
    high = std::max(high, value);
    whole = value == std::floor(value);
  }
  if (!whole) return false;
  if (low <= high) {
    const WholeRange range = range_of(low, high, rows);
    if (range.size == 0) return false;
    std::vector<std::uint8_t> there(static_cast<std::size_t>(range.size));
    for (std::int64_t i = 0; i < rows; ++i) {
      const double value = first[i * stride];
      if (!std::isnan(value)) there[static_cast<std::size_t>(value - low)] = 1;
    }
    for (std::size_t i = 0; i < there.size(); ++i)
      if (there[i] != 0) keys.push_back(low + static_cast<double>(i) + 0.0);
  }
  if (missing) keys.push_back(kMissing);
  return true;
}

std::vector<double> distinct(const double* first, std::int64_t rows, std::int64_t stride) {
  std::vector<double> keys;
  if (distinct_by_table(first, rows, stride, keys)) return keys;
  std::uint64_t before = 0;  // no value has this key
  for (const KeyedPlace& place : places_in_order(first, rows, stride)) {
    if (place.key != before) keys.push_back(place.key == kMissingKey ? kMissing : value_of_key(place.key));
    before = place.key;
  }
  return keys;
}

std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(value + 0.0);  // -0 becomes +0
}

}  // namespace

Categories::Categories(const Tensor& x) {
  const std::int64_t rows = x.size(0), features = x.size(1);
  TESSERA_CHECK(rows < (std::int64_t{1} << 31), "{} rows are more than 2^31", rows);
  const double* const values = x.values<double>().data();
  std::vector<std::vector<double>> of_feature(static_cast<std::size_t>(features));
  parallel_for(features, [&](std::int64_t f) {
    of_feature[static_cast<std::size_t>(f)] = distinct(values + f, rows, features);
  });
  std::vector<double> keys;
  std::vector<std::int64_t> first = {0};
  for (const std::vector<double>& some : of_feature) {
    keys.insert(keys.end(), some.begin(), some.end());
    first.push_back(static_cast<std::int64_t>(keys.size()));
  }
  keys_ = Tensor::from(keys, {first.back()});
  first_ = Tensor::from(first, {features + 1});
}

std::int64_t Categories::first(std::int64_t feature) const {
  return first_.values<std::int64_t>()[static_cast<std::size_t>(feature)];
}

std::int64_t Categories::most() const {
  std::int64_t most = 0;
  for (std::int64_t f = 0; f < features(); ++f) most = std::max(most, count(f));
  return most;
}

std::span<const double> Categories::keys(std::int64_t feature) const {
  return keys_.values<double>().subspan(static_cast<std::size_t>(first(feature)),
                                        static_cast<std::size_t>(count(feature)));
}

CategoryCodes Categories::codes(const Tensor& x) const {
  const std::int64_t rows = x.size(0), columns = features();
  const double* const values = x.values<double>().data();
  CategoryCodes codes(static_cast<std::size_t>(columns));
  std::vector<CategoryLookup> lookups;
  for (std::int64_t f = 0; f < columns; ++f) {
    lookups.emplace_back(keys(f), rows);
    codes[static_cast<std::size_t>(f)].resize(static_cast<std::size_t>(rows));
  }
  parallel_for((rows + kRowsOfEncodingTask - 1) / kRowsOfEncodingTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * kRowsOfEncodingTask);
    for (std::size_t f = 0; f < codes.size(); ++f)
      for (std::int64_t i = task * kRowsOfEncodingTask; i < end; ++i)
        codes[f][static_cast<std::size_t>(i)] =
            lookups[f].code(values[i * columns + static_cast<std::int64_t>(f)]);
  });
  return codes;
}

CategoryCodes Categories::known_codes(std::string_view owner, const Tensor& x) const {
  CategoryCodes found = codes(x);
  for (std::size_t f = 0; f < found.size(); ++f)
    if (const auto place = std::ranges::find(found[f], -1); place != found[f].end())
      fail(
          "{}: row {}, column {} has a category that fit() has not seen, expected the rows that it has "
          "learned from",
          owner, place - found[f].begin(), f);
  return found;
}

void Categories::visit(StateVisitor& visitor) {
  visitor.tensor("categories.keys", keys_);
  visitor.tensor("categories.first", first_);
}

void Categories::check(std::string_view owner, std::int64_t features) const {
  require_restored(owner, "categories.first", first_, DType::kInt64, {features + 1});
  require_restored(owner, "categories.keys", keys_, DType::kFloat64, {-1});
  if (first(0) != 0 || first(features) != keys_.size(0))
    refuse_restored(owner, "'categories.first' does not cover the categories");
  for (std::int64_t f = 0; f < features; ++f) {
    if (first(f) >= first(f + 1) || first(f + 1) > keys_.size(0))
      refuse_restored(owner, "'categories.first' does not ascend");
    const std::span<const double> some = keys(f);
    for (std::size_t i = 0; i < some.size(); ++i) {
      const bool last = i + 1 == some.size();
      if (std::isinf(some[i]) || (std::isnan(some[i]) && !last) || (!last && some[i] >= some[i + 1]))
        refuse_restored(owner, "'categories.keys' is not in order");
    }
  }
}

// ---- Looking up ----

CategoryLookup::CategoryLookup(std::span<const double> keys, std::int64_t queries) : keys_(keys) {
  if (!keys_.empty() && std::isnan(keys_.back())) {
    missing_ = static_cast<std::int32_t>(keys_.size()) - 1;
    keys_ = keys_.first(keys_.size() - 1);
  }
  const std::int64_t count = static_cast<std::int64_t>(keys_.size());
  if (count == 0 || queries < count / 16) return;
  low_ = keys_.front();
  const bool whole = std::ranges::all_of(keys_, [](double key) { return key == std::floor(key); });
  const WholeRange range = whole ? range_of(low_, keys_.back(), std::max(count, queries)) : WholeRange{};
  if (range.size > 0) {
    way_ = Way::kTable;
    table_.assign(static_cast<std::size_t>(range.size), -1);
    for (std::int64_t i = 0; i < count; ++i)
      table_[static_cast<std::size_t>(keys_[static_cast<std::size_t>(i)] - low_)] =
          static_cast<std::int32_t>(i);
    return;
  }
  way_ = Way::kHash;
  const std::size_t places = std::bit_ceil(static_cast<std::size_t>(count) * 2);
  shift_ = 64 - std::countr_zero(places);
  table_.assign(places, -1);
  for (std::int64_t i = 0; i < count; ++i) {
    std::size_t place = (bits_of(keys_[static_cast<std::size_t>(i)]) * 0x9E3779B97F4A7C15u) >> shift_;
    while (table_[place] >= 0) place = (place + 1) & (places - 1);
    table_[place] = static_cast<std::int32_t>(i);
  }
}

std::int32_t CategoryLookup::code(double value) const {
  if (std::isnan(value)) return missing_;
  if (way_ == Way::kHash) return hashed(value);
  if (way_ == Way::kBisection) return bisected(value);
  const double off = value - low_;
  if (!(off >= 0 && off < static_cast<double>(table_.size()))) return -1;
  const auto place = static_cast<std::int64_t>(off);
  // Rounding may have taken a fraction away from the difference.
  return static_cast<double>(place) == off && low_ + off == value ? table_[static_cast<std::size_t>(place)]
                                                                  : -1;
}

std::int32_t CategoryLookup::hashed(double value) const {
  std::size_t place = (bits_of(value) * 0x9E3779B97F4A7C15u) >> shift_;
  for (std::int32_t found = table_[place]; found >= 0; found = table_[place]) {
    if (keys_[static_cast<std::size_t>(found)] == value) return found;
    place = (place + 1) & (table_.size() - 1);
  }
  return -1;
}

std::int32_t CategoryLookup::bisected(double value) const {
  const auto place = std::ranges::lower_bound(keys_, value);
  return place != keys_.end() && *place == value ? static_cast<std::int32_t>(place - keys_.begin()) : -1;
}

EncodedRows::EncodedRows(std::int64_t rows, std::int64_t features)
    : tensor(Tensor::allocate({rows, features}, DType::kFloat64)), values(tensor.view().as<double>()) {}

Tensor EncodedRows::done(SourceLocation where) const {
  tessera::internal::tell_of_host_tensor(tensor, where);
  return tensor;
}

// ---- Rows by category ----

CategoryRows::CategoryRows(std::span<const std::int32_t> codes, std::int64_t categories,
                           std::span<const std::int64_t> order)
    : first(static_cast<std::size_t>(categories) + 1), rows(codes.size()) {
  for (const std::int32_t code : codes)
    if (code >= 0) ++first[static_cast<std::size_t>(code) + 1];
  for (std::size_t c = 1; c < first.size(); ++c) first[c] += first[c - 1];
  std::vector<std::int64_t> next(first.begin(), first.end() - 1);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t row = order.empty() ? i : static_cast<std::size_t>(order[i]);
    if (codes[row] >= 0)
      rows[static_cast<std::size_t>(next[static_cast<std::size_t>(codes[row])]++)] =
          static_cast<std::uint32_t>(row);
  }
  rows.resize(static_cast<std::size_t>(first.back()));
}

}  // namespace tessera::learn
