// What looks at a metric during training: a learning rate that falls when the metric no longer improves, and early stopping.
//
// Both are Stateful and tiny: kept with the run, a resumed training goes on as the uninterrupted one. Metrics are fp64 numbers; NaN is never an
// improvement. Thread-safety: one thread.
//
// ```cpp
// nn::EarlyStopping stopping({.patience = 2});
// assert(stopping.observe(1.0) && stopping.observe(0.5));    // improved: keep this checkpoint
// assert(!stopping.observe(0.6) && !stopping.should_stop());
// assert(!stopping.observe(0.5) && stopping.should_stop());  // twice no better than 0.5
// assert(stopping.best() == 0.5 && stopping.best_observation() == 2);
//
// nn::PlateauSchedule plateau(0.1, {.factor = 0.5, .patience = 0});
// plateau.observe(1.0);
// plateau.observe(1.0);
// assert(plateau.rate() == 0.05);
// ```
#pragma once

#include <cstdint>

#include "tessera/tensor/state.h"

namespace tessera::nn {

enum class Better : std::uint8_t { kLower, kHigher };

// What counts as an improvement over the best so far: of a lower-is-better metric, below best - threshold, or, relative, below
// best (1 - threshold); of the other kind above best + threshold or best (1 + threshold).
struct Improvement {
  Better better = Better::kLower;
  double threshold = 0;  // at least 0
  bool relative = false;
  bool over(double best, double metric) const;
  double worst() const;  // what any number improves on
};

struct EarlyStoppingSettings {
  Improvement improvement = {};
  std::int64_t patience =
      10;  // so many observations in a row without improvement end the training; at least 1
};

class EarlyStopping : public Stateful {
 public:
  explicit EarlyStopping(const EarlyStoppingSettings& settings = {});
  // One observation, for example once per epoch, on validation data. True if it is the best so far.
  bool observe(double metric);
  bool should_stop() const { return waited_ >= settings_.patience; }
  double best() const { return best_; }  // the worst possible before the first observation
  std::int64_t best_observation() const { return best_observation_; }  // counted from 1; 0: none yet
  void visit_state(StateVisitor& visitor) override;

 private:
  EarlyStoppingSettings settings_;
  double best_;
  std::int64_t observations_ = 0, best_observation_ = 0, waited_ = 0;
};

// An Improvement with the defaults of PyTorch's ReduceLROnPlateau.
struct PlateauImprovement {
  Better better = Better::kLower;
  double threshold = 1e-4;
  bool relative = true;
  operator Improvement() const { return {better, threshold, relative}; }
};

struct PlateauSettings {  // the defaults are those of PyTorch's ReduceLROnPlateau
  PlateauImprovement improvement = {};
  double factor = 0.1;  // in (0, 1)
  std::int64_t patience =
      10;  // this many observations without improvement are tolerated, the next one lowers the rate
  std::int64_t cooldown = 0;  // so many observations after a change count as improvements
  double least_rate = 0;
};

class PlateauSchedule : public Stateful {
 public:
  explicit PlateauSchedule(double learning_rate, const PlateauSettings& settings = {});
  double rate() const { return rate_; }
  // One observation; true if the rate was lowered. A change of at most 1e-8 is not made, as in PyTorch.
  bool observe(double metric);
  void visit_state(StateVisitor& visitor) override;

 private:
  PlateauSettings settings_;
  Improvement improvement_;
  double rate_, best_;
  std::int64_t bad_ = 0, cooling_ = 0;
};

}  // namespace tessera::nn
