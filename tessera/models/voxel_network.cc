#include "tessera/models/voxel_network.h"

#include "tessera/base/error.h"

namespace tessera::models {

VoxelNetwork::VoxelNetwork(const VoxelNetworkSettings& settings) : settings_(settings) {
  const std::int64_t n = settings.resolution, channels = settings.channels;
  if (n < 11 || n > 256) fail("VoxelNetwork: resolution is {}, expected an integer from 11 to 256", n);
  layers_ = static_cast<nn::Sequential*>(&add_child("layers", std::make_unique<nn::Sequential>()));
  layers_->add<nn::Conv3d>(1, channels, nn::Conv3dSettings{.kernel = {5, 5, 5}, .stride = {2, 2, 2}});
  layers_->add<nn::ReLU>();
  layers_->add<nn::Conv3d>(channels, channels, nn::Conv3dSettings{});
  layers_->add<nn::ReLU>();
  layers_->add<nn::MaxPool3d>();
  layers_->add<nn::Flatten>();
  layers_->add<nn::Linear>(layers_->output_shape({1, 1, n, n, n})[1], settings.hidden);
  layers_->add<nn::ReLU>();
  if (settings.drop > 0) layers_->add<nn::Dropout>(settings.drop);
  layers_->add<nn::Linear>(settings.hidden, settings.classes);
}

Tensor VoxelNetwork::forward(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  return layers_->forward(data::voxelise(x, {.resolution = settings_.resolution, .extent = settings_.extent}),
                          context);
}

Shape VoxelNetwork::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != 3)
    fail("{}: the input has shape {}, expected [clouds, points, 3]", where(), input.to_string());
  return {input[0], settings_.classes};
}

std::string VoxelNetwork::describe() const {
  return fmt::format("VoxelNetwork({}^3 cells -> {} classes)", settings_.resolution, settings_.classes);
}

}  // namespace tessera::models
