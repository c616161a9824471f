// Point clouds from files: PCD (Point Cloud Library, "The PCD file format", version 0.7), lines of numbers (XYZ), NPY arrays.
//
// PCD: a header of lines (FIELDS, SIZE, TYPE, COUNT, WIDTH, HEIGHT, POINTS, DATA and others), then the points as text (`DATA ascii`) or as
// little-endian records (`DATA binary`); the fields x, y and z must be there, the others come as `attributes`. Compressed data are refused
// with a sentence. XYZ: a point a line, at least three numbers parted by blanks, tabs or commas, the same number in each; '#' begins a
// comment. NPY: any array [..., 3] of floating numbers. Files that are packed with gzip are unpacked.
//
// Coordinates are rounded once, to float32. In PCD a missing measurement is NaN: such points are kept, `finite_points` leaves them out;
// in XYZ every number must be finite. Errors name the file and the line (PCD binary: the point), what was found and what was expected.
// Memory: in proportion to the file, whatever its header says. Thread-safety: pure functions.
//
// ```cpp
// const data::PointCloud cloud = data::parse_xyz("0 0 0 7\n1 2 3 8\n", "two.xyz");
// assert(cloud.points.shape() == (Shape{2, 3}) && cloud.points.at<float>({1, 2}) == 3);
// assert(cloud.attributes.at("column_4").at<double>({0, 0}) == 7);
// ```
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

struct PointCloud {
  Tensor points;                             // float32 [points, 3]
  std::map<std::string, Tensor> attributes;  // float64 [points, count], by the field's name
};

PointCloud read_pcd(const std::string& path);
PointCloud parse_pcd(std::string_view bytes, const std::string& source);

PointCloud read_xyz(const std::string& path);
PointCloud parse_xyz(std::string_view text, const std::string& source);

// Only the points of a .pcd, .xyz, .txt, .pts or .npy file (each also with .gz) as float32 [..., 3].
Tensor read_points(const std::string& path);

// The rows of [points, 3] whose coordinates are all finite, in order.
Tensor finite_points(const Tensor& points);

}  // namespace tessera::data
