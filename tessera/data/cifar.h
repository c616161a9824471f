// The binary files of CIFAR-10 and CIFAR-100 (A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009).
//
// A file is records without a header, one for each image of 32x32 pixels: its label, then 1,024 bytes each of red, green and blue, row by row.
//
//   CIFAR-10    3,073 bytes: one label, 0 to 9, which are the classes of cifar10_classes()
//   CIFAR-100   3,074 bytes: the coarse label, 0 to 19, and the fine one, 0 to 99
//
// A file that is packed with gzip is unpacked. Errors name the file, the record, what was found and what was expected: an empty file, a size that
// is no multiple of the record's, a label out of range. Thread-safety: pure functions.
//
// ```cpp
// std::string record(data::kCifar10Record, '\0');
// record[0] = 3;                 // a cat
// record[1 + 1024] = '\xff';     // the first pixel of green
// const data::CifarImages cats = data::parse_cifar10(record + record, "cats.bin");
// assert(cats.images.shape() == (Shape{2, 3, 32, 32}) && cats.images.at<std::uint8_t>({1, 1, 0, 0}) == 255);
// assert(data::cifar10_classes()[static_cast<std::size_t>(cats.labels.at<std::int64_t>({1}))] == "cat");
// ```
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

inline constexpr std::size_t kCifar10Record = 3073, kCifar100Record = 3074;

struct CifarImages {
  Tensor images;         // uint8 [N, 3, 32, 32]
  Tensor labels;         // int64 [N]; of CIFAR-100 the fine ones
  Tensor coarse_labels;  // int64 [N]; CIFAR-100 only
};

CifarImages read_cifar10(const std::string& path);
CifarImages parse_cifar10(std::string_view bytes, const std::string& source);
CifarImages read_cifar100(const std::string& path);
CifarImages parse_cifar100(std::string_view bytes, const std::string& source);

// "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck": label i is class i.
const std::vector<std::string>& cifar10_classes();

}  // namespace tessera::data
