#include "tessera/learn/tree_kernels.h"

#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/tree_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::internal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, kReadBehind>;
using I = hn::CappedTag<std::int64_t, kReadBehind>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ValueRange range_of_values(const double* values, std::int64_t count) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto least = hn::Set(d, kInfinity), most = hn::Set(d, -kInfinity);
  auto missing = hn::Ne(least, least);
  const auto take = [&](auto value) {
    const auto none = hn::IsNaN(value);
    missing = hn::Or(missing, none);
    least = hn::Min(least, hn::IfThenElse(none, least, value));
    most = hn::Max(most, hn::IfThenElse(none, most, value));
  };
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) take(hn::LoadU(d, values + i));
  if (i < count) {
    const auto rest = static_cast<std::size_t>(count - i);
    // Lanes behind the end repeat a value, which changes nothing.
    take(hn::IfThenElse(hn::FirstN(d, rest), hn::LoadU(d, values + i), hn::Set(d, values[i])));
  }
  return {hn::GetLane(hn::MinOfLanes(d, least)), hn::GetLane(hn::MaxOfLanes(d, most)),
          !hn::AllFalse(d, missing)};
}

// Sums over the rows whose values `belongs` to the part. A missing value compares with nothing.
template <typename Belongs>
HWY_INLINE PartSum sum_of_part(const double* values, const std::int64_t* words, std::int64_t count,
                               const Belongs& belongs) {
  const D d;
  const I integers;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(integers);
  std::int64_t members = 0;
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto part = belongs(hn::LoadU(d, values + i));
    sum = hn::Add(sum, hn::IfThenElseZero(hn::RebindMask(integers, part), hn::LoadU(integers, words + i)));
    members += static_cast<std::int64_t>(hn::CountTrue(d, part));
  }
  if (i < count) {
    const auto rest = static_cast<std::size_t>(count - i);
    const auto part = hn::And(hn::FirstN(d, rest), belongs(hn::LoadU(d, values + i)));
    sum = hn::Add(sum, hn::IfThenElseZero(hn::RebindMask(integers, part), hn::LoadU(integers, words + i)));
    members += static_cast<std::int64_t>(hn::CountTrue(d, part));
  }
  return {static_cast<std::uint64_t>(hn::GetLane(hn::SumOfLanes(integers, sum))), members};
}

PartSum sum_of_values_up_to(double threshold, const double* values, const std::int64_t* words,
                            std::int64_t count) {
  const auto most = hn::Set(D(), threshold);
  return sum_of_part(values, words, count, [&](auto value) { return hn::Le(value, most); });
}

PartSum sum_of_missing_values(const double* values, const std::int64_t* words, std::int64_t count) {
  return sum_of_part(values, words, count, [](auto value) { return hn::IsNaN(value); });
}

WordRange range_of_words(const std::int64_t* words, std::int64_t count) {
  const I d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  auto least = hn::Set(d, std::numeric_limits<std::int64_t>::max());
  auto most = hn::Set(d, std::numeric_limits<std::int64_t>::min());
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto word = hn::LoadU(d, words + i);
    sum = hn::Add(sum, word);
    least = hn::Min(least, word);
    most = hn::Max(most, word);
  }
  if (i < count) {
    const auto rest = static_cast<std::size_t>(count - i);
    const auto there = hn::FirstN(d, rest);
    const auto word = hn::LoadU(d, words + i);
    sum = hn::Add(sum, hn::IfThenElseZero(there, word));
    const auto filled = hn::IfThenElse(there, word, hn::Set(d, words[i]));
    least = hn::Min(least, filled);
    most = hn::Max(most, filled);
  }
  return {hn::GetLane(hn::SumOfLanes(d, sum)), hn::GetLane(hn::MinOfLanes(d, least)),
          hn::GetLane(hn::MaxOfLanes(d, most))};
}

}  // namespace tessera::learn::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn::internal {

HWY_EXPORT(range_of_values);
HWY_EXPORT(sum_of_values_up_to);
HWY_EXPORT(sum_of_missing_values);
HWY_EXPORT(range_of_words);

ValueRange range_of(const double* values, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(range_of_values)(values, count);
}

PartSum sum_up_to(double threshold, const double* values, const std::int64_t* words, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(sum_of_values_up_to)(threshold, values, words, count);
}

PartSum sum_of_missing(const double* values, const std::int64_t* words, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(sum_of_missing_values)(values, words, count);
}

WordRange range_of(const std::int64_t* words, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(range_of_words)(words, count);
}

}  // namespace tessera::learn::internal
#endif  // HWY_ONCE
