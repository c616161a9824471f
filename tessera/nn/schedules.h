// Learning rates as functions of the number of finished steps: no state, so resuming needs none.
//
//   constant   rate
//   step       rate * factor^floor(t / every)
//   cosine     final + (rate - final) (1 + cos(pi t / total)) / 2, final from t = total on.
//              Loshchilov & Hutter, "SGDR", ICLR 2017.
// With warm_up_steps = w the first w steps use rate (t + 1) / (w + 1) (Goyal et al., 2017), then t counts from the end of the
// warm-up; cosine's total includes it. All in fp64 with the contract's functions.
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
  enum class Kind : std::uint8_t { kConstant, kStep, kCosine };

  // The learning rate of the step after `finished` steps: 0 for the first one.
  double rate(std::uint64_t finished) const;

  Kind kind = Kind::kConstant;
  double learning_rate = 0;
  std::uint64_t every = 1;        // step
  double factor = 1;              // step
  std::uint64_t total_steps = 1;  // cosine
  double final_rate = 0;          // cosine
  std::uint64_t warm_up_steps = 0;
};

Schedule constant_schedule(double learning_rate, std::uint64_t warm_up_steps = 0);
Schedule step_schedule(double learning_rate, std::uint64_t every, double factor,
                       std::uint64_t warm_up_steps = 0);
Schedule cosine_schedule(double learning_rate, std::uint64_t total_steps, double final_rate = 0,
                         std::uint64_t warm_up_steps = 0);

}  // namespace tessera::nn
