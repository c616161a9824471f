#include "tessera/train/network.h"

#include <map>
#include <set>

#include "tessera/base/error.h"
#include "tessera/nn/convolution.h"
#include "tessera/nn/residual.h"
#include "tessera/train/layer_builder.h"
#include "tessera/train/training_loss.h"

namespace tessera::train {
namespace {

class NetworkBuilder {
 public:
  explicit NetworkBuilder(const Config& config) : config_(config) {
    for (std::size_t layer = 1; layer <= config.layers(); ++layer)
      if (config.has(Config::layer_key(layer, "pool")))
        unpooled_.insert(config.integer(Config::layer_key(layer, "pool")));
  }

  // Layers first, ..., last, added to `network`; returns the shape that they give.
  Shape add(nn::Sequential& network, std::size_t first, std::size_t last, Shape shape) {
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
      std::unique_ptr<nn::Module> module = build(row, layer);
      shape = row.output_shape(*module);
      network.add(std::move(module));
    }
    return shape;
  }

 private:
  // A pooling that some later layer names keeps its switches.
  std::unique_ptr<nn::Module> build(const LayerBuilder& row, std::size_t layer) {
    if (row.kind() == "max_unpool2d") return unpool(row);
    if (row.kind() != "max_pool2d" || !unpooled_.contains(static_cast<std::int64_t>(layer)))
      return row.build();
    auto pool = row.build_switched_pool();
    pools_[static_cast<std::int64_t>(layer)] = {pool.get(), row.input()};
    return pool;
  }

  std::unique_ptr<nn::Module> unpool(const LayerBuilder& row) const {
    row.expect_rank(4, "[channels, rows, columns] (data.shape says how a sample is cut)");
    const auto found = pools_.find(row.integer("pool"));
    if (found == pools_.end())
      row.reject_value("pool", "the number of a layer \"max_pool2d\" before it, from 1");
    const auto& [pool, pooled] = found->second;
    const Shape given = pool->output_shape(pooled);
    if (given != row.input())
      row.reject(
          fmt::format("expected {} channels of {} x {}, which layer {} gives (its switches say where "
                      "each value belongs)",
                      given[1], given[2], given[3], found->first));
    return std::make_unique<nn::MaxUnpool2d>(*pool, pooled[2], pooled[3]);
  }

  std::unique_ptr<nn::Module> residual(const LayerBuilder& row, std::size_t first, std::size_t last) {
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

  struct Pool {
    const nn::SwitchedMaxPool2d* layer = nullptr;
    Shape input;
  };

  const Config& config_;
  std::set<std::int64_t> unpooled_;  // numbers of layers whose switches are used
  std::map<std::int64_t, Pool> pools_;
};

// The last layer gives something else than what is judged.
[[noreturn]] void reject_scores(const Config& config, const Shape& shape, const Shape& sample_shape,
                                std::int64_t outputs) {
  Shape scores;
  for (int axis = 1; axis < shape.rank(); ++axis) scores.append(shape[axis]);
  const std::string& origin = config.origin(Config::layer_key(config.layers(), "layer"));
  const std::string_view each =
      has_one_score(config) ? "one score for both classes" : "one score for each class";
  if (config.text("data.format") == "tags")
    fail_with(
        ExitCode::kUsage,
        "{}: the last layer gives {} per sentence, expected [{}, {}], {} at each word (recurrent layers "
        "with output = \"all\", then \"linear\")",
        origin, scores.to_string(), sample_shape[0], outputs,
        has_one_score(config) ? "one score for both tags" : "one score for each tag");
  if (labels_points(config))
    fail_with(ExitCode::kUsage,
              "{}: the last layer gives {} per sample, expected [{}, {}], {} at each point of the data "
              "(\"pointnet_segmentation\" gives that; points cannot be chosen before it)",
              origin, scores.to_string(), sample_shape[0], outputs, each);
  fail_with(ExitCode::kUsage, "{}: the last layer gives {} per sample, expected [{}], {}{}", origin,
            scores.to_string(), outputs, predicts_numbers(config) ? "the number that is predicted" : each,
            holds_words(config) ? " (\"time_pool\" makes one vector of those of all words)" : "");
}

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
  const std::int64_t outputs = outputs_of(config, classes);
  const bool parts = config.text("data.format") == "tags" || labels_points(config);
  if (shape != (parts ? Shape{1, sample_shape[0], outputs} : Shape{1, outputs}))
    reject_scores(config, shape, sample_shape, outputs);
  RandomSource random(static_cast<std::uint64_t>(config.integer("seed")));
  network->initialize(random);
  return network;
}

}  // namespace tessera::train
