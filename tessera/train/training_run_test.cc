// Whole runs on small data: to the seal, resumed, verified, used, and tampered with.
#include "tessera/train/training_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/csv.h"
#include "tessera/data/npy.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/network.h"

namespace tessera::train {
namespace {

using testing::HasSubstr;

class TrainingRun : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    write_points("points.csv", 1);
    write_file_atomically(folder_ / "c.toml", R"(name = "points"
seed = 5
[data]
format = "csv"
path = "points.csv"
label_column = "kind"
held_out = 0.25
[[network]]
layer = "linear"
units = 8
[[network]]
layer = "relu"
[[network]]
layer = "dropout"
drop = 0.1
[[network]]
layer = "linear"
units = 2
[training]
epochs = 4
batch = 8
shards = 2
learning_rate = 0.1
momentum = 0.9
[record]
digest_every = 5
checkpoint_every = 10
)");
    options_.store = folder_ / "runs";
    options_.quiet = true;
    verify_options_.quiet = true;
  }
  void TearDown() override { set_thread_count(threads_); }

  void write_points(const std::string& name, int seed) {
    RandomSource random(static_cast<std::uint64_t>(seed));
    const std::vector<float> values = random.normal("points", {60, 2}).to_vector<float>();
    std::string text = "x,y,kind\n";
    for (std::size_t i = 0; i < 60; ++i) {
      const float x = values[2 * i], y = values[2 * i + 1];
      text += fmt::format("{},{},{}\n", x, y, x + y > 0 ? "upper" : "lower");
    }
    write_file_atomically(folder_ / name, text);
  }
  Config config(const std::vector<std::string>& overrides = {}) {
    return Config::read(folder_ / "c.toml", overrides);
  }
  std::string message_of(const std::function<void()>& action, ExitCode code) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "no error";
  }
  void copy_folder(const std::string& from, const std::string& to) {
    make_folders(to);
    for (const std::string& name : names_in_folder(from)) {
      if (is_folder(from + "/" + name)) {
        copy_folder(from + "/" + name, to + "/" + name);
      } else {
        write_file_atomically(to + "/" + name, read_file(from + "/" + name));
      }
    }
  }

  TestFolder folder_;
  TrainOptions options_;
  VerifyOptions verify_options_;
  int threads_ = thread_count();
};

TEST_F(TrainingRun, GivesOneSealWhateverComputesIt) {
  const TrainResult first = train(config(), options_);
  EXPECT_EQ(first.steps, 24u);  // 44 samples, batches of 8: 6 steps in each of 4 epochs
  EXPECT_EQ(first.name, "points-0001");
  EXPECT_EQ(first.held_out_samples, 16);  // a quarter of 30 and of 30, rounded up
  EXPECT_GT(*first.held_out_accuracy, 0.7);
  set_thread_count(3);
  use_backend("reference");
  const TrainResult second = train(config(), options_);
  EXPECT_EQ(second.name, "points-0002");
  EXPECT_EQ(second.seal, first.seal);
  use_default_backend();
  EXPECT_NE(train(config({"seed=6"}), options_).seal, first.seal);
}

TEST_F(TrainingRun, ARecordThatClaimsNoInputsIsRefused) {
  const runs::Claim claim = runs::read_claim(train(config(), options_).folder);
  runs::RunOptions forged{.store = options_.store, .name = "forged", .kind = "train", .seed = claim.seed};
  for (const auto& [key, value] : claim.configuration) forged.configuration.push_back({key, value, "forged"});
  auto run = runs::Run::open(forged);
  run.finish();
  EXPECT_THAT(message_of([&] { verify(run.folder(), verify_options_); }, ExitCode::kCannotRerun),
              HasSubstr("claims no input 'features'"));
}

TEST_F(TrainingRun, VerifiesWithOtherThreadsAndFromACheckpoint) {
  const TrainResult result = train(config(), options_);
  set_thread_count(2);
  const VerifyResult whole = verify(result.folder, verify_options_);
  EXPECT_EQ(whole.code, ExitCode::kSuccess);
  EXPECT_EQ(whole.message,
            "identical: 24 steps, 9 tensors");  // 4 weights, their momenta, the optimiser's count
  EXPECT_EQ(whole.seal, result.seal);
  verify_options_.from_step = 20;
  const VerifyResult part = verify(result.folder, verify_options_);
  EXPECT_EQ(part.code, ExitCode::kSuccess);
  EXPECT_EQ(part.message, "identical: steps 21 to 24, 9 tensors");
}

