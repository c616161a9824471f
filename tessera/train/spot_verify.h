// Spot verification: draws the stretches, has each re-executed, and says what that proves. For training runs and, by the
// command-line tool, for those of other programs, which differ only in how a stretch is re-executed.
#pragma once

#include <string>

#include "tessera/train/training_run.h"

namespace tessera::train {

// Fills in `result`. Stretches are re-executed in the order of the steps. Throws Error(kUsage) when nothing can be re-executed.
void verify_spots(VerifyResult& result, const std::string& run_folder, const SpotOptions& options,
                  const ReplayStretch& replay);

// "a fault in 1 % of the steps ... would be missed with probability 0.37", and under which assumption.
std::string spot_odds_text(const SpotResult& spot);

}  // namespace tessera::train
