// Which pixels can change a unit of a convolutional network, worked out from the layers: kernel, stride, padding and dilation.
//
// Windows of rows and of columns are apart, so a receptive field is some rows times some columns. Going back from one position, a window gives
// the positions that it touches; what lies beyond the edge of a layer's input is padding and depends on no pixel, so a unit near the edge sees
// less than one in the middle. Dilation leaves holes: a position that no window touches is not in the list. The field is exact in this sense:
// a pixel outside of it never changes the unit, and one inside does for some weights and images (of a residual block: the field of both branches
// together, its corners included). Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill (2019).
//
// Elementwise layers, Dropout, BatchNorm with running statistics, PixelNorm, LocalResponseNorm and Maxout see one position; LayerNorm the axes
// that it normalises, GroupNorm, InstanceNorm and GlobalPool all; so does a layer that is not known here.
//
// Errors: an input that is not [N, C, H, W], a layer on the way that does not give feature maps, a position outside of them.
// Thread-safety: pure function.
//
// ```cpp
// nn::Sequential network;
// network.add<nn::Conv2d>(1, 4);  // 3x3
// network.add<nn::MaxPool2d>();
// network.add<nn::Conv2d>(4, 4, nn::Conv2dSettings{.padding = {1, 1}});
// const visualise::ReceptiveField field = visualise::receptive_field(network, 3, {1, 1, 28, 28}, 0, 5);
// assert(field.columns.first == 8 && field.columns.last == 15);  // 8 pixels
// assert(field.rows.first == -2 && field.rows.last == 5 && field.rows.seen.size() == 6);  // two beyond the edge
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/nn/layers.h"

namespace tessera::visualise {

// Along one axis of the image.
struct Reach {
  std::int64_t first = 0, last = 0;  // the whole window, as if no image had an edge; may lie beyond the image
  std::vector<std::int64_t> seen;    // positions of the image, ascending; none: the unit sees only padding
};

struct ReceptiveField {
  Reach rows, columns;
};

// Of the unit at (row, column) of the maps that the network's first `layers` layers give for an input of this shape.
ReceptiveField receptive_field(const nn::Sequential& network, std::size_t layers, const Shape& input,
                               std::int64_t row, std::int64_t column);

}  // namespace tessera::visualise
