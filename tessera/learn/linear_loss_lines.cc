#include "tessera/learn/linear_loss_lines.h"

// Only targets whose MulAdd is one fused operation: AVX2 and AVX-512; Highway insists on a baseline.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/linear_loss_lines.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/learn/lanes-inl.h"
#include "tessera/numerics/reduce.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::internal::HWY_NAMESPACE {

using namespace lanes::HWY_NAMESPACE;

HWY_INLINE V negative(V x) {
  return Ops::mul(Ops::set(-1), x);
}

struct Row {
  V loss, slope;
};

// max(z, 0) + log1p(e^-|z|), less `own`.
HWY_INLINE V softplus_less(V z, V own) {
  const V positive = Ops::sub(Ops::max(Ops::set(0), z), own);
  return Ops::add(positive, log1p_of(exp_of(negative(absolute_of(z)))));
}

HWY_INLINE Row bernoulli(V z, V y) {
  return {softplus_less(z, Ops::mul(y, z)), Ops::sub(sigmoid_of(z), y)};
}

HWY_INLINE Row margin(V z, V y) {
  const V sign = Ops::sub(Ops::mul(y, Ops::set(2)), Ops::set(1)), against = negative(sign);
  const V turned = Ops::mul(against, z);
  return {softplus_less(turned, Ops::set(0)), Ops::mul(against, sigmoid_of(turned))};
}

HWY_INLINE Row poisson(V z, V y) {
  const V mean = exp_of(z);
  return {Ops::sub(mean, Ops::mul(y, z)), Ops::sub(mean, y)};
}

template <Row (*formula)(V, V)>
void one_score(const LossLines& lines) {
  for (std::int64_t i = 0; i < lines.rows; i += kWidth) {
    const Row row = formula(load(lines.scores + i), load(lines.targets + i));
    store(row.loss, lines.losses + i);
    store(row.slope, lines.slopes + i);
  }
}

// Rule 3 of at most kMostLossLines terms: term k goes to lane k mod 16.
template <typename Term>
HWY_INLINE V sum_over(std::int64_t count, const Term& term) {
  V lanes[numerics::kReduceLanes];
  for (V& lane : lanes) lane = Ops::set(0);
  for (std::int64_t k = 0; k < count; ++k) {
    V& lane = lanes[k % numerics::kReduceLanes];
    lane = Ops::add(lane, term(k));
  }
  for (std::int64_t s = numerics::kReduceLanes / 2; s > 0; s /= 2)
    for (std::int64_t j = 0; j < s; ++j) lanes[j] = Ops::add(lanes[j], lanes[j + s]);
  return lanes[0];
}

// The scores of some rows, and which class is theirs.
struct Scores {
  const LossLines& lines;
  std::int64_t row;
  V own_class;

  HWY_INLINE V score(std::int64_t k) const { return load(lines.scores + k * lines.stride + row); }
  HWY_INLINE auto is_own(std::int64_t k) const {
    return Ops::eq(own_class, Ops::set(static_cast<double>(k)));
  }
  HWY_INLINE double* slope(std::int64_t k) const { return lines.slopes + k * lines.stride + row; }
  HWY_INLINE V own_score() const {
    V own = score(0);
    for (std::int64_t k = 1; k < lines.outputs; ++k) own = Ops::select(is_own(k), score(k), own);
    return own;
  }
};

// Slopes hold e^(z_k - max) until their sum is known.
HWY_INLINE void categorical_rows(const Scores& at) {
  const std::int64_t outputs = at.lines.outputs;
  V top = at.score(0);
  for (std::int64_t k = 1; k < outputs; ++k) top = Ops::max(top, at.score(k));
  const V total = sum_over(outputs, [&](std::int64_t k) HWY_ATTR {
    const V part = exp_of(Ops::sub(at.score(k), top));
    store(part, at.slope(k));
    return part;
  });
  store(negative(Ops::sub(Ops::sub(at.own_score(), top), log_of(total))), at.lines.losses + at.row);
  for (std::int64_t k = 0; k < outputs; ++k) {
    const V own = Ops::select(at.is_own(k), Ops::set(1), Ops::set(0));
    store(Ops::sub(Ops::div(load(at.slope(k)), total), own), at.slope(k));
  }
}

HWY_INLINE void categorical_margin_rows(const Scores& at) {
  const std::int64_t outputs = at.lines.outputs;
  const V own = at.own_score(), none = Ops::set(0);
  V top = none;  // z_k - z_y of the row's own class
  for (std::int64_t k = 0; k < outputs; ++k) top = Ops::max(top, Ops::sub(at.score(k), own));
  const V total = sum_over(outputs, [&](std::int64_t k) HWY_ATTR {
    const V part = exp_of(Ops::sub(Ops::sub(at.score(k), own), top));
    store(part, at.slope(k));
    return part;
  });
  const V others = sum_over(
      outputs, [&](std::int64_t k) HWY_ATTR { return Ops::select(at.is_own(k), none, load(at.slope(k))); });
  const V right = log1p_of(others), wrong = Ops::add(top, log_of(Ops::add(others, exp_of(negative(top)))));
  store(Ops::select(Ops::eq(top, none), right, wrong), at.lines.losses + at.row);
  for (std::int64_t k = 0; k < outputs; ++k) store(Ops::div(load(at.slope(k)), total), at.slope(k));
  const V share = sum_over(
      outputs, [&](std::int64_t k) HWY_ATTR { return Ops::select(at.is_own(k), none, load(at.slope(k))); });
  for (std::int64_t k = 0; k < outputs; ++k)
    store(Ops::select(at.is_own(k), negative(share), load(at.slope(k))), at.slope(k));
}

template <void (*some_rows)(const Scores&)>
void several_scores(const LossLines& lines) {
  for (std::int64_t i = 0; i < lines.rows; i += kWidth) some_rows({lines, i, load(lines.targets + i)});
}

void weigh(const LossLines& lines) {
  for (std::int64_t i = 0; i < lines.rows; i += kWidth) {
    const V weight = load(lines.weights + i);
    store(Ops::mul(load(lines.losses + i), weight), lines.losses + i);
    for (std::int64_t k = 0; k < lines.outputs; ++k) {
      double* const slope = lines.slopes + k * lines.stride + i;
      store(Ops::mul(load(slope), weight), slope);
    }
  }
}

void loss_lines(const LossLines& lines) {
  switch (lines.view) {
    case LossView::kBernoulli:
      one_score<bernoulli>(lines);
      break;
    case LossView::kMargin:
      one_score<margin>(lines);
      break;
    case LossView::kPoisson:
      one_score<poisson>(lines);
      break;
    case LossView::kCategorical:
      several_scores<categorical_rows>(lines);
      break;
    case LossView::kCategoricalMargin:
      several_scores<categorical_margin_rows>(lines);
      break;
  }
  if (lines.weights != nullptr) weigh(lines);
}

}  // namespace tessera::learn::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn::internal {

HWY_EXPORT(loss_lines);

void compute_loss_lines(const LossLines& lines) {
  HWY_DYNAMIC_DISPATCH(loss_lines)(lines);
}

}  // namespace tessera::learn::internal
#endif
