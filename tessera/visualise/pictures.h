// Pictures of filters, patches and projections: small tiles beside each other, three in a row for what is strongest.
//
// A tile of one channel is grey, one of three is red, green and blue; of any other number of channels the mean is shown in grey. Tiles of more than
// kMostTilePixels along an axis are thinned: every second (third, ...) pixel is shown. Between tiles, and where a unit sees nothing, the picture is
// light blue, which no grey is: grey pictures have a palette of 255 greys and that blue. Errors: shapes that do not fit.
// Thread-safety: pure functions.
//
// ```cpp
// const Tensor filters = Tensor::from<float>({-1, 1, 0, 0.5, 2, 0, 0, -2}, {2, 1, 2, 2});
// const report::Picture picture = visualise::filters_picture(filters);
// assert(picture.width == 8 && picture.height == 2);  // two tiles and a gap of four pixels between them
// assert(picture.pixels[0] == 0 && picture.pixels[1] == 254);  // -1 and 1 of the first filter: black and white
// assert(picture.pixels[8] == 127);                            // its 0: grey
// ```
#pragma once

#include <cstddef>
#include <vector>

#include "tessera/report/png.h"
#include "tessera/visualise/feature_maps.h"

namespace tessera::visualise {

inline constexpr std::size_t kMostTilePixels = 64;

// `square`: each pixel becomes so many by so many.

// weight [filters, C, rows, columns] (grouped: C is that of a group). Zero is the middle grey; in each tile the largest magnitude is white or black.
report::Picture filters_picture(const Tensor& weight, std::size_t square = 1);

// Nine places in rows of three, the strongest first. From `lowest` (black) to `highest` (white).
report::Picture patches_picture(const MapView& map, double lowest, double highest, std::size_t square = 1);
// Zero is the middle grey; in each tile the largest magnitude is white or black.
report::Picture projections_picture(const MapView& map, std::size_t square = 1);

// Both at the top, with a gap; they must be of one kind.
report::Picture beside(const report::Picture& left, const report::Picture& right, std::size_t gap);

}  // namespace tessera::visualise
