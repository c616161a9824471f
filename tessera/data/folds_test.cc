#include "tessera/data/folds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tessera/base/error.h"

namespace tessera::data {
namespace {

using Positions = std::vector<std::int64_t>;

struct Fold {
  std::size_t train;
  Positions held_out;
};
struct FoldFact {
  std::string method;
  std::int64_t folds, gap, test_size, most_train;
  Positions labels, groups;
  std::vector<Fold> expected;
};
const std::vector<FoldFact> kFacts = {
#include "tessera/data/fold_facts_test.inc"
};

std::vector<Split> computed(const FoldFact& fact) {
  const FoldOptions options = {.folds = fact.folds, .shuffle = false};
  const auto samples = static_cast<std::int64_t>(fact.labels.size());
  if (fact.method == "k_fold") return k_fold(samples, options);
  if (fact.method == "stratified_k_fold") return stratified_k_fold(fact.labels, options);
  if (fact.method == "group_k_fold") return group_k_fold(fact.groups, options);
  if (fact.method == "stratified_group_k_fold")
    return stratified_group_k_fold(fact.labels, fact.groups, options);
  return time_series(samples, {fact.folds, fact.test_size, fact.gap, fact.most_train});
}

TEST(Folds, HoldOutWhatScikitLearnDoes) {
  ASSERT_EQ(kFacts.size(), 19U);
  for (std::size_t i = 0; i < kFacts.size(); ++i) {
    SCOPED_TRACE(kFacts[i].method + ", case " + std::to_string(i));
    const std::vector<Split> splits = computed(kFacts[i]);
    ASSERT_EQ(splits.size(), kFacts[i].expected.size());
    for (std::size_t fold = 0; fold < splits.size(); ++fold) {
      EXPECT_EQ(splits[fold].held_out, kFacts[i].expected[fold].held_out);
      EXPECT_EQ(splits[fold].train.size(), kFacts[i].expected[fold].train);
    }
  }
}

bool ascending(const Positions& positions) {
  return std::is_sorted(positions.begin(), positions.end());
}

// Every sample is held out once, and is trained on in all other folds.
void expect_partition(const std::vector<Split>& splits, std::size_t samples) {
  std::vector<int> held_out(samples, 0);
  for (const Split& split : splits) {
    RC_ASSERT(split.train.size() + split.held_out.size() == samples);
    RC_ASSERT(ascending(split.train) && ascending(split.held_out));
    std::set<std::int64_t> all(split.train.begin(), split.train.end());
    for (const std::int64_t position : split.held_out) {
      RC_ASSERT(all.insert(position).second);
      ++held_out[static_cast<std::size_t>(position)];
    }
    RC_ASSERT(all.size() == samples && *all.begin() == 0);
  }
  for (const int times : held_out) RC_ASSERT(times == 1);
}

std::map<std::int64_t, std::int64_t> counts_of(const Positions& values, const Positions& positions) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t value : values) counts[value] = 0;
  for (const std::int64_t position : positions) ++counts[values[static_cast<std::size_t>(position)]];
  return counts;
}

Positions random_values(std::size_t least, std::int64_t kinds) {
  const auto count = *rc::gen::inRange<std::size_t>(least, least + 60);
  return *rc::gen::container<Positions>(count, rc::gen::inRange<std::int64_t>(0, kinds));
}

FoldOptions random_options() {
  return {.folds = *rc::gen::inRange<std::int64_t>(2, 6),
          .shuffle = *rc::gen::arbitrary<bool>(),
          .seed = *rc::gen::arbitrary<std::uint64_t>(),
          .repeat = *rc::gen::inRange<std::uint32_t>(0, 9)};
}

RC_GTEST_PROP(FoldProperties, KFoldIsAPartitionOfNearlyEqualSizes, ()) {
  const FoldOptions options = random_options();
  const auto samples = *rc::gen::inRange<std::int64_t>(options.folds, 90);
  const std::vector<Split> splits = k_fold(samples, options);
  expect_partition(splits, static_cast<std::size_t>(samples));
  for (const Split& split : splits) {
    const auto size = static_cast<std::int64_t>(split.held_out.size());
    RC_ASSERT(size == samples / options.folds || size == samples / options.folds + 1);
  }
}

RC_GTEST_PROP(FoldProperties, StratifiedFoldsHaveEachClassInItsShare, ()) {
  const FoldOptions options = random_options();
  const Positions labels = random_values(30, 3);
  const std::vector<Split> splits = stratified_k_fold(labels, options);
  expect_partition(splits, labels.size());
  std::map<std::int64_t, std::set<std::int64_t>> counts;
  for (const Split& split : splits)
    for (const auto& [label, count] : counts_of(labels, split.held_out)) counts[label].insert(count);
  for (const auto& [label, seen] : counts) RC_ASSERT(*seen.rbegin() - *seen.begin() <= 1);
}

RC_GTEST_PROP(FoldProperties, NoGroupIsInTwoFolds, ()) {
  const FoldOptions options = random_options();
  Positions groups = random_values(10, 12);
  for (std::int64_t group = 0; group < options.folds; ++group) groups.push_back(group);
  Positions labels;
  for (std::size_t i = 0; i < groups.size(); ++i) labels.push_back(static_cast<std::int64_t>(i % 2));
  for (const auto& splits :
       {group_k_fold(groups, options), stratified_group_k_fold(labels, groups, options)}) {
    expect_partition(splits, groups.size());
    for (const Split& split : splits)
      for (const auto& [group, count] : counts_of(groups, split.held_out)) {
        const auto whole = std::count(groups.begin(), groups.end(), group);
        RC_ASSERT(count == 0 || count == whole);
      }
  }
}

