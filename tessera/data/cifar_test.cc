#include "tessera/data/cifar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/hash.h"
#include "tessera/base/message_test.h"
#include "tessera/data/dataset.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;

class Cifar : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  TestFolder folder_;
};

// A record whose pixel k is k modulo `period`.
std::string record(const std::string& labels, int period) {
  std::string bytes = labels;
  for (int k = 0; k < 3072; ++k) bytes += static_cast<char>(k % period);
  return bytes;
}
std::string byte(int value) {
  return std::string(1, static_cast<char>(value));
}

TEST_F(Cifar, PlanesFollowTheLabel) {
  const CifarImages read = parse_cifar10(record(byte(9), 251) + record(byte(0), 7), "t.bin");
  EXPECT_EQ(read.images.shape(), (Shape{2, 3, 32, 32}));
  EXPECT_THAT(read.labels.to_vector<std::int64_t>(), ElementsAre(9, 0));
  EXPECT_FALSE(read.coarse_labels.defined());
  for (int channel = 0; channel < 3; ++channel)
    for (int row : {0, 17, 31})
      for (int column : {0, 5, 31})
        EXPECT_EQ(read.images.at<std::uint8_t>({0, channel, row, column}),
                  (channel * 1024 + row * 32 + column) % 251);
}

TEST_F(Cifar, HundredHasTwoLabels) {
  const CifarImages read = parse_cifar100(record(byte(19) + byte(99), 3), "t.bin");
  EXPECT_THAT(read.labels.to_vector<std::int64_t>(), ElementsAre(99));
  EXPECT_THAT(read.coarse_labels.to_vector<std::int64_t>(), ElementsAre(19));
  EXPECT_EQ(read.images.at<std::uint8_t>({0, 0, 0, 2}), 2);
}

TEST_F(Cifar, ErrorsNameWhatWasFound) {
  EXPECT_EQ(message_of([] { parse_cifar10("", "t.bin"); }),
            "t.bin: the file is empty, expected records of 3073 bytes (CIFAR-10)");
  EXPECT_EQ(message_of([] { parse_cifar10(record(byte(1), 2) + "x", "t.bin"); }),
            "t.bin: the file has 3074 bytes, expected a multiple of 3073, the bytes of a record of CIFAR-10; "
            "it would "
            "fit the 3074 of CIFAR-100");
  EXPECT_EQ(message_of([] { parse_cifar100("abc", "t.bin"); }),
            "t.bin: the file has 3 bytes, expected a multiple of 3074, the bytes of a record of CIFAR-100");
  EXPECT_EQ(message_of([] { parse_cifar10(record(byte(1), 2) + record(byte(10), 2), "t.bin"); }),
            "t.bin: record 1: byte 0, the label, is 10, expected 0 to 9 (CIFAR-10)");
  EXPECT_EQ(message_of([] { parse_cifar100(record(byte(3) + byte(200), 2), "t.bin"); }),
            "t.bin: record 0: byte 1, the label, is 200, expected 0 to 99 (CIFAR-100)");
}

TEST_F(Cifar, SeveralFilesAreOneDataset) {
  const std::string first = folder_ / "a.bin", second = folder_ / "b.bin";
  write_file_atomically(first, record(byte(3), 256) + record(byte(8), 256));
  write_file_atomically(second, record(byte(0), 2));
  const Dataset dataset =
      read_dataset({.format = "cifar10", .features = first, .more_features = {second}, .scale = 255});
  EXPECT_EQ(dataset.features.shape(), (Shape{3, 3, 32, 32}));
  EXPECT_EQ(dataset.classes, cifar10_classes());  // also those that no image is of
  EXPECT_THAT(dataset.labels.to_vector<std::int64_t>(), ElementsAre(3, 8, 0));
  EXPECT_EQ(dataset.features.at<float>({0, 0, 7, 31}), 1);  // byte 255
  EXPECT_EQ(dataset.features.at<float>({2, 2, 0, 1}), static_cast<float>(1.0 / 255));
  ASSERT_EQ(dataset.inputs.size(), 2u);
  EXPECT_EQ(dataset.inputs[1].role, "features_2");
  EXPECT_EQ(dataset.inputs[1].digest, to_hex(sha256(record(byte(0), 2))));
}

TEST_F(Cifar, ALabelOutsideTheClassesIsFoundInItsFile) {
  const std::string first = folder_ / "a.bin", second = folder_ / "b.bin";
  write_file_atomically(first, record(byte(3), 2) + record(byte(5), 2));
  write_file_atomically(second, record(byte(3), 2) + record(byte(9), 2));
  EXPECT_EQ(
      message_of([&] {
        read_dataset(
            {.format = "cifar10", .features = first, .more_features = {second}, .classes = {"cat", "dog"}});
      }),
      second + ": record 1: found the label 'truck', expected one of the 2 classes 'cat' to 'dog'");
}

TEST_F(Cifar, TenHasOneKindOfLabels) {
  const std::string file = folder_ / "a.bin";
  write_file_atomically(file, record(byte(3), 2));
  EXPECT_EQ(
      message_of([&] { read_dataset({.format = "cifar10", .features = file, .label_column = "coarse"}); }),
      file + ": the label column is 'coarse', expected none, as CIFAR-10 has one label only");
}

TEST_F(Cifar, HundredAsks) {
  const std::string file = folder_ / "train.bin";
  write_file_atomically(file, record(byte(4) + byte(55), 2));
  DatasetSource source{.format = "cifar100", .features = file, .label_column = "coarse"};
  EXPECT_EQ(read_dataset(source).classes.size(), 20u);
  source.label_column = "fine";
  EXPECT_THAT(read_dataset(source).labels.to_vector<std::int64_t>(), ElementsAre(55));
  source.label_column = "";
  EXPECT_EQ(message_of([&] { read_dataset(source); }),
            file + ": the label column is '', expected 'fine' or 'coarse', the two labels of CIFAR-100");
}

// The part of the real file: 10 classes of about 400, and the mean pixel of the published training set (0.4914, 0.4822, 0.4465).
TEST_F(Cifar, ReadsTheRealFile) {
  const char* data = std::getenv("TESSERA_DATA");
  if (!data) GTEST_SKIP() << "TESSERA_DATA is not set";
  const std::string file = std::string(data) + "/images/cifar10/cifar10_train4000.bin.gz";
  if (!exists(file)) GTEST_SKIP() << file << " is not there";
  const Dataset dataset = read_dataset({.format = "cifar10", .features = file, .scale = 255});
  EXPECT_EQ(dataset.features.shape(), (Shape{4000, 3, 32, 32}));
  std::vector<int> counts(10);
  for (const std::int64_t label : dataset.labels.to_vector<std::int64_t>())
    ++counts[static_cast<std::size_t>(label)];
  for (const int count : counts) EXPECT_NEAR(count, 400, 60);
  const std::vector<float> means = mean(dataset.features, {0, 2, 3}).to_vector<float>();
  const float published[] = {0.4914F, 0.4822F, 0.4465F};
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(means[c], published[c], 0.006F);
}

}  // namespace
}  // namespace tessera::data