std::string texts_of(const SpotResult& spot) {
  std::string texts;
  for (const SpotStretch& each : spot.checked)
    texts += fmt::format("{}-{}{} ", each.first, each.last, each.mismatch ? " differs" : "");
  return texts;
}

TEST_F(TrainingRun, SpotChecksStretchesBetweenCheckpoints) {
  const TrainResult result = train(config({"record.kept_checkpoints=0"}), options_);
  EXPECT_EQ(train(config(), options_).seal, result.seal);  // how many are kept is not claimed
  verify_options_.spot = SpotOptions{.stretches = 2, .seed = 3, .share = 0.1};
  const VerifyResult two = verify(result.folder, verify_options_);
  EXPECT_EQ(two.code, ExitCode::kSuccess) << two.message;
  ASSERT_TRUE(two.spot.has_value());
  EXPECT_EQ(two.spot->checked.size(), 2U);
  EXPECT_EQ(two.spot->stretches, (result.steps + 9) / 10);
  EXPECT_EQ(two.spot->unavailable, 0U);
  EXPECT_FALSE(two.spot->whole_run());
  EXPECT_DOUBLE_EQ(two.spot->odds.missed, 1.0 / 3);  // of three stretches one holds a tenth of the steps
  EXPECT_EQ(texts_of(*verify(result.folder, verify_options_).spot), texts_of(*two.spot));
  verify_options_.spot->stretches = 1000;
  const VerifyResult all = verify(result.folder, verify_options_);
  EXPECT_EQ(all.code, ExitCode::kSuccess) << all.message;
  EXPECT_TRUE(all.spot->whole_run());
  EXPECT_EQ(all.spot->checked_steps, result.steps);
  EXPECT_EQ(all.spot->odds.missed, 0);
  EXPECT_THAT(all.message, testing::EndsWith("every stretch, so the whole run is proved"));
}

TEST_F(TrainingRun, SaysWhichStretchesCannotBeSpotChecked) {
  const TrainResult result = train(config({"training.steps=60", "training.epochs="}), options_);
  verify_options_.spot = SpotOptions{.stretches = 6};
  const VerifyResult some = verify(result.folder, verify_options_);
  EXPECT_EQ(some.code, ExitCode::kSuccess) << some.message;
  EXPECT_EQ(texts_of(*some.spot), "1-10 41-50 51-60 ");  // 40, 50 and 60 were kept
  EXPECT_EQ(some.spot->unavailable, 3U);
  EXPECT_EQ(some.message, "identical: 3 of 6 stretches between checkpoints, 30 of 60 steps, 9 tensors");
  EXPECT_THAT(some.notes, testing::Contains(HasSubstr("3 stretches with 30 steps cannot be spot-checked")));
}

TEST_F(TrainingRun, SaysThatTheLossIsNotFinite) {
  EXPECT_FALSE(train(config(), options_).not_finite_since);
  const TrainResult result = train(config({"data.scale=1e-37"}), options_);
  ASSERT_TRUE(result.not_finite_since);
  EXPECT_LT(*result.not_finite_since, 24u);
  EXPECT_EQ(result.steps, 24u);
}

// They are for programs that open a run themselves; `train` would otherwise replay silently instead of training.
TEST_F(TrainingRun, DoesNotObeyTheEnvironment) {
  const TrainResult first = train(config(), options_);
  for (const char* variable : {"TESSERA_REPLAY", "TESSERA_RESUME"}) {
    setenv(variable, first.folder.c_str(), 1);
    const TrainResult second = train(config(), options_);
    EXPECT_NE(second.folder, first.folder) << variable;
    EXPECT_TRUE(exists(second.folder + "/seal.json")) << variable;
    EXPECT_EQ(verify(second.folder, verify_options_).code, ExitCode::kSuccess) << variable;
    unsetenv(variable);
  }
}

TEST_F(TrainingRun, NeedsNoConfigurationFileAfterwards) {
  const TrainResult result = train(config(), options_);
  remove_file(folder_ / "c.toml");
  EXPECT_EQ(verify(result.folder, verify_options_).code, ExitCode::kSuccess);
}

