#include "tessera/models/skipgram.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"

namespace tessera::models {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::int64_t kGroups = 4, kGroupSize = 8;

// Sentences whose words all come from one of four groups: word id = 2 + group + kGroups * member, so that neighbours in number are strangers.
std::vector<std::vector<std::int64_t>> planted() {
  RandomSource random(11);
  std::vector<std::vector<std::int64_t>> sentences;
  const std::vector<std::int64_t> bits = random.bits("planted", {300, 9}).to_vector<std::int64_t>();
  for (std::size_t s = 0; s < 300; ++s) {
    const std::int64_t group = bits[s * 9] % kGroups;
    std::vector<std::int64_t> sentence;
    for (std::size_t w = 1; w < 9; ++w)
      sentence.push_back(2 + group + kGroups * (bits[s * 9 + w] % kGroupSize));
    sentences.push_back(sentence);
  }
  return sentences;
}

const SkipGramSettings kSettings{
    .dimensions = 16, .window = 3, .negatives = 4, .epochs = 3, .batch = 128, .learning_rate = 0.02};

TEST(SkipGram, RecoversPlantedGroups) {
  use_default_backend();
  SkipGram model(2 + kGroups * kGroupSize, kSettings);
  train_skipgram(model, planted());
  std::int64_t right = 0, all = 0;
  for (std::int64_t id = 2; id < model.vocabulary(); ++id)
    for (const SimilarWord& near : model.nearest(id, kGroupSize - 1)) {
      right += (near.id - 2) % kGroups == (id - 2) % kGroups;
      ++all;
    }
  EXPECT_EQ(all, kGroups * kGroupSize * (kGroupSize - 1));
  EXPECT_EQ(right,
            all);  // every word's seven nearest are the other seven of its group; by chance 23 % would be
}

TEST(SkipGram, SameBitsOnAnyNumberOfThreadsAndWhenItGoesOn) {
  use_default_backend();
  struct Stop : StepObserver {
    std::uint64_t last;
    explicit Stop(std::uint64_t step) : last(step) {}
    bool on_step(const StepReport& report) override { return report.step < last; }
  };
  const auto sentences = planted();
  SkipGram whole(34, kSettings), parts(34, kSettings);
  SkipGramTrainer all(whole, sentences), halves(parts, sentences);
  all.run();
  Stop stop(20);
  EXPECT_EQ(halves.run(0, &stop), 20U);
  const int threads = thread_count();
  set_thread_count(threads == 1 ? 2 : 1);
  EXPECT_EQ(halves.run(20), halves.steps());
  set_thread_count(threads);
  EXPECT_TRUE(same_bits(whole.vectors(), parts.vectors()));
}

TEST(SkipGram, PairsOfAWindow) {
  EXPECT_THAT(skipgram_pairs({{2, 1, 3, 4}, {5}}, 2),
              ElementsAre(Pair(2, 3), Pair(3, 2), Pair(3, 4), Pair(4, 3)));
}

// The loss by its formula, with zeros for contexts: (1 + negatives) ln 2; then with given numbers.
TEST(SkipGram, LossIsTheFormula) {
  use_default_backend();
  SkipGram model(5, {.dimensions = 2, .negatives = 2});
  const Tensor centres = Tensor::from<std::int64_t>({2}, {1}),
               contexts = Tensor::from<std::int64_t>({3}, {1}),
               negatives = Tensor::from<std::int64_t>({4, 2}, {1, 2});
  EXPECT_NEAR(model.loss(centres, contexts, negatives).item<float>(), 3 * std::log(2.0), 1e-6);
  model.parameters()[0]->value = Tensor::from<float>({0, 0, 0, 0, 1, -1, 0, 0, 0, 0}, {5, 2});
  model.parameters()[1]->value = Tensor::from<float>({0, 0, 0, 0, 2, 1, 0.5F, 0, -1, 1}, {5, 2});
  const auto minus_log_sigmoid = [](double x) { return std::log1p(std::exp(-x)); };
  EXPECT_NEAR(model.loss(centres, contexts, negatives).item<float>(),
              minus_log_sigmoid(0.5) + minus_log_sigmoid(2) + minus_log_sigmoid(-1), 1e-6);
}

TEST(SkipGram, WrongInputsAreNamed) {
  use_default_backend();
  EXPECT_THROW(SkipGram(5, {.window = 0}), Error);
  EXPECT_THROW(SkipGram(2, {}), Error);
  SkipGram model(5, {.dimensions = 2});
  EXPECT_THROW(SkipGramTrainer(model, {{2}, {1, 3}}), Error);
  EXPECT_THROW(SkipGramTrainer(model, {{2, 5}}), Error);
  EXPECT_THROW(model.nearest(5, 1), Error);
}

}  // namespace
}  // namespace tessera::models
