// Runs on words: texts with a label, sentences with a tag for each word; to the seal, killed, resumed, verified and used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/models/sequence_layers.h"
#include "tessera/train/layer_builder.h"
#include "tessera/train/network.h"
#include "tessera/train/sweep.h"
#include "tessera/train/text_data.h"
#include "tessera/train/training_run.h"
#include "tessera/train/training_setup.h"

namespace tessera::train {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kTextConfig = R"(name = "text"
seed = 3
[data]
format = "text"
path = "texts.csv"
text_column = "text"
label_column = "label"
longest = 6
held_out = 0.25
[[network]]
layer = "embedding"
features = 5
[[network]]
layer = "gru"
units = 6
[[network]]
layer = "dropout"
drop = 0.1
[[network]]
layer = "linear"
units = 2
[training]
epochs = 3
batch = 7
shards = 2
optimizer = "adam"
learning_rate = 0.02
[record]
digest_every = 4
checkpoint_every = 5
)";

constexpr const char* kTagsConfig = R"(name = "tags"
seed = 3
[data]
format = "tags"
path = "tags.conll"
mask_digits = true
held_out = 0.25
[[network]]
layer = "embedding"
features = 5
[[network]]
layer = "lstm"
units = 4
bidirectional = true
output = "all"
[[network]]
layer = "linear"
units = 2
[training]
epochs = 3
batch = 7
shards = 2
optimizer = "adam"
learning_rate = 0.02
[record]
digest_every = 4
checkpoint_every = 5
)";

// "not" turns around what follows; some texts are longer than is read, one has no word.
std::string made_texts(int count) {
  const char* things[] = {"film", "book", "play"};
  std::string out = "text,label\n";
  for (int i = 0; i < count; ++i) {
    const bool good = i % 2 == 0, turned = i % 3 == 0;
    out += fmt::format("the {} {}{}{}{},{}\n", things[i % 3], i % 5 == 0 ? "really was " : "was ",
                       turned ? "not " : "", good ? "good" : "bad",
                       i % 7 == 0 ? " at all they said to me" : "", good != turned ? "yes" : "no");
  }
  return out + "?!,no\n";
}

std::string made_tags(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    for (int word = 0; word <= i % 4; ++word)
      out += word % 2 == 0 ? fmt::format("{}\tNUMBER\n", 10 + i) : fmt::format("word{}\tO\n", i % 3);
    out += "\n";
  }
  return out;
}

class TextRun : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    write_file_atomically(folder_ / "texts.csv", made_texts(60));
    write_file_atomically(folder_ / "tags.conll", made_tags(60));
    write_file_atomically(folder_ / "text.toml", kTextConfig);
    write_file_atomically(folder_ / "tags.toml", kTagsConfig);
    options_.store = folder_ / "runs";
    options_.quiet = true;
    verify_options_.quiet = true;
  }
  void TearDown() override {
    use_default_backend();
    set_thread_count(threads_);
  }

  Config config(const std::string& kind, const std::vector<std::string>& overrides = {}) {
    return Config::read(folder_ / (kind + ".toml"), overrides);
  }
  TrainResult trained(const std::string& kind, const std::string& name,
                      const std::vector<std::string>& overrides = {}) {
    options_.name = name;
    return train(config(kind, overrides), options_);
  }
  std::string refusal(const std::string& kind, const std::vector<std::string>& overrides) {
    return message_of([&] { trained(kind, "refused", overrides); });
  }

  const int threads_ = thread_count();
  TestFolder folder_;
  TrainOptions options_;
  VerifyOptions verify_options_;
};

TEST_F(TextRun, OneSealOverThreadsAndBackends) {
  for (const std::string kind : {"text", "tags"}) {
    const std::string seal = trained(kind, kind + "-first").seal;
    for (const char* backend : {"cpu", "reference"})
      for (const int threads : {1, 2, 3, 7}) {
        use_backend(backend);
        set_thread_count(threads);
        EXPECT_EQ(trained(kind, fmt::format("{}-{}-{}", kind, backend, threads)).seal, seal)
            << kind << ", " << backend << ", " << threads;
      }
    use_default_backend();
  }
}

