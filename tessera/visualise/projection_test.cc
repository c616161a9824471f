// Projections against the linear algebra that they are, against the published steps done by hand, and against PyTorch.
#include "tessera/visualise/projection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/torch_facts_test.h"

namespace tessera::visualise {
namespace {

constexpr Method kMethods[] = {Method::kDeconvolution, Method::kGuided, Method::kGradient};

class Projection : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
  void TearDown() override { set_thread_count(threads_); }
  RandomSource random_{11};
  int threads_ = thread_count();
};

double dot(const Tensor& a, const Tensor& b) {
  return sum(a * b).item_as_double();
}

nn::Conv2d& add_convolution(nn::Sequential& network, std::int64_t in, std::int64_t out,
                            nn::Conv2dSettings settings) {
  settings.dtype = DType::kFloat64;
  return network.add<nn::Conv2d>(in, out, settings);
}

// C of strides, padding, dilation and groups; <C x, y> = <x, C' y>.
TEST_F(Projection, OfALinearStackIsItsAdjoint) {
  nn::Sequential stack;
  add_convolution(stack, 2, 4, {.kernel = {3, 2}, .padding = {1, 0}, .bias = false});
  add_convolution(stack, 4, 4,
                  {.kernel = {2, 3}, .stride = {2, 1}, .dilation = {1, 2}, .groups = 2, .bias = false});
  stack.add<nn::AvgPool2d>(nn::Pool2dSettings{.padding = {1, 1}});
  add_convolution(stack, 4, 3, {.kernel = {3, 3}, .stride = {1, 2}, .padding = {2, 2}, .bias = false});
  stack.initialize(random_);
  const Tensor x = random_.normal("x", {2, 2, 11, 13}, DType::kFloat64);
  const ImagePass pass(stack, 4, x);
  const Tensor y = random_.normal("y", pass.activations().shape(), DType::kFloat64);
  const Tensor back = pass.project(y, Method::kDeconvolution);
  EXPECT_NEAR(dot(pass.activations(), y), dot(x, back), 1e-11);
  for (const Method method : kMethods) EXPECT_TRUE(same_bits(pass.project(y, method), back));
}

// The steps of the paper, done by hand with switches and transposed convolutions, for strides and windows that overlap.
TEST_F(Projection, IsTheDeconvolutionByHand) {
  nn::Sequential network;
  const auto first = nn::Conv2dSettings{.padding = {1, 1}, .dtype = DType::kFloat64};
  const auto second =
      nn::Conv2dSettings{.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .dtype = DType::kFloat64};
  auto& lower = network.add<nn::Conv2d>(2, 3, first);
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>();
  auto& upper = network.add<nn::Conv2d>(3, 4, second);
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>(nn::Pool2dSettings{.stride = {1, 1}});
  network.initialize(random_);
  const Tensor x = random_.normal("x", {3, 2, 12, 12}, DType::kFloat64);
  const ImagePass pass(network, 6, x);
  const Tensor signal = random_.normal("signal", pass.activations().shape(), DType::kFloat64);

  const Tensor a = relu(lower.evaluate(x));
  const nn::Pooled pooled = nn::max_pool_with_switches(a, {});
  const Tensor b = relu(upper.evaluate(pooled.values));
  const nn::Pooled top = nn::max_pool_with_switches(b, {.stride = {1, 1}});
  EXPECT_TRUE(same_bits(top.values, pass.activations()));
  const auto transposed = [](nn::Conv2d& layer, const Tensor& y,
                             const nn::ConvTranspose2dSettings& settings) {
    nn::ConvTranspose2d back(layer.weight().value.size(0), layer.weight().value.size(1), settings);
    back.weight().value = layer.weight().value;
    return back.evaluate(y);
  };
  nn::ConvTranspose2dSettings settings{.padding = {1, 1}, .bias = false, .dtype = DType::kFloat64};
  settings.stride = {2, 2}, settings.output_padding = {1, 1};
  Tensor back = transposed(upper, relu(nn::max_unpool2d(signal, top.switches, b.shape())), settings);
  settings.stride = {1, 1}, settings.output_padding = {0, 0};
  back = transposed(lower, relu(nn::max_unpool2d(back, pooled.switches, a.shape())), settings);
  EXPECT_TRUE(same_bits(pass.project(signal, Method::kDeconvolution), back));
}

void expect_fact(const Tensor& found, const std::string& name) {
  static const facts::Table kFacts = {
#include "tessera/visualise/torch_facts_test.inc"
  };
  facts::expect_fact(kFacts, name, {found}, 1e-13);
}

TEST_F(Projection, IsPyTorchs) {
  using nn::pattern;
  nn::Sequential network;
  auto& lower = add_convolution(network, 2, 3, {.padding = {1, 1}});
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>();
  auto& upper = add_convolution(network, 3, 4, {.stride = {2, 2}, .padding = {1, 1}});
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>(nn::Pool2dSettings{.stride = {1, 1}});
  lower.weight().value = pattern(2, {3, 2, 3, 3}), lower.bias()->value = pattern(3, {3}, 0.25);
  upper.weight().value = pattern(4, {4, 3, 3, 3}), upper.bias()->value = pattern(5, {4}, 0.25);
  const ImagePass pass(network, 6, pattern(1, {1, 2, 12, 12}));
  expect_fact(pass.activations(), "activations");
  const Unit unit{2, 1, 0};
  const Tensor signal = unit_signal(pass.activations(), {&unit, 1});
  for (const Method method : kMethods)
    expect_fact(pass.project(signal, method), std::string(method_name(method)));
}

// Layers of every kind that feature maps come from.
void add_many_layers(nn::Sequential& network) {
  network.add<nn::Conv2d>(1, 4, nn::Conv2dSettings{.padding = {1, 1}});
  network.add<nn::BatchNorm2d>(4);
  network.add<nn::LeakyReLU>(0.2);
  network.add<nn::Dropout>(0.5);
  network.add<nn::MaxPool2d>();
  auto body = std::make_unique<nn::Sequential>();
  body->add<nn::Conv2d>(4, 6, nn::Conv2dSettings{.padding = {1, 1}});
  body->add<nn::ReLU>();
  body->add<nn::Maxout>(2);
  network.add<nn::Residual>(std::move(body),
                            std::make_unique<nn::Conv2d>(4, 3, nn::Conv2dSettings{.kernel = {1, 1}}));
  network.add<nn::ReLU>();
  network.add<nn::GroupNorm>(1, 3);
  auto same = std::make_unique<nn::Sequential>();
  same->add<nn::ConvTranspose2d>(3, 3, nn::ConvTranspose2dSettings{.padding = {1, 1}});
  same->add<nn::ReLU>();
  network.add<nn::Residual>(std::move(same));
  network.add<nn::Upsample>(2, nn::Interpolation::kBilinear);
  network.add<nn::AdaptiveAvgPool2d>(std::array<std::int64_t, 2>{3, 5});
}

Tensor gradient_of(nn::Sequential& network, const Tensor& x, const Tensor& signal) {
  Tape tape;
  tape.watch(x);
  return tape.gradient(network.evaluate(x), {x}, signal)[0];
}

TEST_F(Projection, GradientIsTheTapesToTheBit) {
  nn::Sequential network;
  add_many_layers(network);
  network.initialize(random_);
  const Tensor x = random_.normal("x", {3, 1, 10, 12});
  const ImagePass pass(network, network.children().size(), x);
  EXPECT_TRUE(same_bits(pass.activations(), network.evaluate(x)));
  const Tensor signal = random_.normal("signal", pass.activations().shape());
  EXPECT_TRUE(same_bits(pass.project(signal, Method::kGradient), gradient_of(network, x, signal)));
}

// Where nothing is negative, on the way there or back, rectifiers do nothing and the methods are one.
TEST_F(Projection, MethodsAgreeWhereEverythingIsPositive) {
  nn::Sequential network;
  network.add<nn::Conv2d>(1, 3);
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>();
  network.add<nn::Conv2d>(3, 2);
  network.add<nn::LeakyReLU>(0.1);
  network.initialize(random_);
  for (nn::Parameter* weight : network.parameters()) weight->value = absolute(weight->value);
  const Tensor x = random_.uniform("x", {2, 1, 12, 12});
  const ImagePass pass(network, 5, x);
  const Tensor gradient = gradient_of(network, x, pass.activations());
  for (const Method method : kMethods)
    EXPECT_TRUE(same_bits(pass.project(pass.activations(), method), gradient));
}

TEST_F(Projection, RectifiersDiffer) {
  nn::Sequential network;
  network.add<nn::ReLU>();
  const Tensor x = Tensor::from<float>({-1, 2, -3, 4}, {1, 1, 2, 2});
  const ImagePass pass(network, 1, x);
  const Tensor signal = Tensor::from<float>({5, 6, -7, -8}, {1, 1, 2, 2});
  const auto project = [&](Method method) { return pass.project(signal, method).to_vector<float>(); };
  EXPECT_EQ(project(Method::kDeconvolution), (std::vector<float>{5, 6, 0, 0}));
  EXPECT_EQ(project(Method::kGradient), (std::vector<float>{0, 6, 0, -8}));
  EXPECT_EQ(project(Method::kGuided), (std::vector<float>{0, 6, 0, 0}));
  nn::Sequential leaky;
  leaky.add<nn::LeakyReLU>(0.5);
  EXPECT_EQ(ImagePass(leaky, 1, x).project(signal, Method::kDeconvolution).to_vector<float>(),
            (std::vector<float>{5, 6, -3.5F, -4}));
}

TEST_F(Projection, BatchNormIsItsScale) {
  nn::Sequential network;
  auto& norm =
      network.add<nn::BatchNorm2d>(2, nn::BatchNormSettings{.epsilon = 0.25, .dtype = DType::kFloat64});
  norm.weight()->value = Tensor::from<double>({3, -2}, {2});
  norm.bias()->value = Tensor::from<double>({100, 200}, {2});
  norm.running_mean()->value = Tensor::from<double>({5, 6}, {2});
  norm.running_variance()->value = Tensor::from<double>({3.75, 0.75}, {2});  // with epsilon 4 and 1
  const Tensor x = random_.normal("x", {1, 2, 1, 2}, DType::kFloat64);
  const Tensor signal = Tensor::from<double>({1, 2, 3, 4}, {1, 2, 1, 2});
  EXPECT_EQ(ImagePass(network, 1, x).project(signal, Method::kDeconvolution).to_vector<double>(),
            (std::vector<double>{1.5, 3, -6, -8}));
}

TEST_F(Projection, ResidualBlocksAddTheirBranches) {
  auto body = std::make_unique<nn::Sequential>();
  auto& convolution = body->add<nn::Conv2d>(1, 1, nn::Conv2dSettings{.kernel = {1, 1}, .bias = false});
  body->add<nn::ReLU>();
  convolution.weight().value = Tensor::from<float>({-2}, {1, 1, 1, 1});
  nn::Sequential network;
  network.add<nn::Residual>(std::move(body));
  const Tensor x = Tensor::from<float>({1, -1}, {1, 1, 1, 2}),
               signal = Tensor::from<float>({3, -5}, {1, 1, 1, 2});
  const ImagePass pass(network, 1, x);
  EXPECT_EQ(pass.project(signal, Method::kDeconvolution).to_vector<float>(),
            (std::vector<float>{-6 + 3, 0 - 5}));
  EXPECT_EQ(pass.project(signal, Method::kGradient).to_vector<float>(), (std::vector<float>{0 + 3, 10 - 5}));
}

TEST_F(Projection, HasTheSameBitsOnBothBackendsAndAnyThreadsAlsoAlone) {
  nn::Sequential network;
  add_many_layers(network);
  network.initialize(random_);
  const std::size_t layers = 7;  // to the second rectifier
  const Tensor x = random_.normal("x", {9, 1, 20, 18}), one = slice(x, {Range(4, 5)});
  std::vector<Unit> units;
  for (std::int64_t i = 0; i < 9; ++i) units.push_back({i % 3, i, 8 - i});
  for (const Method method : kMethods) {
    const auto project = [&](const Tensor& images, std::span<const Unit> of) {
      const ImagePass pass(network, layers, images);
      return pass.project(unit_signal(pass.activations(), of), method);
    };
    use_backend("reference");
    const Tensor expected = project(x, units);
    EXPECT_TRUE(same_bits(project(one, std::span(units).subspan(4, 1)), slice(expected, {Range(4, 5)})));
    for (const int threads : {1, 2, 3, 7}) {
      use_backend("cpu");
      set_thread_count(threads);
      EXPECT_TRUE(same_bits(project(x, units), expected))
          << method_name(method) << ", " << threads << " threads";
    }
  }
}

TEST_F(Projection, Obstacles) {
  nn::Sequential network;
  network.add<nn::Conv2d>(1, 2);
  network.add<nn::GELU>();
  network.add<nn::Flatten>();
  const Tensor x = random_.normal("x", {1, 1, 4, 4});
  const ImagePass pass(network, 2, x);
  EXPECT_EQ(message_of([&] { pass.project(pass.activations(), Method::kDeconvolution); }),
            "GELU is no rectifier, expected ReLU or LeakyReLU in its place for the method deconvolution (the "
            "method "
            "gradient takes any layer)");
  EXPECT_EQ(pass.project(pass.activations(), Method::kGradient).shape(), x.shape());
  EXPECT_EQ(first_obstacle(network, 1, Method::kGuided), nullptr);
  EXPECT_EQ(first_obstacle(network, 3, Method::kGuided), network.children()[1].get());
  EXPECT_EQ(
      message_of([&] { ImagePass(network, 3, x); }),
      "layer Flatten gives [1, 8] for images [1, 1, 4, 4], expected feature maps [N, maps, rows, columns]");
  EXPECT_EQ(message_of([&] { ImagePass(network, 4, x); }),
            "the projection begins after layer 4, expected 1 to 3, the number of the network's layers");
  EXPECT_EQ(message_of([&] {
              ImagePass(network, 1, reshape(x, {1, 16}));
            }),
            "the images have the shape [1, 16], expected [N, channels, rows, columns]");
  EXPECT_EQ(message_of([&] { pass.project(x, Method::kGradient); }),
            "the signal is float32 [1, 1, 4, 4], expected float32 [1, 2, 2, 2], as the activations are");
  const Unit outside{2, 0, 0};
  EXPECT_EQ(message_of([&] {
              unit_signal(pass.activations(), {&outside, 1});
            }),
            "unit_signal: unit 0 is map 2, row 0, column 0, expected one within [1, 2, 2, 2]");
  EXPECT_EQ(message_of([&] { unit_signal(pass.activations(), {}); }),
            "unit_signal: there are 0 units for activations [1, 2, 2, 2], expected one for each image of [N, "
            "maps, H, "
            "W]");
}

}  // namespace
}  // namespace tessera::visualise
