#include "tessera/learn/coded_features.h"

#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"

namespace tessera::learn {

namespace {

constexpr int kDigitBits = 11, kDigits = 6;
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

std::uint64_t key_of(double value) {
  if (std::isnan(value)) return kMissingKey;
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 becomes +0
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

std::size_t digit(std::uint64_t key, int number) {
  return static_cast<std::size_t>(key >> (number * kDigitBits)) & ((1u << kDigitBits) - 1);
}

}  // namespace

double value_of_key(std::uint64_t key) {
  return std::bit_cast<double>((key & kSign) != 0 ? key & ~kSign : ~key);
}

// Radix sort from the lowest digit up; a digit that is the same for all costs nothing.
std::vector<KeyedPlace> places_in_order(const double* first, std::int64_t count, std::int64_t stride) {
  const auto n = static_cast<std::size_t>(count);
  std::vector<KeyedPlace> places(n), other(n);
  std::vector<std::array<std::uint32_t, std::size_t{1} << kDigitBits>> counts(kDigits);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t key = key_of(first[static_cast<std::int64_t>(i) * stride]);
    places[i] = {key, static_cast<std::uint32_t>(i)};
    for (int d = 0; d < kDigits; ++d) ++counts[static_cast<std::size_t>(d)][digit(key, d)];
  }
  for (int d = 0; d < kDigits && n > 0; ++d) {
    auto& count_of = counts[static_cast<std::size_t>(d)];
    if (count_of[digit(places[0].key, d)] == n) continue;
    std::uint32_t before = 0;
    for (std::uint32_t& entry : count_of) before += std::exchange(entry, before);
    for (const KeyedPlace& place : places) other[count_of[digit(place.key, d)]++] = place;
    places.swap(other);
  }
  return places;
}

CodedFeatures::Column CodedFeatures::coded(const double* first, std::int64_t rows, std::int64_t stride) {
  Column column;
  column.codes.resize(static_cast<std::size_t>(rows));
  std::uint64_t before = 0;  // no value has this key
  for (const KeyedPlace& place : places_in_order(first, rows, stride)) {
    const bool missing = place.key == kMissingKey;
    if (!missing && place.key != before) column.values.push_back(value_of_key(place.key));
    before = place.key;
    column.codes[place.place] = static_cast<std::uint32_t>(column.values.size()) - (missing ? 0 : 1);
  }
  return column;
}

CodedFeatures::CodedFeatures(const Tensor& x) : rows_(x.size(0)) {
  TESSERA_CHECK(rows_ < (std::int64_t{1} << 31), "{} rows are more than 2^31", rows_);
  const double* const values = x.values<double>().data();
  const std::int64_t features = x.size(1);
  columns_.resize(static_cast<std::size_t>(features));
  parallel_for(features, [&](std::int64_t f) {
    columns_[static_cast<std::size_t>(f)] = coded(values + f, rows_, features);
  });
}

}  // namespace tessera::learn
