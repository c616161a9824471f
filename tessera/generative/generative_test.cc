// The journey from images to samples, on images that are drawn here: bars, horizontal or vertical.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/npy.h"
#include "tessera/generative/generation_run.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

using testing::HasSubstr;

// uint8 [count, 8, 8]: one bar on black.
Tensor bars(std::int64_t count) {
  const std::vector<std::int64_t> bits = RandomSource(9).bits("bars", {count, 2}).to_vector<std::int64_t>();
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count * 64), 0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    for (std::size_t along = 0; along < 8; ++along)
      for (std::size_t wide = 0; wide < 2; ++wide) {
        const std::size_t across = static_cast<std::size_t>(bits[2 * i] % 4) * 2 + wide;
        const bool horizontal = bits[2 * i + 1] % 2 == 0;
        pixels[i * 64 + (horizontal ? across * 8 + along : along * 8 + across)] = 255;
      }
  return Tensor::from<std::uint8_t>(pixels, {count, 8, 8});
}

constexpr const char* kKinds[] = {"autoencoder", "gan", "dcgan"};

class Generative : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  Generative() { data::write_npy(folder_.path() + "/bars.npy", bars(120)); }

  GenerationConfig config(const std::string& kind, const std::vector<std::string>& settings = {}) const {
    std::string toml =
        "name = \"bars\"\n[data]\nimages = \"bars.npy\"\ntest = 0.2\n[training]\nepochs = 3\nbatch = 12\n"
        "[record]\ncheckpoint_every = 10\ndigest_every = 5\npictures = 6\n[model]\n";
    toml += fmt::format("kind = \"{}\"\n", kind);
    if (kind != "gan") toml += "channels = [4, 6]\n";
    if (kind != "dcgan") toml += "hidden = [24]\n";
    if (kind != "autoencoder") toml += "latent = 5\n";
    return GenerationConfig::parse(toml, "bars.toml", settings, folder_.path());
  }
  train::TrainOptions options(const std::string& name) const {
    train::TrainOptions options;
    options.store = folder_.path() + "/runs";
    options.name = name;
    options.quiet = true;
    return options;
  }
  GenerationResult trained(const std::string& kind, const std::string& name,
                           const std::vector<std::string>& settings = {}) const {
    return train_generation(config(kind, settings), options(name));
  }

  ScratchFolder folder_{"generative-test"};
};

// The seals are part of the interface, as that of the digits: the same for every compiler and machine, and changed with the contract only.
constexpr const char* kSeals[] = {"2dc62aa73fc6a99e7db8838a358a50fa4bb9d4d75760a6e1af848548a6838413",
                                  "f8a38588f18a4c43e2c9eecbcdeec6b158d88144484a548e278dfa9d9f90d95f",
                                  "fe051319fd64a44560b3d560f0f36b468ca69cac0abae3ed1fd4b6663865d9ea"};

TEST_F(Generative, OneSealOnEveryBackendAndNumberOfThreads) {
  const int threads = thread_count();
  for (std::size_t kind = 0; kind < 3; ++kind) {
    SCOPED_TRACE(kKinds[kind]);
    const GenerationResult one = trained(kKinds[kind], fmt::format("{}-one", kKinds[kind]));
    EXPECT_EQ(one.seal, kSeals[kind]);
    for (const int count : {1, 2, 3, 7}) {
      set_thread_count(count);
      EXPECT_EQ(trained(kKinds[kind], fmt::format("{}-{}", kKinds[kind], count)).seal, kSeals[kind]);
    }
    set_thread_count(threads);
    for (const std::string& backend : {std::string("reference"), std::string("cpu")})
      for (const std::string& level :
           backend == "cpu" ? available_simd_levels() : std::vector<std::string>{""}) {
        SCOPED_TRACE(backend + " " + level);
        use_backend(backend);
        if (!level.empty()) use_simd_level(level);
        const train::VerifyResult verified = verify_generation(one.folder, {.quiet = true});
        EXPECT_EQ(verified.code, ExitCode::kSuccess) << verified.message;
        EXPECT_THAT(verified.message, HasSubstr("identical: 24 steps"));
      }
    use_default_backend();
    use_simd_level("");
    EXPECT_NE(trained(kKinds[kind], fmt::format("{}-seed", kKinds[kind]), {"seed=2"}).seal, one.seal);
  }
}

