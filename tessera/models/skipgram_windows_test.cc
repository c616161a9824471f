#include "tessera/models/skipgram_windows.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

using testing::ElementsAre;
using Texts = std::vector<std::vector<std::int64_t>>;

constexpr std::int64_t kGroups = 4, kGroupSize = 8;

// Texts whose words all come from one of four groups: word id = 2 + group + kGroups * member, so that neighbours in number are strangers.
Texts planted() {
  RandomSource random(11);
  Texts texts;
  const std::vector<std::int64_t> bits = random.bits("planted", {300, 9}).to_vector<std::int64_t>();
  for (std::size_t s = 0; s < 300; ++s) {
    const std::int64_t group = bits[s * 9] % kGroups;
    std::vector<std::int64_t> text;
    for (std::size_t w = 1; w < 9; ++w) text.push_back(2 + group + kGroups * (bits[s * 9 + w] % kGroupSize));
    texts.push_back(text);
  }
  return texts;
}

const SkipGramSettings kSettings{
    .dimensions = 16, .window = 3, .negatives = 4, .epochs = 6, .batch = 64, .learning_rate = 0.05};

void run(WindowTrainer& trainer, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t step = first; step <= last; ++step) trainer.step(step);
}

class SkipGramWindows : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
};

TEST_F(SkipGramWindows, RecoverPlantedGroups) {
  SkipGram model(2 + kGroups * kGroupSize, kSettings);
  WindowTrainer trainer(model, planted(), {.subsample = 0});
  const double untrained = trainer.loss_of(planted());
  EXPECT_NEAR(untrained, 5 * std::log(2.0), 1e-6);  // contexts of zeros: (1 + negatives) ln 2
  run(trainer, 1, trainer.steps());
  EXPECT_LT(trainer.loss_of(planted()), 0.85 * untrained);
  std::int64_t right = 0, all = 0;
  for (std::int64_t id = 2; id < model.vocabulary(); ++id)
    for (const SimilarWord& near : model.nearest(id, kGroupSize - 1)) {
      right += (near.id - 2) % kGroups == (id - 2) % kGroups;
      ++all;
    }
  EXPECT_EQ(all, kGroups * kGroupSize * (kGroupSize - 1));
  EXPECT_EQ(right, all);  // by chance 23 % would be
}

// With every word as noise once, and as many negatives as words, the loss is that of all pairs of a window of 1, which skipgram_test.cc holds
// against the formula.
TEST_F(SkipGramWindows, LossIsThatOfPairs) {
  const std::int64_t words = 6;
  SkipGram model(words, {.dimensions = 3, .window = 1, .negatives = words});
  RandomSource random(4);
  for (nn::Parameter* parameter : model.parameters())
    parameter->value = random.normal(parameter->name, {words, 3});
  const Texts texts = {{2, 3, 4, 2}, {5}, {4, 5, 5}};
  WindowPass pass{{2, 3, 4, 2, 5, 4, 5, 5}, {0, 0, 0, 0, 1, 2, 2, 2}, {}};
  const Tensor noise = arange(words);
  const double loss = window_loss(model, window_batch(pass, {0, 1, 2, 3, 5, 6, 7}, 1), noise).item<float>();
  std::vector<std::int64_t> centres, contexts, negatives;
  for (const auto& [centre, context] : skipgram_pairs(texts, 1)) {
    centres.push_back(centre);
    contexts.push_back(context);
    for (std::int64_t word = 0; word < words; ++word) negatives.push_back(word);
  }
  const auto pairs = static_cast<std::int64_t>(centres.size());
  EXPECT_EQ(pairs, 10);
  const Tensor expected =
      model.loss(Tensor::from<std::int64_t>(centres, {pairs}), Tensor::from<std::int64_t>(contexts, {pairs}),
                 Tensor::from<std::int64_t>(negatives, {pairs, words}));
  EXPECT_NEAR(loss, expected.item<float>(), 1e-5 * loss);
}

