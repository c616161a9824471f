#include "tessera/runs/spot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/fake_state_test.h"

namespace tessera::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Stretch> of_lengths(const std::vector<std::uint64_t>& lengths) {
  std::vector<Stretch> stretches;
  std::uint64_t begin = 1;
  for (const std::uint64_t length : lengths) {
    stretches.push_back({begin, begin + length - 1, true});
    begin += length;
  }
  return stretches;
}

// Every set of `drawn` of `all` things; how many have none of the things in `wrong`?
double enumerated(unsigned all, unsigned wrong, unsigned drawn) {
  unsigned sets = 0, missed = 0;
  for (unsigned set = 0; set < 1U << all; ++set) {
    if (std::popcount(set) != static_cast<int>(drawn)) continue;
    ++sets;
    missed += (set & wrong) == 0 ? 1 : 0;
  }
  return static_cast<double>(missed) / sets;
}

TEST(Spot, TheProbabilityIsThatOfAnEnumeration) {
  for (unsigned all = 1; all <= 12; ++all)
    for (unsigned wrong = 0; wrong <= all; ++wrong)
      for (unsigned drawn = 0; drawn <= all; ++drawn)
        EXPECT_NEAR(probability_none_drawn(all, wrong, drawn), enumerated(all, (1U << wrong) - 1, drawn),
                    1e-14)
            << all << " " << wrong << " " << drawn;
}

// Of all ways to choose the wrong steps of a run with stretches of different lengths, none is missed more probably than stated, and
// one is missed so.
TEST(Spot, TheStatedOddsAreTheWorstOfAllPlaces) {
  const std::vector<std::uint64_t> lengths = {3, 1, 5, 2, 3};
  const std::vector<Stretch> stretches = of_lengths(lengths);
  constexpr unsigned kSteps = 14;
  for (const unsigned wrong_steps : {1U, 2U, 5U, 6U, 8U, 9U, 14U}) {
    for (unsigned drawn = 0; drawn <= lengths.size(); ++drawn) {
      double worst = 0;
      for (unsigned steps = 0; steps < 1U << kSteps; ++steps) {
        if (std::popcount(steps) != static_cast<int>(wrong_steps)) continue;
        unsigned wrong = 0;
        for (std::size_t i = 0; i < stretches.size(); ++i)
          for (std::uint64_t step = stretches[i].first; step <= stretches[i].last; ++step)
            if ((steps >> (step - 1) & 1) != 0) wrong |= 1U << i;
        worst = std::max(worst, enumerated(5, wrong, drawn));
      }
      const SpotOdds odds = spot_odds(stretches, drawn, static_cast<double>(wrong_steps) / kSteps);
      EXPECT_EQ(odds.steps, wrong_steps);
      EXPECT_NEAR(odds.missed, worst, 1e-14) << wrong_steps << " steps, " << drawn << " drawn";
    }
  }
}

TEST(Spot, KnownNumbers) {
  // 100 equal stretches, one wrong: each is drawn with probability K / 100.
  const auto stretches = of_lengths(std::vector<std::uint64_t>(100, 10));
  EXPECT_NEAR(spot_odds(stretches, 63, 0.01).missed, 0.37, 1e-14);
  EXPECT_EQ(spot_odds(stretches, 100, 0.01).missed, 0);
  EXPECT_EQ(spot_odds(stretches, 0, 1).missed, 1);
  EXPECT_EQ(spot_odds(stretches, 5, 1e-9).steps, 1U);       // a step at least
  EXPECT_EQ(spot_odds(stretches, 5, 0.011).stretches, 2U);  // 11 steps do not fit into one
  // 95 of 100 x 94/99 x ...: C(90, 5) / C(100, 5) = 43,949,268 / 75,287,520.
  EXPECT_NEAR(spot_odds(stretches, 5, 0.1).missed, 43949268.0 / 75287520.0, 1e-14);
}

TEST(Spot, DrawsWithoutRepetitionAndEachStretchEquallyOften) {
  std::vector<Stretch> stretches = of_lengths({2, 2, 9, 2, 2, 2, 2});
  stretches[1].available = false;
  EXPECT_THAT(draw_stretches(stretches, 99, 1), ElementsAre(0, 2, 3, 4, 5, 6));
  EXPECT_TRUE(draw_stretches(stretches, 0, 1).empty());
  EXPECT_TRUE(draw_stretches({}, 3, 1).empty());
  EXPECT_EQ(draw_stretches(stretches, 3, 5), draw_stretches(stretches, 3, 5));
  std::map<std::size_t, int> counts;
  constexpr int kDraws = 3000;
  for (int seed = 0; seed < kDraws; ++seed) {
    const auto drawn = draw_stretches(stretches, 2, static_cast<std::uint64_t>(seed));
    ASSERT_EQ(std::set<std::size_t>(drawn.begin(), drawn.end()).size(), 2U);
    for (const std::size_t position : drawn) ++counts[position];
  }
  EXPECT_FALSE(counts.contains(1));
  EXPECT_EQ(counts.size(), 6U);
  // A third of the draws each; five standard deviations of a binomial are 129.
  for (const auto& [position, count] : counts) EXPECT_NEAR(count, kDraws / 3.0, 129) << position;
}