// Stops in mid-epoch after `last` steps, as a killed process would leave it.
std::string stopped_run(const GenerationConfig& config, const train::TrainOptions& options,
                        std::uint64_t last) {
  GenerationSetup setup(config);
  runs::RunOptions run_options = setup.run_options();
  run_options.store = options.store;
  run_options.name = options.name;
  runs::Run run = runs::Run::open(run_options);
  setup.keep_in(run);
  run.start();
  struct First : StepObserver {
    runs::Run& run;
    std::uint64_t last;
    First(runs::Run& inner, std::uint64_t step) : run(inner), last(step) {}
    bool on_step(const StepReport& report) override { return run.on_step(report) && report.step < last; }
  } first(run, last);
  EXPECT_EQ(setup.run(0, first, nullptr), last);
  return run.folder();
}

TEST_F(Generative, AResumedRunEndsInTheSameSeal) {
  for (const char* kind : kKinds) {
    SCOPED_TRACE(kind);
    const GenerationResult whole = trained(kind, fmt::format("{}-whole", kind));
    const std::string stopped = stopped_run(config(kind), options(fmt::format("{}-stopped", kind)), 13);
    const GenerationResult resumed = resume_generation(stopped, options(""));
    EXPECT_EQ(resumed.first_step, 10U);
    EXPECT_EQ(read_file(resumed.pictures + "/step-000010.png"),  // no picture was left by what was stopped
              read_file(whole.pictures + "/step-000010.png"));
    EXPECT_EQ(resumed.seal, whole.seal);
    EXPECT_EQ(names_in_folder(resumed.pictures), names_in_folder(whole.pictures));
    EXPECT_EQ(read_file(resumed.pictures + "/step-000024.png"),  // as many samples as were asked for
              read_file(whole.pictures + "/step-000024.png"));
    const train::VerifyResult later = verify_generation(stopped, {.from_step = 20, .quiet = true});
    EXPECT_EQ(later.code, ExitCode::kSuccess) << later.message;
  }
}

TEST_F(Generative, PicturesAreWrittenAtCheckpointsAndAreThoseOfTheSealedRun) {
  for (const char* kind : kKinds) {
    SCOPED_TRACE(kind);
    const GenerationResult result = trained(kind, fmt::format("{}-pictures", kind));
    EXPECT_THAT(names_in_folder(result.pictures),
                testing::ElementsAre("step-000010.png", "step-000020.png", "step-000024.png"));
    EXPECT_EQ(report::png_bytes(sample_picture(result.folder, {.count = 6})),
              read_file(result.pictures + "/step-000024.png"));
    EXPECT_NE(read_file(result.pictures + "/step-000010.png"),
              read_file(result.pictures + "/step-000024.png"));
  }
  EXPECT_EQ(trained("gan", "without", {"record.pictures=0"}).pictures, "");
}

TEST_F(Generative, ASampleDoesNotDependOnItsBatchByABit) {
  for (const char* kind : {"gan", "dcgan"}) {
    const GenerationResult result = trained(kind, fmt::format("{}-batch", kind));
    const auto model = trained_model(result.folder);
    const Tensor all = model->pictures(70, 3, {}), few = model->pictures(5, 3, {});
    EXPECT_TRUE(same_bits(slice(all, {Range(0, 5)}), few));
    EXPECT_FALSE(same_bits(model->pictures(5, 4, {}), few));
    EXPECT_GE(min(all).item<float>(), 0);
    EXPECT_LE(max(all).item<float>(), 1);
  }
}

double recorded(const std::string& run_folder, const std::string& name, bool first) {
  const runs::Record record = runs::read_record(run_folder);
  double found = -1;
  for (const runs::RecordLine& line : record.lines)
    if (const auto value = line.line.scalars.find(name); value != line.line.scalars.end()) {
      found = value->second;
      if (first) break;
    }
  return found;
}