// An epoch has seven steps, and a checkpoint is made after every fifth.
TEST_F(TextRun, StoppedAnywhereAndResumedIsTheUninterruptedRun) {
  for (const std::string kind : {"text", "tags"}) {
    const TrainResult whole = trained(kind, kind + "-whole");
    for (const std::uint64_t stop : {1U, 5U, 9U, 13U}) {
      const std::string name = fmt::format("{}-stopped-{}", kind, stop);
      // As a kill leaves it: the chain ends, there is no seal.
      const TrainResult copy = trained(kind, name);
      remove_file(copy.folder + "/seal.json");
      const std::string chain = read_file(copy.folder + "/chain.jsonl");
      std::size_t end = 0;
      for (std::uint64_t line = 0; line <= stop; ++line) end = chain.find('\n', end) + 1;
      write_file_atomically(copy.folder + "/chain.jsonl", chain.substr(0, end));
      for (const std::string& checkpoint : names_in_folder(copy.folder + "/checkpoints"))
        if (chain.substr(0, end).find(checkpoint.substr(0, 64)) == std::string::npos)
          remove_file(copy.folder + "/checkpoints/" + checkpoint);
      options_.name.clear();
      EXPECT_EQ(resume(copy.folder, options_).seal, whole.seal) << name;
    }
    EXPECT_EQ(verify(whole.folder, verify_options_).code, ExitCode::kSuccess);
  }
}

TEST_F(TextRun, WordsAreCountedInTheTrainingPartOnly) {
  Config settings = config("text", {"data.min_count=1"});
  const PreparedData found = prepare_data(settings, input_paths(settings));
  data::WordCounts counts;
  const data::TextSamples samples = data::read_text_samples(text_source(settings, folder_ / "texts.csv"));
  std::int64_t words = 0;
  for (const std::int64_t i : found.split.train) {
    counts.add(samples.samples[static_cast<std::size_t>(i)].words);
    words += static_cast<std::int64_t>(samples.samples[static_cast<std::size_t>(i)].words.size());
  }
  EXPECT_EQ(found.vocabulary->digest(), data::Vocabulary::build(counts, {.min_count = 1}).digest());
  EXPECT_EQ(counts.total(), words);
  EXPECT_EQ(settings.texts("data.vocabulary"), std::vector<std::string>{found.vocabulary->digest()});
  EXPECT_EQ(settings.integer("network.1.entries"), found.vocabulary->size());
  EXPECT_THAT(settings.texts("data.classes"), ElementsAre("no", "yes"));
  // A word that stands in a held-out text alone is not known.
  std::string texts = made_texts(60);
  const std::int64_t held_out = found.split.held_out[0];
  std::size_t place = 0;
  for (std::int64_t line = 0; line <= held_out; ++line) place = texts.find('\n', place) + 1;
  write_file_atomically(folder_ / "texts.csv", texts.insert(place, "unheard "));
  Config again = config("text", {"data.min_count=1"});
  EXPECT_EQ(prepare_data(again, input_paths(again)).vocabulary->digest(), found.vocabulary->digest());
}

TEST_F(TextRun, PredictsRawTextWhateverStandsBesideIt) {
  const TrainResult run = trained("text", "run", {"training.epochs=40"});
  EXPECT_GT(*run.held_out_accuracy, 0.9);
  const TrainedModel model(run.folder);
  write_file_atomically(folder_ / "new.txt",
                        "The film was not good\nbad\nthe unheard play was really not bad at all\n");
  write_file_atomically(folder_ / "one.txt", "bad\n");
  const Predictions all = predict(model, folder_ / "new.txt"), one = predict(model, folder_ / "one.txt");
  EXPECT_TRUE(same_bits(slice(all.probabilities, {Range(1, 2)}), one.probabilities));
  EXPECT_THAT(all.to_csv(), StartsWith("row,prediction,probability_no,probability_yes\n1,no,"));
  EXPECT_EQ(all.left_out, 3);  // "bad at all"
  const TextReading reading = read_text(model, "The film was NOT good");
  EXPECT_TRUE(same_bits(reading.predictions.probabilities, slice(all.probabilities, {Range(0, 1)})));
  EXPECT_THAT(reading.words, ElementsAre("The", "film", "was", "NOT", "good"));
  EXPECT_THAT(reading.columns, ElementsAre("r", "z"));
  EXPECT_EQ(reading.values[1].size(), 5U);
  EXPECT_THAT(reading.to_text(), HasSubstr("word        r       z\nThe "));
  EXPECT_FALSE(read_text(model, "unheard").known[0]);
  EXPECT_THAT(read_text(model, "unheard").to_text(), HasSubstr("unheard?"));
  EXPECT_TRUE(read_text(model, "").words.empty());  // one unknown word
  // Labelled data: the held-out texts of its own, all of other ones.
  EXPECT_EQ(evaluate(model, folder_ / "texts.csv").samples, 16);
  write_file_atomically(folder_ / "other.jsonl", "{\"text\": \"good\", \"label\": \"yes\"}\n");
  EXPECT_EQ(evaluate(model, folder_ / "other.jsonl").samples, 1);
  write_file_atomically(folder_ / "unseen.jsonl", "{\"text\": \"good\", \"label\": \"maybe\"}\n");
  EXPECT_THAT(
      message_of([&] { evaluate(model, folder_ / "unseen.jsonl"); }),
      HasSubstr("unseen.jsonl:1: found the label 'maybe', expected one of the 2 classes 'no' to 'yes'"));
  EXPECT_THAT(message_of([&] { evaluate(model, folder_ / "other.jsonl", "labels.npy"); }),
              HasSubstr("the labels stand beside the words"));
}

