// The network of a finished run of any kind, in a format of others. Errors: a record that is not intact, a network that the run does not have.
#pragma once

#include <string>

namespace tessera::cli {

// `format`: "onnx", "safetensors" or "word2vec"; `network`: of runs that have several, "" for the first one.
std::string exported_bytes(const std::string& folder, const std::string& format, const std::string& network);

}  // namespace tessera::cli
