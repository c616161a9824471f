#include "tessera/train/point_rows.h"

#include "tessera/models/pointnet.h"
#include "tessera/models/voxel_network.h"

namespace tessera::train {
namespace {

using Layer = std::unique_ptr<nn::Module>;

void expect_points(const LayerBuilder& row) {
  row.expect_rank(3, "[points, coordinates] (data.shape says how a sample is cut)");
}

models::PointNetSettings pointnet_settings(const LayerBuilder& row, models::PointNetSettings settings) {
  expect_points(row);
  settings.classes = row.integer("units");
  settings.coordinates = row.input()[2];
  settings.input_transform = settings.feature_transform = row.boolean("transforms");
  settings.pool = row.is("symmetric", "mean")        ? models::PointPool::kMean
                  : row.is("symmetric", "sum")       ? models::PointPool::kSum
                  : row.is("symmetric", "attention") ? models::PointPool::kAttention
                                                     : models::PointPool::kMax;
  return settings;
}

}  // namespace

Layer choose_points_row(const LayerBuilder& row) {
  expect_points(row);
  return std::make_unique<models::ChoosePoints>(row.integer("points"));
}

Layer augment_points_row(const LayerBuilder& row) {
  expect_points(row);
  data::PointAugmentation settings;
  settings.rotate = row.boolean("rotate");
  settings.scale = row.real("scale", 0);
  settings.jitter = row.real("jitter", 0);
  return std::make_unique<models::AugmentPoints>(settings);
}

Layer pointnet_row(const LayerBuilder& row) {
  models::PointNetSettings settings = pointnet_settings(row, {});
  settings.drop = row.real("drop", settings.drop);
  return std::make_unique<models::PointNet>(settings);
}

Layer pointnet_segmentation_row(const LayerBuilder& row) {
  return std::make_unique<models::PointNetSegmentation>(pointnet_settings(row, {.head = {512, 256, 128}}));
}

Layer voxel_network_row(const LayerBuilder& row) {
  expect_points(row);
  models::VoxelNetworkSettings settings;
  settings.classes = row.integer("units");
  settings.resolution = row.integer("resolution", settings.resolution);
  settings.drop = row.real("drop", settings.drop);
  return std::make_unique<models::VoxelNetwork>(settings);
}

}  // namespace tessera::train
