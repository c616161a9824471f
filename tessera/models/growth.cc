#include "tessera/models/growth.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"

namespace tessera::models {

GrowthSchedule::GrowthSchedule(std::vector<GrowthStage> images, std::int64_t batch)
    : stages_(std::move(images)), batch_(batch) {
  if (batch < 1) fail("growth: batch is {}, expected at least 1", batch);
  if (stages_.empty() || stages() > kMostStages)
    fail("growth: {} stages, expected 1 to {}", stages(), kMostStages);
  std::uint64_t end = 0;
  for (std::int64_t i = 0; i < stages(); ++i) {
    const auto [fade, stable] = stages_[static_cast<std::size_t>(i)];
    if (fade < 0 || stable < 0)
      fail("growth: stage {} has {} images of fade-in and {} after it, expected at least 0", i, fade, stable);
    if (fade > 0 && end == 0)
      fail("growth: stage {} fades in over {} images, but no stage before it has any", i, fade);
    end += static_cast<std::uint64_t>((fade + stable + batch - 1) / batch);
    ends_.push_back(end);
  }
  if (end == 0) fail("growth: no stage has any images");
}

Growth GrowthSchedule::at(std::uint64_t step) const {
  TESSERA_CHECK(step >= 1, "the growth of step {}", step);
  const std::uint64_t within = std::min(step, steps());
  const auto end = std::lower_bound(ends_.begin(), ends_.end(), within);
  const auto stage = static_cast<std::size_t>(end - ends_.begin());
  const std::uint64_t before = stage == 0 ? 0 : ends_[stage - 1];
  const std::int64_t images = static_cast<std::int64_t>(within - before) * batch_;
  const std::int64_t fade = stages_[stage].fade_images;
  const FloatEnvironment contract;
  const double alpha = images >= fade ? 1 : static_cast<double>(images) / static_cast<double>(fade);
  return {static_cast<std::int64_t>(stage), alpha};
}

std::uint64_t GrowthSchedule::last_step(std::int64_t stage) const {
  TESSERA_CHECK(stage >= 0 && stage < stages(), "stage {} of {}", stage, stages());
  return ends_[static_cast<std::size_t>(stage)];
}

}  // namespace tessera::models