RC_GTEST_PROP(FoldProperties, TimeGoesForward, ()) {
  const auto samples = *rc::gen::inRange<std::int64_t>(20, 100);
  const TimeSeriesOptions options = {.folds = *rc::gen::inRange<std::int64_t>(1, 5),
                                     .test_size = *rc::gen::inRange<std::int64_t>(0, 4),
                                     .gap = *rc::gen::inRange<std::int64_t>(0, 4),
                                     .most_train = *rc::gen::inRange<std::int64_t>(0, 9)};
  std::int64_t before = -1;
  for (const Split& split : time_series(samples, options)) {
    RC_ASSERT(!split.train.empty() && !split.held_out.empty());
    RC_ASSERT(split.train.back() + options.gap + 1 == split.held_out.front());
    RC_ASSERT(split.held_out.front() > before);
    before = split.held_out.back();
    if (options.most_train > 0)
      RC_ASSERT(static_cast<std::int64_t>(split.train.size()) <= options.most_train);
  }
  RC_ASSERT(before == samples - 1);
}

RC_GTEST_PROP(FoldProperties, ThreePartsAreDisjointAndKeepTheirShares, ()) {
  Positions values = random_values(20, 5);
  // No group with more than a seventh of the samples: one with most of them would leave none to train on.
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += static_cast<std::int64_t>(i % 7) * 5;
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const std::vector<ThreeWay> all = {three_way(static_cast<std::int64_t>(values.size()), 0.2, 0.1, seed),
                                     three_way_stratified(values, 0.2, 0.1, seed),
                                     three_way_grouped(values, 0.2, 0.1, seed)};
  for (const ThreeWay& parts : all) {
    std::set<std::int64_t> seen;
    for (const Positions* part : {&parts.train, &parts.validation, &parts.test}) {
      RC_ASSERT(ascending(*part));
      seen.insert(part->begin(), part->end());
    }
    RC_ASSERT(seen.size() == values.size());
    RC_ASSERT(parts.train.size() + parts.validation.size() + parts.test.size() == values.size());
  }
  RC_ASSERT(all[0].test == hold_out(static_cast<std::int64_t>(values.size()), 0.1, seed).held_out);
  RC_ASSERT(all[1].test == hold_out_stratified(values, 0.1, seed).held_out);
  for (const auto& [group, count] : counts_of(values, all[2].test))
    RC_ASSERT(count == 0 || count == std::count(values.begin(), values.end(), group));
}

TEST(Folds, DependOnSeedAndRepeatOnly) {
  const auto held_out = [](const FoldOptions& options) { return k_fold(50, options)[0].held_out; };
  EXPECT_EQ(held_out({.seed = 1}), held_out({.seed = 1}));
  EXPECT_NE(held_out({.seed = 1}), held_out({.seed = 2}));
  EXPECT_NE(held_out({.seed = 1}), held_out({.seed = 1, .repeat = 1}));
  const auto all = repeated(3, {.folds = 2, .seed = 1}, [](const FoldOptions& o) { return k_fold(50, o); });
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[2].held_out, k_fold(50, {.folds = 2, .seed = 1, .repeat = 1})[0].held_out);
  // Computed apart from this program, by rule 5 of the contract (SHA-256, Philox, a stable sort).
  EXPECT_THAT(k_fold(12, {.folds = 3, .seed = 1})[0].held_out, testing::ElementsAre(0, 2, 5, 8));
}

TEST(Folds, NestedOnesStayInsideTheirTrainingPart) {
  const Positions labels = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  const auto splits =
      nested(stratified_k_fold(labels, {.folds = 3}), [&](std::span<const std::int64_t> train) {
        Positions inner;
        for (const std::int64_t position : train) inner.push_back(labels[static_cast<std::size_t>(position)]);
        return stratified_k_fold(inner, {.folds = 2});
      });
  ASSERT_EQ(splits.size(), 3U);
  for (const NestedSplit& split : splits) {
    const std::set<std::int64_t> train(split.outer.train.begin(), split.outer.train.end());
    ASSERT_EQ(split.inner.size(), 2U);
    Positions held_out;
    for (const Split& inner : split.inner) {
      for (const std::int64_t position : inner.train) EXPECT_TRUE(train.contains(position));
      held_out.insert(held_out.end(), inner.held_out.begin(), inner.held_out.end());
    }
    std::sort(held_out.begin(), held_out.end());
    EXPECT_EQ(held_out, split.outer.train);
  }
}

std::string message_of(const std::function<void()>& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Folds, WhatCannotBeSplitIsASentence) {
  const Positions labels = {0, 0, 1, 2};
  EXPECT_EQ(message_of([] { k_fold(3, {.folds = 4}); }),
            "4 folds were asked for, but there are only 3 samples");
  EXPECT_EQ(message_of([] { k_fold(3, {.folds = 1}); }), "1 folds were asked for, expected at least 2");
  EXPECT_EQ(message_of([&] { stratified_k_fold(labels, {.folds = 3}); }),
            "3 folds were asked for, but there are only 2 samples of the most frequent class");
  EXPECT_EQ(message_of([&] { group_k_fold(labels, {.folds = 4}); }),
            "4 folds were asked for, but there are only 3 groups");
  EXPECT_EQ(message_of([] { time_series(10, {.folds = 3, .test_size = 3, .gap = 1}); }),
            "3 folds of 3 samples and a gap of 1 leave none of 10 samples to train on");
  EXPECT_EQ(message_of([] { three_way(10, 0.5, 0.5, 1); }),
            "validation and test are 0.5 and 0.5 of the samples, expected less than 1 together");
  EXPECT_THROW(stratified_group_k_fold({}, {}, {}), Error);
}

}  // namespace
}  // namespace tessera::data
