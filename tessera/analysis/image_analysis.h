// A set of images looked at before anything is learned from it: pixels, classes, mean images, what repeats.
//
// Pixel aggregation: for every pixel (and channel) the mean and the deviation over all images, and the mean over the images of each class; pixels that are the same in every image say
// nothing. Sums go over the images in the contract's order. Images that equal an earlier one, and equal ones with different labels, are counted by their bits.
//
// Suspicions of leakage: a single pixel that tells the classes apart (its mutual information, cut into 16 equal parts of its range, is at least 95 % of the classes' entropy): a mark, a border,
// a time stamp. Worth a look: images that repeat, images of one colour, classes with less than a tenth of the rows that an equal share would give, rows sorted by class.
//
// Shapes: [N, rows, columns], [N, channels, rows, columns] with 1 or 3 channels. Errors: other shapes, no image. Thread-safety: pure functions; pixels are spread over the threads.
//
// ```cpp
// data::Dataset set;
// set.features = Tensor::from<float>({0, 1, 0, 3}, {2, 1, 2});  // two images of one row and two columns
// const analysis::ImageAnalysis found = analysis::analyse_images(set, "tiny.idx");
// assert(found.images == 2 && found.rows == 1 && found.columns == 2 && found.constant_pixels == 1);
// assert(found.mean == (std::vector<double>{0, 2}) && found.deviation[1] == 1);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"

namespace tessera::analysis {

struct ImageClass {
  std::string name;
  std::int64_t images = 0;
  double brightness = 0;                   // mean over all pixels of its images
  std::vector<double> mean = {};           // per pixel; empty if there is no image
  std::vector<std::int64_t> samples = {};  // at most kClassSamples of them, drawn by counter
};

struct ImageAnalysis {
  std::string source;
  std::int64_t images = 0, channels = 1, rows = 0, columns = 0;
  double least = 0, most = 0, pixel_mean = 0, pixel_deviation = 0;  // of all pixels of all images (ddof 0)
  double zero_share = 0;                                            // of pixels that are 0
  std::int64_t constant_pixels = 0;
  std::vector<double> mean = {}, deviation = {};             // per pixel: channel, row, column
  std::vector<double> histogram_edges = {}, histogram = {};  // of all pixels
  std::int64_t repeated = 0, conflicting = 0, constant_images = 0;
  std::vector<ImageClass> classes = {};  // none without labels
  std::vector<std::string> leaks = {}, oddities = {};

  std::int64_t pixels() const { return channels * rows * columns; }
};

inline constexpr std::size_t kClassSamples = 8;

ImageAnalysis analyse_images(const data::Dataset& dataset, const std::string& source);

std::string image_text(const ImageAnalysis& analysis);  // in at most 100 columns
std::string image_json(const ImageAnalysis& analysis);
std::string image_page(const ImageAnalysis& analysis, const data::Dataset& dataset);

}  // namespace tessera::analysis
