#include "tessera/data/label_set.h"

#include <gmock/gmock.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;

const std::vector<std::vector<std::string>> kSamples = {{"b", "a"}, {"b", "c"}, {"c", "b", "b"},
                                                        {"d"},      {"a"},      {}};  // b 3, a 2, c 2, d 1

TEST(LabelSet, ReducesByCountAndByRank) {
  const LabelSet all = LabelSet::build(kSamples);
  EXPECT_THAT(all.names(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(all.count(all.position("b")), 3);
  EXPECT_EQ(all.all_uses(), 8);
  EXPECT_THAT(LabelSet::build(kSamples, {.min_count = 2}).names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(LabelSet::build(kSamples, {.top = 2}).names(),
              ElementsAre("a", "b"));  // a before c: equal counts
  const LabelSet one = LabelSet::build(kSamples, {.top = 1, .min_count = 2});
  EXPECT_THAT(one.names(), ElementsAre("b"));
  EXPECT_EQ(one.seen(), 4);
  EXPECT_EQ(one.kept_uses(), 3);
  EXPECT_EQ(one.position("a"), -1);
  EXPECT_THROW(LabelSet::build(kSamples, {.min_count = 4}), Error);
  EXPECT_THROW(LabelSet::build({{}, {}}), Error);
}

TEST(LabelSet, EncodesEachLabelOnce) {
  use_default_backend();
  const Tensor targets = LabelSet::build(kSamples, {.min_count = 2}).encode(kSamples);
  EXPECT_EQ(targets.shape(), (Shape{6, 3}));
  EXPECT_THAT(targets.to_vector<float>(), ElementsAre(1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0));
  EXPECT_THAT(LabelSet::of_names({"z", "y"}).names(), ElementsAre("y", "z"));
  EXPECT_THROW(LabelSet::of_names({"z", "z"}), Error);
  EXPECT_THROW(LabelSet::of_names({}), Error);
}

}  // namespace
}  // namespace tessera::data
