// What every layer must keep: its gradients are those of differences, a prediction has the same bits whatever batch it sits in, and forward pass and
// gradients have the same bits on every backend and number of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tessera/autograd/functional.h"
#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/layers.h"

namespace tessera::nn {
namespace {

struct Row {
  std::string name;
  Shape sample;  // of one input
  std::function<std::unique_ptr<Module>(DType)> make;
  std::int64_t indices = 0;  // the input is int64 below this
};

template <typename Layer, typename... Arguments>
std::function<std::unique_ptr<Module>(DType)> plain(Arguments... arguments) {
  return [=](DType) { return std::make_unique<Layer>(arguments...); };
}

std::unique_ptr<Module> residual(DType dtype, bool projected) {
  auto body = std::make_unique<Sequential>();
  body->add<Conv2d>(3, 4, Conv2dSettings{.stride = {2, 2}, .padding = {1, 1}, .dtype = dtype});
  body->add<BatchNorm2d>(4, BatchNormSettings{.dtype = dtype});
  body->add<LeakyReLU>(0.2);
  if (projected)
    return std::make_unique<Residual>(
        std::move(body),
        std::make_unique<Conv2d>(3, 4, Conv2dSettings{.kernel = {1, 1}, .stride = {2, 2}, .dtype = dtype}));
  auto same = std::make_unique<Sequential>();
  same->add<Conv2d>(3, 3, Conv2dSettings{.padding = {1, 1}, .dtype = dtype});
  same->add<Tanh>();
  return std::make_unique<Residual>(std::move(same));
}

void add_convolutions(std::vector<Row>& rows) {
  rows.push_back(
      {"Linear", {5}, [](DType d) { return std::make_unique<Linear>(5, 4, LinearSettings{.dtype = d}); }});
  rows.push_back(
      {"Conv1d", {4, 11}, [](DType d) {
         return std::make_unique<Conv1d>(
             4, 6,
             Conv1dSettings{
                 .kernel = {3}, .stride = {2}, .padding = {2}, .dilation = {2}, .groups = 2, .dtype = d});
       }});
  rows.push_back({"Conv2d", {3, 7, 6}, [](DType d) {
                    return std::make_unique<Conv2d>(
                        3, 4,
                        Conv2dSettings{.kernel = {3, 2}, .stride = {1, 2}, .padding = {1, 0}, .dtype = d});
                  }});
  rows.push_back({"Conv3d", {2, 4, 5, 4}, [](DType d) {
                    return std::make_unique<Conv3d>(
                        2, 3, Conv3dSettings{.kernel = {2, 3, 2}, .padding = {1, 1, 0}, .dtype = d});
                  }});
  rows.push_back({"ConvTranspose1d", {4, 5}, [](DType d) {
                    return std::make_unique<ConvTranspose1d>(4, 6,
                                                             ConvTranspose1dSettings{.kernel = {4},
                                                                                     .stride = {3},
                                                                                     .padding = {1},
                                                                                     .output_padding = {2},
                                                                                     .groups = 2,
                                                                                     .dtype = d});
                  }});
  rows.push_back({"ConvTranspose2d", {3, 4, 5}, [](DType d) {
                    return std::make_unique<ConvTranspose2d>(3, 2,
                                                             ConvTranspose2dSettings{.kernel = {4, 3},
                                                                                     .stride = {2, 1},
                                                                                     .padding = {1, 0},
                                                                                     .output_padding = {1, 0},
                                                                                     .bias = false,
                                                                                     .dtype = d});
                  }});
  rows.push_back({"ConvTranspose3d", {2, 2, 3, 2}, [](DType d) {
                    return std::make_unique<ConvTranspose3d>(
                        2, 2, ConvTranspose3dSettings{.kernel = {2, 2, 3}, .stride = {2, 1, 2}, .dtype = d});
                  }});
  rows.push_back({"Embedding",
                  {6},
                  [](DType d) {
                    return std::make_unique<Embedding>(9, 4,
                                                       EmbeddingSettings{.padding_index = 2, .dtype = d});
                  },
                  9});
  rows.push_back({"Residual", {3, 6, 6}, [](DType d) { return residual(d, false); }});
  rows.push_back({"ResidualProjected", {3, 6, 6}, [](DType d) { return residual(d, true); }});
}

void add_attention(std::vector<Row>& rows) {
  for (const bool causal : {false, true})
    rows.push_back({causal ? "CausalAttention" : "MultiheadAttention", {5, 6}, [=](DType d) {
                      return std::make_unique<MultiheadAttention>(
                          6, 2, AttentionSettings{.bias = causal, .causal = causal, .dtype = d});
                    }});
}

void add_transformers(std::vector<Row>& rows) {
  for (const bool first : {false, true})
    rows.push_back({first ? "TransformerNormFirst" : "TransformerEncoderLayer", {4, 6}, [=](DType d) {
                      return std::make_unique<TransformerEncoderLayer>(
                          6, 2,
                          TransformerEncoderSettings{
                              .feed_forward = 5, .drop = 0, .gelu = first, .norm_first = first, .dtype = d});
                    }});
  rows.push_back({"PositionalEncoding", {5, 6}, plain<PositionalEncoding>(6)});
}

// The switches of one layer put to use by another.
std::unique_ptr<Module> unpooled(DType dtype) {
  auto network = std::make_unique<Sequential>();
  auto& pool = network->add<SwitchedMaxPool2d>(Pool2dSettings{.kernel = {2, 3}});
  network->add<Conv2d>(2, 2, Conv2dSettings{.padding = {1, 1}, .dtype = dtype});
  network->add<MaxUnpool2d>(pool, 4, 6);
  return network;
}

void add_pooling(std::vector<Row>& rows) {
  rows.push_back({"MaxUnpool2d", {2, 4, 6}, unpooled});
  rows.push_back(
      {"MaxPool1d", {3, 11}, plain<MaxPool1d>(Pool1dSettings{.kernel = {3}, .stride = {2}, .padding = {1}})});
  rows.push_back({"MaxPool2d",
                  {3, 7, 6},
                  plain<MaxPool2d>(Pool2dSettings{.kernel = {3, 2}, .stride = {2, 2}, .padding = {1, 0}})});
  rows.push_back(
      {"MaxPool3d",
       {2, 4, 5, 5},
       plain<MaxPool3d>(Pool3dSettings{.kernel = {2, 3, 2}, .stride = {1, 2, 2}, .padding = {1, 1, 0}})});
  rows.push_back({"AvgPool1d",
                  {3, 9},
                  plain<AvgPool1d>(
                      Pool1dSettings{.kernel = {3}, .stride = {1}, .padding = {1}, .count_padding = false})});
  rows.push_back({"AvgPool2d", {3, 6, 6}, plain<AvgPool2d>()});
  rows.push_back({"AvgPool3d",
                  {2, 4, 5, 6},
                  plain<AvgPool3d>(Pool3dSettings{.kernel = {2, 2, 3}, .stride = {2, 1, 3}})});
  rows.push_back({"AdaptiveAvgPool1d", {3, 7}, plain<AdaptiveAvgPool1d>(3)});
  rows.push_back(
      {"AdaptiveAvgPool2d", {3, 6, 8}, plain<AdaptiveAvgPool2d>(std::array<std::int64_t, 2>{3, 2})});
  rows.push_back(
      {"AdaptiveAvgPool2dUneven", {3, 7, 5}, plain<AdaptiveAvgPool2d>(std::array<std::int64_t, 2>{3, 2})});
  rows.push_back(
      {"AdaptiveAvgPool3d", {2, 4, 4, 3}, plain<AdaptiveAvgPool3d>(std::array<std::int64_t, 3>{2, 2, 3})});
  rows.push_back({"GlobalMax", {3, 4, 5}, plain<GlobalPool>(Pooling::kMax)});
  rows.push_back({"GlobalMean", {3, 4, 5}, plain<GlobalPool>(Pooling::kMean)});
  rows.push_back(
      {"GlobalSum", {3, 4, 5}, plain<GlobalPool>(Pooling::kSum, GlobalPoolSettings{{1, -1}, true})});
  rows.push_back({"UpsampleNearest", {2, 3, 4}, plain<Upsample>(3)});
  rows.push_back({"UpsampleNearest1d", {2, 5}, plain<Upsample>(2)});
  rows.push_back({"UpsampleBilinear", {2, 3, 4}, plain<Upsample>(2, Interpolation::kBilinear)});
}

void add_normalization(std::vector<Row>& rows) {
  const auto batch_norm = [](DType d) {
    return std::make_unique<BatchNorm>(3, BatchNormSettings{.dtype = d});
  };
  rows.push_back({"LayerNorm", {3, 7}, [](DType d) {
                    return std::make_unique<LayerNorm>(Shape{7}, LayerNormSettings{.dtype = d});
                  }});
  rows.push_back({"BatchNorm1d", {3}, batch_norm});
  rows.push_back({"BatchNorm1dLine", {3, 7}, batch_norm});
  rows.push_back({"BatchNorm2d", {3, 4, 5}, batch_norm});
  rows.push_back({"BatchNorm2dPlain", {3, 4, 5}, [](DType d) {
                    return std::make_unique<BatchNorm>(
                        3, BatchNormSettings{.epsilon = 1e-3, .affine = false, .dtype = d});
                  }});
  rows.push_back({"BatchNorm3d", {3, 2, 3, 2}, batch_norm});
  rows.push_back({"GroupNorm", {6, 3, 4}, [](DType d) {
                    return std::make_unique<GroupNorm>(3, 6, GroupNormSettings{.dtype = d});
                  }});
  rows.push_back({"InstanceNorm", {3, 4, 4}, [](DType d) {
                    return std::make_unique<InstanceNorm>(3,
                                                          InstanceNormSettings{.affine = true, .dtype = d});
                  }});
  rows.push_back({"PixelNorm", {5, 2, 3}, plain<PixelNorm>()});
  rows.push_back({"LocalResponseNorm", {6, 2, 3}, plain<LocalResponseNorm>(3)});
  rows.push_back({"LocalResponseNormEven",
                  {6, 3},
                  plain<LocalResponseNorm>(4, LocalResponseNormSettings{0.5, 0.75, 2})});
}

void add_activations(std::vector<Row>& rows) {
  rows.push_back({"ReLU", {9}, plain<ReLU>()});
  rows.push_back({"Tanh", {9}, plain<Tanh>()});
  rows.push_back({"Sigmoid", {9}, plain<Sigmoid>()});
  rows.push_back({"LeakyReLU", {9}, plain<LeakyReLU>(0.2)});
  rows.push_back({"ELU", {9}, plain<ELU>(1.5)});
  rows.push_back({"SELU", {9}, plain<SELU>()});
  rows.push_back({"Softplus", {9}, plain<Softplus>()});
  rows.push_back({"GELU", {9}, plain<GELU>()});
  rows.push_back({"GELUTanh", {9}, plain<GELU>(GeluForm::kTanh)});
  rows.push_back({"SiLU", {9}, plain<SiLU>()});
  rows.push_back({"Mish", {9}, plain<Mish>()});
  rows.push_back({"Softmax", {5, 4}, plain<Softmax>(1)});
  rows.push_back({"LogSoftmax", {5, 4}, plain<LogSoftmax>()});
  rows.push_back({"Maxout", {6, 3}, plain<Maxout>(3)});
  rows.push_back({"Flatten", {2, 3}, plain<Flatten>()});
}

const std::vector<Row>& layer_rows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> rows;
    add_convolutions(rows);
    add_pooling(rows);
    add_normalization(rows);
    add_activations(rows);
    add_attention(rows);
    add_transformers(rows);
    return rows;
  }();
  return kRows;
}

