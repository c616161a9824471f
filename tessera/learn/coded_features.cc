#include "tessera/learn/coded_features.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"

namespace tessera::learn {

namespace {

constexpr int kDigitBits = 11, kDigits = 6, kHighestDigits = 3;
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

// By the highest digits in which they differ, after which hardly any two are in the wrong order.
std::span<const std::uint64_t> KeySorter::sort(const double* first, std::int64_t count, std::int64_t stride) {
  keys_.resize(static_cast<std::size_t>(count));
  std::size_t there = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    keys_[there] = key_of(first[i * stride]);
    there += keys_[there] != kMissingKey ? 1 : 0;
  }
  keys_.resize(there);
  std::uint64_t varying = 0;
  for (const std::uint64_t key : keys_) varying |= key ^ keys_[0];
  const int low = std::max(0, static_cast<int>(std::bit_width(varying)) - kHighestDigits * kDigitBits);
  sort_digits(low);
  for (std::size_t i = 0; low > 0 && i < there;) {
    std::size_t end = i + 1;
    bool ordered = true;
    for (; end < there && keys_[end] >> low == keys_[i] >> low; ++end)
      ordered = ordered && keys_[end - 1] <= keys_[end];
    if (!ordered) std::ranges::sort(std::span(keys_).subspan(i, end - i));
    i = end;
  }
  return keys_;
}

// The digits above the lowest `low` bits.
void KeySorter::sort_digits(int low) {
  if (keys_.empty()) return;
  std::vector<std::array<std::uint32_t, std::size_t{1} << kDigitBits>> counts(kHighestDigits);
  for (const std::uint64_t key : keys_)
    for (int d = 0; d < kHighestDigits; ++d) ++counts[static_cast<std::size_t>(d)][digit(key >> low, d)];
  other_.resize(keys_.size());
  for (int d = 0; d < kHighestDigits; ++d) {
    auto& count_of = counts[static_cast<std::size_t>(d)];
    if (count_of[digit(keys_[0] >> low, d)] == keys_.size()) continue;
    std::uint32_t before = 0;
    for (std::uint32_t& entry : count_of) before += std::exchange(entry, before);
    for (const std::uint64_t key : keys_) other_[count_of[digit(key >> low, d)]++] = key;
    keys_.swap(other_);
  }
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