// Stops a run as a crash would: the process goes away after step 13, nothing is said to the record.
TEST_F(TrainingRun, ResumesToTheSameSeal) {
  const TrainResult whole = train(config(), options_);
  const std::string folder = folder_ / "runs/torn";
  copy_folder(whole.folder, folder);
  remove_file(folder + "/seal.json");
  const std::string chain = read_file(folder + "/chain.jsonl");
  std::size_t end = 0;
  for (int line = 0; line < 14; ++line) end = chain.find('\n', end) + 1;
  write_file_atomically(folder + "/chain.jsonl", chain.substr(0, end + 7));  // with a torn last line
  for (const std::string& name : names_in_folder(folder + "/checkpoints"))
    if (chain.substr(0, end).find(name.substr(0, 64)) == std::string::npos)
      remove_file(folder + "/checkpoints/" + name);
  const VerifyResult cut_short = verify(folder, verify_options_);
  EXPECT_EQ(cut_short.code, ExitCode::kUnsealed) << cut_short.message;
  set_thread_count(2);
  const TrainResult resumed = resume(folder, options_);
  EXPECT_EQ(resumed.seal, whole.seal);
  EXPECT_EQ(resumed.first_step, 10u);
  EXPECT_EQ(verify(folder, verify_options_).code, ExitCode::kSuccess);
}

TEST_F(TrainingRun, AResumedRunKeepsAsManyCheckpoints) {
  const TrainResult whole =
      train(config({"training.steps=60", "training.epochs=", "record.kept_checkpoints=0"}), options_);
  const std::string folder = folder_ / "runs/cut";
  copy_folder(whole.folder, folder);
  remove_file(folder + "/seal.json");
  const std::string chain = read_file(folder + "/chain.jsonl");
  std::size_t end = 0;
  for (int line = 0; line < 14; ++line) end = chain.find('\n', end) + 1;
  write_file_atomically(folder + "/chain.jsonl", chain.substr(0, end));
  for (const std::string& name : names_in_folder(folder + "/checkpoints"))
    if (chain.substr(0, end).find(name.substr(0, 64)) == std::string::npos)
      remove_file(folder + "/checkpoints/" + name);
  EXPECT_EQ(resume(folder, options_).seal, whole.seal);
  EXPECT_EQ(names_in_folder(folder + "/checkpoints").size(), 6U);
}

TEST_F(TrainingRun, RefusesATamperedRecord) {
  const TrainResult result = train(config(), options_);
  for (const std::string name : {"claim.json", "chain.jsonl", "seal.json", "circumstances.json"}) {
    const std::string path = result.folder + "/" + name;
    const std::string good = read_file(path);
    std::string bad = good;
    bad[good.size() / 2] = static_cast<char>(bad[good.size() / 2] ^ 1);
    write_file_atomically(path, bad);
    std::string message;
    try {
      const VerifyResult verdict = verify(result.folder, verify_options_);
      EXPECT_NE(verdict.code, ExitCode::kSuccess) << name;
      message = verdict.message;
    } catch (const Error& error) {
      message = error.what();
    }
    EXPECT_THAT(message, HasSubstr(name));
    EXPECT_THROW(TrainedModel{result.folder}, Error) << name;
    write_file_atomically(path, good);
  }
  EXPECT_EQ(verify(result.folder, verify_options_).code, ExitCode::kSuccess);
  remove_file(result.folder + "/seal.json");
  EXPECT_EQ(verify(result.folder, verify_options_).code, ExitCode::kUnsealed);
}

TEST_F(TrainingRun, NoticesChangedAndMovedInputs) {
  const TrainResult result = train(config(), options_);
  make_folders(folder_ / "elsewhere");
  write_file_atomically(folder_ / "elsewhere/points.csv", read_file(folder_ / "points.csv"));
  write_points("points.csv", 2);
  EXPECT_THAT(message_of([&] { verify(result.folder, verify_options_); }, ExitCode::kInputChanged),
              HasSubstr("points.csv: the input 'features' has changed: its SHA-256 is"));
  remove_file(folder_ / "points.csv");
  EXPECT_THAT(message_of([&] { verify(result.folder, verify_options_); }, ExitCode::kCannotRerun),
              HasSubstr("the input 'features' is not at"));
  verify_options_.data_folder = folder_ / "elsewhere";
  EXPECT_EQ(verify(result.folder, verify_options_).code, ExitCode::kSuccess);
}

