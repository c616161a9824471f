// A small computation with state, for the tests of this room: a few tensors, an integer and a real number that change from
// step to step without depending on anything outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/runs/run.h"

namespace tessera::runs {

class FakeModel : public Stateful {
 public:
  explicit FakeModel(std::int64_t size = 6) : size_(size) {
    weights_ = Tensor::from<float>(std::vector<float>(static_cast<std::size_t>(size), 1.0F), {size});
    mask_ = Tensor::from<bool>({true, false, true}, {3});
  }

  double step(std::uint64_t number) {
    std::vector<float> values = weights_.to_vector<float>();
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = values[i] * 0.75F + static_cast<float>((number * 7 + i) % 11) * 0.125F;
    weights_ = Tensor::from<float>(values, {size_});
    moment_ =
        Tensor::from<double>({values[0] * 0.5, values[1] * 0.25}, {2, 1});  // undefined before the first step
    ++count_;
    average_ = average_ * 0.5 + static_cast<double>(values[0]);
    return average_;
  }

  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("weights", weights_);
    visitor.tensor("moment", moment_);
    visitor.tensor("mask", mask_);
    visitor.integer("count", count_);
    visitor.real("average", average_);
  }

  std::int64_t count() const { return count_; }
  void disturb() { average_ += 1; }

 private:
  std::int64_t size_;
  Tensor weights_, moment_, mask_;
  std::int64_t count_ = 0;
  double average_ = 0;
};

inline RunOptions fake_options(const std::string& store, const std::string& name, std::uint64_t steps = 20) {
  return {.store = store,
          .name = name,
          .configuration = {{"lr", "0.1", "default"}, {"model.width", "6", "fake.toml:3"}},
          .seed = 42,
          .command = {"fake", "loop"},
          .program_digest = std::string(64, '0'),
          .steps = steps,
          .digest_every = 4,
          .checkpoint_every = 5,
          .catch_signals = false};
}

// The loop of a user's program.
inline std::string run_fake_loop(Run& run, FakeModel& model, std::uint64_t steps = 20) {
  run.keep("model", model);
  for (auto& step : run.steps(steps)) {
    step.record("average", model.step(step.number()));
    if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
  }
  return run.finish();
}

inline std::string record_fake_run(const std::string& store, const std::string& name) {
  FakeModel model;
  Run run = Run::open(fake_options(store, name));
  return run_fake_loop(run, model);
}

// Goes on with such a run; its seal.
inline std::string resume_fake_run(const std::string& folder) {
  FakeModel model;
  auto run = Run::resume(folder, fake_options("", ""));
  return run_fake_loop(run, model);
}

}  // namespace tessera::runs
