// Every kind of layer and every rule of training that a configuration can ask for: one seal on any backend and number of threads, and a
// verification that agrees. What they do to the weights is said by the tests of nn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/npy.h"
#include "tessera/runs/record.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/training_run.h"

namespace tessera::train {
namespace {

using testing::HasSubstr;

std::string row(const std::string& layer, const std::string& keys = "") {
  return fmt::format("[[network]]\nlayer = \"{}\"\n{}\n", layer, keys);
}

class TrainingKeys : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    RandomSource random(2);
    const Tensor labels = random.bits("labels", {40}).to(DType::kInt64);
    std::vector<std::int64_t> classes = labels.to_vector<std::int64_t>();
    for (std::int64_t& label : classes) label &= 1;
    const Tensor kinds = Tensor::from<std::int64_t>(classes, {40});
    // Brighter where the class is 1, and whole numbers, so that they can be indices as well.
    const Tensor features =
        cast(random.uniform("x", {40, 64}) * 8.F, DType::kInt64) + reshape(kinds, {40, 1}) * 2;
    data::write_npy(folder_ / "x.npy", features);
    const Tensor points = features.slice({Range::all(), Range::to(48)});
    data::write_npy(folder_ / "points.npy", points);
    data::write_npy(
        folder_ / "parts.npy",
        cast(greater(reshape(points, {40, 16, 3}).slice({Range::all(), Range::all(), 0}), 4), DType::kInt64));
    data::write_npy(folder_ / "y.npy", kinds);
    options_.store = folder_ / "runs";
    options_.quiet = true;
  }
  void TearDown() override {
    set_thread_count(threads_);
    use_default_backend();
  }

  Config config(const std::string& network, const std::string& shape, const std::string& training = "",
                int epochs = 2) {
    return Config::parse(fmt::format(R"(seed = 3
[data]
format = "npy"
features = "{}"
labels = "{}"
shape = {}
scale = {}
held_out = 0.25
{}
[training]
epochs = {}
batch = 8
{}
)",
                                     shape.ends_with(", 3]") ? "points.npy" : "x.npy",
                                     network.starts_with("labels_of") ? "parts.npy" : "y.npy", shape,
                                     network.find("embedding") == std::string::npos ? 8 : 1, network, epochs,
                                     training.empty() ? "learning_rate = 0.05" : training),
                         "c.toml", {}, folder_.path());
  }

  TrainResult agrees(const Config& config, const std::string& what) {
    SCOPED_TRACE(what);
    const TrainResult result = train(config, options_);
    set_thread_count(3);
    use_backend("reference");
    EXPECT_EQ(train(config, options_).seal, result.seal) << what;
    use_default_backend();
    set_thread_count(2);
    VerifyOptions quiet;
    quiet.quiet = true;
    EXPECT_EQ(verify(result.folder, quiet).code, ExitCode::kSuccess) << what;
    const TrainedModel model(result.folder);
    EXPECT_EQ(evaluate(model, config.path("data.features"), config.path("data.labels")).accuracy,
              *result.held_out_accuracy)
        << what;
    return result;
  }

  TestFolder folder_;
  TrainOptions options_;
  int threads_ = thread_count();
};

const std::string kImage = "[1, 8, 8]", kSequence = "[8, 8]", kPoints = "[16, 3]", kRow = "[64]";
const std::string kScores = row("linear", "units = 2");

