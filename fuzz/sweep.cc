#include "fuzz/fuzz.h"
#include "tessera/train/sweep_plan.h"

namespace tessera::fuzz {

// A plan that was read has its trials; what it tries first is a setting per parameter.
void fuzz_one(std::string_view bytes) {
  const train::SweepPlan plan = train::SweepPlan::parse(bytes, "sweep.toml");
  TESSERA_CHECK(!plan.parameters.empty() && plan.trials() > 0, "a plan of {} trials over {} parameters",
                plan.trials(), plan.parameters.size());
  const train::TrialSettings first = plan.next({});
  TESSERA_CHECK(first.size() <= plan.parameters.size(), "{} settings for {} parameters", first.size(),
                plan.parameters.size());
}

}  // namespace tessera::fuzz