TEST_F(TextRun, TagsEveryWord) {
  const TrainResult run = trained("tags", "run", {"training.epochs=30"});
  EXPECT_GT(*run.held_out_accuracy, 0.95);
  const TrainedModel model(run.folder);
  write_file_atomically(folder_ / "new.conll", "47\nword1\n\nword2\n");
  const Predictions found = predict(model, folder_ / "new.conll");
  EXPECT_EQ(found.probabilities.shape(), (Shape{3, 2}));
  EXPECT_THAT(
      found.to_csv(),
      StartsWith("sentence,position,word,prediction,probability_NUMBER,probability_O\n1,1,47,NUMBER,"));
  EXPECT_THAT(found.to_csv(), HasSubstr("\n2,1,word2,"));
  const TextReading reading = read_text(model, " 47  word1\n");
  EXPECT_TRUE(same_bits(reading.predictions.probabilities, slice(found.probabilities, {Range(0, 2)})));
  EXPECT_THAT(reading.columns,
              ElementsAre("l0.f", "l0.i", "l0.o", "l0_reverse.f", "l0_reverse.i", "l0_reverse.o"));
  const Evaluation held_out = evaluate(model, folder_ / "tags.conll");
  EXPECT_EQ(held_out.samples, run.held_out_samples);  // words, not sentences
  EXPECT_GT(held_out.samples, 15);
  EXPECT_EQ(held_out.accuracy, *run.held_out_accuracy);
}

// Padding counts for nothing: the loss of a step is the mean over the words of its batch, whatever the shards.
TEST_F(TextRun, LossOfTagsIsTheMeanOverWords) {
  Config settings = config("tags", {"data.held_out=0", "training.batch=60", "training.epochs=1"});
  TrainingSetup setup(settings, input_paths(settings));
  const double expected =
      evaluate_samples(setup.network(), setup.dataset(), setup.split().train).loss;  // before the step
  struct Look : StepObserver {
    bool on_step(const StepReport& report) override {
      for (const StepScalar& scalar : report.scalars)
        if (scalar.name == "loss") loss = scalar.value;
      return true;
    }
    double loss = 0;
  } look;
  setup.trainer().run(0, look);
  EXPECT_NEAR(look.loss, expected, 1e-6);
}

TEST_F(TextRun, TheVocabularyIsKeptBesideTheRunAndNoOtherIsTaken) {
  const TrainResult run = trained("text", "run");
  EXPECT_EQ(vocabulary_path(run.folder + "/"), run.folder + ".vocabulary.tsv");
  for (const std::string& name : names_in_folder(run.folder))
    if (!is_folder(run.folder + "/" + name)) {
      EXPECT_THAT(read_file(run.folder + "/" + name), testing::Not(HasSubstr("really"))) << name;
    }
  data::Vocabulary::parse("tessera vocabulary 1\t0\nother\t7\n", "x").write(vocabulary_path(run.folder));
  EXPECT_THAT(message_of([&] { TrainedModel model(run.folder); }), HasSubstr("not the run's vocabulary"));
  remove_file(vocabulary_path(run.folder));
  EXPECT_THAT(message_of([&] { TrainedModel model(run.folder); }),
              HasSubstr("the run's vocabulary is not there"));
  EXPECT_EQ(verify(run.folder, verify_options_).code, ExitCode::kSuccess);  // which makes it from the data
}

TEST_F(TextRun, EveryKindOfReaderIsTrainedAndReExecuted) {
  const std::vector<std::vector<std::string>> kinds = {
      {"network.2.layer=rnn"},
      {"network.2.layer=lstm", "network.2.layers=2"},
      {"network.2.reset_gate=false"},
      {"network.2.bidirectional=true", "network.2.output=final"},
      {"network.2.output=mean"},
      // Dropout at each word, in shards whose longest texts differ.
      {"network.2.layer=dropout", "network.2.units=", "network.3.layer=time_pool", "network.3.drop="},
      {"network.2.layer=time_pool", "network.2.units="},
      {"network.2.layer=time_pool", "network.2.units=", "network.2.over_time=max"},
      {"network.2.layer=time_pool", "network.2.units=", "network.2.over_time=attention",
       "network.2.attention=3"}};
  std::set<std::string> seals;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const TrainResult run = trained("text", fmt::format("kind-{}", i), kinds[i]);
    EXPECT_TRUE(seals.insert(run.seal).second);
    EXPECT_EQ(verify(run.folder, verify_options_).code, ExitCode::kSuccess) << i;
    const TrainedModel model(run.folder);
    EXPECT_EQ(evaluate(model, folder_ / "texts.csv").accuracy, *run.held_out_accuracy) << i;
  }
}