// The weights of a window of 3 are 1/3, 2/3, 3/3, 3/3, 2/3, 1/3, and nothing beyond the text's ends.
TEST_F(SkipGramWindows, NearerWordsCountMore) {
  const WindowPass pass{{2, 3, 4, 5, 6}, {0, 0, 0, 0, 1}, {}};
  const WindowBatch batch = window_batch(pass, {0, 2}, 3);
  EXPECT_THAT(batch.centres.to_vector<std::int64_t>(), ElementsAre(2, 4));
  EXPECT_THAT(batch.contexts.to_vector<std::int64_t>(), ElementsAre(0, 0, 0, 3, 4, 5, 0, 2, 3, 5, 0, 0));
  const float third = 1.0F / 3, two = 2.0F / 3;
  EXPECT_THAT(batch.weights.to_vector<float>(), ElementsAre(0, 0, 0, 1, two, third, 0, two, 1, 1, 0, 0));
  EXPECT_THAT(batch.pairs.to_vector<float>(), ElementsAre(2, static_cast<float>(8.0 / 3)));
  EXPECT_DOUBLE_EQ(batch.all_pairs, 2 + 8.0 / 3);
}

// Word 2 is half of all words: with subsample 0.01 it stays with sqrt(0.02) + 0.02 = 0.1614, the others (share 0.005 and below) always.
TEST_F(SkipGramWindows, FrequentWordsAreLeftOutAnewInEachPass) {
  std::vector<std::int64_t> text;
  for (std::int64_t i = 0; i < 20000; ++i) text.push_back(i % 2 == 0 ? 2 : 3 + i / 2 % 200);
  SkipGram model(203, {.dimensions = 2, .window = 1, .epochs = 2, .batch = 4096});
  const WindowTrainer trainer(model, {text}, {.subsample = 0.01});
  const WindowPass first = trainer.pass_of(0), second = trainer.pass_of(1);
  const auto count = [](const WindowPass& pass) {
    return static_cast<double>(std::count(pass.words.begin(), pass.words.end(), 2));
  };
  const double deviation = std::sqrt(10000 * 0.1614 * (1 - 0.1614));
  EXPECT_NEAR(count(first), 1614, 4 * deviation);
  EXPECT_NEAR(count(second), 1614, 4 * deviation);
  EXPECT_EQ(static_cast<double>(first.words.size()) - count(first), 10000);
  EXPECT_NE(first.words, second.words);
  EXPECT_EQ(trainer.steps(), (first.words.size() + 4095) / 4096 + (second.words.size() + 4095) / 4096);
  EXPECT_EQ(trainer.epoch_of(1), 0);
  EXPECT_EQ(trainer.epoch_of(trainer.steps()), 1);
  EXPECT_TRUE(trainer.last_of_epoch(trainer.steps()));
}

TEST_F(SkipGramWindows, SameBitsOnAnyNumberOfThreads) {
  const Texts texts = planted();
  const int threads = thread_count();
  std::vector<Tensor> vectors;
  for (const int count : {1, 2, 3, 7}) {
    set_thread_count(count);
    SkipGram model(34, kSettings);
    WindowTrainer trainer(model, texts, {.subsample = 0.05});
    run(trainer, 1, 50);
    vectors.push_back(model.vectors());
  }
  set_thread_count(threads);
  for (const Tensor& other : vectors) EXPECT_TRUE(same_bits(vectors[0], other));
}

TEST_F(SkipGramWindows, UnknownWordsAreTakenOut) {
  SkipGram with(6, {.dimensions = 2, .batch = 8}), without(6, {.dimensions = 2, .batch = 8});
  WindowTrainer a(with, {{2, 1, 3, 0, 4}, {1}, {5, 1}, {2, 3}}, {.subsample = 0});
  WindowTrainer b(without, {{2, 3, 4}, {}, {5}, {2, 3}}, {.subsample = 0});
  ASSERT_EQ(a.steps(), b.steps());
  run(a, 1, a.steps());
  run(b, 1, b.steps());
  EXPECT_TRUE(same_bits(with.vectors(), without.vectors()));
}

TEST_F(SkipGramWindows, WrongInputsAreNamed) {
  SkipGram model(5, {.dimensions = 2});
  EXPECT_THROW(WindowTrainer(model, {{2}, {1, 3}}), Error);
  EXPECT_THROW(WindowTrainer(model, {{2, 5}}), Error);
  EXPECT_THROW(WindowTrainer(model, {{2, 3}}, {.subsample = -1}), Error);
  EXPECT_THROW(WindowTrainer(model, {{2, 3}}, {.noise_words = 0}), Error);
  EXPECT_THROW(WindowTrainer(model, {{2, 3}}, {.noise_power = NAN}), Error);
  WindowTrainer trainer(model, {{2, 3, 4}}, {.subsample = 0});
  EXPECT_THROW(trainer.loss_of({{2}, {3}}), Error);
}

}  // namespace
}  // namespace tessera::models
