#include "tessera/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/hash.h"
#include "tessera/data/loader.h"
#include "tessera/data/npy.h"
#include "tessera/data/split.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Datasets : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  std::string file(const std::string& name, std::string_view text) {
    write_file_atomically(folder_ / name, text);
    return folder_ / name;
  }
  std::string message(const DatasetSource& source) {
    try {
      read_dataset(source);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  TestFolder folder_;
};

TEST_F(Datasets, ReadsTheBundledDigits) {
  const Dataset digits = read_dataset({.format = "csv",
                                       .features = std::string(TESSERA_SOURCE_DIR) + "/data/digits.csv",
                                       .label_column = "digit",
                                       .shape = {1, 8, 8},
                                       .scale = 16});
  ASSERT_EQ(digits.features.shape(), (Shape{1797, 1, 8, 8}));
  // The first image as the UCI page and scikit-learn show it: 0 0 5 13 9 1 0 0 in its first row, a zero.
  EXPECT_THAT(digits.features.slice({0, 0, 0}).to_vector<float>(),
              ElementsAre(0, 0, 5 / 16.f, 13 / 16.f, 9 / 16.f, 1 / 16.f, 0, 0));
  EXPECT_EQ(digits.labels.at<std::int64_t>({0}), 0);
  EXPECT_EQ(digits.classes.size(), 10u);
  EXPECT_EQ(digits.inputs[0].digest, "592cc047d0a1cc7fdef9fd724514209dcb45a80aa147dc3ab375e3e1a9a380f4");
}

TEST_F(Datasets, SortsClassesAsNumbersOrTexts) {
  const std::string numbers = file("n.csv", "x,y\n1,10\n2, 9\n3,10\n");
  EXPECT_THAT(read_dataset({.features = numbers, .label_column = "y"}).classes, ElementsAre("9", "10"));
  const std::string reals = file("r.csv", "x,y\n1,10.5\n2,9.5\n");
  EXPECT_THAT(read_dataset({.features = reals, .label_column = "y"}).classes, ElementsAre("9.5", "10.5"));
  const std::string texts = file("t.csv", "x,y\n1,pear\n2,\"apple, green\"\n");
  EXPECT_THAT(read_dataset({.features = texts, .label_column = "y"}).labels.to_vector<std::int64_t>(),
              ElementsAre(1, 0));
}

// Through fp64 both pairs would be one class.
TEST_F(Datasets, KeepsLabelsApartThatAreOneNumber) {
  const std::string large = file("l.csv", "x,y\n1,9007199254740993\n2,9007199254740992\n");
  const Dataset integers = read_dataset({.features = large, .label_column = "y"});
  EXPECT_THAT(integers.classes, ElementsAre("9007199254740992", "9007199254740993"));
  EXPECT_THAT(integers.labels.to_vector<std::int64_t>(), ElementsAre(1, 0));
  const std::string codes = file("c.csv", "x,y\n1,7\n2,007\n3,6\n");
  EXPECT_THAT(read_dataset({.features = codes, .label_column = "y"}).classes, ElementsAre("6", "007", "7"));
}

// A pipe can be read once: the digest must be of those bytes.
TEST_F(Datasets, ClaimsTheDigestOfTheBytesThatWereParsed) {
  const std::string text = "x,y\n1,0\n2,1\n";
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  const Dataset dataset =
      read_dataset({.format = "csv", .features = "/dev/fd/" + std::to_string(ends[0]), .label_column = "y"});
  close(ends[0]);
  EXPECT_EQ(dataset.size(), 2);
  EXPECT_EQ(dataset.inputs[0].digest, to_hex(sha256(text)));
}

TEST_F(Datasets, ReadsArrays) {
  write_npy(folder_ / "x.npy", Tensor::from<std::uint8_t>({0, 51, 102, 255}, {2, 2}));
  write_npy(folder_ / "y.npy", Tensor::from<std::int64_t>({7, 3}, {2}));
  const Dataset dataset = read_dataset(
      {.format = "npy", .features = folder_ / "x.npy", .labels = folder_ / "y.npy", .scale = 255});
  EXPECT_THAT(dataset.features.to_vector<float>(), ElementsAre(0, 0.2f, 0.4f, 1));
  EXPECT_THAT(dataset.classes, ElementsAre("3", "7"));
  EXPECT_EQ(dataset.inputs.size(), 2u);
}

TEST_F(Datasets, ArraysTakeALabelForEachPoint) {
  write_npy(folder_ / "x.npy", Tensor::from<float>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {2, 3, 2}));
  write_npy(folder_ / "y.npy", Tensor::from<std::uint8_t>({9, 4, 9, 9, 4, 7}, {2, 3}));
  DatasetSource source{.features = folder_ / "x.npy", .labels = folder_ / "y.npy", .labels_of_points = true};
  const Dataset dataset = read_dataset(source);
  EXPECT_THAT(dataset.classes, ElementsAre("4", "7", "9"));
  EXPECT_EQ(dataset.labels.shape(), (Shape{2, 3}));
  EXPECT_THAT(dataset.labels.to_vector<std::int64_t>(), ElementsAre(2, 0, 2, 2, 0, 1));
  source.classes = {"4", "9"};
  EXPECT_THAT(message(source), HasSubstr("y.npy: sample 1, point 2: found the label '7'"));
  source.classes = {};
  source.labels_of_points = false;
  EXPECT_THAT(message(source), HasSubstr("y.npy: the labels have the shape [2, 3], expected one axis"));
  source.labels_of_points = true;
  source.shape = {6};
  EXPECT_THAT(message(source),
              HasSubstr("x.npy: the samples have the shape [2, 6], expected [samples, points, "));
  source.shape = {2, 3};
  EXPECT_THAT(message(source),
              HasSubstr("y.npy: the labels have the shape [2, 3], expected [2, 2], one for each point"));
  source.labels = file("y.csv", "kind\n1\n2\n");
  EXPECT_THAT(message(source), HasSubstr("y.csv: found a table, expected an array"));
}

