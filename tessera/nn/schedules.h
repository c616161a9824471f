// Learning rates as functions of the number of finished steps: no state, so resuming needs none.
//
//   constant   rate
//   step       rate * factor^floor(t / every)
//   exponential  rate * factor^t
//   cosine     final + (rate - final) (1 + cos(pi t / total)) / 2, final from t = total on.
//              Loshchilov & Hutter, "SGDR", ICLR 2017.
//   restarts   cosine again and again: the first period has `every` steps, each following one `factor` times (a whole number) as many; in a
//              period t counts from its begin, and total is its length. The same paper.
//   one-cycle  from rate / 25 up to rate at 30 % of total, then down to rate / 25 / 10^4, both along a cosine. Smith & Topin,
//              "Super-convergence" (2018); the numbers can be set, and are PyTorch's.
// With warm_up_steps = w the first w steps use rate (t + 1) / (w + 1) (Goyal et al., 2017), then t counts from the end of the
// warm-up; cosine's total includes it. One-cycle has no warm-up but its own. All in fp64 with the contract's functions.
// A schedule that depends on a metric has a state: plateau.h.
// Errors: values out of range throw Error. Thread-safety: constant values.
//
// ```cpp
// nn::Schedule schedule = nn::step_schedule(0.1, 100, 0.5);
// assert(schedule.rate(99) == 0.1 && schedule.rate(100) == 0.05 && schedule.rate(250) == 0.025);
// assert(nn::cosine_schedule(1, 10).rate(0) == 1 && nn::cosine_schedule(1, 10).rate(10) == 0);
// ```
#pragma once

#include <cstdint>

namespace tessera::nn {

struct Schedule {
  enum class Kind : std::uint8_t { kConstant, kStep, kCosine, kExponential, kRestarts, kOneCycle };

  // The learning rate of the step after `finished` steps: 0 for the first one.
  double rate(std::uint64_t finished) const;

  Kind kind = Kind::kConstant;
  double learning_rate = 0;
  std::uint64_t every = 1;        // step, restarts
  double factor = 1;              // step, exponential, restarts
  std::uint64_t total_steps = 1;  // cosine, one-cycle
  double final_rate = 0;          // cosine, restarts, one-cycle
  std::uint64_t warm_up_steps = 0;
  double initial_rate = 0;   // one-cycle
  double rising_part = 0.3;  // one-cycle
};

Schedule constant_schedule(double learning_rate, std::uint64_t warm_up_steps = 0);
Schedule step_schedule(double learning_rate, std::uint64_t every, double factor,
                       std::uint64_t warm_up_steps = 0);
Schedule cosine_schedule(double learning_rate, std::uint64_t total_steps, double final_rate = 0,
                         std::uint64_t warm_up_steps = 0);
Schedule exponential_schedule(double learning_rate, double factor, std::uint64_t warm_up_steps = 0);
Schedule cosine_restarts_schedule(double learning_rate, std::uint64_t first_period,
                                  std::uint64_t period_factor = 1, double final_rate = 0,
                                  std::uint64_t warm_up_steps = 0);
struct OneCycleSettings {
  double rising_part = 0.3;        // of all steps; in [0, 1)
  double initial_division = 25;    // the highest rate divided by this is the first one,
  double final_division = 10'000;  // and that divided by this the last one; both at least 1
};
Schedule one_cycle_schedule(double highest_rate, std::uint64_t total_steps,
                            const OneCycleSettings& settings = {});

}  // namespace tessera::nn