TEST_F(TextRun, BagOfWordsIsABaseline) {
  write_file_atomically(folder_ / "text.toml", R"([data]
format = "text"
path = "texts.csv"
text_column = "text"
label_column = "label"
[[network]]
layer = "bag_of_words"
units = 2
[training]
epochs = 2
learning_rate = 0.1
)");
  const TrainResult run = trained("text", "bag");
  EXPECT_EQ(verify(run.folder, verify_options_).code, ExitCode::kSuccess);
}

TEST_F(TextRun, SweepsAreTakenUp) {
  write_file_atomically(
      folder_ / "sweep.toml",
      "base = 'text.toml'\nmethod = 'grid'\n[[parameter]]\nkey = 'network.2.units'\nvalues = [3, 4]\n");
  const SweepPlan plan = SweepPlan::read(folder_ / "sweep.toml");
  SweepOptions options;
  options.store = folder_ / "runs";
  options.quiet = true;
  std::size_t trained = 0;
  const auto count = [&](std::size_t, const SweepTrial& trial) { trained += trial.trained; };
  run_sweep(plan, options, count);
  EXPECT_EQ(trained, 2U);
  const SweepResult again = run_sweep(plan, options, count);
  EXPECT_EQ(trained, 2U);
  EXPECT_EQ(again.trials[0].problem, "");
}

TEST_F(TextRun, WrongConfigurationsAreRefusedWithTheirLine) {
  EXPECT_THAT(
      refusal("text", {"network.2.output=all"}),
      HasSubstr(
          "the last layer gives [6, 2] per sample, expected [2], one score for each class (\"time_pool\""));
  EXPECT_THAT(refusal("text", {"network.2.output=all", "network.3.layer=flatten", "network.3.drop="}),
              HasSubstr("of sequences of many lengths, expected \"time_pool\" before it"));
  EXPECT_THAT(refusal("text", {"network.3.layer=bag_of_words", "network.3.drop=", "network.3.units=2"}),
              HasSubstr("as the first layer, where the words are, and nowhere else"));
  EXPECT_THAT(refusal("text", {"network.1.layer=linear", "network.1.units=3", "network.1.features="}),
              HasSubstr("expected \"embedding\" or \"bag_of_words\" as the first layer"));
  EXPECT_THAT(refusal("text", {"network.1.entries=7"}), HasSubstr("network.1.entries is 7, expected "));
  EXPECT_THAT(refusal("text", {"augmentation.noise=0.1"}), HasSubstr("expected none with words"));
  EXPECT_THAT(refusal("text", {"data.scale=2"}), HasSubstr("nothing reads data.scale"));
  EXPECT_THAT(refusal("text", {"data.label_column=lable"}), HasSubstr("there is no column 'lable'"));
  EXPECT_THAT(refusal("text", {"data.label_column=text"}), HasSubstr("which is data.text_column"));
  EXPECT_THAT(refusal("text", {"data.min_count=1000"}), HasSubstr("no word stands 1000 times"));
  EXPECT_THAT(refusal("text", {"data.vocabulary=[\"00\"]"}), HasSubstr("but the words of the data make"));
  EXPECT_THAT(refusal("text", {"data.classes=[\"no\", \"maybe\"]"}), HasSubstr("found the label 'yes'"));
  EXPECT_THAT(refusal("text", {"training.dtype=bfloat16"}), HasSubstr("expected float32 with the layer 1"));
  EXPECT_THAT(refusal("tags", {"network.2.output=last"}),
              HasSubstr("the last layer gives [2] per sentence, expected [400, 2], one score for each tag"));
  EXPECT_THAT(refusal("tags", {"data.stratified=true"}), HasSubstr("nothing reads data.stratified"));
  const TrainResult run = trained("tags", "run");
  EXPECT_THAT(message_of([&] { predict(TrainedModel(run.folder), folder_ / "missing.conll"); }),
              HasSubstr("missing.conll"));
}

}  // namespace
}  // namespace tessera::train