TEST_F(TrainingKeys, EveryKindOfLayerTrains) {
  const std::string end = row("flatten") + kScores;
  struct Case {
    std::string layer, network, shape;
  };
  std::vector<Case> cases;
  const auto image = [&](const std::string& layer, const std::string& keys) {
    cases.push_back({layer, row("conv2d", "channels = 4\nkernel = 3") + row(layer, keys) + end, kImage});
  };
  for (const char* activation :
       {"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid", "softplus"})
    image(activation, "");
  image("leaky_relu", "slope = 0.2");
  image("maxout", "pieces = 2");
  image("batch_norm", "");
  image("batch_norm", "momentum = 0.5\nepsilon = 0.001");
  image("group_norm", "groups = 2");
  image("pixel_norm", "");
  image("layer_norm", "");
  image("dropout", "drop = 0.25");
  image("upsample", "factor = 2");
  image("upsample", "factor = 2\ninterpolation = \"bilinear\"");
  image("conv_transpose2d", "channels = 3\nkernel = 3\nstride = 2\npadding = 1\noutput_padding = 1");
  image("conv2d", "channels = 8\nkernel = 3\ngroups = 4\ndilation = 2");
  image("instance_norm", "epsilon = 0.001");
  image("local_response_norm", "size = 3");
  image("softmax", "axis = 1");
  image("log_softmax", "");
  image("adaptive_average_pool2d", "size = 2");
  image("max_pool2d", "kernel = 2");
  image("average_pool2d", "kernel = 2");
  for (const char* pooling : {"mean", "max", "sum"})
    cases.push_back({"global_pool",
                     row("conv2d", "channels = 4\nkernel = 3") +
                         row("global_pool", fmt::format("pooling = \"{}\"", pooling)) + kScores,
                     kImage});
  for (const char* layer : {"rnn", "gru", "lstm"})
    for (const char* output : {"last", "mean", "all", "final"})
      cases.push_back(
          {layer,
           row(layer, fmt::format("units = 5\noutput = \"{}\"\nbidirectional = true\nlayers = 2", output)) +
               (output == std::string("all") ? end : kScores),
           kSequence});
  cases.push_back({"gru", row("gru", "units = 5\nreset_gate = false") + kScores, kSequence});
  for (const char* pooling : {"mean", "max", "attention"})
    cases.push_back({"time_pool",
                     row("gru", "units = 5\noutput = \"all\"") +
                         row("time_pool", fmt::format("over_time = \"{}\"", pooling)) + kScores,
                     kSequence});
  cases.push_back({"embedding",
                   row("embedding", "entries = 10\nfeatures = 3") + row("gru", "units = 4") + kScores, kRow});
  cases.push_back({"conv1d",
                   row("conv1d", "channels = 4\nkernel = 3") + row("max_pool1d", "kernel = 2") +
                       row("average_pool1d", "kernel = 2") + end,
                   kSequence});
  cases.push_back({"conv3d",
                   row("conv3d", "channels = 2\nkernel = 3\npadding = 1") + row("max_pool3d", "kernel = 2") +
                       row("average_pool3d", "kernel = 2") + end,
                   "[1, 4, 4, 4]"});
  const std::string cloud = row("normalize_points") +
                            row("augment_points", "rotate = true\nscale = 0.1\njitter = 0.01") +
                            row("choose_points", "points = 12");
  for (const char* symmetric : {"max", "mean", "sum", "attention"})
    cases.push_back(
        {"pointnet",
         cloud + row("pointnet", fmt::format("units = 2\ntransforms = false\nsymmetric = \"{}\"", symmetric)),
         kPoints});
  cases.push_back({"pointnet", row("pointnet", "units = 2\ndrop = 0.1"), kPoints});
  cases.push_back({"pointnet_segmentation",
                   "labels_of = \"points\"\nstratified = false\n" +
                       row("pointnet_segmentation", "units = 2\ntransforms = false"),
                   kPoints});
  cases.push_back(
      {"multihead_attention",
       row("residual", "span = 2") + row("layer_norm") + row("multihead_attention", "heads = 2") + end,
       kSequence});
  cases.push_back(
      {"conv_transpose1d", row("conv_transpose1d", "channels = 3\nkernel = 3\nstride = 2") + end, "[4, 16]"});
  cases.push_back({"conv_transpose3d", row("conv_transpose3d", "channels = 2\nkernel = 2\nstride = 2") + end,
                   "[1, 4, 4, 4]"});
  cases.push_back({"max_unpool2d",  // its switches come from layer 2, through a residual block
                   row("conv2d", "channels = 4\nkernel = 3") + row("max_pool2d", "kernel = 2") +
                       row("residual", "span = 1") + row("conv2d", "channels = 4\nkernel = 3\npadding = 1") +
                       row("max_unpool2d", "pool = 2") + end,
                   kImage});
  cases.push_back({"adaptive_average_pool1d", row("adaptive_average_pool1d", "size = 3") + end, kSequence});
  cases.push_back(
      {"adaptive_average_pool3d", row("adaptive_average_pool3d", "size = 2") + end, "[1, 4, 4, 4]"});
  cases.push_back({"transformer_encoder",
                   row("positional_encoding") +
                       row("transformer_encoder", "heads = 2\nfeed_forward = 12\nnorm_first = true") +
                       row("transformer_encoder", "heads = 4\nactivation = \"gelu\"\nbranch_drop = 0") + end,
                   kSequence});
  cases.push_back({"voxel_network",
                   row("choose_points", "points = 10") + row("voxel_network", "units = 2\nresolution = 11"),
                   kPoints});
  cases.push_back({"residual",
                   row("conv2d", "channels = 4\nkernel = 3") + row("residual", "span = 3") +
                       row("conv2d", "channels = 6\nkernel = 3\npadding = 1\nstride = 2") + row("relu") +
                       row("conv2d", "channels = 6\nkernel = 3\npadding = 1") + row("relu") + end,
                   kImage});
  std::set<std::string> seen = {
      "linear",        "flatten",        "max_pool1d",         "average_pool1d",
      "max_pool3d",    "average_pool3d", "normalize_points",   "augment_points",
      "choose_points", "bag_of_words",   "positional_encoding"};  // text_run_test.cc
  for (const Case& test : cases) {
    agrees(config(test.network, test.shape), test.layer);
    seen.insert(test.layer);
  }
  for (const KeySpec& spec : config_keys()) {
    if (spec.section != "network" || spec.name != "layer") continue;
    for (const std::string& layer : words(spec.choices))
      EXPECT_TRUE(seen.contains(layer)) << layer << " is not tested";
  }
}