// ---- A layer with parameters and running statistics that are not where they began ----

struct Drawn {
  std::unique_ptr<Module> layer;
  Tensor x;
};

Drawn draw(const Row& row, DType dtype, std::int64_t samples) {
  RandomSource random(17);
  Drawn drawn{row.make(dtype), {}};
  drawn.layer->initialize(random);
  for (Parameter* parameter : drawn.layer->parameters())
    parameter->value =
        parameter->value + random.normal("more/" + parameter->name, parameter->value.shape(), dtype) * 0.1;
  for (Parameter* buffer : drawn.layer->buffers())
    if (is_floating(buffer->value.dtype()))
      buffer->value = buffer->value + random.uniform("buffer/" + buffer->name, buffer->value.shape(), dtype);
  Shape shape{samples};
  for (const std::int64_t length : row.sample) shape.append(length);
  if (row.indices == 0) {
    drawn.x = random.normal("x", shape, dtype);
  } else {
    const Tensor bits = random.bits("x", shape);
    drawn.x = bits - bits / row.indices * row.indices;
  }
  return drawn;
}

class LayerTable : public ::testing::TestWithParam<std::size_t> {
 protected:
  const Row& row() const { return layer_rows()[GetParam()]; }
};

TEST_P(LayerTable, GradientsAreThoseOfDifferences) {
  use_backend("reference");
  const Drawn drawn = draw(row(), DType::kFloat64, 4);
  std::vector<Tensor> inputs;
  for (const Parameter* parameter : drawn.layer->parameters()) inputs.push_back(parameter->value);
  if (row().indices == 0) inputs.push_back(drawn.x);
  const auto forward = [&](const std::vector<Tensor>& in) {
    const auto parameters = drawn.layer->parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i]->value = in[i];
    Context context{.training = true};
    return drawn.layer->forward(row().indices == 0 ? in.back() : drawn.x, context);
  };
  const bool padded =
      row().name == "Embedding";  // whose padding row is moved by differences, and by nothing else
  if (padded) {
    const Tensor slope = grad([&](const std::vector<Tensor>& in) { return sum(forward(in)); }, inputs)[0];
    EXPECT_EQ(sum(slope).item<double>(),
              4.0 * (drawn.x.elements() - sum(cast(equal(drawn.x, 2), DType::kInt64)).item<std::int64_t>()));
    EXPECT_EQ(sum(absolute(slice(slope, {2}))).item<double>(), 0);
    return;
  }
  const GradcheckResult result = gradcheck(forward, inputs, {.tolerance = 2e-6});
  EXPECT_TRUE(result.passed) << result.message;
}

