// What the feature maps of a network look for: for each the images that make it most active, cut to what the unit sees, beside what of the image
// the activation comes from.
//
//   choose_layers        the layers worth looking at
//   view_feature_maps    all of it, in one pass over the images and one over those that were chosen
//
// Errors: those of projection.h, receptive_field.h and strongest.h; a map or layer that is not there. Thread-safety: as the network's.
//
// ```cpp
// nn::Sequential network;
// network.add<nn::Conv2d>(1, 2);
// network.add<nn::BatchNorm2d>(2);
// network.add<nn::ReLU>();
// network.add<nn::MaxPool2d>();
// RandomSource random(1);
// network.initialize(random);
// const Tensor images = random.normal("images", {20, 1, 8, 8});
// const std::vector<std::size_t> layers = visualise::choose_layers(network, {1, 1, 8, 8});
// assert(layers == std::vector<std::size_t>{3});  // after the ReLU
// const auto views = visualise::view_feature_maps(network, images, {.layers = layers, .strongest = 4});
// const visualise::MapView& map = views[0].maps[1];
// assert(map.strongest.size() == 4 && map.patches.shape() == (Shape{4, 1, 3, 3}));
// assert(map.strongest[0].value >= map.strongest[1].value);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/visualise/projection.h"
#include "tessera/visualise/receptive_field.h"
#include "tessera/visualise/strongest.h"

namespace tessera::visualise {

// Counts of layers, ascending: after each convolution (or residual block) with the normalisation, activation and dropout that follow it.
std::vector<std::size_t> choose_layers(const nn::Sequential& network, const Shape& input);

// A piece of an image. Near the edge of the image the unit sees less than the whole piece.
struct Piece {
  std::int64_t first_row = 0, first_column = 0;  // of the piece in the image
  std::int64_t seen_rows[2] = {0, 0},
               seen_columns[2] = {0, 0};  // [first, end) of what the unit sees, within the piece
};

struct MapView {
  std::int64_t map = 0;
  std::vector<Activation> strongest = {};
  std::vector<Piece> pieces = {};  // of each
  // float32 [strongest, C, rows, columns]; undefined when the map never was active
  Tensor patches = {}, projections = {};
};

struct LayerView {
  std::size_t layers = 0;                            // of the network that lead to these maps
  Shape output;                                      // [1, maps, H, W]
  std::int64_t rows = 0, columns = 0;                // of every piece: the unit's window, at most the image
  std::int64_t window_rows = 0, window_columns = 0;  // the longest window of a unit, also beyond the image
  std::vector<MapView> maps;
};

struct ViewOptions {
  std::vector<std::size_t> layers = {};  // counts, as choose_layers gives them
  std::int64_t maps = 16;                // the first ones of each layer
  std::size_t strongest = 9;
  Method method = Method::kDeconvolution;
  std::int64_t group = 256;  // images that go through the network together: no part of the result
};

// `images` float32 [N, C, H, W]; an activation's `sample` is a position in it.
std::vector<LayerView> view_feature_maps(nn::Sequential& network, const Tensor& images,
                                         const ViewOptions& options);

}  // namespace tessera::visualise
