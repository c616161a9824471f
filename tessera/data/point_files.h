// A data set of point clouds from many files: meshes (.off) and clouds (.pcd, .xyz, .txt, .pts, .npy), each also with .gz, one sample a file.
//
//   a folder       CLASS/FILE, also deeper (ModelNet's CLASS/train/FILE): the class is the name of the first folder. Samples in the order of their
//                  names; other files, and those whose name begins with '.', are left out
//   a table        NAME.csv with the columns `file` (from the table's folder) and `label`, one sample a row, in this order
//   one file       without a label, to be predicted
//
// Each sample gets `points` points. Of a mesh they are drawn on its surface (sample_surface); of a cloud with more points that many are chosen, in
// their order, of one with fewer all are taken, over and over. What is drawn depends on the seed and the bytes of the file, not on its name
// or its neighbours. Points with a NaN or infinity are left out. Coordinates are divided by `scale`.
//
// The digest of the set is the SHA-256 of the digest, the label and the name of each sample, in order: it changes with any of them.
// Errors name the file: none found, no class, another column, a cloud without points. Thread-safety: pure functions.
//
// ```cpp
// const std::string folder = make_temporary_folder("point-files-example");
// make_folders(folder + "/edge");
// write_file_atomically(folder + "/edge/a.xyz", "0 0 0\n1 2 3\n");
// const data::Dataset set = data::read_point_files({.format = "points", .features = folder, .points = 4});
// assert(set.features.shape() == (Shape{1, 4, 3}) && set.classes == (std::vector<std::string>{"edge"}));
// assert(set.inputs[0].digest == data::point_files_digest(folder));
// remove_folder(folder);
// ```
#pragma once

#include <string>

#include "tessera/data/dataset.h"

namespace tessera::data {

// `source.points` and `seed` say what is drawn; without read_labels a folder may hold files of any place, a table needs no labels.
Dataset read_point_files(const DatasetSource& source);

// Of a labelled set, without making points of it.
std::string point_files_digest(const std::string& path);

}  // namespace tessera::data
