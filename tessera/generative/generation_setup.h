// What a training of images is made of: the images and their split, and the model; the same for a new run, a resumed one and a re-execution.
//
// Images for the test are held out by counter (data/split.h). The batch of a step is found from its number (data/loader.h), and so is its noise. Errors:
// those of the reader; a batch larger than the training images. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "tessera/base/progress.h"
#include "tessera/data/split.h"
#include "tessera/generative/generative_model.h"
#include "tessera/generative/images.h"

namespace tessera::generative {

inline constexpr const char* kGenerationKind = "generate";  // of the runs

class GenerationSetup {
 public:
  // `images_path`: where the file is now, if not where the configuration says.
  explicit GenerationSetup(GenerationConfig config, const std::string& images_path = {});

  const GenerationConfig& config() const { return config_; }
  GenerativeModel& model() { return *model_; }
  std::uint64_t steps() const { return steps_; }
  std::int64_t training_images() const { return static_cast<std::int64_t>(split_.train.size()); }
  const Tensor& held_out() const { return held_out_; }  // [N, channels, height, width]
  Shape image() const { return images_.image(); }

  runs::RunOptions run_options() const;
  void keep_in(runs::Run& run);  // what the model's state() names
  // As at the beginning: weights by the seed, no step taken.
  void initialize();

  // Steps done + 1, ..., steps(); tells `observer` of each.
  std::uint64_t run(std::uint64_t done, StepObserver& observer, Progress* progress);
  // How good the model is on the held-out images, now.
  std::vector<StepScalar> test_quality() { return model_->evaluate(held_out_); }
  // Samples, or originals beside reconstructions, as a picture.
  report::Picture picture(std::int64_t count, std::uint64_t seed);

 private:
  Tensor batch_images(const std::vector<std::int64_t>& positions) const;

  GenerationConfig config_;
  Images images_;
  data::Split split_;
  Tensor held_out_;
  std::unique_ptr<GenerativeModel> model_;
  RandomSource random_;
  std::uint64_t steps_ = 0;
};

// A picture of `model`; `images` are held-out ones, for models that paint from them.
report::Picture model_picture(GenerativeModel& model, std::int64_t count, std::uint64_t seed,
                              const Tensor& images);
ImageSource image_source(const GenerationConfig& config, const std::string& images_path = {});

}  // namespace tessera::generative
