// The rows [[network]] of point clouds [points, coordinates] made into layers. Internal to this room; layer_builder.h has the table of all rows.
#pragma once

#include <memory>

#include "tessera/train/layer_builder.h"

namespace tessera::train {

std::unique_ptr<nn::Module> choose_points_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> augment_points_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> pointnet_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> pointnet_segmentation_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> voxel_network_row(const LayerBuilder& row);

}  // namespace tessera::train
