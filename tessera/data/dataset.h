// Data sets for supervised learning: features, labels and the names of the classes, read from CSV, IDX, NPY or CIFAR files, or from
// folders of meshes and point clouds (point_files.h).
//
// Features become float32 of shape [N, ...]: each value is divided by `scale` in fp64 and rounded once. Labels become int64 positions
// in `classes`, the distinct labels found, sorted (as numbers if all are numbers, else by their bytes), or given by the caller, in
// which case a label outside them is an Error. In CSV a label is the text of its field, so that 7 and 007 are two classes, and so are
// integers that fp64 cannot tell apart; only blanks around a number do not count. Labels may be numbers to be predicted instead
// (`numeric_labels`): float32, and no classes. The classes of CIFAR-10 are its ten names, those of
// CIFAR-100 the numbers of the chosen kind of label, whichever the file holds. Each file is read once, and the digests of the bytes
// that were read enter the record: `inputs`.
//
// Errors name the file, line, column, what was found and what was expected: missing values, text, infinities, also those that a
// division by the scale or the rounding to float32 would make, another number of labels than images, a shape that does not fit. Thread-safety: pure functions; a Dataset may be read from several threads.
//
// ```cpp
// const std::string folder = make_temporary_folder("dataset-example");
// write_file_atomically(folder + "/points.csv", "x,y,kind\n0,2,red\n4,6,blue\n");
// data::Dataset points = data::read_dataset({.format = "csv", .features = folder + "/points.csv",
//                                            .label_column = "kind", .scale = 2});
// assert(points.classes == (std::vector<std::string>{"blue", "red"}));
// assert(points.features.to_vector<float>() == (std::vector<float>{0, 1, 2, 3}));
// assert(points.labels.to_vector<std::int64_t>() == (std::vector<std::int64_t>{1, 0}));
// remove_folder(folder);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

struct InputFile {
  std::string role;                  // "features", "labels"; further files of samples are "features_2", ...
  std::string path;                  // where it was read: a circumstance
  std::string digest;                // SHA-256 of the file's bytes, hexadecimal: a claim
  std::string unpacked_digest = {};  // the same of what gzip had packed; `digest` if the file is not packed
};

struct Dataset {
  Tensor features;  // float32 [N, ...]
  // int64 [N], of points [N, points]; float32 [N] where labels are numbers; undefined when there are none
  Tensor labels;
  std::vector<std::string> classes;  // labels[i] is a position here; none where labels are numbers
  std::vector<InputFile> inputs;
  std::vector<std::string> columns = {};   // csv: names of the feature columns, in order
  std::vector<std::string> names = {};     // points: names of the samples' files
  std::vector<std::int64_t> lengths = {};  // of words (text_samples.h): how many each sample has; else empty

  std::int64_t size() const { return features.size(0); }
  Shape sample_shape() const;  // without the first axis
};

struct DatasetSource {
  // "csv", "idx", "npy", "cifar10", "cifar100", "points" (point_files.h); "" takes it from the end of the features' file name
  std::string format = {};
  std::string features = {};                    // path; for csv and cifar the file with everything
  std::vector<std::string> more_features = {};  // cifar: further files, whose samples follow in this order
  std::string labels = {};                      // path of the labels (idx, npy); "" for none
  // Its name: csv, and where `labels` of an array is a .csv file with a row for each sample; cifar100: "fine" or "coarse".
  std::string label_column = {};
  bool header = true;  // csv: the first line names the columns; else they are column_1, column_2, ...
  // csv: the feature columns by name, in order; others are ignored. Empty: all but the label column.
  std::vector<std::string> columns = {};
  // Arrays of samples [N, points, ...] whose labels are an array [N, points]: one for each point.
  bool labels_of_points = false;
  // Labels are numbers to be predicted, not names of classes: rounded once to float32. csv, idx, npy.
  bool numeric_labels = false;
  bool read_labels = true;  // csv: false skips the label column, which may be missing then; cifar: skips them
  std::int64_t points = 0;  // points: how many of each cloud
  std::uint64_t seed = 0;   // points: of what is drawn
  Shape shape = {};         // of one sample; empty: as it is in the file (csv: one row)
  double scale = 1;         // features are divided by it
  std::vector<std::string> classes = {};  // empty: those that are found
};

Dataset read_dataset(const DatasetSource& source);

// The samples at `positions` (each in [0, size)), in that order.
Dataset take(const Dataset& dataset, std::span<const std::int64_t> positions);
Tensor take_samples(const Tensor& tensor, std::span<const std::int64_t> positions);  // along the first axis

// Do the files of this format hold the labels as well?
bool has_own_labels(const std::string& format);

// "csv", "idx" or "npy" from a file name (.csv, .idx, .idx1-ubyte, .npy, each also with .gz); throws Error for others.
std::string format_of_path(const std::string& path);

}  // namespace tessera::data
