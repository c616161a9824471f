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
  if (schedule.kind == Schedule::Kind::kCosine && schedule.total_steps <= schedule.warm_up_steps)
    fail("schedule: {} steps in all, expected more than the {} of the warm-up", schedule.total_steps,
         schedule.warm_up_steps);
  if (!(schedule.final_rate >= 0))
    fail("schedule: the final rate is {}, expected at least 0", schedule.final_rate);
  return schedule;
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
      return final_rate + (learning_rate - final_rate) * (1 + numerics::cos(kPi * part)) / 2;
    }
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

}  // namespace tessera::nn