// Which points lie in the right half: points are trained on, counted and predicted, and sets of points are judged by intersection over union.
TEST_F(TrainingKeys, PointsHaveLabels) {
  const std::string network = row("pointnet_segmentation", "units = 2\ntransforms = false");
  const std::string points = "labels_of = \"points\"\nstratified = false\n";
  const auto trained = [&](const std::string& training) {
    return train(
        config(points + network, kPoints, "optimizer = \"adam\"\nlearning_rate = 0.003\n" + training, 15),
        options_);
  };
  const TrainResult result = trained("");
  EXPECT_EQ(result.held_out_samples, 10 * 16);
  EXPECT_GT(*result.held_out_accuracy, 0.9);
  const TrainedModel model(result.folder);
  const Evaluation held_out = evaluate(model, folder_ / "points.npy", folder_ / "parts.npy");
  EXPECT_EQ(held_out.samples, 10 * 16);
  EXPECT_EQ(held_out.confusion.mean_iou(), *result.held_out_mean_iou);
  EXPECT_GT(*result.held_out_mean_iou, 0.8);
  const std::vector<runs::RecordLine> lines = runs::read_record(result.folder).lines;
  const auto line = std::find_if(lines.rbegin(), lines.rend(), [](const runs::RecordLine& recorded) {
    return recorded.line.scalars.contains("held_out_mean_iou");
  });
  ASSERT_NE(line, lines.rend());
  EXPECT_EQ(line->line.scalars.at("held_out_mean_iou"), *result.held_out_mean_iou);
  const Predictions found = predict(model, folder_ / "points.npy");
  EXPECT_EQ(found.probabilities.shape(), (Shape{40 * 16, 2}));
  const std::string csv = found.to_csv();
  EXPECT_THAT(csv, testing::StartsWith("sample,point,prediction,probability_0,probability_1\n1,1,"));
  EXPECT_THAT(csv, HasSubstr("\n40,16,"));
  EXPECT_FALSE(
      train(config(row("pointnet", "units = 2\ntransforms = false"), kPoints), options_).held_out_mean_iou);
  const auto message = [&](const std::string& start, const std::string& layers) {
    try {
      train(config(start + layers, kPoints), options_);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message("labels_of = \"points\"\n", network),
              HasSubstr("data.stratified is true, expected false"));
  EXPECT_THAT(message(points, row("choose_points", "points = 8") + network),
              HasSubstr("the last layer gives [8, 2] per sample, expected [16, 2]"));
  EXPECT_THAT(message(points, row("pointnet", "units = 2")),
              HasSubstr("one score for each class at each point"));
}

TEST_F(TrainingKeys, EveryRuleTrains) {
  const std::string network = row("conv2d", "channels = 4\nkernel = 3") + row("batch_norm") + row("relu") +
                              row("flatten") + row("dropout") + kScores;
  const std::vector<std::string> rules = {
      "optimizer = \"adamw\"\nweight_decay = 0.1",
      "optimizer = \"rmsprop\"\nmomentum = 0.5\ndecay = 0.9",
      "optimizer = \"adagrad\"",
      "optimizer = \"adadelta\"\ndecay = 0.8",
      "loss = \"multi_class_hinge\"",
      "label_smoothing = 0.1",
      "clip_norm = 0.1",
      "clip_value = 0.01",
      "max_norm = 0.5",
      "average = \"exponential\"\naverage_decay = 0.8",
      "average = \"equal\"",
      "keep = \"best\"\naverage = \"exponential\"",
      "schedule = \"exponential\"\ndecay_factor = 0.5",
      "schedule = \"restarts\"\ndecay_every = 1\nperiod_factor = 2",
      "schedule = \"one_cycle\"",
      "schedule = \"plateau\"\nplateau_patience = 0",
      "dtype = \"bfloat16\"",
      "shards = 3\n[augmentation]\nflip = true\nshift = 1\ncutout = 3\nnoise = 0.1",
  };
  std::set<std::string> seals = {agrees(config(network, kImage), "plain").seal};
  for (const std::string& rule : rules) {
    const std::string seal = agrees(config(network, kImage, "learning_rate = 0.05\n" + rule), rule).seal;
    EXPECT_TRUE(seals.insert(seal).second) << "changes nothing: " << rule;
  }
}

TEST_F(TrainingKeys, EarlyStoppingEndsAndIsResumed) {
  const Config stopping = config(row("linear", "units = 32") + row("relu") + kScores, kRow,
                                 "learning_rate = 0.05\noptimizer = \"adam\"\nearly_stopping = 3\nkeep = "
                                 "\"best\"\naverage = \"exponential\"\naverage_decay = 0.5\n"
                                 "[record]\ncheckpoint_every = 7\nkept_checkpoints = 0",
                                 100);
  const TrainResult result = agrees(stopping, "early stopping");
  EXPECT_LT(result.steps, 400u);  // 4 steps in an epoch
  EXPECT_GT(result.steps, 12u);
  const runs::Record record = runs::read_record(result.folder);
  std::vector<double> losses;
  for (const runs::RecordLine& line : record.lines)
    if (const auto found = line.line.scalars.find("held_out_loss"); found != line.line.scalars.end())
      losses.push_back(found->second);
  const auto best = std::min_element(losses.begin(), losses.end());
  EXPECT_EQ(losses.end() - best, 4);  // three evaluations without improvement after it
  EXPECT_EQ(*result.held_out_loss, *best);

  // Killed after step 12: what is averaged, best and waited for comes back from the checkpoint of step 7.
  const std::string chain = result.folder + "/chain.jsonl";
  std::string kept;
  for (const std::string& line : words(read_file(chain), '\n')) {
    kept += line + "\n";
    if (line.find("\"step\":12,") != std::string::npos || line.find("\"step\":12}") != std::string::npos)
      break;
  }
  ASSERT_LT(kept.size(), read_file(chain).size());
  write_file_atomically(chain, kept);
  remove_file(result.folder + "/seal.json");
  const TrainResult resumed = resume(result.folder, options_);
  EXPECT_EQ(resumed.first_step, 7u);
  EXPECT_EQ(resumed.seal, result.seal);
  EXPECT_EQ(resumed.steps, result.steps);
  EXPECT_EQ(*resumed.held_out_loss, *best);
}

TEST_F(TrainingKeys, WhatDoesNotFitGetsASentence) {
  const auto message = [&](const std::string& network, const std::string& shape,
                           const std::string& training = "") {
    try {
      train(config(network, shape, training), options_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage) << error.what();
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string end = row("flatten") + kScores;
  EXPECT_THAT(
      message(row("conv3d", "channels = 2\nkernel = 3") + end, kImage),
      HasSubstr(
          "layer 1 (conv3d) is given samples of shape [1, 8, 8], expected [channels, depth, rows, columns]"));
  EXPECT_THAT(message(row("conv2d", "channels = 2\nkernel = 9") + end, kImage),
              HasSubstr("which does not fit a Conv2d"));
  EXPECT_THAT(message(row("group_norm", "groups = 3") + end, "[4, 4, 4]"),
              HasSubstr("network.1.groups is 3, expected a divisor of the 4 channels"));
  EXPECT_THAT(message(row("maxout", "pieces = 3") + end, "[4, 16]"),
              HasSubstr("a divisor of the 4 channels"));
  EXPECT_THAT(message(row("multihead_attention", "heads = 3") + end, kSequence),
              HasSubstr("network.1.heads is 3, expected a divisor of the 8 features"));
  EXPECT_THAT(message(row("max_pool2d", "kernel = 2") + row("max_unpool2d", "pool = 2") + end, kImage),
              HasSubstr("network.2.pool is 2, expected the number of a layer \"max_pool2d\" before it"));
  EXPECT_THAT(message(row("max_pool2d", "kernel = 2") + row("conv2d", "channels = 3\nkernel = 1") +
                          row("max_unpool2d", "pool = 1") + end,
                      kImage),
              HasSubstr("samples of shape [3, 4, 4], expected 1 channels of 4 x 4, which layer 1 gives"));
  EXPECT_THAT(message(row("softmax", "axis = 3") + end, kSequence),
              HasSubstr("network.1.axis is 3, expected at most 2"));
  EXPECT_THAT(message(row("transformer_encoder", "heads = 3") + end, kSequence),
              HasSubstr("network.1.heads is 3, expected a divisor of the 8 features"));
  EXPECT_THAT(message(row("gru", "units = 3") + kScores, kRow), HasSubstr("expected [times, features]"));
  EXPECT_THAT(message(row("global_pool") + kScores, kRow), HasSubstr("expected axes after the channels"));
  EXPECT_THAT(message(row("residual", "span = 2") + kScores, kRow),
              HasSubstr("network.1.span is 2, expected at most the 1 layers that follow"));
  EXPECT_THAT(message(row("residual", "span = 1") + kScores + kScores, kRow),
              HasSubstr("its body gives [1, 2]"));
  EXPECT_THAT(message(row("flatten") + kScores, kImage, "learning_rate = 1\naverage_decay = 0.5"),
              HasSubstr("training.average = \"exponential\" beside it"));
  EXPECT_THAT(message(row("flatten") + kScores, kImage,
                      "learning_rate = 1\nkeep = \"best\"\n[record]\nevaluate_every = 0"),
              HasSubstr("record.evaluate_every above 0"));
  EXPECT_THAT(message(row("embedding", "entries = 9\nfeatures = 2") + end, kRow,
                      "learning_rate = 1\ndtype = \"bfloat16\""),
              HasSubstr("training.dtype is bfloat16, expected float32 with the layer 1 (embedding)"));
  EXPECT_THAT(message(kScores, kRow, "learning_rate = 1\nschedule = \"one_cycle\"\nwarm_up_steps = 3"),
              HasSubstr("training.warm_up_steps is 3, expected 0 with training.schedule"));
  EXPECT_THAT(message(kScores, kRow, "learning_rate = 1\naverage = \"equal\"\ndtype = \"bfloat16\""),
              HasSubstr("no average with training.dtype"));
  EXPECT_THAT(message(kScores, kRow, "learning_rate = 1\n[augmentation]\nflip = true"),
              HasSubstr("augmentation.flip is true, expected samples of shape [channels, rows, columns]"));
}

}  // namespace
}  // namespace tessera::train
