#include <gmock/gmock.h>

#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/embedding/embedding_run.h"
#include "tessera/tensor/random.h"

namespace tessera::embedding {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Lines of 6 words, all about lungs or all about bones.
std::string made_texts(std::int64_t lines) {
  const std::vector<std::string> words[] = {{"cough", "wheeze", "lung", "airway", "breath"},
                                            {"knee", "femur", "tibia", "joint", "fracture"}};
  const std::vector<std::int64_t> bits = RandomSource(4).bits("texts", {lines, 7}).to_vector<std::int64_t>();
  std::string text;
  for (std::size_t line = 0; line < static_cast<std::size_t>(lines); ++line)
    for (std::size_t w = 1; w < 7; ++w)
      text +=
          words[bits[line * 7] % 2][static_cast<std::size_t>(bits[line * 7 + w] % 5)] + (w < 6 ? " " : "\n");
  return text;
}

class Embedding : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    write_file_atomically(folder_ / "texts.txt", made_texts(200));
  }
  EmbeddingConfig config(const std::vector<std::string>& overrides = {}) const {
    return EmbeddingConfig::parse(
        "[data]\npath = \"texts.txt\"\n[model]\ndimensions = 8\n[training]\nepochs = 12\nbatch = 64\n"
        "learning_rate = 0.03\nsubsample = 0\n",
        "made.toml", overrides, folder_.path());
  }
  train::TrainOptions options() const { return {.store = folder_ / "runs", .quiet = true}; }
  TestFolder folder_;
};

TEST_F(Embedding, ARunIsTrainedUsedAndVerified) {
  const EmbeddingResult result = train_embedding(config(), options());
  EXPECT_NEAR(result.untrained_loss, 6 * std::log(2.0), 1e-12);
  ASSERT_TRUE(result.held_out_loss);
  EXPECT_LT(*result.held_out_loss, 0.9 * result.untrained_loss);
  EXPECT_THAT(result.summary, HasSubstr("texts     180 to train, 20 to test"));
  EXPECT_TRUE(is_embedding_run(result.folder));
  const TrainedEmbedding trained(result.folder);
  EXPECT_EQ(trained.words().size(), 10);
  for (const models::NearWord& near : trained.words().nearest(trained.word_of(" Cough"), 4))
    EXPECT_THAT((std::vector<std::string>{"wheeze", "lung", "airway", "breath"}),
                testing::Contains(near.word));
  EXPECT_THROW(trained.word_of("two words"), Error);
  const train::VerifyResult verified = verify_embedding(result.folder, {.quiet = true});
  EXPECT_EQ(verified.code, ExitCode::kSuccess) << verified.message;
  EXPECT_EQ(train_embedding(config(), options()).seal, result.seal);
  EXPECT_NE(train_embedding(config({"seed=2"}), options()).seal, result.seal);
}

TEST_F(Embedding, WordsAreCountedOnTheTrainingTextsOnly) {
  const EmbeddingSetup all(config({"data.test=0", "text.min_count=1"})),
      part(config({"data.test=0.5", "text.min_count=1"}));
  EXPECT_EQ(all.training_words(), 1200);
  EXPECT_EQ(part.training_words(), 600);
  EXPECT_EQ(part.held_out_texts(), 100U);
  EmbeddingSetup none(config({"data.test=0"}));
  EXPECT_FALSE(none.held_out_loss());
}

TEST_F(Embedding, OtherNoiseAndWindowsAreOtherRuns) {
  const std::string seal = train_embedding(config({"training.epochs=1"}), options()).seal;
  for (const std::string change : {"training.noise_power=0", "training.noise_words=16", "model.window=2",
                                   "training.subsample=0.01", "model.negatives=2", "data.mask_digits=false"})
    EXPECT_NE(train_embedding(config({"training.epochs=1", change}), options()).seal, seal) << change;
}

TEST_F(Embedding, WrongInputsAreNamed) {
  const auto setup = [&](const std::vector<std::string>& overrides) {
    return [this, overrides] { EmbeddingSetup(config(overrides)); };
  };
  EXPECT_THAT(setup({"text.min_count=100000"}),
              ThrowsMessage<Error>(HasSubstr("no word stands 100000 times")));
  write_file_atomically(folder_ / "one.txt", "alone\nalone\nalone\nalone\nalone\nalone\n");
  EXPECT_THAT(setup({"data.path=one.txt"}), ThrowsMessage<Error>(HasSubstr("has another one near it")));
  EXPECT_THAT([&] { config({"model.dimension=3"}); }, ThrowsMessage<Error>(HasSubstr("model.dimensions")));
  EXPECT_THROW(TrainedEmbedding(folder_.path()), Error);
}

}  // namespace
}  // namespace tessera::embedding
