#include "tessera/train/layer_builder.h"

#include <functional>
#include <map>

#include "tessera/base/error.h"
#include "tessera/models/point_layers.h"
#include "tessera/nn/activations.h"
#include "tessera/nn/convolution.h"
#include "tessera/nn/normalization.h"
#include "tessera/nn/pooling.h"
#include "tessera/nn/resampling.h"
#include "tessera/train/point_rows.h"
#include "tessera/train/sequence_rows.h"

namespace tessera::train {
namespace {

using Layer = std::unique_ptr<nn::Module>;
using Make = Layer (*)(const LayerBuilder& row);

std::string_view sample_text(int axes) {
  constexpr std::string_view kTexts[] = {
      "[channels, length] (data.shape says how a sample is cut)",
      "[channels, rows, columns] (data.shape says how a sample is cut)",
      "[channels, depth, rows, columns] (data.shape says how a sample is cut)"};
  return kTexts[axes - 1];
}

void expect_spatial(const LayerBuilder& row, int axes) {
  row.expect_rank(2 + axes, sample_text(axes));
}

Layer linear(const LayerBuilder& row) {
  const Shape& input = row.input();
  if (!row.of_words()) row.expect_rank(2, "one axis (a layer \"flatten\" before it makes that)");
  return std::make_unique<nn::Linear>(input[input.rank() - 1], row.integer("units"),
                                      nn::LinearSettings{.bias = row.boolean("bias"), .dtype = row.dtype()});
}

template <int kAxes, typename Convolution>
Layer convolution(const LayerBuilder& row) {
  expect_spatial(row, kAxes);
  nn::ConvSettings<kAxes> settings;
  settings.kernel = row.axes<kAxes>("kernel", 0);
  settings.stride = row.axes<kAxes>("stride", 1);
  settings.padding = row.axes<kAxes>("padding", 0);
  settings.dilation = row.axes<kAxes>("dilation", 1);
  settings.groups = row.integer("groups", 1);
  settings.bias = row.boolean("bias");
  settings.dtype = row.dtype();
  return std::make_unique<Convolution>(row.input()[1], row.integer("channels"), settings);
}

template <int kAxes, typename Convolution>
Layer transposed_convolution(const LayerBuilder& row) {
  expect_spatial(row, kAxes);
  nn::ConvTransposeSettings<kAxes> settings;
  settings.kernel = row.axes<kAxes>("kernel", 0);
  settings.stride = row.axes<kAxes>("stride", 1);
  settings.padding = row.axes<kAxes>("padding", 0);
  settings.output_padding = row.axes<kAxes>("output_padding", 0);
  settings.dilation = row.axes<kAxes>("dilation", 1);
  settings.groups = row.integer("groups", 1);
  settings.bias = row.boolean("bias");
  settings.dtype = row.dtype();
  return std::make_unique<Convolution>(row.input()[1], row.integer("channels"), settings);
}

template <int kAxes>
nn::PoolSettings<kAxes> pool_settings(const LayerBuilder& row) {
  expect_spatial(row, kAxes);
  nn::PoolSettings<kAxes> settings;
  settings.kernel = row.axes<kAxes>("kernel", 0);
  settings.stride = row.axes<kAxes>("stride", 0);  // 0: the kernel's size
  settings.padding = row.axes<kAxes>("padding", 0);
  if (2 * settings.padding[0] > settings.kernel[0])
    row.reject_value("padding", fmt::format("at most half the kernel of {}", settings.kernel[0]));
  return settings;
}

template <int kAxes, typename Pool>
Layer pool(const LayerBuilder& row) {
  return std::make_unique<Pool>(pool_settings<kAxes>(row));
}

template <int kAxes, typename Pool>
Layer adaptive_pool(const LayerBuilder& row) {
  expect_spatial(row, kAxes);
  if constexpr (kAxes == 1) {
    return std::make_unique<Pool>(row.integer("size"));
  } else {
    return std::make_unique<Pool>(row.axes<kAxes>("size", 1));
  }
}

Layer global_pool(const LayerBuilder& row) {
  if (row.input().rank() < 3) row.reject("expected axes after the channels");
  const nn::Pooling pooling = row.is("pooling", "max")   ? nn::Pooling::kMax
                              : row.is("pooling", "sum") ? nn::Pooling::kSum
                                                         : nn::Pooling::kMean;
  return std::make_unique<nn::GlobalPool>(pooling);
}

Layer upsample(const LayerBuilder& row) {
  const bool bilinear = row.is("interpolation", "bilinear");
  if (bilinear) expect_spatial(row, 2);
  return std::make_unique<nn::Upsample>(
      row.integer("factor"), bilinear ? nn::Interpolation::kBilinear : nn::Interpolation::kNearest);
}

Layer batch_norm(const LayerBuilder& row) {
  nn::BatchNormSettings settings;
  settings.momentum = row.real("momentum", settings.momentum);
  settings.epsilon = row.real("epsilon", settings.epsilon);
  settings.dtype = row.dtype();
  return std::make_unique<nn::BatchNorm>(row.input()[1], settings);
}

Layer layer_norm(const LayerBuilder& row) {
  nn::LayerNormSettings settings;
  settings.epsilon = row.real("epsilon", settings.epsilon);
  settings.dtype = row.dtype();
  return std::make_unique<nn::LayerNorm>(Shape{row.input()[row.input().rank() - 1]}, settings);
}

Layer group_norm(const LayerBuilder& row) {
  const std::int64_t groups = row.integer("groups", 1), channels = row.input()[1];
  if (channels % groups != 0)
    row.reject_value("groups", fmt::format("a divisor of the {} channels that reach it", channels));
  nn::GroupNormSettings settings;
  settings.epsilon = row.real("epsilon", settings.epsilon);
  settings.dtype = row.dtype();
  return std::make_unique<nn::GroupNorm>(groups, channels, settings);
}

Layer instance_norm(const LayerBuilder& row) {
  if (row.input().rank() < 3) row.reject("expected axes after the channels");
  nn::InstanceNormSettings settings;
  settings.epsilon = row.real("epsilon", settings.epsilon);
  settings.dtype = row.dtype();
  return std::make_unique<nn::InstanceNorm>(row.input()[1], settings);
}

Layer local_response_norm(const LayerBuilder& row) {
  if (row.input().rank() < 3) row.reject("expected axes after the channels");
  return std::make_unique<nn::LocalResponseNorm>(row.integer("size"));
}

// An axis of the sample, from 1, is that of the batch, from 0, too.
std::int64_t axis_of(const LayerBuilder& row) {
  const std::int64_t axis = row.integer("axis", -1);
  if (axis >= row.input().rank())
    row.reject_value("axis",
                     fmt::format("at most {}, the axes of a sample that reaches it", row.input().rank() - 1));
  return axis;
}

template <typename Module>
Layer softmax_along(const LayerBuilder& row) {
  return std::make_unique<Module>(axis_of(row));
}

Layer pixel_norm(const LayerBuilder& row) {
  if (row.input().rank() < 3) row.reject("expected axes after the channels");
  return std::make_unique<nn::PixelNorm>();
}

Layer maxout(const LayerBuilder& row) {
  const std::int64_t pieces = row.integer("pieces"), channels = row.input()[1];
  if (channels % pieces != 0)
    row.reject_value("pieces", fmt::format("a divisor of the {} channels that reach it", channels));
  return std::make_unique<nn::Maxout>(pieces);
}

template <typename Module>
Layer simple(const LayerBuilder& /*row*/) {
  return std::make_unique<Module>();
}

Layer leaky_relu(const LayerBuilder& row) {
  return std::make_unique<nn::LeakyReLU>(row.real("slope", 0.01));
}

Layer dropout(const LayerBuilder& row) {
  return std::make_unique<nn::Dropout>(row.real("drop", 0.5));
}

// Every kind of a row but "residual", which holds other rows, and "max_unpool2d", which needs one (network.cc).
const std::map<std::string_view, Make>& makers() {
  static const std::map<std::string_view, Make> table = {
      {"linear", linear},
      {"conv1d", convolution<1, nn::Conv1d>},
      {"conv2d", convolution<2, nn::Conv2d>},
      {"conv3d", convolution<3, nn::Conv3d>},
      {"conv_transpose1d", transposed_convolution<1, nn::ConvTranspose1d>},
      {"conv_transpose2d", transposed_convolution<2, nn::ConvTranspose2d>},
      {"conv_transpose3d", transposed_convolution<3, nn::ConvTranspose3d>},
      {"max_pool1d", pool<1, nn::MaxPool1d>},
      {"max_pool2d", pool<2, nn::MaxPool2d>},
      {"max_pool3d", pool<3, nn::MaxPool3d>},
      {"average_pool1d", pool<1, nn::AvgPool1d>},
      {"average_pool2d", pool<2, nn::AvgPool2d>},
      {"average_pool3d", pool<3, nn::AvgPool3d>},
      {"adaptive_average_pool1d", adaptive_pool<1, nn::AdaptiveAvgPool1d>},
      {"adaptive_average_pool2d", adaptive_pool<2, nn::AdaptiveAvgPool2d>},
      {"adaptive_average_pool3d", adaptive_pool<3, nn::AdaptiveAvgPool3d>},
      {"global_pool", global_pool},
      {"upsample", upsample},
      {"batch_norm", batch_norm},
      {"layer_norm", layer_norm},
      {"group_norm", group_norm},
      {"instance_norm", instance_norm},
      {"local_response_norm", local_response_norm},
      {"pixel_norm", pixel_norm},
      {"multihead_attention", multihead_attention_row},
      {"transformer_encoder", transformer_encoder_row},
      {"positional_encoding", positional_encoding_row},
      {"embedding", embedding_row},
      {"rnn", rnn_row},
      {"gru", gru_row},
      {"lstm", lstm_row},
      {"time_pool", time_pool_row},
      {"bag_of_words", bag_of_words_row},
      {"relu", simple<nn::ReLU>},
      {"leaky_relu", leaky_relu},
      {"elu", simple<nn::ELU>},
      {"selu", simple<nn::SELU>},
      {"gelu", simple<nn::GELU>},
      {"silu", simple<nn::SiLU>},
      {"mish", simple<nn::Mish>},
      {"tanh", simple<nn::Tanh>},
      {"sigmoid", simple<nn::Sigmoid>},
      {"softplus", simple<nn::Softplus>},
      {"softmax", softmax_along<nn::Softmax>},
      {"log_softmax", softmax_along<nn::LogSoftmax>},
      {"maxout", maxout},
      {"flatten", simple<nn::Flatten>},
      {"dropout", dropout},
      {"normalize_points", simple<models::NormalizePoints>},
      {"choose_points", choose_points_row},
      {"augment_points", augment_points_row},
      {"pointnet", pointnet_row},
      {"pointnet_segmentation", pointnet_segmentation_row},
      {"voxel_network", voxel_network_row},
  };
  return table;
}

}  // namespace

bool holds_words(const Config& config) {
  return config.text("data.format") == "text" || config.text("data.format") == "tags";
}

bool labels_points(const Config& config) {
  return config.has("data.labels_of") && config.text("data.labels_of") == "points";
}

DType weight_dtype(const Config& config) {
  const bool half = config.has("training.dtype") && config.text("training.dtype") == "bfloat16";
  return half ? DType::kBFloat16 : DType::kFloat32;
}

LayerBuilder::LayerBuilder(const Config& config, std::size_t layer, const Shape& input)
    : config_(config),
      layer_(layer),
      kind_(config.text(Config::layer_key(layer, "layer"))),
      input_(input),
      of_words_(holds_words(config)),
      dtype_(weight_dtype(config)) {}

Layer LayerBuilder::build() const {
  const auto maker = makers().find(kind_);
  if (dtype_ == DType::kBFloat16) refuse_bfloat16();
  if (of_words()) refuse_without_lengths();
  TESSERA_CHECK(maker != makers().end(), "the layer '{}' of the table of keys has no maker", kind_);
  return maker->second(*this);
}

// Indices and coordinates would be rounded to eight bits before the layer sees them.
void LayerBuilder::refuse_bfloat16() const {
  for (const char* kind : {"embedding", "bag_of_words", "normalize_points", "choose_points", "augment_points",
                           "pointnet", "pointnet_segmentation", "voxel_network"})
    if (kind_ == kind)
      fail_with(ExitCode::kUsage, "{}: training.dtype is bfloat16, expected float32 with the layer {} ({})",
                config_.origin("training.dtype"), layer_, kind_);
}

// Words come first to what makes numbers of them; and as long as there is an axis of times, a layer has to know what is padding, or to look
// at each time alone.
void LayerBuilder::refuse_without_lengths() const {
  const bool reads_words = kind_ == "embedding" || kind_ == "bag_of_words";
  if ((layer_ == 1) != reads_words)
    reject(
        "expected \"embedding\" or \"bag_of_words\" as the first layer, where the words are, and nowhere "
        "else");
  if (input_.rank() != 3) return;
  for (const char* kind : {"linear",
                           "rnn",
                           "gru",
                           "lstm",
                           "time_pool",
                           "layer_norm",
                           "multihead_attention",
                           "transformer_encoder",
                           "positional_encoding",
                           "relu",
                           "leaky_relu",
                           "elu",
                           "selu",
                           "gelu",
                           "silu",
                           "mish",
                           "tanh",
                           "sigmoid",
                           "softplus",
                           "dropout"})
    if (kind_ == kind) return;
  reject(
      "[times, features] of sequences of many lengths, expected \"time_pool\" before it (or a recurrent "
      "layer "
      "without output = \"all\")");
}

std::unique_ptr<nn::SwitchedMaxPool2d> LayerBuilder::build_switched_pool() const {
  return std::make_unique<nn::SwitchedMaxPool2d>(pool_settings<2>(*this));
}

std::int64_t LayerBuilder::entries() const {
  if (!config_.has(key("entries")))
    fail_with(ExitCode::kUsage, "{}: {} is missing, expected a whole number from 1 to 16777216",
              config_.origin(key("layer")), key("entries"));
  return integer("entries");
}

Shape LayerBuilder::output_shape(const nn::Module& module) const {
  try {
    const Shape output = module.output_shape(input_);
    if (output.elements() > 0) return output;
  } catch (const Error&) {  // said below with the line of the configuration
  }
  reject(fmt::format("which does not fit a {}", module.describe()));
}

void LayerBuilder::reject(const std::string& reason) const {
  Shape sample;
  for (int axis = 1; axis < input_.rank(); ++axis) sample.append(input_[axis]);
  fail_with(ExitCode::kUsage, "{}: layer {} ({}) is given samples of shape {}, {}",
            config_.origin(key("layer")), layer_, kind_, sample.to_string(), reason);
}

void LayerBuilder::reject_value(std::string_view name, const std::string& expected) const {
  fail_with(ExitCode::kUsage, "{}: {} is {}, expected {}", config_.origin(key(name)), key(name),
            config_.text(key(name)), expected);
}

std::int64_t LayerBuilder::integer(std::string_view name, std::int64_t otherwise) const {
  return config_.has(key(name)) ? config_.integer(key(name)) : otherwise;
}
double LayerBuilder::real(std::string_view name, double otherwise) const {
  return config_.has(key(name)) ? config_.real(key(name)) : otherwise;
}
bool LayerBuilder::is(std::string_view name, std::string_view value) const {
  return config_.has(key(name)) && config_.text(key(name)) == value;
}

void LayerBuilder::expect_rank(int rank, std::string_view expected) const {
  if (input_.rank() != rank) reject(fmt::format("expected {}", expected));
}

}  // namespace tessera::train