TEST_F(Generative, LearnsToReconstruct) {
  for (const char* network : {"dense", "convolutional"}) {
    const GenerationResult result =
        trained("autoencoder", network,
                {fmt::format("model.network={}", network), "training.epochs=40",
                 "training.learning_rate=0.01", "model.code=6", "noise.masked=0.05"});
    const double before = recorded(result.folder, "held_out_squared_error", true);
    EXPECT_LT(result.held_out[0].value, before / 4) << network;
    EXPECT_EQ(result.held_out[0].value, recorded(result.folder, "held_out_squared_error", false));
  }
}

TEST_F(Generative, RecordsBothLosses) {
  const GenerationResult result = trained("gan", "losses",
                                          {"training.discriminator_steps=2", "training.gradient_penalty=1",
                                           "training.adversarial_loss=wasserstein"});
  const runs::Record record = runs::read_record(result.folder);
  for (const runs::RecordLine& line : record.lines) {
    if (line.line.scalars.empty()) continue;
    EXPECT_EQ(line.line.scalars.count("generator_loss"), line.line.step % 2 == 0 ? 1U : 0U);
    EXPECT_EQ(line.line.scalars.count("discriminator_loss"), 1U);
    EXPECT_EQ(line.line.scalars.count("gradient_penalty"), 1U);
  }
  EXPECT_THAT(result.held_out[0].name, testing::StrEq("held_out_discriminator_accuracy"));
}

TEST_F(Generative, AnotherFileInThePlaceOfTheImagesIsRefused) {
  const GenerationResult result = trained("autoencoder", "moved");
  data::write_npy(folder_.path() + "/bars.npy", bars(121));
  try {
    verify_generation(result.folder, {.quiet = true});
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputChanged);
  }
}

TEST_F(Generative, ImagesAreReadAndChecked) {
  const std::string path = folder_.path() + "/images.npy";
  const auto message = [&](const Tensor& values, ImageSource source = {}) {
    data::write_npy(path, values);
    source.path = path;
    try {
      read_images(source);
    } catch (const Error& error) {
      return std::string(error.what()).substr(path.size());
    }
    return std::string("no error");
  };
  const Tensor greys = Tensor::from<float>({0, 51, 102, 153, 204, 255, 0, 255}, {2, 2, 2});
  EXPECT_EQ(message(greys), "no error");
  const Images padded = read_images({.path = path, .pad = 1, .first = 1});
  EXPECT_EQ(padded.values.shape(), (Shape{1, 1, 4, 4}));
  EXPECT_EQ(padded.values.to_vector<float>(),
            (std::vector<float>{0, 0, 0, 0, 0, 0, 0.2F, 0, 0, 0.4F, 0.6F, 0, 0, 0, 0, 0}));
  EXPECT_EQ(message(greys, {.white = 1}),
            ": image 0 has the value 51, expected 0 (data.black) to 1 (data.white)");
  EXPECT_EQ(message(greys / 128 - 1, {.black = -1, .white = 1}), "no error");
  for (const float white :
       {0.2F, 0.3F, 0.7F, 0.9F})  // no number of binary64, and a quotient that may be rounded up
    EXPECT_EQ(message(full({1, 2, 2}, white), {.black = 0.1, .white = std::stod(fmt::format("{}", white))}),
              "no error");
  EXPECT_EQ(message(greys, {.black = 255, .white = 0}), "no error");
  EXPECT_THAT(message(greys, {.black = 255, .white = 1}), HasSubstr("image 0 has the value 0"));
  EXPECT_EQ(message(zeros({2, 3, 4, 5})), "no error");
  EXPECT_THAT(message(zeros({2, 4, 4, 3})),
              HasSubstr("the array has shape [2, 4, 4, 3], expected [images, height, width]"));
  EXPECT_THAT(message(zeros({8})), HasSubstr("expected [images, height, width]"));
  EXPECT_THAT(message(greys / zeros({1})), HasSubstr("found"));  // infinite or not a number
}