TEST_P(LayerTable, PredictionDoesNotDependOnItsBatch) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      const Drawn drawn = draw(row(), dtype, 7);
      const Tensor whole = drawn.layer->evaluate(drawn.x);
      EXPECT_EQ(whole.shape(), drawn.layer->output_shape(drawn.x.shape()));
      for (std::int64_t i = 0; i < 7; ++i)
        EXPECT_TRUE(same_bits(slice(whole, {Range(i, i + 1)}),
                              drawn.layer->evaluate(slice(drawn.x, {Range(i, i + 1)}))))
            << backend << ", sample " << i;
    }
  }
}

std::vector<Tensor> training_pass(const Row& row, DType dtype) {
  const Drawn drawn = draw(row, dtype, 5);
  std::vector<Tensor> leaves;
  for (const Parameter* parameter : drawn.layer->parameters()) leaves.push_back(parameter->value);
  if (row.indices == 0) leaves.push_back(drawn.x);
  Tape tape;
  tape.watch(leaves);
  Context context{.training = true};
  const Tensor y = drawn.layer->forward(drawn.x, context);
  RandomSource random(3);
  std::vector<Tensor> results = tape.gradient(y, leaves, random.normal("slope", y.shape(), dtype));
  results.push_back(y);
  for (const Parameter* buffer : drawn.layer->buffers()) results.push_back(buffer->value);
  return results;
}

TEST_P(LayerTable, SameBitsOnEveryBackendAndThreadCount) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    use_backend("reference");
    const std::vector<Tensor> expected = training_pass(row(), dtype);
    use_backend("cpu");
    for (const int threads : {1, 2, 3, 7}) {
      set_thread_count(threads);
      const std::vector<Tensor> found = training_pass(row(), dtype);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_TRUE(same_bits(found[i], expected[i])) << "result " << i << ", " << threads << " threads";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, LayerTable, ::testing::Range(std::size_t{0}, layer_rows().size()),
                         [](const auto& test) { return layer_rows()[test.param].name; });

}  // namespace
}  // namespace tessera::nn
