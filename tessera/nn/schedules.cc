#include "tessera/nn/schedules.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"

namespace tessera::nn {
namespace {

constexpr double kPi = 3.141592653589793;

Schedule checked(const Schedule& schedule) {
  if (!(schedule.learning_rate >= 0))
    fail("schedule: the learning rate is {}, expected at least 0", schedule.learning_rate);
  if (schedule.every < 1) fail("schedule: every is {}, expected at least 1", schedule.every);
  if (!(schedule.factor >= 0)) fail("schedule: the factor is {}, expected at least 0", schedule.factor);
  if (schedule.kind == Schedule::Kind::kRestarts && schedule.factor < 1)
    fail("schedule: the period's factor is {}, expected at least 1", schedule.factor);
  if (!(schedule.rising_part >= 0 && schedule.rising_part < 1))
    fail("schedule: the rising part is {}, expected at least 0 and below 1", schedule.rising_part);
  const bool has_total =
      schedule.kind == Schedule::Kind::kCosine || schedule.kind == Schedule::Kind::kOneCycle;
  if (has_total && schedule.total_steps <= schedule.warm_up_steps)
    fail("schedule: {} steps in all, expected more than the {} of the warm-up", schedule.total_steps,
         schedule.warm_up_steps);
  if (!(schedule.final_rate >= 0))
    fail("schedule: the final rate is {}, expected at least 0", schedule.final_rate);
  return schedule;
}

// From `from` to `to` along half a cosine; part in [0, 1].
double along_cosine(double from, double to, double part) {
  return to + (from - to) * (1 + numerics::cos(kPi * part)) / 2;
}

// Where step t lies in its period, as a part of that.
double part_of_period(std::uint64_t t, std::uint64_t period, double factor) {
  if (factor == 1) return static_cast<double>(t % period) / static_cast<double>(period);
  while (t >= period) {
    t -= period;
    period *= static_cast<std::uint64_t>(factor);
  }
  return static_cast<double>(t) / static_cast<double>(period);
}

double one_cycle_rate(const Schedule& s, std::uint64_t finished) {
  const auto last = static_cast<double>(s.total_steps - 1);
  const double top = s.rising_part * static_cast<double>(s.total_steps) - 1;
  const auto t = static_cast<double>(finished);
  if (t >= last) return s.final_rate;
  if (top > 0 && t <= top) return along_cosine(s.initial_rate, s.learning_rate, t / top);
  return along_cosine(s.learning_rate, s.final_rate, (t - top) / (last - top));
}

}  // namespace

double Schedule::rate(std::uint64_t finished) const {
  const FloatEnvironment contract;
  if (finished < warm_up_steps)
    return learning_rate * static_cast<double>(finished + 1) / static_cast<double>(warm_up_steps + 1);
  const std::uint64_t t = finished - warm_up_steps;
  switch (kind) {
    case Kind::kConstant:
      return learning_rate;
    case Kind::kStep:
      return learning_rate * numerics::pow(factor, static_cast<double>(t / every));
    case Kind::kCosine: {
      if (finished >= total_steps) return final_rate;
      const double part = static_cast<double>(t) / static_cast<double>(total_steps - warm_up_steps);
      return along_cosine(learning_rate, final_rate, part);
    }
    case Kind::kExponential:
      return learning_rate * numerics::pow(factor, static_cast<double>(t));
    case Kind::kRestarts:
      return along_cosine(learning_rate, final_rate, part_of_period(t, every, factor));
    case Kind::kOneCycle:
      return one_cycle_rate(*this, finished);
  }
  return learning_rate;
}

Schedule constant_schedule(double learning_rate, std::uint64_t warm_up_steps) {
  return checked(
      {.kind = Schedule::Kind::kConstant, .learning_rate = learning_rate, .warm_up_steps = warm_up_steps});
}

Schedule step_schedule(double learning_rate, std::uint64_t every, double factor,
                       std::uint64_t warm_up_steps) {
  return checked({.kind = Schedule::Kind::kStep,
                  .learning_rate = learning_rate,
                  .every = every,
                  .factor = factor,
                  .warm_up_steps = warm_up_steps});
}

Schedule cosine_schedule(double learning_rate, std::uint64_t total_steps, double final_rate,
                         std::uint64_t warm_up_steps) {
  return checked({.kind = Schedule::Kind::kCosine,
                  .learning_rate = learning_rate,
                  .total_steps = total_steps,
                  .final_rate = final_rate,
                  .warm_up_steps = warm_up_steps});
}

Schedule exponential_schedule(double learning_rate, double factor, std::uint64_t warm_up_steps) {
  return checked({.kind = Schedule::Kind::kExponential,
                  .learning_rate = learning_rate,
                  .factor = factor,
                  .warm_up_steps = warm_up_steps});
}

Schedule cosine_restarts_schedule(double learning_rate, std::uint64_t first_period,
                                  std::uint64_t period_factor, double final_rate,
                                  std::uint64_t warm_up_steps) {
  return checked({.kind = Schedule::Kind::kRestarts,
                  .learning_rate = learning_rate,
                  .every = first_period,
                  .factor = static_cast<double>(period_factor),
                  .final_rate = final_rate,
                  .warm_up_steps = warm_up_steps});
}

Schedule one_cycle_schedule(double highest_rate, std::uint64_t total_steps,
                            const OneCycleSettings& settings) {
  const FloatEnvironment contract;
  for (const double division : {settings.initial_division, settings.final_division})
    if (!(division >= 1)) fail("schedule: a rate is divided by {}, expected at least 1", division);
  const double first = highest_rate / settings.initial_division;
  return checked({.kind = Schedule::Kind::kOneCycle,
                  .learning_rate = highest_rate,
                  .total_steps = total_steps,
                  .final_rate = first / settings.final_division,
                  .initial_rate = first,
                  .rising_part = settings.rising_part});
}

}  // namespace tessera::nn
