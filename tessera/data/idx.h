// Arrays in the IDX format of the MNIST family (Y. LeCun, C. Cortes, C. Burges, "The MNIST database", 1998).
//
// A file is two zero bytes, a type byte, the number of axes, the axes' lengths (32 bits, big endian) and the elements (big
// endian, row-major). Unsigned bytes give uint8; signed bytes, 16 and 32 bits give int64; float and double their own. A file that is
// packed with gzip is unpacked. Errors name the file, the byte, what was found and what was expected: another magic number,
// an unknown type, too many axes, a file that ends too early or goes on after the last element. Thread-safety: pure functions.
//
// ```cpp
// const std::string bytes("\0\0\x08\x01\0\0\0\x03" "abc", 11);
// Tensor array = data::parse_idx(bytes, "letters.idx");
// assert(array.shape() == (Shape{3}) && array.at<std::uint8_t>({2}) == 'c');
// ```
#pragma once

#include <string>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

Tensor read_idx(const std::string& path);
Tensor parse_idx(std::string_view bytes, const std::string& source);

}  // namespace tessera::data
