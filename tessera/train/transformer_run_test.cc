// Transformer blocks over texts of many lengths: one seal, and predictions that do not depend on the texts beside them.
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/train/training_run.h"

namespace tessera::train {
namespace {

constexpr const char* kConfig = R"(name = "blocks"
seed = 2
[data]
format = "text"
path = "texts.csv"
text_column = "text"
label_column = "label"
min_count = 1
held_out = 0.25
[[network]]
layer = "embedding"
features = 8
[[network]]
layer = "positional_encoding"
[[network]]
layer = "transformer_encoder"
heads = 2
feed_forward = 12
norm_first = true
[[network]]
layer = "multihead_attention"
heads = 4
[[network]]
layer = "time_pool"
[[network]]
layer = "linear"
units = 1
[training]
epochs = 2
batch = 7
shards = 2
loss = "bce"
optimizer = "adam"
learning_rate = 0.01
)";

class TransformerRun : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    std::string texts = "text,label\n?!,no\n";  // one without a word
    for (int i = 0; i < 60; ++i) {
      const bool good = i % 2 == 0;
      texts += fmt::format("the film was {}{}{},{}\n", i % 3 == 0 ? "not " : "", good ? "good" : "bad",
                           i % 7 == 0 ? " at all they said to me" : "", good != (i % 3 == 0) ? "yes" : "no");
    }
    write_file_atomically(folder_ / "texts.csv", texts);
    write_file_atomically(folder_ / "c.toml", kConfig);
    options_ = {.store = folder_ / "runs", .quiet = true};
  }
  void TearDown() override {
    use_default_backend();
    set_thread_count(threads_);
  }
  TestFolder folder_;
  TrainOptions options_;
  int threads_ = thread_count();
};

TEST_F(TransformerRun, OneSealOverThreadsAndBackends) {
  const Config config = Config::read(folder_ / "c.toml");
  const TrainResult first = train(config, options_);
  for (const char* backend : {"cpu", "reference"})
    for (const int threads : {1, 3}) {
      use_backend(backend);
      set_thread_count(threads);
      EXPECT_EQ(train(config, options_).seal, first.seal) << backend << ", " << threads;
    }
  use_default_backend();
  VerifyOptions quiet;
  quiet.quiet = true;
  EXPECT_EQ(verify(first.folder, quiet).code, ExitCode::kSuccess);
}

TEST_F(TransformerRun, ATextAloneHasTheAnswerThatItHasBesideLongerOnes) {
  const TrainedModel model(train(Config::read(folder_ / "c.toml"), options_).folder);
  const std::vector<std::string> texts = {"the film was good", "bad",
                                          "the film was not bad at all they said to me"};
  write_file_atomically(folder_ / "new.txt", fmt::format("{}\n{}\n{}\n", texts[0], texts[1], texts[2]));
  const std::vector<float> together = predict(model, folder_ / "new.txt").probabilities.to_vector<float>();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::vector<float> alone = read_text(model, texts[i]).predictions.probabilities.to_vector<float>();
    ASSERT_EQ(alone.size(), 2u);
    EXPECT_EQ(alone[0], together[2 * i]);
    EXPECT_EQ(alone[1], together[2 * i + 1]);
  }
}

}  // namespace
}  // namespace tessera::train
