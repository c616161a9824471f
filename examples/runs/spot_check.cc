// A long run, checked in a part of its time: a few random stretches between checkpoints are executed again. Here the whole
// run takes a moment; what matters is the number of steps that are executed again, and what that proves.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::uint64_t kSteps = 2000;

struct Walk : Stateful {
  Tensor places = zeros({1000});
  void visit_state(StateVisitor& visitor) override { visitor.tensor("places", places); }
};

std::uint64_t take_steps(runs::Run& run) {
  Walk walk;
  RandomSource random(1);
  run.keep("walk", walk);
  std::uint64_t taken = 0;
  for (auto& step : run.steps(kSteps)) {
    random.begin_step(step.number());
    walk.places = walk.places + random.normal("pace", {1000});
    step.record("mean square", mean(walk.places * walk.places));
    ++taken;
  }
  run.finish();
  return taken;
}

int main() {
  use_default_backend();
  const runs::RunOptions options = {.store = "runs",
                                    .base_name = "walk",
                                    .seed = 1,
                                    .steps = kSteps,
                                    .checkpoint_every = 50,
                                    .kept_checkpoints = 0};  // all of them stay
  auto recorded = runs::Run::open(options);
  std::printf("recorded %llu steps\n", static_cast<unsigned long long>(take_steps(recorded)));

  const auto stretches = runs::stretches_of(runs::read_record(recorded.folder()));
  const auto drawn = runs::draw_stretches(stretches, 6, 42);  // the seed is for the others to choose
  for (const std::size_t position : drawn) {
    const runs::Stretch& stretch = stretches[position];
    auto replay = runs::Run::replay(recorded.folder(), options,
                                    {.from_step = stretch.first - 1, .to_step = stretch.last});
    const std::uint64_t taken = take_steps(replay);
    std::printf("steps %4llu to %4llu: %s after %llu steps\n", static_cast<unsigned long long>(stretch.first),
                static_cast<unsigned long long>(stretch.last),
                replay.replay_outcome().identical() ? "identical" : "different",
                static_cast<unsigned long long>(taken));
  }
  for (const double share : {0.01, 0.1, 0.25}) {
    const runs::SpotOdds odds = runs::spot_odds(stretches, drawn.size(), share);
    std::printf(
        "wrong in %2.0f %% of the steps, confined to %llu of %zu stretches: missed with probability %.3f\n",
        100 * share, static_cast<unsigned long long>(odds.stretches), stretches.size(), odds.missed);
  }
}
