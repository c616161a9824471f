// Weights of networks as safetensors files, by name: from Tessera, PyTorch or whatever writes the format.
//
// A network's names are the paths of its parameters and buffers ("0.weight"), which are PyTorch's for the same layers. Loading is all or nothing:
// every tensor of the network is to be in the file, and the other way round, with the same shape and type; otherwise nothing is changed and one
// sentence lists what is missing, what nobody asked for and what has another shape.
//
// Errors: Error as said. Thread-safety: the network must not be used meanwhile.
//
// ```cpp
// nn::Linear layer(2, 1);
// interchange::load_weights(layer, {{"weight", Tensor::from<float>({1, 2}, {1, 2})}, {"bias", Tensor::from<float>({3}, {1})}}, "example");
// assert(layer.evaluate(ones({1, 2})).item<float>() == 6);
// assert(interchange::weights_of(layer).size() == 2);
// try {
//   interchange::load_weights(layer, {{"weight", ones({2})}}, "weights.safetensors");
// } catch (const Error& error) {
//   assert(std::string(error.what()) == "weights.safetensors does not fit the network: missing: bias; of another shape: weight "
//                                       "(float32 [2] in the file, float32 [1, 2] in the network)");
// }
// ```
#pragma once

#include <string>
#include <vector>

#include "tessera/runs/safetensors.h"
#include "tessera/tensor/state.h"

namespace tessera::interchange {

struct LoadOptions {
  std::string prefix = {};        // what all names of the file begin with: "model."; others are not looked at
  bool allow_missing = false;     // the network keeps its own tensor
  bool allow_unexpected = false;  // the file has more than the network
};

// The tensors of a network (or of anything with state), under their names.
std::vector<runs::NamedTensor> weights_of(Stateful& network);

// `where` begins the message: usually the path.
void load_weights(Stateful& network, const std::vector<runs::NamedTensor>& tensors, const std::string& where,
                  const LoadOptions& options = {});

void save_weights_file(Stateful& network, const std::string& path);
void load_weights_file(Stateful& network, const std::string& path, const LoadOptions& options = {});

}  // namespace tessera::interchange
