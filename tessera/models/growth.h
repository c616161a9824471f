// When a network grows: the stage and the fade-in of each step of a training, as functions of the step's number.
//
// Stage s works on images of 4 * 2^s pixels a side. Each stage first fades its layers in, over `fade_images` real images, and then trains
// for `stable_images` more; the first stage that is trained has nothing to fade from. Images are counted in whole batches: a stage takes
// ceil((fade_images + stable_images) / batch) steps, and in its k-th step
//
//   alpha = min(1, k batch / fade_images)          (1 without a fade-in)
//
// is the share of the new layers: never 0 while training, and 1 for good from the last step of the fade-in. A stage of no images is left out, so that
// {{}, {}, {}, {0, n}} trains the largest network from the start. Karras et al., "Progressive growing of GANs", ICLR 2018, section 2.
//
// Nothing else is kept between steps, least of all time: a resumed training has the growth of the uninterrupted one.
//
// Errors: a schedule without images, negative numbers, a fade-in without a stage before it. Thread-safety: constant once made.
//
// ```cpp
// const models::GrowthSchedule schedule({{0, 200}, {100, 100}}, /*batch=*/20);
// assert(schedule.steps() == 20 && schedule.at(10).stage == 0 && schedule.at(10).alpha == 1);
// assert(schedule.at(11).stage == 1 && schedule.at(11).alpha == 0.2 && schedule.at(15).alpha == 1);
// ```
#pragma once

#include <cstdint>
#include <vector>

namespace tessera::models {

// Where a network stands. alpha: the share of the last stage's layers, from 0 (the network of the stage before) to 1.
struct Growth {
  std::int64_t stage = 0;
  double alpha = 1;
  friend bool operator==(const Growth&, const Growth&) = default;
};

inline constexpr std::int64_t kFirstResolution = 4;
inline constexpr std::int64_t kMostStages = 9;  // 1024 pixels a side
constexpr std::int64_t resolution_of(std::int64_t stage) {
  return kFirstResolution << stage;
}

struct GrowthStage {
  std::int64_t fade_images = 0, stable_images = 0;
};

class GrowthSchedule {
 public:
  GrowthSchedule(std::vector<GrowthStage> images, std::int64_t batch);  // images by stage

  std::int64_t stages() const { return static_cast<std::int64_t>(stages_.size()); }
  std::int64_t batch() const { return batch_; }
  std::uint64_t steps() const { return ends_.back(); }
  // Of step 1, 2, ...; beyond the last one as in the last one.
  Growth at(std::uint64_t step) const;
  // The last step of this stage and those before it.
  std::uint64_t last_step(std::int64_t stage) const;

 private:
  std::vector<GrowthStage> stages_;
  std::int64_t batch_;
  std::vector<std::uint64_t> ends_;  // by stage
};

}  // namespace tessera::models
