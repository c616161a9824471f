#include "tessera/learn/smo.h"

#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/smo_lines.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <cmath>
#include <limits>

#ifndef TESSERA_LEARN_SMO_LINES_ONCE
#define TESSERA_LEARN_SMO_LINES_ONCE
namespace tessera::learn {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kSmallest = 1e-12;

// The best so far, and where; of equals the last. Positions must come in ascending order, or with `take` from lanes.
struct Leader {
  double value = -kNever;
  std::int64_t at = -1;
  void consider(double other, std::int64_t place) {
    if (!(other >= value) || other == -kNever) return;
    value = other;
    at = place;
  }
  void take(double other, std::int64_t place) {  // from a lane
    if (place < 0 || other < value || (other == value && place < at)) return;
    value = other;
    at = place;
  }
};

inline double gain_of(double most, double slope, double may_shrink, double own, double diagonal,
                      double kernel) {
  const double rise = most - (slope + may_shrink);
  if (!(rise > 0)) return -kNever;
  const double curvature = std::fma(-2.0, kernel, own + diagonal);
  return rise * rise / (curvature > 0 ? curvature : kSmallest);
}

}  // namespace tessera::learn
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, 8>;
using V = hn::Vec<D>;
constexpr std::int64_t kLanes = HWY_TARGET == HWY_AVX3 ? 8 : 4;

HWY_INLINE Leader leader_of(V values, V places) {
  const D d;
  double value[kLanes], place[kLanes];
  hn::StoreU(values, d, value);
  hn::StoreU(places, d, place);
  Leader leader;
  for (std::int64_t i = 0; i < kLanes; ++i) leader.take(value[i], static_cast<std::int64_t>(place[i]));
  return leader;
}

// The place where values above -infinity are largest, lane by lane.
HWY_INLINE void follow(V values, V places, V& best, V& at) {
  const D d;
  const auto better = hn::And(hn::Ge(values, best), hn::Gt(values, hn::Set(d, -kNever)));
  best = hn::IfThenElse(better, values, best);
  at = hn::IfThenElse(better, places, at);
}

void advance_line(double* slope, const double* may_grow, const double* may_shrink, const double* first,
                  const double* second, double step, std::int64_t count, SmoExtremes* extremes) {
  const D d;
  V best = hn::Set(d, -kNever), at = hn::Set(d, -1.0), least = hn::Set(d, kNever);
  V place = hn::Iota(d, 0);
  const V by = hn::Set(d, step), forward = hn::Set(d, static_cast<double>(kLanes));
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V difference = hn::Sub(hn::LoadU(d, first + i), hn::LoadU(d, second + i));
    const V now = hn::NegMulAdd(by, difference, hn::LoadU(d, slope + i));
    hn::StoreU(now, d, slope + i);
    follow(hn::Add(now, hn::LoadU(d, may_grow + i)), place, best, at);
    least = hn::Min(hn::Add(now, hn::LoadU(d, may_shrink + i)), least);
    place = hn::Add(place, forward);
  }
  Leader leader = leader_of(best, at);
  double lowest = hn::GetLane(hn::MinOfLanes(d, least));
  for (; i < count; ++i) {
    slope[i] = std::fma(-step, first[i] - second[i], slope[i]);
    leader.consider(slope[i] + may_grow[i], i);
    const double low = slope[i] + may_shrink[i];
    lowest = low < lowest ? low : lowest;
  }
  *extremes = {leader.value, lowest, leader.at};
}

void partner_line(const double* slope, const double* may_shrink, const double* row, const double* diagonal,
                  double most, double own, std::int64_t count, SmoPartner* partner) {
  const D d;
  V best = hn::Set(d, -kNever), at = hn::Set(d, -1.0);
  V place = hn::Iota(d, 0);
  const V forward = hn::Set(d, static_cast<double>(kLanes)), zero = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V rise = hn::Sub(hn::Set(d, most), hn::Add(hn::LoadU(d, slope + i), hn::LoadU(d, may_shrink + i)));
    const V rises_from = hn::Add(hn::Set(d, own), hn::LoadU(d, diagonal + i));
    const V curvature = hn::MulAdd(hn::Set(d, -2.0), hn::LoadU(d, row + i), rises_from);
    const V bent = hn::IfThenElse(hn::Gt(curvature, zero), curvature, hn::Set(d, kSmallest));
    const V gain = hn::Div(hn::Mul(rise, rise), bent);
    follow(hn::IfThenElse(hn::Gt(rise, zero), gain, hn::Set(d, -kNever)), place, best, at);
    place = hn::Add(place, forward);
  }
  Leader leader = leader_of(best, at);
  for (; i < count; ++i) leader.consider(gain_of(most, slope[i], may_shrink[i], own, diagonal[i], row[i]), i);
  *partner = {leader.value, leader.at};
}

#else

void advance_line(double* slope, const double* may_grow, const double* may_shrink, const double* first,
                  const double* second, double step, std::int64_t count, SmoExtremes* extremes) {
  Leader leader;
  double lowest = kNever;
  for (std::int64_t i = 0; i < count; ++i) {
    slope[i] = std::fma(-step, first[i] - second[i], slope[i]);
    leader.consider(slope[i] + may_grow[i], i);
    const double low = slope[i] + may_shrink[i];
    lowest = low < lowest ? low : lowest;
  }
  *extremes = {leader.value, lowest, leader.at};
}

void partner_line(const double* slope, const double* may_shrink, const double* row, const double* diagonal,
                  double most, double own, std::int64_t count, SmoPartner* partner) {
  Leader leader;
  for (std::int64_t i = 0; i < count; ++i)
    leader.consider(gain_of(most, slope[i], may_shrink[i], own, diagonal[i], row[i]), i);
  *partner = {leader.value, leader.at};
}

#endif

}  // namespace tessera::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn {

HWY_EXPORT(advance_line);
HWY_EXPORT(partner_line);

SmoExtremes smo_advance(double* slope, const double* may_grow, const double* may_shrink, const double* first,
                        const double* second, double step, std::int64_t count) {
  SmoExtremes extremes{};
  HWY_DYNAMIC_DISPATCH(advance_line)
  (slope, may_grow, may_shrink, first, second, step, count, &extremes);
  return extremes;
}

SmoPartner smo_partner(const double* slope, const double* may_shrink, const double* row,
                       const double* diagonal, double most, double own, std::int64_t count) {
  SmoPartner partner{};
  HWY_DYNAMIC_DISPATCH(partner_line)(slope, may_shrink, row, diagonal, most, own, count, &partner);
  return partner;
}

}  // namespace tessera::learn
#endif  // HWY_ONCE
