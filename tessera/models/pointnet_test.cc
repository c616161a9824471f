// PointNet: shapes, PyTorch's numbers, order of the points, batches, shards, pooling.
#include "tessera/models/pointnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/models/cloud_facts_test.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"

namespace tessera::models {
namespace {

using testing::HasSubstr;

class PointNets : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

PointNetSettings small(PointPool pool = PointPool::kMax) {
  return {.classes = 4,
          .first = {8, 6},
          .second = {6, 16},
          .pool = pool,
          .head = {12},
          .drop = 0,
          .transform = {.widths = {5, 10}, .head = {7}}};
}

Tensor clouds(std::int64_t count, std::int64_t points, const char* name = "clouds") {
  return RandomSource(11).normal(name, {count, points, 3});
}

template <typename Network>
void initialize(Network& network) {
  RandomSource random(3);
  network.initialize(random);
  // Scales of both signs, transforms that are not the identity, statistics that are not those of the start.
  for (nn::Parameter* parameter : network.parameters())
    if (parameter->name.ends_with("normalization.weight") || parameter->name.ends_with("transform.weight"))
      parameter->value = random.normal("test/" + parameter->name, parameter->value.shape()) * 0.3;
  nn::Context context;
  context.training = true;
  context.random = &random;
  network.forward(clouds(6, 20, "other"), context);
}

// The numbers of the paper's figure 2.
TEST_F(PointNets, ShapesOfThePaper) {
  PointNet network({.classes = 40});
  RandomSource random(1);
  network.initialize(random);
  const Tensor x = random.normal("x", {32, 1024, 3});
  nn::Context context;
  const PointFeatures::Stages stages = network.features().stages(x, context);
  EXPECT_EQ(stages.input_transform.shape(), (Shape{32, 3, 3}));
  EXPECT_EQ(stages.local.shape(), (Shape{64, 32, 1024}));
  EXPECT_EQ(stages.feature_transform.shape(), (Shape{32, 64, 64}));
  EXPECT_EQ(stages.global.shape(), (Shape{32, 1024}));
  EXPECT_EQ(network.output_shape(x.shape()), (Shape{32, 40}));
  EXPECT_EQ(network.evaluate(slice(x, {Range(0, 2)})).shape(), (Shape{2, 40}));
  std::vector<Shape> shared;
  for (nn::Parameter* parameter : network.features().parameters())
    if (parameter->name.starts_with("features.first") || parameter->name.starts_with("features.second"))
      if (parameter->value.rank() == 2) shared.push_back(parameter->value.shape());
  EXPECT_EQ(shared, (std::vector<Shape>{{64, 3}, {64, 64}, {64, 64}, {128, 64}, {1024, 128}}));
}

TEST_F(PointNets, EqualsPyTorch) {
  for (const PointPool pool : {PointPool::kMax, PointPool::kMean, PointPool::kSum}) {
    PointNet network(small(pool));
    expect_cloud_facts(std::string("classifier_") + point_pool_name(pool), network, fact_clouds(),
                       {0, 1, 2, 3, 0});
  }
}

TEST_F(PointNets, SegmentationEqualsPyTorch) {
  std::vector<std::int64_t> labels;  // of each point
  for (std::int64_t i = 0; i < 35; ++i) labels.push_back(i * 3 % 4);
  for (const PointPool pool : {PointPool::kMax, PointPool::kMean}) {
    PointNetSettings settings = small(pool);
    settings.head = {12, 9};
    PointNetSegmentation network(settings);
    expect_cloud_facts(std::string("segmentation_") + point_pool_name(pool), network, fact_clouds(), labels);
  }
}

// A layer shared by all points is nn::Linear, is a convolution with windows of 1.
TEST_F(PointNets, SharedLayerIsLinearIsConvolution) {
  RandomSource random(2);
  PointLayer layer(3, 70, {.normalize = false, .activate = false});
  nn::Linear linear(3, 70);
  nn::Conv1d convolution(3, 70, {.kernel = {1}});
  layer.initialize(random);
  linear.weight().value = layer.weight().value;
  linear.bias()->value = layer.bias()->value;
  convolution.weight().value = reshape(layer.weight().value, {70, 3, 1});
  convolution.bias()->value = layer.bias()->value;
  const Tensor x = clouds(4, 50);
  const Tensor y = layer.evaluate(x);
  EXPECT_TRUE(same_bits(linear.evaluate(x), y));
  EXPECT_TRUE(same_bits(contiguous(transpose(convolution.evaluate(contiguous(transpose(x))))), y));
}

// The maximum over the points is a max pooling over the whole axis, and taking it before scale, shift and ReLU changes nothing.
TEST_F(PointNets, PoolingIsMaxPool2dOverTheAxis) {
  RandomSource random(2);
  for (const bool normalize : {true, false}) {
    PointLayer layer(3, 20, {.normalize = normalize});
    layer.initialize(random);
    random.begin_step(random.step() + 1);
    if (normalize) layer.normalization()->weight()->value = random.normal("scale", {20});
    const Tensor product = layer.product(by_channel(clouds(4, 50)));
    for (const bool training : {true, false}) {
      nn::Context context;
      context.training = training;
      const Tensor all = layer.finish(product, context);
      const Tensor largest = layer.finish_largest(product, context);
      EXPECT_TRUE(same_bits(largest, max(all, {2})));
      const Tensor image = reshape(permute(all, {1, 0, 2}), {4, 20, 50, 1});
      const Tensor pooled = max_pool2d(image, {.kernel = {50, 1}, .stride = {50, 1}});
      EXPECT_EQ(pooled.shape(), (Shape{4, 20, 1, 1}));
      EXPECT_TRUE(same_bits(contiguous(transpose(largest)), reshape(pooled, {4, 20})));
    }
  }
}

TEST_F(PointNets, OrderOfThePointsDoesNotMatterToTheMaximum) {
  PointNet network(small());
  initialize(network);
  const Tensor x = clouds(3, 33);
  const Tensor scores = network.evaluate(x);
  RandomSource random(8);
  for (int i = 0; i < 20; ++i) {
    random.begin_step(static_cast<std::uint64_t>(i));
    const Tensor order = random.permutation("order", 33);
    ASSERT_TRUE(same_bits(network.evaluate(gather(x, order, 1)), scores)) << i;
  }
}

// Sums in floating point depend on the order of what is added: close, but not the same bits.
TEST_F(PointNets, OrderOfThePointsShowsInTheLastBitsOfSums) {
  RandomSource random(8);
  const Tensor order = random.permutation("order", 200);
  const Tensor x = clouds(3, 200);
  for (const PointPool pool : {PointPool::kMean, PointPool::kSum, PointPool::kAttention}) {
    PointNetSettings settings = small(pool);
    settings.input_transform = settings.feature_transform = false;
    PointNet network(settings);
    initialize(network);
    const Tensor one = network.features().evaluate(x),
                 other = network.features().evaluate(gather(x, order, 1));
    EXPECT_FALSE(same_bits(one, other)) << point_pool_name(pool);
    EXPECT_LT(max(absolute(one - other)).item<float>(), 1e-3F * max(absolute(one)).item<float>());
  }
}

TEST_F(PointNets, PredictionsDoNotDependOnTheBatch) {
  PointNet classifier(small());
  PointNetSegmentation segmentation(small());
  initialize(classifier);
  initialize(segmentation);
  const Tensor x = clouds(9, 40);
  const Tensor scores = classifier.evaluate(x), per_point = segmentation.evaluate(x);
  for (std::int64_t i = 0; i < 9; ++i) {
    const Tensor alone = copy(slice(x, {Range(i, i + 1)}));
    EXPECT_TRUE(same_bits(classifier.evaluate(alone), copy(slice(scores, {Range(i, i + 1)})))) << i;
    EXPECT_TRUE(same_bits(segmentation.evaluate(alone), copy(slice(per_point, {Range(i, i + 1)})))) << i;
  }
}

std::vector<Tensor> training_gradients(PointNet& network, Tensor* loss_out = nullptr) {
  std::vector<Tensor> values;
  for (nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
  Tape tape;
  tape.watch(values);
  RandomSource random(4);
  nn::Context context;
  context.training = true;
  context.random = &random;
  const Tensor scores = network.forward(clouds(6, 40), context);
  const Tensor loss = nn::with_added_losses(
      nn::cross_entropy_loss(scores, Tensor::from<std::int64_t>({0, 1, 2, 3, 0, 1}, {6})), context);
  tape.stop();
  if (loss_out != nullptr) *loss_out = loss;
  return tape.gradient(loss, values);
}

TEST_F(PointNets, GradientsAreTheSameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  std::vector<Tensor> expected;
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    PointNet network(small());
    initialize(network);
    const std::vector<Tensor> gradients = training_gradients(network);
    if (expected.empty()) expected = gradients;
    for (std::size_t i = 0; i < gradients.size(); ++i)
      EXPECT_TRUE(same_bits(gradients[i], expected[i])) << threads << " " << network.parameters()[i]->name;
  }
  set_thread_count(before);
}

TEST_F(PointNets, OrthogonalityIsAddedWhileTraining) {
  PointNet network(small());
  initialize(network);
  nn::Context context;
  context.training = true;
  const PointFeatures::Stages stages = network.features().stages(clouds(5, 30), context);
  ASSERT_EQ(context.losses.size(), 1U);
  const std::vector<float> a = stages.feature_transform.to_vector<float>(),
                           losses = context.losses[0].to_vector<float>();
  for (std::size_t n = 0; n < 5; ++n) {
    double sum = 0;
    for (std::size_t i = 0; i < 6; ++i)
      for (std::size_t j = 0; j < 6; ++j) {
        double product = i == j ? -1 : 0;
        for (std::size_t k = 0; k < 6; ++k)
          product += double{a[n * 36 + i * 6 + k]} * double{a[n * 36 + j * 6 + k]};
        sum += product * product;
      }
    EXPECT_NEAR(losses[n], 0.001 * sum, 1e-5 * sum);
  }
  nn::Context evaluation;
  network.forward(clouds(5, 30), evaluation);
  EXPECT_TRUE(evaluation.losses.empty());
}

// Without the other points each feature stays what it is.
TEST_F(PointNets, CriticalPointsCarryTheFeatures) {
  PointNetSettings settings = small();
  settings.input_transform = settings.feature_transform = false;
  PointNet network(settings);
  initialize(network);
  const Tensor x = clouds(1, 60);
  const Tensor critical = network.features().critical_points(x);
  ASSERT_EQ(critical.shape(), (Shape{1, 16}));
  nn::Context context;
  EXPECT_TRUE(same_bits(network.features().forward(gather(x, reshape(critical, {16}), 1), context),
                        network.features().forward(x, context)));
  PointNet mean(small(PointPool::kMean));
  EXPECT_THAT(message_of([&] { mean.features().critical_points(x); }), HasSubstr("with max pooling only"));
}

// The pasted vector: every point's features and the cloud's, through the whole weight of the first layer.
TEST_F(PointNets, SegmentationPastesTheCloudsVectorToEachPoint) {
  PointNetSegmentation network(small());
  initialize(network);
  const Tensor x = clouds(2, 25);
  nn::Context context;
  const PointFeatures::Stages stages = network.features().stages(x, context);
  const Tensor pasted = concatenate(
      {by_cloud(stages.local), contiguous(broadcast_to(reshape(stages.global, {2, 1, 16}), {2, 25, 16}))}, 2);
  PointLayer& first = dynamic_cast<PointLayer&>(*network.children()[1]);
  PointLayer& last = dynamic_cast<PointLayer&>(*network.children()[2]);
  const Tensor expected = last.evaluate(first.evaluate(pasted));
  EXPECT_LT(max(absolute(network.evaluate(x) - expected)).item<float>(), 1e-5F);
  EXPECT_EQ(network.output_shape({2, 25, 3}), (Shape{2, 25, 4}));
}

// Which points lie above the middle of their cloud: the class of a point depends on the whole cloud.
TEST_F(PointNets, SegmentationLearnsWhatNeedsTheCloud) {
  PointNetSegmentation network({.classes = 2,
                                .input_transform = false,
                                .feature_transform = false,
                                .first = {16},
                                .second = {32},
                                .head = {32}});
  RandomSource random(1);
  network.initialize(random);
  nn::Adam optimizer(network.parameters());
  const auto batch = [&](std::uint64_t step) {
    random.begin_step(step);
    return random.normal("points", {8, 64, 3}) * 0.5 + random.normal("places", {8, 1, 3});
  };
  const auto labels = [](const Tensor& x) {
    const Tensor z = slice(x, {Range::all(), Range::all(), Range(2)});
    return reshape(cast(less(mean(z, {1}, true), z), DType::kInt64), {8 * 64});
  };
  for (std::uint64_t step = 1; step <= 300; ++step) {
    const Tensor x = batch(step);
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    nn::Context context;
    context.training = true;
    context.random = &random;
    const Tensor loss = nn::cross_entropy_loss(reshape(network.forward(x, context), {8 * 64, 2}), labels(x));
    tape.stop();
    optimizer.step(tape.gradient(loss, values), 0.01 * (1 - static_cast<double>(step) / 301));
  }
  const Tensor x = batch(1000);
  const Tensor right = equal(argmax(reshape(network.evaluate(x), {8 * 64, 2}), 1), labels(x));
  EXPECT_GT(mean(cast(right, DType::kFloat32)).item<float>(), 0.9F);
}

TEST_F(PointNets, ErrorsNameTheLayerAndTheShapes) {
  PointNet network(small());
  EXPECT_THAT(message_of([&] {
                network.evaluate(zeros({2, 5, 4}));
              }),
              HasSubstr("layer features, PointFeatures(3 -> 16): the input has shape [2, 5, 4], expected "
                        "[clouds, points, 3]"));
  EXPECT_THAT(message_of([&] { network.evaluate(zeros({2, 0, 3})); }), HasSubstr("with at least one point"));
  EXPECT_THAT(message_of([] { PointNet({.orthogonality = -1}); }), HasSubstr("orthogonality is -1"));
  EXPECT_THAT(message_of([] { PointNet({.second = {}}); }), HasSubstr("`second` 0"));
  EXPECT_EQ(point_pool_of("attention"), PointPool::kAttention);
  EXPECT_EQ(message_of([] { point_pool_of("median"); }),
            "the pooling over points is 'median', expected max, mean, sum or attention");
}

}  // namespace
}  // namespace tessera::models
