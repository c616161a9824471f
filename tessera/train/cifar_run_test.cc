// Training on the files of CIFAR: one or several, their claims, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/train/training_run.h"

namespace tessera::train {
namespace {

using testing::HasSubstr;

class CifarRun : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    for (const char* name : {"a.bin", "b.bin", "new.bin"})
      write_file_atomically(folder_ / name, records(name[0]));
  }

  // 20 images, five of each of the first four classes; class k is bright in its own colour or in all of them.
  static std::string records(int seed) {
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
      bytes += static_cast<char>(i % 4);
      for (int pixel = 0; pixel < 3072; ++pixel) {
        const bool bright = i % 4 == 3 || pixel / 1024 == i % 4;
        bytes += static_cast<char>((bright ? 150 : 20) + (pixel * 7 + i * seed) % 60);
      }
    }
    return bytes;
  }

  Config config(const std::string& data) {
    return Config::parse(
        "name = \"cifar\"\nseed = 1\n[data]\n" + data +
            "scale = 255\nheld_out = 0.25\n[[network]]\nlayer = \"average_pool2d\"\nkernel = 8\n"
            "[[network]]\nlayer = \"flatten\"\n[[network]]\nlayer = \"linear\"\nunits = 10\n"
            "[training]\nepochs = 20\nbatch = 8\noptimizer = \"adam\"\nlearning_rate = 0.05\n",
        "c.toml", {}, folder_.path());
  }

  TestFolder folder_;
};

TEST_F(CifarRun, SeveralFilesAreClaimedAndFoundAgain) {
  const TrainResult result = train(config("format = \"cifar10\"\nfiles = [\"a.bin\", \"b.bin\"]\n"),
                                   {.store = folder_ / "runs", .quiet = true});
  EXPECT_EQ(result.held_out_samples, 12);  // a quarter of the ten of each class, rounded
  EXPECT_EQ(result.held_out_accuracy, 1);
  const TrainedModel model(result.folder);
  EXPECT_EQ(model.classes()[3], "cat");
  EXPECT_EQ(model.claim().inputs.size(), 2u);
  EXPECT_EQ(model.claim().inputs.count("features_2"), 1u);
  EXPECT_EQ(verify(result.folder, {.quiet = true}).code, ExitCode::kSuccess);
  EXPECT_EQ(evaluate(model, folder_ / "new.bin").accuracy, 1);
  EXPECT_EQ(predict(model, folder_ / "new.bin").predicted[3], 3);
  EXPECT_THAT(
      message_of([&] { evaluate(model, folder_ / "b.bin"); }),
      HasSubstr(
          "b.bin: the run was trained on this file and others together, expected samples that it has not"));
  write_file_atomically(folder_ / "b.bin", records(1));
  EXPECT_THAT(message_of([&] { verify(result.folder, {.quiet = true}); }),
              HasSubstr("b.bin: the input 'features_2' has changed"));
}

TEST_F(CifarRun, OneFileIsEvaluatedOnWhatItHeldOut) {
  const TrainResult result = train(config("format = \"cifar10\"\nfiles = [\"a.bin\"]\n"),
                                   {.store = folder_ / "runs", .quiet = true});
  EXPECT_THAT(evaluate(TrainedModel(result.folder), folder_ / "a.bin").note,
              HasSubstr("only the 4 held-out samples of 20"));
  EXPECT_EQ(
      message_of([&] { evaluate(TrainedModel(result.folder), folder_ / "a.bin", "none.idx"); }),
      folder_ / "a.bin: the file holds its labels itself, expected no file of labels beside it (none.idx)");
}

TEST_F(CifarRun, ErrorsNameTheLine) {
  EXPECT_EQ(message_of([&] { config("format = \"cifar10\"\n"); }),
            "c.toml: data.files is missing, expected a list of paths of files, at least one");
  EXPECT_EQ(message_of([&] { config("format = \"cifar10\"\nfiles = []\n"); }),
            "c.toml:5: data.files is [], expected a list of paths of files, at least one");
  EXPECT_EQ(message_of([&] { config("format = \"cifar10\"\nfiles = \"a.bin\"\n"); }),
            "c.toml:5: data.files is \"a.bin\", expected a list of paths of files, at least one");
  EXPECT_EQ(message_of([&] { config("format = \"cifar10\"\npath = \"a.bin\"\nfiles = [\"a.bin\"]\n"); }),
            "c.toml:5: nothing reads data.path when data.format is \"cifar10\"; it is only for \"csv\", "
            "\"points\", "
            "\"text\", \"tags\"");
  EXPECT_THAT(message_of([&] {
                train(config("format = \"cifar100\"\nfiles = [\"a.bin\"]\nlabel_column = \"fine\"\n"),
                      {.store = folder_ / "runs", .quiet = true});
              }),
              HasSubstr("a.bin: the file has 61460 bytes, expected a multiple of 3074"));
}

}  // namespace
}  // namespace tessera::train
