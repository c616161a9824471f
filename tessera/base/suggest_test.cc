#include "tessera/base/suggest.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Suggest, Distances) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);  // the example of every textbook
  EXPECT_EQ(edit_distance("ca", "ac"), 1U);           // a swap of neighbours counts once
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // 3 in optimal string alignment, 2 without its restriction
  EXPECT_EQ(edit_distance("Loss", "loss"), 0U);
}

TEST(Suggest, NearWordsOnly) {
  const std::vector<std::string> keys = {"training.steps", "training.rate", "lr", "seed", "loss", "boss"};
  EXPECT_EQ(closest("training.step", keys), "training.steps");
  EXPECT_EQ(closest("trainign.rate", keys), "training.rate");
  EXPECT_EQ(closest("SEED", keys), "seed");
  EXPECT_EQ(closest("rl", keys), "lr");
  EXPECT_EQ(closest("xoss", keys), "loss");  // the first of equally near ones
  EXPECT_EQ(closest("momentum", keys), "");
  EXPECT_EQ(closest("x", {"y"}), "");
  EXPECT_EQ(closest("", keys), "");
  EXPECT_EQ(closest("x", {}), "");
}

TEST(Suggest, Sentence) {
  EXPECT_EQ(did_you_mean("sed", {"seed"}), " (did you mean 'seed'?)");
  EXPECT_EQ(did_you_mean("momentum", {"seed"}), "");
}

}  // namespace
}  // namespace tessera
