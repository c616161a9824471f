// Arrays in NumPy's NPZ format: a ZIP archive (zip.h) of NPY files (npy.h), as numpy.savez and savez_compressed write it.
//
// Arrays are by name, without ".npy"; entries that are no NPY file are an Error. Writes what numpy.load reads, stored, the same bytes
// for the same arrays. `npz_table` makes a table of vectors of one length, a column each, and of matrices, whose columns get
// numbers (x_1, x_2, ...). Thread-safety: pure functions.
//
// ```cpp
// const std::map<std::string, Tensor> arrays = {{"x", Tensor::from<double>({1, 2, 3, 4}, {2, 2})},
//                                               {"y", Tensor::from<std::int64_t>({0, 1}, {2})}};
// const std::string bytes = data::npz_bytes(arrays);
// assert(same_bits(data::parse_npz(bytes, "a.npz").at("x"), arrays.at("x")));
// assert(data::npz_table(data::parse_npz(bytes, "a.npz"), "a.npz").names() ==
//        (std::vector<std::string>{"x_1", "x_2", "y"}));
// ```
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tessera/data/table.h"
#include "tessera/tensor/tensor.h"

namespace tessera::data {

std::map<std::string, Tensor> read_npz(const std::string& path);
std::map<std::string, Tensor> parse_npz(std::string_view bytes, const std::string& source);

void write_npz(const std::string& path, const std::map<std::string, Tensor>& arrays);
std::string npz_bytes(const std::map<std::string, Tensor>& arrays);

Table npz_table(const std::map<std::string, Tensor>& arrays, const std::string& source);

}  // namespace tessera::data
