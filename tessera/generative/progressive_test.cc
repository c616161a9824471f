// The kind "progressive": from images to samples of a network that grows, recorded.
#include <gmock/gmock.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/npy.h"
#include "tessera/generative/generation_run.h"
#include "tessera/models/progressive_gan.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

using testing::HasSubstr;

class ProgressiveKind : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  ProgressiveKind() {
    const Tensor soft = RandomSource(3).uniform("images", {40, 4, 4});
    const Tensor images = models::double_images(models::double_images(reshape(soft, {40, 1, 4, 4})));
    data::write_npy(folder_.path() + "/images.npy", cast(reshape(images, {40, 16, 16}) * 255, DType::kUInt8));
  }
  // 32 images to train on, 8 steps an epoch: 2 steps of 4x4, 2 + 2 of 8x8, and 16x16 from step 7, faded in with step 8.
  GenerationConfig config(const std::vector<std::string>& settings = {}) const {
    return GenerationConfig::parse(
        "name = \"p\"\n[data]\nimages = \"images.npy\"\ntest = 0.2\n[training]\nepochs = 2\nbatch = 4\n"
        "fade_images = 8\nstable_images = 8\naverage_decay = 0.5\n[record]\ncheckpoint_every = 7\npictures = "
        "4\n"
        "[model]\nkind = \"progressive\"\nlatent = 4\nstage_channels = [5, 4, 3]\ndeviation_group = 2\n",
        "p.toml", settings, folder_.path());
  }
  std::string message(const std::vector<std::string>& settings) const {
    try {
      GenerationSetup setup(config(settings));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  train::TrainOptions options(const std::string& name) const {
    train::TrainOptions options;
    options.store = folder_.path() + "/runs";
    options.name = name;
    options.quiet = true;
    return options;
  }
  ScratchFolder folder_{"progressive-test"};
};

TEST_F(ProgressiveKind, IsRecordedVerifiedAndPainted) {
  const GenerationResult result = train_generation(config(), options("one"));
  EXPECT_EQ(result.steps, 16U);
  ASSERT_EQ(result.held_out.size(), 1U);
  EXPECT_EQ(result.held_out[0].name, "held_out_patch_distance");
  EXPECT_THAT(result.summary, HasSubstr("grown after 9 steps"));
  const train::VerifyResult part = verify_generation(result.folder, {.from_step = 7, .quiet = true});
  EXPECT_EQ(part.code, ExitCode::kSuccess) << part.message;  // from within the growth
  EXPECT_EQ(report::png_bytes(sample_picture(result.folder, {.count = 4})),
            read_file(result.pictures + "/step-000016.png"));
  const auto model = trained_model(result.folder);
  const Tensor many = model->pictures(70, 3, {});
  EXPECT_EQ(many.shape(), (Shape{70, 1, 16, 16}));
  EXPECT_TRUE(same_bits(slice(many, {Range(0, 5)}), model->pictures(5, 3, {})));
  EXPECT_GE(min(many).item<float>(), 0);
  EXPECT_LE(max(many).item<float>(), 1);
}

TEST_F(ProgressiveKind, PicturesOfAHalfGrownNetworkHaveTheImagesSize) {
  GenerationSetup setup(config());
  EXPECT_EQ(setup.model().pictures(2, 1, {}).shape(), (Shape{2, 1, 16, 16}));
  struct Stop : StepObserver {
    bool on_step(const StepReport& report) override {
      for (const StepScalar& scalar : report.scalars)
        if (scalar.name == "resolution") resolutions.push_back(scalar.value);
      return report.step < 7;
    }
    std::vector<double> resolutions;
  } stop;
  setup.run(0, stop, nullptr);
  EXPECT_EQ(stop.resolutions, (std::vector<double>{4, 4, 8, 8, 8, 8, 16}));
  EXPECT_EQ(setup.model().pictures(2, 1, {}).shape(), (Shape{2, 1, 16, 16}));
}

TEST_F(ProgressiveKind, ConfigurationsThatCannotGrow) {
  EXPECT_EQ(message({}), "no error");
  EXPECT_EQ(message({"training.fade_images=0", "training.stable_images=0", "training.epochs=1"}), "no error");
  EXPECT_THAT(message({"training.epochs=1"}), HasSubstr("8 steps, but the model needs 9"));
  EXPECT_THAT(message({"model.stage_channels=[4, 4]"}),
              HasSubstr("has 2 stages, for images of 8x8, but those of the data are 16x16"));
  EXPECT_THAT(message({"model.stage_channels=[4, 4, 4, 4, 4, 4, 4, 4, 4, 4]"}),
              HasSubstr("has 10 stages, expected at most 9"));
  EXPECT_THAT(message({"data.pad=1"}), HasSubstr("for images of 16x16, but those of the data are 18x18"));
  EXPECT_THAT(message({"training.stable_images=0"}), HasSubstr("no images to fade from"));
  EXPECT_THAT(message({"model.deviation_group=3"}),
              HasSubstr("batch is 4, expected a multiple of the discriminator's deviation_group of 3"));
  EXPECT_THAT(message({"model.channels=[4]"}), HasSubstr("is not read where model.kind is progressive"));
}

}  // namespace
}  // namespace tessera::generative
