#include "tessera/train/network.h"

#include "tessera/base/error.h"
#include "tessera/nn/convolution.h"
#include "tessera/nn/residual.h"
#include "tessera/train/layer_builder.h"

namespace tessera::train {
namespace {

class NetworkBuilder {
 public:
  explicit NetworkBuilder(const Config& config) : config_(config) {}

  // Layers first, ..., last, added to `network`; returns the shape that they give.
  Shape add(nn::Sequential& network, std::size_t first, std::size_t last, Shape shape) const {
    for (std::size_t layer = first; layer <= last; ++layer) {
      const LayerBuilder row(config_, layer, shape);
      if (row.kind() == "residual") {
        if (row.of_words() && layer == 1) row.reject("expected \"embedding\" as the first layer of words");
        const auto span = static_cast<std::size_t>(row.integer("span"));
        if (span > last - layer)
          row.reject_value("span", fmt::format("at most the {} layers that follow", last - layer));
        network.add(residual(row, layer + 1, layer + span));
        layer += span;
        shape = network.children().back()->output_shape(shape);
        continue;
      }
      std::unique_ptr<nn::Module> module = row.build();
      shape = row.output_shape(*module);
      network.add(std::move(module));
    }
    return shape;
  }

 private:
  std::unique_ptr<nn::Module> residual(const LayerBuilder& row, std::size_t first, std::size_t last) const {
    auto body = std::make_unique<nn::Sequential>();
    const Shape input = row.input(), output = add(*body, first, last, input);
    std::unique_ptr<nn::Module> shortcut;
    if (input != output) shortcut = projection(row, output);
    return std::make_unique<nn::Residual>(std::move(body), std::move(shortcut));
  }

  // He et al. (2016), option B: where the shapes differ, the input goes through a convolution of one pixel.
  static std::unique_ptr<nn::Module> projection(const LayerBuilder& row, const Shape& output) {
    const Shape& input = row.input();
    const auto stride = [&](int axis) { return (input[axis] + output[axis] - 1) / output[axis]; };
    const auto length = [&](int axis) { return (input[axis] - 1) / stride(axis) + 1; };
    if (input.rank() != 4 || output.rank() != 4 || length(2) != output[2] || length(3) != output[3])
      row.reject(
          fmt::format("and its body gives {}, expected the same shape, or an image of fewer rows and columns",
                      output.to_string()));
    nn::Conv2dSettings settings;
    settings.kernel = {1, 1};
    settings.stride = {stride(2), stride(3)};
    settings.bias = false;
    settings.dtype = row.dtype();
    return std::make_unique<nn::Conv2d>(input[1], output[1], settings);
  }

  const Config& config_;
};

}  // namespace

Tensor ToType::forward(const Tensor& x, nn::Context& /*context*/) {
  return x.to(dtype_);
}
std::string ToType::describe() const {
  return fmt::format("ToType({})", dtype_name(dtype_));
}

std::unique_ptr<nn::Sequential> build_network(const Config& config, const Shape& sample_shape,
                                              std::int64_t classes) {
  auto network = std::make_unique<nn::Sequential>();
  Shape shape{1};
  for (const std::int64_t length : sample_shape) shape.append(length);
  const DType dtype = weight_dtype(config);
  if (dtype != DType::kFloat32) network->add(std::make_unique<ToType>(dtype), "to_storage");
  shape = NetworkBuilder(config).add(*network, 1, config.layers(), shape);
  if (dtype != DType::kFloat32) network->add(std::make_unique<ToType>(DType::kFloat32), "to_scores");
  const bool tags = config.text("data.format") == "tags", points = labels_points(config);
  if (shape != (tags || points ? Shape{1, sample_shape[0], classes} : Shape{1, classes})) {
    Shape scores;
    for (int axis = 1; axis < shape.rank(); ++axis) scores.append(shape[axis]);
    if (tags)
      fail_with(
          ExitCode::kUsage,
          "{}: the last layer gives {} per sentence, expected [{}, {}], one score for each tag at each word "
          "(recurrent layers with output = \"all\", then \"linear\")",
          config.origin(Config::layer_key(config.layers(), "layer")), scores.to_string(), sample_shape[0],
          classes);
    if (points)
      fail_with(ExitCode::kUsage,
                "{}: the last layer gives {} per sample, expected [{}, {}], one score for each class at each "
                "point of "
                "the data (\"pointnet_segmentation\" gives that; points cannot be chosen before it)",
                config.origin(Config::layer_key(config.layers(), "layer")), scores.to_string(),
                sample_shape[0], classes);
    fail_with(ExitCode::kUsage,
              "{}: the last layer gives {} per sample, expected [{}], one score for each class{}",
              config.origin(Config::layer_key(config.layers(), "layer")), scores.to_string(), classes,
              holds_words(config) ? " (\"time_pool\" makes one vector of those of all words)" : "");
  }
  RandomSource random(static_cast<std::uint64_t>(config.integer("seed")));
  network->initialize(random);
  return network;
}

}  // namespace tessera::train
