// Weights and state as safetensors files: https://github.com/huggingface/safetensors, "Format".
//
// A file is 8 bytes with the length of the header (little endian), a JSON header with name, type, shape and
// place of every tensor, and the elements, row-major, little endian. The writer is canonical: same tensors,
// same bytes. Its header is canonical JSON (names sorted), padded with spaces to a multiple of 8 bytes; the
// elements follow without gaps, wider types first and by name among equals, so that each tensor is aligned;
// NaN has one pattern. The reader is strict: a file that breaks a rule is an Error that names the file, the
// tensor and what was found.
//
// Types: F32, F64, I64, U8 and BOOL. Thread-safety: pure functions.
//
// ```cpp
// const std::string bytes = runs::write_safetensors({{"bias", Tensor::from<float>({1, 2}, {2})}});
// const runs::SafetensorsFile file = runs::parse_safetensors(bytes, "weights.safetensors");
// assert(file.tensors.size() == 1 && file.tensors[0].name == "bias");
// assert(file.tensors[0].tensor.to_vector<float>() == (std::vector<float>{1, 2}));
// ```
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::runs {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

struct SafetensorsFile {
  std::vector<NamedTensor> tensors;  // sorted by name
  std::map<std::string, std::string> metadata;
};

// Names must be unique, UTF-8, and not "__metadata__"; tensors must be defined.
std::string write_safetensors(const std::vector<NamedTensor>& tensors,
                              const std::map<std::string, std::string>& metadata = {});
// `where` begins the messages: usually the path.
SafetensorsFile parse_safetensors(std::string_view bytes, const std::string& where);

void save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {});
SafetensorsFile load_safetensors(const std::string& path);

}  // namespace tessera::runs
