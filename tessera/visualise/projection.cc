#include "tessera/visualise/projection.h"

#include <algorithm>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/nn/residual.h"

namespace tessera::visualise {
namespace {

template <typename Kind>
bool is(const nn::Module& layer) {
  return dynamic_cast<const Kind*>(&layer) != nullptr;
}

bool is_rectifier(const nn::Module& layer) {
  return is<nn::ReLU>(layer) || is<nn::LeakyReLU>(layer);
}

Tensor evaluated(nn::Module& layer, const Tensor& x) {
  nn::Context context;
  return layer.forward(x, context);
}

// J^T signal, with J the layer's Jacobian at x. The layer runs once more, so that no tape has to be kept for the way back.
Tensor transposed_jacobian(nn::Module& layer, const Tensor& x, const Tensor& signal) {
  Tape tape;
  tape.watch(x);
  const Tensor y = evaluated(layer, x);
  tape.stop();
  return tape.gradient(y, {x}, signal)[0];
}

const nn::Module* obstacle_in(const nn::Module& layer, Method method) {
  if (method == Method::kGradient || is_rectifier(layer)) return nullptr;
  const bool looked_into = is<nn::Sequential>(layer) || is<nn::Residual>(layer);
  if (is<nn::ElementwiseLayer>(layer) || (!looked_into && !layer.children().empty())) return &layer;
  for (const auto& child : layer.children())
    if (const nn::Module* obstacle = obstacle_in(*child, method)) return obstacle;
  return nullptr;
}

void require_layers(const nn::Sequential& network, std::size_t layers) {
  if (layers < 1 || layers > network.children().size())
    fail("the projection begins after layer {}, expected 1 to {}, the number of the network's layers", layers,
         network.children().size());
}

}  // namespace

std::string_view method_name(Method method) {
  constexpr std::string_view kNames[] = {"deconvolution", "guided", "gradient"};
  return kNames[static_cast<std::size_t>(method)];
}

const nn::Module* first_obstacle(nn::Sequential& network, std::size_t layers, Method method) {
  require_layers(network, layers);
  for (std::size_t i = 0; i < layers; ++i)
    if (const nn::Module* obstacle = obstacle_in(*network.children()[i], method)) return obstacle;
  return nullptr;
}

std::string obstacle_text(const nn::Module& layer, Method method) {
  const bool inside = !layer.children().empty();
  return fmt::format(
      "{} {}, expected ReLU or LeakyReLU {} for the method {} (the method gradient takes any layer)",
      layer.describe(), inside ? "has layers inside that a projection does not see" : "is no rectifier",
      inside ? "beside it" : "in its place", method_name(method));
}

Tensor unit_signal(const Tensor& activations, std::span<const Unit> units) {
  const Shape& shape = activations.shape();
  if (shape.rank() != 4 || shape[0] != static_cast<std::int64_t>(units.size()))
    fail("unit_signal: there are {} units for activations {}, expected one for each image of [N, maps, H, W]",
         units.size(), shape.to_string());
  std::vector<bool> chosen(static_cast<std::size_t>(shape.elements()), false);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Unit& unit = units[i];
    if (unit.map < 0 || unit.map >= shape[1] || unit.row < 0 || unit.row >= shape[2] || unit.column < 0 ||
        unit.column >= shape[3])
      fail("unit_signal: unit {} is map {}, row {}, column {}, expected one within {}", i, unit.map, unit.row,
           unit.column, shape.to_string());
    const std::int64_t map = static_cast<std::int64_t>(i) * shape[1] + unit.map;
    chosen[static_cast<std::size_t>((map * shape[2] + unit.row) * shape[3] + unit.column)] = true;
  }
  return select(Tensor::from<bool>(chosen, shape), activations, 0);
}

ImagePass::ImagePass(nn::Sequential& network, std::size_t layers, const Tensor& images) {
  require_layers(network, layers);
  if (images.rank() != 4)
    fail("the images have the shape {}, expected [N, channels, rows, columns]", images.shape().to_string());
  const NoTape no_tape;
  Tensor x = images;
  for (std::size_t i = 0; i < layers; ++i) {
    run(*network.children()[i], x, steps_);
    x = steps_.back().output;
  }
  if (x.rank() != 4)
    fail("layer {} gives {} for images {}, expected feature maps [N, maps, rows, columns]",
         network.children()[layers - 1]->describe(), x.shape().to_string(), images.shape().to_string());
}

void ImagePass::run(nn::Module& layer, const Tensor& x, std::vector<Step>& steps) {
  if (is<nn::Sequential>(layer) && !layer.children().empty()) {
    Tensor input = x;
    for (const auto& child : layer.children()) {
      run(*child, input, steps);
      input = steps.back().output;
    }
    return;
  }
  Step step{&layer, x, Tensor()};
  if (auto* block = dynamic_cast<nn::Residual*>(&layer)) {
    run(block->body(), x, step.body);
    if (block->shortcut() != nullptr) run(*block->shortcut(), x, step.shortcut);
    step.output = step.body.back().output + (step.shortcut.empty() ? x : step.shortcut.back().output);
  } else {
    step.output = evaluated(layer, x);
  }
  steps.push_back(std::move(step));
}

Tensor ImagePass::back(const std::vector<Step>& steps, Tensor signal, Method method) {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) signal = back(*step, signal, method);
  return signal;
}

Tensor ImagePass::back(const Step& step, const Tensor& signal, Method method) {
  if (!step.body.empty())
    return back(step.body, signal, method) + back(step.shortcut, signal, method);  // no shortcut: the signal
  if (!is_rectifier(*step.layer) || method == Method::kGradient)
    return transposed_jacobian(*step.layer, step.input, signal);
  if (method == Method::kDeconvolution) return evaluated(*step.layer, signal);
  return evaluated(*step.layer, transposed_jacobian(*step.layer, step.input, signal));
}

Tensor ImagePass::project(const Tensor& signal, Method method) const {
  if (signal.shape() != activations().shape() || signal.dtype() != activations().dtype())
    fail("the signal is {} {}, expected {} {}, as the activations are", dtype_name(signal.dtype()),
         signal.shape().to_string(), dtype_name(activations().dtype()), activations().shape().to_string());
  for (const Step& step : steps_)
    if (const nn::Module* obstacle = obstacle_in(*step.layer, method))
      fail("{}", obstacle_text(*obstacle, method));
  const NoTape no_tape;
  return back(steps_, signal, method);
}

}  // namespace tessera::visualise
