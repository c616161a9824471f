#include "tessera/train/network.h"

#include "tessera/base/error.h"

namespace tessera::train {
namespace {

// One layer of the configuration, with the shape that reaches it.
class LayerBuilder {
 public:
  LayerBuilder(const Config& config, std::size_t layer, const Shape& input)
      : config_(config),
        layer_(layer),
        kind_(config.text(Config::layer_key(layer, "layer"))),
        input_(input) {}

  std::unique_ptr<nn::Module> build() const {
    if (kind_ == "linear") return linear();
    if (kind_ == "conv2d") return conv2d();
    if (kind_ == "max_pool2d") return std::make_unique<nn::MaxPool2d>(pool());
    if (kind_ == "average_pool2d") return std::make_unique<nn::AvgPool2d>(pool());
    if (kind_ == "relu") return std::make_unique<nn::ReLU>();
    if (kind_ == "tanh") return std::make_unique<nn::Tanh>();
    if (kind_ == "sigmoid") return std::make_unique<nn::Sigmoid>();
    if (kind_ == "flatten") return std::make_unique<nn::Flatten>();
    return std::make_unique<nn::Dropout>(config_.real(key("drop")));
  }

  Shape output_shape(const nn::Module& module) const {
    try {
      const Shape output = module.output_shape(input_);
      if (output.elements() > 0) return output;
    } catch (const Error&) {  // said below with the line of the configuration
    }
    reject(fmt::format("which is too small for a {}", module.describe()));
  }

 private:
  std::string key(std::string_view name) const { return Config::layer_key(layer_, name); }

  [[noreturn]] void reject(const std::string& reason) const {
    Shape sample;
    for (int axis = 1; axis < input_.rank(); ++axis) sample.append(input_[axis]);
    fail_with(ExitCode::kUsage, "{}: layer {} ({}) is given samples of shape {}, {}",
              config_.origin(key("layer")), layer_, kind_, sample.to_string(), reason);
  }

  void expect_image() const {
    if (input_.rank() != 4)
      reject("expected [channels, rows, columns] (data.shape says how a sample is cut)");
  }

  std::array<std::int64_t, 2> pair(std::string_view name, std::int64_t otherwise) const {
    const std::int64_t value = config_.has(key(name)) ? config_.integer(key(name)) : otherwise;
    return {value, value};
  }

  std::unique_ptr<nn::Module> linear() const {
    if (input_.rank() != 2) reject("expected one axis (a layer \"flatten\" before it makes that)");
    return std::make_unique<nn::Linear>(input_[1], config_.integer(key("units")),
                                        nn::LinearSettings{.bias = config_.boolean(key("bias"))});
  }

  std::unique_ptr<nn::Module> conv2d() const {
    expect_image();
    nn::Conv2dSettings settings;
    settings.kernel = pair("kernel", 0);
    settings.stride = pair("stride", 1);
    settings.padding = pair("padding", 0);
    settings.bias = config_.boolean(key("bias"));
    return std::make_unique<nn::Conv2d>(input_[1], config_.integer(key("channels")), settings);
  }

  nn::Pool2dSettings pool() const {
    expect_image();
    nn::Pool2dSettings settings;
    settings.kernel = pair("kernel", 0);
    settings.stride = pair("stride", 0);  // 0: the kernel's size
    settings.padding = pair("padding", 0);
    if (2 * settings.padding[0] > settings.kernel[0])
      fail_with(ExitCode::kUsage, "{}: {} is {}, expected at most half the kernel of {}",
                config_.origin(key("padding")), key("padding"), settings.padding[0], settings.kernel[0]);
    return settings;
  }

  const Config& config_;
  std::size_t layer_;
  std::string kind_;
  Shape input_;
};

}  // namespace

std::unique_ptr<nn::Sequential> build_network(const Config& config, const Shape& sample_shape,
                                              std::int64_t classes) {
  auto network = std::make_unique<nn::Sequential>();
  Shape shape{1};
  for (const std::int64_t length : sample_shape) shape.append(length);
  for (std::size_t layer = 1; layer <= config.layers(); ++layer) {
    const LayerBuilder builder(config, layer, shape);
    std::unique_ptr<nn::Module> module = builder.build();
    shape = builder.output_shape(*module);
    network->add(std::move(module));
  }
  if (shape != Shape{1, classes}) {
    Shape scores;
    for (int axis = 1; axis < shape.rank(); ++axis) scores.append(shape[axis]);
    fail_with(ExitCode::kUsage,
              "{}: the last layer gives {} per sample, expected [{}], one score for each class",
              config.origin(Config::layer_key(config.layers(), "layer")), scores.to_string(), classes);
  }
  RandomSource random(static_cast<std::uint64_t>(config.integer("seed")));
  network->initialize(random);
  return network;
}

}  // namespace tessera::train