TEST_F(Datasets, ErrorsNameThePlace) {
  EXPECT_THAT(message({.features = file("a.csv", "x,y\n1,0\nnan,1\n"), .label_column = "y"}),
              HasSubstr("a.csv:3: column 'x': found nan, expected a finite number"));
  EXPECT_THAT(message({.features = file("h.csv", "x,y\n\"1\",\"0\n\"\n1e39,1\n"), .label_column = "y"}),
              HasSubstr("h.csv:4: column 'x': found 1e+39, which divided by the scale 1 is too large"));
  EXPECT_THAT(message({.features = file("i.csv", "x,y\n1e30,0\n"), .label_column = "y", .scale = 1e-300}),
              HasSubstr("i.csv:2: column 'x': found 1e+30, which divided by the scale 1e-300 is too large"));
  EXPECT_THAT(message({.features = file("b.csv", "x,y\n1,0\nz,1\n"), .label_column = "y"}),
              HasSubstr("b.csv:3: column 'x': found 'z', expected a number"));
  EXPECT_THAT(message({.features = file("c.csv", "x,y\n1,\n"), .label_column = "y"}),
              HasSubstr("c.csv:2: column 'y': found an empty field, expected a label"));
  EXPECT_THAT(message({.features = file("d.csv", "x,y\n"), .label_column = "y"}),
              HasSubstr("there are no samples"));
  EXPECT_THAT(message({.features = file("e.csv", "x,y\n1,0\n"), .label_column = "y", .shape = {2, 2}}),
              HasSubstr("each sample has 1 values, expected 4 for the shape [2, 2]"));
  EXPECT_THAT(
      message({.features = file("f.csv", "x,y\n1,5\n"), .label_column = "y", .classes = {"0", "1"}}),
      HasSubstr("f.csv:2: column 'y': found the label '5', expected one of the 2 classes '0' to '1'"));
  EXPECT_THAT(message({.features = folder_ / "a.csv", .label_column = "z", .shape = {1}}),
              HasSubstr("there is no column 'z'"));
  EXPECT_THAT(message({.features = folder_ / "absent.csv", .label_column = "y"}), HasSubstr("absent.csv"));
  EXPECT_THAT(message({.features = file("g.txt", "x")}),
              HasSubstr("the kind of file cannot be told from its name"));
  write_npy(folder_ / "d.npy", Tensor::from<double>({1, 2, 3, -1e300}, {2, 2}));
  EXPECT_THAT(message({.features = folder_ / "d.npy"}), HasSubstr("d.npy: sample 1, value 1: found -1e+300"));
  write_npy(folder_ / "x.npy", Tensor::from<float>({1, 2}, {2, 1}));
  write_npy(folder_ / "y.npy", Tensor::from<std::int64_t>({1}, {1}));
  EXPECT_THAT(message({.features = folder_ / "x.npy", .labels = folder_ / "y.npy"}),
              HasSubstr("there are 1 labels, expected 2"));
}

TEST_F(Datasets, TakesColumnsByName) {
  const std::string path = file("k.csv", "b,note,y,a\n1,x,0,2\n3,z,1,4\n");
  const Dataset dataset = read_dataset({.features = path, .label_column = "y", .columns = {"a", "b"}});
  EXPECT_THAT(dataset.features.to_vector<float>(), ElementsAre(2, 1, 4, 3));
  EXPECT_THAT(dataset.columns, ElementsAre("a", "b"));
  EXPECT_THAT(read_dataset({.features = file("o.csv", "b,y,a\n1,0,2\n"), .label_column = "y"}).columns,
              ElementsAre("b", "a"));
  EXPECT_THAT(message({.features = path, .label_column = "y", .columns = {"a", "notes"}}),
              HasSubstr("k.csv: there is no column 'notes' (did you mean 'note'?), expected the columns of"));
  EXPECT_THAT(message({.features = path, .label_column = "y", .columns = {"a", "a"}}),
              HasSubstr("'a' is chosen twice"));
  EXPECT_THAT(message({.features = path, .label_column = "y", .columns = {"a", "y"}}),
              HasSubstr("'y' is the label"));
}

