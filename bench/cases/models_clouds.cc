// Models of point clouds, with 256 points as examples/train/pointnet.toml takes: PointNet that classifies clouds or points, and the voxel network.
#include "bench/cases/models.h"
#include "tessera/models/pointnet.h"
#include "tessera/models/voxel_network.h"
#include "tessera/nn/losses.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;

namespace {

constexpr std::int64_t kPoints = 256, kClasses = 10, kParts = 4;

Model classifier(const std::shared_ptr<nn::Module>& network, const Tensor& clouds, const Draws& draws) {
  const Tensor y = labels(clouds.size(0), kClasses);
  return trained_model(
      network, {clouds, y}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) {
        const Tensor scores = network->forward(clouds, context);
        return nn::with_added_losses(nn::cross_entropy_loss(scores, y), context);
      },
      draws);
}

Model pointnet(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto network = initialized<tessera::models::PointNet>(
      draws, tessera::models::PointNetSettings{.classes = kClasses, .drop = settings.dropout ? 0.3 : 0});
  return classifier(network, normal({settings.batch, kPoints, 3}), draws);
}

// A part for each point.
Model segmentation(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto network = initialized<tessera::models::PointNetSegmentation>(
      draws, tessera::models::PointNetSettings{.classes = kParts, .head = {512, 256, 128}});
  const std::int64_t points = settings.batch * kPoints;
  const Tensor clouds = normal({settings.batch, kPoints, 3}), y = labels(points, kParts);
  return trained_model(
      network, {clouds, y}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) {
        const Tensor scores = tessera::reshape(network->forward(clouds, context), {points, kParts});
        return nn::with_added_losses(nn::cross_entropy_loss(scores, y), context);
      },
      draws);
}

Model voxel_network(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto network = initialized<tessera::models::VoxelNetwork>(
      draws, tessera::models::VoxelNetworkSettings{.classes = kClasses, .drop = settings.dropout ? 0.5 : 0});
  return classifier(network, normal({settings.batch, kPoints, 3}, 0.3), draws);
}

}  // namespace

std::vector<ModelRow> cloud_models() {
  return {{"PointNet", pointnet}, {"PointNet segmentation", segmentation}, {"voxel network", voxel_network}};
}

}  // namespace bench
