// Exported models with an input and the output of the network itself, left in the folder TESSERA_EXCHANGE_FOLDER for tests/onnx_exchange.py, which gives them to
// onnxruntime. Nothing is left without that variable.
#pragma once

#include <cstdlib>
#include <string>

#include "tessera/base/files.h"
#include "tessera/interchange/onnx_graph.h"

namespace tessera::onnx {

inline void leave_exchange(const std::string& name, const std::string& model, const Tensor& input,
                           const Tensor& output) {
  const char* folder = std::getenv("TESSERA_EXCHANGE_FOLDER");
  if (folder == nullptr || *folder == '\0') return;
  const std::string path = std::string(folder) + "/" + name;
  const auto leave = [&](const std::string& suffix, const Tensor& tensor) {
    write_file_atomically(path + suffix, write_tensor({"", element_type_of(tensor.dtype()), tensor}));
  };
  write_file_atomically(path + ".onnx", model);
  leave(".input.pb", input);
  leave(".output.pb", output);
}

}  // namespace tessera::onnx
