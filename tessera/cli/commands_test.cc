// Commands as functions, where what they leave behind or print is looked at more closely than a journey does.
#include "tessera/cli/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/runs/check.h"
#include "tessera/runs/keys.h"
#include "tessera/runs/run.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {
namespace {

using testing::HasSubstr;

class Commands : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  // The folder of a trained run.
  std::string trained(const std::string& key_file = {}) {
    write_file_atomically(folder_ / "points.csv", "a,b,kind\n0,1,x\n1,0,y\n0,2,x\n2,0,y\n");
    const train::Config config = train::Config::parse(
        "name = \"points\"\n[data]\nformat = \"csv\"\npath = \"points.csv\"\nlabel_column = "
        "\"kind\"\nheld_out = 0\n"
        "[[network]]\nlayer = \"linear\"\nunits = 2\n[training]\nepochs = 1\nlearning_rate = 0.1\n",
        "points.toml", {}, folder_ / ".");
    return train::train(config, {.store = folder_ / "runs", .key_file = key_file, .quiet = true}).folder;
  }
  std::string fitted(const std::string& estimator) {
    std::string rows = "a,kind\n";
    for (int i = 0; i < 24; ++i) rows += fmt::format("{},{}\n", i, i % 2 == 0 ? "x" : "y");
    write_file_atomically(folder_ / "table.csv", rows);
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_fit({estimator, folder_ / "table.csv", "--target", "kind", "--store", folder_ / "runs",
                       "--name", "fitted", "--quiet"}),
              ExitCode::kSuccess);
    testing::internal::GetCapturedStdout();
    return folder_ / "runs/fitted";
  }
  // The same claim with other numbers, as a program of another version may have recorded it.
  std::string forged(const std::string& run_folder, const std::string& file, const std::string& scalar) {
    const runs::Claim claim = runs::read_claim(run_folder);
    runs::RunOptions forged{
        .store = folder_ / "runs", .name = "forged", .kind = claim.kind, .seed = claim.seed};
    for (const auto& [key, value] : claim.configuration)
      forged.configuration.push_back({key, value, "forged"});
    for (const auto& [name, digest] : claim.inputs) forged.inputs.push_back({name, folder_ / file, digest});
    forged.program_digest = std::string(64, '0');
    forged.steps = claim.steps;
    forged.digest_every = claim.digest_every;
    forged.checkpoint_every = claim.checkpoint_every;
    forged.catch_signals = false;
    auto run = runs::Run::open(forged);
    for (auto& step : run.steps(claim.steps)) step.record(scalar, 0.125);
    run.finish();
    return run.folder();
  }
  TestFolder folder_;
};

TEST_F(Commands, PredictWritesThroughALink) {
  const std::string run = trained();
  write_file_atomically(folder_ / "target.csv", "old");
  std::filesystem::create_symlink(folder_ / "target.csv", folder_ / "link.csv");
  EXPECT_EQ(run_predict({run, folder_ / "points.csv", "--output", folder_ / "link.csv"}), ExitCode::kSuccess);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link.csv"));
  EXPECT_THAT(read_file(folder_ / "target.csv"),
              testing::StartsWith("row,prediction,probability_x,probability_y\n1,"));
}

TEST_F(Commands, VerifySaysWhenAnotherProgramRecorded) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_verify({forged(trained(), "points.csv", "loss"), "--quiet"}), ExitCode::kFailure);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("note: recorded by another program (digest 000000000000); CHANGELOG.md says which"));
}

TEST_F(Commands, VerifySaysSoOfAFit) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_verify({forged(fitted("gaussian_nb"), "table.csv", "fold_score"), "--quiet"}),
            ExitCode::kFailure);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("note: recorded by another program (digest 000000000000); CHANGELOG.md says which"));
}

TEST_F(Commands, ShowOfAFitSaysWhenThereAreNoWeights) {
  const std::string run = fitted("gaussian_nb");
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_show({run}), ExitCode::kSuccess);
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              HasSubstr("\nlearned\n  gaussian_nb has no coefficients or importances\n"));
}

// A record may come from anybody; what it says must not reach the terminal as commands.
TEST_F(Commands, ShowEscapesControlCharacters) {
  auto run = runs::Run::open({.store = folder_ / "runs",
                              .configuration = {{"key\x1b[1m", "value\a", "origin\x1b]0;"}},
                              .inputs = {{"name\b", "path\x7f", std::string(64, '0')}},
                              .environment = {{"machine\x1b", "\x1b[2J"}},
                              .catch_signals = false});
  for (auto& step : run.steps(1)) step.record("loss\x1b[3m", 1);
  run.finish();
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_show({run.folder()}), ExitCode::kSuccess);
  const std::string shown = testing::internal::GetCapturedStdout();
  for (const std::string text : {"key\\x1b[1m", "value\\x07", "origin\\x1b]0;", "name\\x08", "path\\x7f",
                                 "machine\\x1b", "\\x1b[2J", "loss\\x1b[3m"})
    EXPECT_THAT(shown, HasSubstr(text));
  for (const char c : shown) EXPECT_TRUE(c == '\n' || (c >= ' ' && c != '\x7f')) << static_cast<int>(c);
}

TEST_F(Commands, VisualiseWritesAPageOrAFolder) {
  const train::Config config = train::Config::parse(
      fmt::format("name = \"maps\"\n[data]\nformat = \"csv\"\npath = \"{}/data/digits.csv\"\nlabel_column = "
                  "\"digit\"\n"
                  "shape = [1, 8, 8]\n[[network]]\nlayer = \"conv2d\"\nchannels = 2\nkernel = "
                  "3\n[[network]]\nlayer = "
                  "\"relu\"\n[[network]]\nlayer = \"flatten\"\n[[network]]\nlayer = \"linear\"\nunits = 10\n"
                  "[training]\nsteps = 3\nlearning_rate = 0.01\n",
                  TESSERA_SOURCE_DIR),
      "maps.toml");
  const std::string run = train::train(config, {.store = folder_ / "runs", .quiet = true}).folder;
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_visualise({run, "--out", folder_ / "page.html"}), ExitCode::kSuccess);
  EXPECT_EQ(run_visualise({run, "--out", folder_ / "pictures"}), ExitCode::kSuccess);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            fmt::format("{}\n{}\n", folder_ / "page.html", folder_ / "pictures/index.html"));
  EXPECT_TRUE(read_file(folder_ / "page.html") == read_file(folder_ / "pictures/index.html"));
  EXPECT_THAT(names_in_folder(folder_ / "pictures"), testing::IsSupersetOf({"filters.png", "index.html"}));
  EXPECT_THAT(names_in_folder(folder_ / "pictures"),
              testing::Contains(testing::StartsWith("layer-02-map-00")));
}

TEST_F(Commands, ResumeGoesOnUnsignedOnlyWhenTold) {
  const std::string key = folder_ / "a.key";
  runs::create_key_files(key);
  const std::string run = trained(key);
  remove_file(run + "/seal.json");
  EXPECT_THROW(run_resume({run, "--quiet"}), Error);
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_resume({run, "--quiet", "--unsigned"}), ExitCode::kSuccess);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("seal "));
  EXPECT_THAT(runs::check_record(run).notes, testing::Contains("unsigned"));
}

}  // namespace
}  // namespace tessera::cli
