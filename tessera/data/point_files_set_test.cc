// Data sets of many files of meshes and clouds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/data/point_files.h"

namespace tessera::data {
namespace {

using testing::HasSubstr;

class PointFileSet : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    for (const char* name : {"flat/train", "line", ".hidden"})
      make_folders(folder_ / fmt::format("set/{}", name));
    write("set/flat/train/b.off", "OFF 4 1 0\n0 0 1\n2 0 1\n2 2 1\n0 2 1\n4 0 1 2 3\n");
    write("set/flat/a.off", "OFF 3 1 0\n0 0 2\n1 0 2\n0 1 2\n3 0 1 2\n");
    write("set/line/three.xyz", "0 0 0\n1 1 1\n2 2 2\n");
    write("set/line/notes.md", "no cloud");
    write("set/.hidden/x.xyz", "9 9 9\n");
  }
  void write(const std::string& name, const std::string& text) {
    write_file_atomically(folder_ / name, text);
  }
  DatasetSource source(const std::string& name, std::int64_t points = 5) {
    return {.format = "points", .features = folder_ / name, .points = points, .seed = 4};
  }
  std::string message(const std::string& name) {
    try {
      read_point_files(source(name));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  TestFolder folder_;
};

TEST_F(PointFileSet, AFolderForEachClass) {
  const Dataset set = read_dataset(source("set"));
  EXPECT_EQ(set.names, (std::vector<std::string>{"flat/a.off", "flat/train/b.off", "line/three.xyz"}));
  EXPECT_EQ(set.classes, (std::vector<std::string>{"flat", "line"}));
  EXPECT_EQ(set.labels.to_vector<std::int64_t>(), (std::vector<std::int64_t>{0, 0, 1}));
  EXPECT_EQ(set.features.shape(), (Shape{3, 5, 3}));
  const std::vector<float> values = set.features.to_vector<float>();
  for (std::size_t i = 0; i < 5; ++i) {  // both meshes are level
    EXPECT_EQ(values[3 * i + 2], 2);
    EXPECT_EQ(values[15 + 3 * i + 2], 1);
  }
  // Fewer points than asked for: all of them, over and over.
  EXPECT_EQ(std::vector<float>(values.begin() + 30, values.end()),
            (std::vector<float>{0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1}));
}

TEST_F(PointFileSet, ATableSaysTheSame) {
  write("set/set.csv", "file,label\nflat/a.off,flat\nflat/train/b.off,flat\nline/three.xyz,line\n");
  const Dataset of_table = read_dataset(source("set/set.csv")), of_folder = read_dataset(source("set"));
  EXPECT_EQ(of_table.features.to_vector<float>(), of_folder.features.to_vector<float>());
  EXPECT_EQ(of_table.inputs[0].digest, of_folder.inputs[0].digest);
  EXPECT_EQ(point_files_digest(folder_ / "set"), of_folder.inputs[0].digest);
}

// The points of a file are those of its bytes: alone, renamed and beside others.
TEST_F(PointFileSet, NeighboursAndNamesChangeNoPoint) {
  std::string cloud;
  for (int i = 0; i < 40; ++i) cloud += fmt::format("{} {} 0\n", i, i * i);
  write("set/line/long.xyz", cloud);
  write("other.xyz", cloud);
  DatasetSource alone = source("other.xyz", 7);
  alone.read_labels = false;
  const std::vector<float> points = read_point_files(alone).features.to_vector<float>();
  const std::vector<float> all = read_point_files(source("set", 7)).features.to_vector<float>();
  EXPECT_EQ(std::vector<float>(all.begin() + 2 * 21, all.begin() + 3 * 21), points);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(points[3 * i + 1], points[3 * i] * points[3 * i]);
  for (std::size_t i = 1; i < 7; ++i) EXPECT_LT(points[3 * (i - 1)], points[3 * i]);  // seven different ones
  alone.seed = 5;
  EXPECT_NE(read_point_files(alone).features.to_vector<float>(), points);
}

TEST_F(PointFileSet, TheDigestIsThatOfBytesLabelsAndNames) {
  const std::string before = point_files_digest(folder_ / "set");
  write("set/line/three.xyz", "0 0 0\n1 1 1\n2 2 3\n");
  const std::string changed = point_files_digest(folder_ / "set");
  EXPECT_NE(changed, before);
  write("set/line/three.xyz", "0 0 0\n1 1 1\n2 2 2\n");
  EXPECT_EQ(point_files_digest(folder_ / "set"), before);
  write("set/set.csv", "file,label\nflat/a.off,line\nflat/train/b.off,flat\nline/three.xyz,line\n");
  EXPECT_NE(point_files_digest(folder_ / "set/set.csv"), before);
}

TEST_F(PointFileSet, WhatIsWrongIsSaid) {
  EXPECT_THAT(message("nowhere"), HasSubstr("nowhere: there is no such file or folder"));
  write("set/loose.off", "OFF 0 0 0\n");
  EXPECT_THAT(message("set"), HasSubstr("set/loose.off: found a file beside the folders of the classes"));
  EXPECT_THAT(message("set/line"), HasSubstr("found a file beside the folders"));
  make_folders(folder_ / "empty/nothing");
  EXPECT_THAT(message("empty"), HasSubstr("there is no file .off, .pcd"));
  EXPECT_THAT(message("set/line/three.xyz"), HasSubstr("expected a folder with one folder for each class"));
  write("a.csv", "file,label\nset/line/notes.md,x\n");
  EXPECT_THAT(message("a.csv"), HasSubstr("a.csv:2: column 'file': found 'set/line/notes.md'"));
  write("b.csv", "file,label\nset/line/three.xyz,\n");
  EXPECT_THAT(message("b.csv"), HasSubstr("b.csv:2: column 'label': found an empty field"));
  write("c.csv", "name,label\nset/line/three.xyz,x\n");
  EXPECT_THAT(message("c.csv"), HasSubstr("file"));
  write("nan.xyz", "");
  write("d.csv", "file,label\nnan.xyz,x\n");
  EXPECT_THAT(message("d.csv"), HasSubstr("nan.xyz"));
}

TEST_F(PointFileSet, PublishedFilesAreRead) {
  const char* data = std::getenv("TESSERA_DATA");
  if (!data || !is_folder(fmt::format("{}/pointclouds/pcd_samples", data))) GTEST_SKIP() << "no TESSERA_DATA";
  for (const auto& [folder, files] : {std::pair("off_samples", 3), std::pair("pcd_samples", 10)}) {
    DatasetSource published = source("", 256);
    published.features = fmt::format("{}/pointclouds/{}", data, folder);
    published.read_labels = false;
    EXPECT_EQ(read_point_files(published).features.shape(), (Shape{files, 256, 3})) << folder;
  }
}

}  // namespace
}  // namespace tessera::data