TEST_F(TrainingRun, PredictsAndEvaluates) {
  const TrainResult result = train(config(), options_);
  const TrainedModel model(result.folder);
  EXPECT_EQ(model.classes(), (std::vector<std::string>{"lower", "upper"}));
  write_file_atomically(folder_ / "new.csv", "x,y\n3,3\n-3,-3\n");
  const Predictions predictions = predict(model, folder_ / "new.csv");
  EXPECT_EQ(predictions.predicted, (std::vector<std::int64_t>{1, 0}));
  const data::Table table = data::parse_csv(predictions.to_csv(), "predictions");
  EXPECT_EQ(table.column("prediction").texts[0], "upper");
  EXPECT_GT(table.numbers("probability_upper")[0], 0.9);
  EXPECT_NEAR(table.numbers("probability_upper")[1] + table.numbers("probability_lower")[1], 1, 1e-6);

  const Evaluation own = evaluate(model, folder_ / "points.csv");
  EXPECT_EQ(own.samples, 16);
  EXPECT_EQ(own.accuracy, *result.held_out_accuracy);
  EXPECT_EQ(own.loss, *result.held_out_loss);
  EXPECT_THAT(own.note, HasSubstr("only the 16 held-out samples of 60"));
  gzFile packed = gzopen((folder_ / "again.csv.gz").c_str(), "wb");
  const std::string text = read_file(folder_ / "points.csv");
  gzwrite(packed, text.data(), static_cast<unsigned>(text.size()));
  gzclose(packed);
  EXPECT_EQ(evaluate(model, folder_ / "again.csv.gz").samples, 16);  // recognised when packed, too
  write_points("other.csv", 9);
  const Evaluation other = evaluate(model, folder_ / "other.csv");
  EXPECT_EQ(other.samples, 60);
  EXPECT_EQ(other.confusion.total(), 60);
  EXPECT_EQ(other.note, "");
}

TEST_F(TrainingRun, WrongFilesForAModelGetASentence) {
  const TrainResult result = train(config(), options_);
  const TrainedModel model(result.folder);
  write_file_atomically(folder_ / "turned.csv", "z,y,x\n9,-1,2\n");
  write_file_atomically(folder_ / "plain.csv", "x,y\n2,-1\n");
  EXPECT_EQ(predict(model, folder_ / "turned.csv").to_csv(), predict(model, folder_ / "plain.csv").to_csv());
  write_file_atomically(folder_ / "bare.csv", "1,2\n3,4\n");
  EXPECT_THAT(message_of([&] { predict(model, folder_ / "bare.csv"); }, ExitCode::kFailure),
              HasSubstr("bare.csv: there is no column 'x', expected the columns of the training"));
  write_file_atomically(folder_ / "new.csv", "x,y,kind\n1,2,middle\n");
  EXPECT_THAT(message_of([&] { evaluate(model, folder_ / "new.csv"); }, ExitCode::kFailure),
              HasSubstr("found the label 'middle', expected one of the 2 classes"));
  EXPECT_EQ(predict(model, folder_ / "new.csv").predicted.size(), 1u);  // labels are not looked at
  data::write_npy(folder_ / "x.npy", Tensor::from<float>({1, 2}, {1, 2}));
  EXPECT_EQ(predict(model, folder_ / "x.npy").predicted.size(), 1u);
  EXPECT_THAT(message_of([&] { evaluate(model, folder_ / "x.npy"); }, ExitCode::kUsage),
              HasSubstr("no labels of its own"));
}

TEST_F(TrainingRun, NetworksThatDoNotFitNameTheirLine) {
  const auto message = [&](const std::vector<std::string>& overrides) {
    return message_of([&] { train(config(overrides), options_); }, ExitCode::kUsage);
  };
  EXPECT_THAT(
      message({"network.4.units=3"}),
      HasSubstr("c.toml:17: the last layer gives [3] per sample, expected [2], one score for each class"));
  EXPECT_THAT(
      message({"network.2.layer=conv2d", "network.2.channels=2", "network.2.kernel=3"}),
      HasSubstr("--set: layer 2 (conv2d) is given samples of shape [8], expected [channels, rows, columns]"));
  EXPECT_THAT(message({"data.shape=[1,1,2]"}),
              HasSubstr("c.toml:9: layer 1 (linear) is given samples of shape [1, 1, 2], expected one axis"));
  EXPECT_THAT(message({"data.shape=[1,1,2]", "network.2.layer=max_pool2d", "network.2.kernel=9"}),
              HasSubstr("layer 1"));
  EXPECT_FALSE(exists(folder_ / "runs/points-0001"));  // nothing half-written
}

TEST_F(TrainingRun, RunsThatDoNotExistGetASentence) {
  EXPECT_THAT(message_of([&] { verify(folder_ / "absent", verify_options_); }, ExitCode::kCannotRerun),
              HasSubstr("absent"));
}

}  // namespace
}  // namespace tessera::train
