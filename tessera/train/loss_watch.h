// The first step whose loss is no finite number: said on stderr, once, and found again in the record. A training goes on; what is behind it is seldom
// of use. A loss is a scalar of a step called "loss" or "..._loss".
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tessera/tensor/state.h"

namespace tessera::train {

// Passes steps on to `behind`, which must outlive it, and looks at their losses.
class LossWatch : public StepObserver {
 public:
  explicit LossWatch(StepObserver& behind) : behind_(behind) {}
  bool on_step(const StepReport& report) override;

  // Of the steps that were passed on.
  std::optional<std::uint64_t> not_finite_since() const { return since_; }

 private:
  StepObserver& behind_;
  std::optional<std::uint64_t> since_;
};

// From the record of a run: a resumed one may have had it before its last checkpoint.
std::optional<std::uint64_t> recorded_not_finite_since(const std::string& run_folder);

}  // namespace tessera::train