TEST_F(Generative, AGridShowsImagesInOrder) {
  const Tensor images = Tensor::from<float>({0, 1, 0.5F, -3, 7, 0.2F}, {2, 3, 1, 1});  // two colours
  const report::Picture picture = image_grid(images, 1);
  EXPECT_EQ(picture.width, 1U);
  EXPECT_EQ(picture.height, 4U);
  EXPECT_EQ(picture.channels, 3U);
  EXPECT_EQ(picture.pixels,
            (std::vector<std::uint8_t>{0, 255, 128, 128, 128, 128, 128, 128, 128, 0, 255, 51}));
  const Tensor diverged = Tensor::from<float>({NAN, INFINITY, -INFINITY}, {1, 1, 1, 3});
  EXPECT_EQ(image_grid(diverged, 1).pixels, (std::vector<std::uint8_t>{0, 255, 0}));
}

TEST_F(Generative, SetupsThatCannotTrain) {
  const auto message = [&](const std::string& kind, const std::vector<std::string>& settings) {
    try {
      GenerationSetup setup(config(kind, settings));
      RandomSource random(1);
      random.begin_step(1);
      setup.model().step(setup.held_out(), random);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message("gan", {"training.batch=100"}),
              HasSubstr("--set: training.batch is 100, expected at most the 96 images"));
  EXPECT_THAT(message("gan", {"data.test=0.001"}), HasSubstr("of 120 images none is held out"));
  EXPECT_THAT(message("gan", {"training.discriminator_steps=90"}),
              HasSubstr("the model needs 90, so that all of its parts are trained"));
  EXPECT_THAT(message("dcgan", {"model.channels=[2, 2, 2, 2]"}), HasSubstr("halved 4 times"));
  EXPECT_THAT(message("dcgan", {"training.gradient_penalty=1"}), HasSubstr("batch normalisation"));
  EXPECT_EQ(message("dcgan", {"training.gradient_penalty=1", "model.normalize_discriminator=false"}),
            "no error");
}

TEST_F(Generative, RunsOfOtherKindsAreRefused) {
  runs::Run run =
      runs::Run::open({.store = folder_.path() + "/runs", .name = "other", .obey_environment = false});
  for (auto& step : run.steps(1)) step.record("x", 1);
  run.finish();
  EXPECT_FALSE(is_generation_run(run.folder()));
  EXPECT_THROW(sample_picture(run.folder()), Error);
  EXPECT_THROW(setup_of_generation_record(run.folder(), ""), Error);
}

TEST(GenerationConfig, ErrorsNameTheLine) {
  const auto message = [](const std::string& toml, const std::vector<std::string>& settings = {}) {
    try {
      GenerationConfig::parse(toml, "c.toml", settings);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string good = "[data]\nimages = \"x.npy\"\n[model]\nkind = \"gan\"\n";
  EXPECT_EQ(message(good), "no error");
  EXPECT_THAT(message("[data]\nimages = \"x.npy\"\n"),
              HasSubstr("c.toml: model.kind is missing, expected one of autoencoder"));
  EXPECT_EQ(message(good + "code = 8\n"), "c.toml:5: model.code is not read where model.kind is gan");
  EXPECT_THAT(message(good + "latnt = 8\n"),
              HasSubstr("c.toml:5: unknown key 'model.latnt' (did you mean 'model.latent'?)"));
  EXPECT_THAT(message(good + "hidden = [8, 0]\n"),
              HasSubstr("c.toml:5: model.hidden is [8, 0], expected a list of whole numbers from 1"));
  EXPECT_THAT(message(good, {"model.hidden=8"}), HasSubstr("expected a list"));
  EXPECT_THAT(message(good, {"model.hidden=[]"}), HasSubstr("is [], expected a list"));
  EXPECT_THAT(message(good, {"data.white=0"}), HasSubstr("data.black and data.white are both 0"));
  EXPECT_THAT(message(good, {"found.image=[1]"}), HasSubstr("unknown key"));
  const GenerationConfig config = GenerationConfig::parse(good, "c.toml", {"model.hidden=[3, 4]"});
  EXPECT_EQ(config.integers("model.hidden"), (std::vector<std::int64_t>{3, 4}));
  std::map<std::string, std::string> texts;
  for (const train::KeyedValue& value : config.values()) texts[value.key] = value.text;
  const GenerationConfig again = GenerationConfig::from_record(texts);
  EXPECT_EQ(again.integers("model.hidden"), (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(again.values().size(), config.values().size());
}

}  // namespace
}  // namespace tessera::generative