TEST_F(Datasets, TakesSamplesInTheGivenOrder) {
  const Dataset all =
      read_dataset({.features = file("a.csv", "x,y\n10,0\n11,1\n12,0\n"), .label_column = "y"});
  const std::vector<std::int64_t> positions = {2, 0};
  const Dataset part = take(all, positions);
  EXPECT_THAT(part.features.to_vector<float>(), ElementsAre(12, 10));
  EXPECT_THAT(part.labels.to_vector<std::int64_t>(), ElementsAre(0, 0));
}

TEST(Split, IsADisjointCoverOfTheRightSize) {
  for (const double fraction : {0.0, 0.2, 0.5, 0.9}) {
    const Split split = hold_out(101, fraction, 7);
    EXPECT_EQ(split.held_out.size(), static_cast<std::size_t>(101 * fraction + 0.5));
    std::set<std::int64_t> all(split.train.begin(), split.train.end());
    all.insert(split.held_out.begin(), split.held_out.end());
    EXPECT_EQ(all.size(), 101u);
    EXPECT_EQ(split.train.size() + split.held_out.size(), 101u);
  }
  EXPECT_NE(hold_out(101, 0.2, 7).held_out, hold_out(101, 0.2, 8).held_out);
  EXPECT_THROW(hold_out(10, 1.0, 1), Error);
  EXPECT_THROW(hold_out(1, 0.9, 1), Error);
}

TEST(Split, StratifiedHoldsOutTheShareOfEachClass) {
  std::vector<std::int64_t> labels(100, 0);
  std::fill(labels.begin() + 80, labels.end(), 1);
  const Split split = hold_out_stratified(labels, 0.25, 3);
  EXPECT_EQ(std::count_if(split.held_out.begin(), split.held_out.end(), [](auto i) { return i >= 80; }), 5);
  EXPECT_EQ(split.held_out.size(), 25u);
}

TEST(Loader, AnEpochSeesEverySampleOnceInAnotherOrder) {
  BatchPlan plan({.samples = 103, .batch = 10, .seed = 5});
  ASSERT_EQ(plan.steps_per_epoch(), 11);
  std::vector<std::int64_t> first, second;
  for (const Batch& batch : plan.steps(1, 11))
    first.insert(first.end(), batch.positions.begin(), batch.positions.end());
  for (const Batch& batch : plan.steps(12, 22))
    second.insert(second.end(), batch.positions.begin(), batch.positions.end());
  EXPECT_NE(first, second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  std::vector<std::int64_t> all(103);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(first, all);
  EXPECT_EQ(second, all);
}

TEST(Loader, ResumesInMidEpoch) {
  BatchPlan whole({.samples = 50, .batch = 8, .seed = 5});
  std::vector<std::vector<std::int64_t>> seen;
  for (const Batch& batch : whole.steps(1, 20)) seen.push_back(batch.positions);
  for (std::uint64_t step = 20; step >= 1; --step) {
    BatchPlan fresh({.samples = 50, .batch = 8, .seed = 5});
    EXPECT_EQ(fresh.batch(step).positions, seen[step - 1]) << step;
  }
  EXPECT_TRUE(whole.batch(7).last_of_epoch);
  EXPECT_EQ(whole.batch(8).epoch, 1);
}

TEST(Loader, DropsThePartialBatchOnRequest) {
  BatchPlan plan({.samples = 10, .batch = 4, .drop_last = true});
  EXPECT_EQ(plan.steps_per_epoch(), 2);
  EXPECT_EQ(plan.batch(2).positions.size(), 4u);
  EXPECT_THROW(BatchPlan({.samples = 3, .batch = 4, .drop_last = true}), Error);
  EXPECT_EQ(BatchPlan({.samples = 3, .batch = 4, .shuffle = false}).batch(1).positions,
            (std::vector<std::int64_t>{0, 1, 2}));
}

// An array of samples beside a table that says what they are.
TEST_F(Datasets, ArraysTakeLabelsFromATable) {
  TestFolder folder;
  write_npy(folder / "x.npy", Tensor::from<float>({1, 2, 3, 4}, {2, 2}));
  write_file_atomically(folder / "y.csv", "file,kind\na,chair\nb,bed\n");
  const auto read = [&](const std::string& column) {
    return read_dataset({.features = folder / "x.npy", .labels = folder / "y.csv", .label_column = column});
  };
  const Dataset set = read("kind");
  EXPECT_THAT(set.classes, testing::ElementsAre("bed", "chair"));
  EXPECT_THAT(set.labels.to_vector<std::int64_t>(), testing::ElementsAre(1, 0));
  EXPECT_EQ(set.inputs.size(), 2U);
  EXPECT_THROW(read(""), Error);
  EXPECT_THROW(read("king"), Error);
  write_file_atomically(folder / "y.csv", "kind\nchair\n");
  EXPECT_THROW(read("kind"), Error);
}

}  // namespace
}  // namespace tessera::data
