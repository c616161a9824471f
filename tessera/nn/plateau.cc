#include "tessera/nn/plateau.h"

#include <algorithm>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"

namespace tessera::nn {
namespace {

void require_threshold(const char* what, const Improvement& improvement) {
  if (!(improvement.threshold >= 0))
    fail("{}: the threshold is {}, expected at least 0", what, improvement.threshold);
}

}  // namespace

bool Improvement::over(double best, double metric) const {
  const FloatEnvironment contract;
  const double sign = better == Better::kLower ? -1 : 1;
  double edge = best;
  if (best != worst()) edge = relative ? best * (1 + sign * threshold) : best + sign * threshold;
  return better == Better::kLower ? metric < edge : metric > edge;
}

double Improvement::worst() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return better == Better::kLower ? kInfinity : -kInfinity;
}

// ---- Early stopping ----

EarlyStopping::EarlyStopping(const EarlyStoppingSettings& settings)
    : settings_(settings), best_(settings.improvement.worst()) {
  require_threshold("EarlyStopping", settings.improvement);
  if (settings.patience < 1) fail("EarlyStopping: patience is {}, expected at least 1", settings.patience);
}

bool EarlyStopping::observe(double metric) {
  ++observations_;
  if (!settings_.improvement.over(best_, metric)) {
    ++waited_;
    return false;
  }
  best_ = metric;
  best_observation_ = observations_;
  waited_ = 0;
  return true;
}

void EarlyStopping::visit_state(StateVisitor& visitor) {
  visitor.real("best", best_);
  visitor.integer("observations", observations_);
  visitor.integer("best_observation", best_observation_);
  visitor.integer("waited", waited_);
}

// ---- Plateau ----

PlateauSchedule::PlateauSchedule(double learning_rate, const PlateauSettings& settings)
    : settings_(settings),
      improvement_(settings.improvement),
      rate_(learning_rate),
      best_(improvement_.worst()) {
  require_threshold("PlateauSchedule", improvement_);
  if (!(learning_rate >= 0 && settings.least_rate >= 0))
    fail("PlateauSchedule: the learning rate is {} and the least one {}, expected at least 0", learning_rate,
         settings.least_rate);
  if (!(settings.factor > 0 && settings.factor < 1))
    fail("PlateauSchedule: the factor is {}, expected above 0 and below 1", settings.factor);
  if (settings.patience < 0 || settings.cooldown < 0)
    fail("PlateauSchedule: patience is {} and cooldown {}, expected at least 0", settings.patience,
         settings.cooldown);
}

bool PlateauSchedule::observe(double metric) {
  constexpr double kLeastChange = 1e-8;
  if (improvement_.over(best_, metric)) {
    best_ = metric;
    bad_ = 0;
  } else {
    ++bad_;
  }
  if (cooling_ > 0) {
    --cooling_;
    bad_ = 0;
  }
  if (bad_ <= settings_.patience) return false;
  cooling_ = settings_.cooldown;
  bad_ = 0;
  const FloatEnvironment contract;
  const double lower = std::max(rate_ * settings_.factor, settings_.least_rate);
  if (rate_ - lower <= kLeastChange) return false;
  rate_ = lower;
  return true;
}

void PlateauSchedule::visit_state(StateVisitor& visitor) {
  visitor.real("rate", rate_);
  visitor.real("best", best_);
  visitor.integer("bad", bad_);
  visitor.integer("cooling", cooling_);
}

}  // namespace tessera::nn
