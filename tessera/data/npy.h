// Arrays in NumPy's NPY format ("NEP 1: A simple file format for NumPy arrays", R. Kern, 2007).
//
// Reads versions 1, 2 and 3, little endian or single-byte elements: <f4, <f8, <i8, |u1, |b1 (float32, float64, int64, uint8,
// bool), in C or Fortran order; writes version 1 in C order, byte for byte what NumPy writes. Errors name the file, what was
// found and what was expected. Thread-safety: pure functions.
//
// ```cpp
// Tensor x = Tensor::from<double>({1, 2, 3, 4, 5, 6}, {2, 3});
// assert(same_bits(data::parse_npy(data::npy_bytes(x), "x.npy"), x));
// ```
#pragma once

#include <string>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

Tensor read_npy(const std::string& path);
Tensor parse_npy(std::string_view bytes, const std::string& source);

void write_npy(const std::string& path, const Tensor& tensor);
std::string npy_bytes(const Tensor& tensor);

}  // namespace tessera::data
