// Points on a grid, then convolutions in three axes: the network that PointNet is compared with. Maturana and Scherer, "VoxNet", IROS 2015.
//
//   clouds [N, P, 3] -> occupancy [N, 1, R, R, R] (data/volumes.h) -> Conv3d 32 of 5, stride 2 -> ReLU -> Conv3d 32 of 3 -> ReLU -> MaxPool3d 2
//   -> fully connected 128 -> ReLU -> dropout -> classes
//
// With R = 32 the convolutions give 14^3, 12^3 and 6^3 cells. The clouds have to lie in the cube [-extent, extent]^3 (NormalizePoints of point_layers.h brings them
// there); points outside are left out. No gradient leads back to the points. The scores are the same bits for every order of the points: a
// cell is occupied or not.
//
// Errors: inputs of another shape, a resolution too small for the windows throw Error. Thread-safety: as every Module.
//
// ```cpp
// models::VoxelNetwork network({.classes = 10, .resolution = 16, .channels = 4, .hidden = 8});
// RandomSource random(1);
// network.initialize(random);
// assert(network.evaluate(random.uniform("clouds", {2, 64, 3})).shape() == (Shape{2, 10}));
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/data/volumes.h"
#include "tessera/nn/layers.h"

namespace tessera::models {

struct VoxelNetworkSettings {
  std::int64_t classes = 40;
  std::int64_t resolution = 32;  // at least 11
  double extent = 1;
  std::int64_t channels = 32;
  std::int64_t hidden = 128;
  double drop = 0.5;
};

class VoxelNetwork : public nn::Module {
 public:
  explicit VoxelNetwork(const VoxelNetworkSettings& settings = {});
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  VoxelNetworkSettings settings_;
  nn::Sequential* layers_ = nullptr;
};

}  // namespace tessera::models