TEST(Spot, StretchesLieBetweenTheCheckpointsOfTheChain) {
  TestFolder store;
  FakeModel model;
  RunOptions options = fake_options(store.path(), "a", 22);
  options.kept_checkpoints = 2;
  auto run = Run::open(options);
  run_fake_loop(run, model, 22);
  const std::vector<Stretch> stretches = stretches_of(read_record(run.folder()));
  std::vector<std::string> texts;
  texts.reserve(stretches.size());
  for (const Stretch& each : stretches)
    texts.push_back(fmt::format("{}-{}{}", each.first, each.last, each.available ? "" : " gone"));
  EXPECT_THAT(texts, ElementsAre("1-5", "6-10 gone", "11-15 gone", "16-20", "21-22"));
}

// ---- Replays that end before the record does ----

TEST(Spot, EveryStretchCanBeReplayedByItself) {
  TestFolder store;
  FakeModel original;
  RunOptions options = fake_options(store.path(), "a", 22);
  options.kept_checkpoints = 0;
  auto run = Run::open(options);
  const std::string seal = run_fake_loop(run, original, 22);
  EXPECT_EQ(checkpoints_in(run.folder()).size(), 5U);
  for (const Stretch& stretch : stretches_of(read_record(run.folder()))) {
    ASSERT_TRUE(stretch.available);
    FakeModel model;
    auto replay = Run::replay(run.folder(), fake_options("", "", 22),
                              {.from_step = stretch.first - 1, .to_step = stretch.last});
    EXPECT_EQ(run_fake_loop(replay, model, 22), seal);
    const ReplayOutcome& outcome = replay.replay_outcome();
    EXPECT_TRUE(outcome.identical());
    EXPECT_EQ(outcome.first_step + 1, stretch.first);
    EXPECT_EQ(outcome.last_step, stretch.last);
    EXPECT_EQ(model.count(), static_cast<std::int64_t>(stretch.last));  // not a step more
  }
}

TEST(Spot, AReplayFindsAFaultInItsStretchOnly) {
  TestFolder store;
  FakeModel original;
  RunOptions options = fake_options(store.path(), "a");
  options.kept_checkpoints = 0;
  auto run = Run::open(options);
  run.keep("model", original);
  for (auto& step : run.steps(20)) {
    step.record("average", original.step(step.number()));
    if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
    if (step.number() == 12) original.disturb();  // the machine that recorded had a fault here
  }
  run.finish();
  for (const Stretch& stretch : stretches_of(read_record(run.folder()))) {
    FakeModel model;
    auto replay = Run::replay(run.folder(), fake_options("", ""),
                              {.from_step = stretch.first - 1, .to_step = stretch.last});
    run_fake_loop(replay, model);
    EXPECT_EQ(replay.replay_outcome().identical(), stretch.first != 11) << stretch.first;
  }
}

TEST(Spot, AReplayThatStopsShortIsNotComplete) {
  TestFolder store;
  record_fake_run(store.path(), "a");
  FakeModel model;
  RunOptions options = fake_options("", "");
  auto replay = Run::replay(store / "a", options, {.from_step = 10, .to_step = 15});
  replay.keep("model", model);
  replay.start();
  replay.finish();
  EXPECT_FALSE(replay.replay_outcome().identical());
}

TEST(Spot, ImpossibleRangesAreRefused) {
  TestFolder store;
  record_fake_run(store.path(), "a");
  const auto message = [&](std::uint64_t from, std::uint64_t to) {
    try {
      (void)Run::replay(store / "a", fake_options("", ""), {.from_step = from, .to_step = to});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      return std::string(error.what());
    }
    return std::string("(no error)");
  };
  EXPECT_THAT(message(0, 21), HasSubstr("cannot replay to step 21: the record ends with step 20"));
  EXPECT_THAT(message(15, 15), HasSubstr("nothing is to be replayed after step 15 and up to step 15"));
}

TEST(Spot, TheEnvironmentLimitsAReplay) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "a");
  setenv("TESSERA_REPLAY", (store / "a").c_str(), 1);
  setenv("TESSERA_REPLAY_FROM", "10", 1);
  setenv("TESSERA_REPLAY_TO", "15", 1);
  setenv("TESSERA_REPLAY_REPORT", (store / "report.json").c_str(), 1);
  EXPECT_EQ(record_fake_run(store.path(), "unused"), seal);
  const ReplayOutcome outcome = parse_replay_outcome(read_file(store / "report.json"), "report");
  EXPECT_TRUE(outcome.identical());
  EXPECT_EQ(outcome.first_step, 10U);
  EXPECT_EQ(outcome.last_step, 15U);
  for (const char* name :
       {"TESSERA_REPLAY", "TESSERA_REPLAY_FROM", "TESSERA_REPLAY_TO", "TESSERA_REPLAY_REPORT"})
    unsetenv(name);
}

}  // namespace
}  // namespace tessera::runs
