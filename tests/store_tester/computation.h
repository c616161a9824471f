// What the runs of the store tester compute, and how they are opened: a small state that depends on the seed and changes with
// every step, and the options that belong to a claim.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/runs/run.h"
#include "tests/store_tester/breaks.h"

namespace store_tester {

// What decides the chain: the claim, and whether the program keeps its state. Equal recipes have to give equal chains.
struct Recipe {
  std::uint64_t steps = 6;  // 0: not said beforehand
  std::uint64_t digest = 4, checkpoint = 3, seed = 1;
  bool kept = true;
  auto operator<=>(const Recipe&) const = default;
};

// What may differ from process to process.
struct Settings {
  std::uint64_t keep = 3;  // kept_checkpoints
  std::string key = "none";
  bool allow_unsigned = false;
  bool observer = false;  // on_step() instead of the loop over steps()
};

inline constexpr std::uint64_t kMostSteps = 14;  // of a run without a planned number

inline std::uint64_t last_step(const Recipe& recipe) {
  return recipe.steps == 0 ? kMostSteps : recipe.steps;
}

class Computation : public tessera::Stateful {
 public:
  explicit Computation(std::uint64_t seed) : seed_(seed) {
    weights_ = tessera::Tensor::from<float>({1.0F, 0.5F, 0.25F}, {3});
  }

  std::vector<tessera::StepScalar> step(std::uint64_t number) {
    std::vector<float> values = weights_.to_vector<float>();
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = values[i] * 0.75F + static_cast<float>((number * 7 + i + seed_) % 11) * 0.125F;
    weights_ = tessera::Tensor::from<float>(values, {3});
    moment_ =
        tessera::Tensor::from<double>({static_cast<double>(values[0]) * 0.5}, {1, 1});  // undefined before
    ++count_;
    ++forgotten_;
    average_ = average_ * 0.5 + static_cast<double>(values[0]);
    if (broken("forget")) average_ += static_cast<double>(forgotten_);
    std::vector<tessera::StepScalar> scalars = {{"average", average_}};
    if (number % 3 == 0) scalars.push_back({"third", static_cast<double>(count_)});
    return scalars;
  }

  void visit_state(tessera::StateVisitor& visitor) override {
    visitor.tensor("weights", weights_);
    visitor.tensor("moment", moment_);
    visitor.integer("count", count_);
    visitor.real("average", average_);
  }

 private:
  std::uint64_t seed_;
  tessera::Tensor weights_, moment_;
  std::int64_t count_ = 0, forgotten_ = 0;
  double average_ = 0;
};

// `keys`: the folder with the key files.
inline tessera::runs::RunOptions options_of(const Recipe& recipe, const Settings& settings,
                                            const std::string& keys) {
  tessera::runs::RunOptions options;
  options.configuration = {{"lr", "0.1", "default"}};
  options.seed = recipe.seed;
  options.command = {"store_tester"};
  options.program_digest = std::string(64, '0');
  options.steps = recipe.steps;
  options.digest_every = recipe.digest;
  options.checkpoint_every = recipe.checkpoint;
  options.kept_checkpoints = settings.keep;
  options.allow_unsigned = settings.allow_unsigned;
  options.obey_environment = false;
  if (settings.key != "none") options.key_file = keys + "/" + settings.key;
  return options;
}

}  // namespace store_tester
