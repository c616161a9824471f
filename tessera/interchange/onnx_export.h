// Networks as ONNX models, for whatever program reads them.
//
// The forward pass outside training runs once while an observer notes its operations; each becomes the operator of ONNX that means the
// same (operator set 18), parameters and buffers become initializers under their names, and what has nothing to do with the outputs is left
// out. Recurrent rows become RNN, GRU (linear_before_reset = 1) and LSTM in their direction; a product with its bias becomes one Gemm or Conv, a
// batch normalisation one BatchNormalization.
//
// Any number of samples: the pass runs a second time with one sample more, and lengths in which the two differ are worked out inside the
// model from the length of the input's first axis. In the same way further axes of the first input can be left open (`open_axes`), such as the
// number of words: the pass then runs once for each set of axes that are longer by one. No open axes fix all lengths to the sample's.
//
// Sequences of words, filled up with 0 (models/sequence_layers.h): the model works out the length of each, and recurrent operators have them as
// their sequence_lens. The sample must be full, without padding; the model reads sequences with padding.
//
// The file is a function of the network: same parameters, same bytes. Run by onnx::Model it gives the bits of the network; other programs
// round differently (docs/interchange.md).
//
// Errors: Error that names the operation and its place in the network, when no model can have it (random numbers, what belongs to
// training) or when the operations themselves depend on an open length. Thread-safety: as the network's.
//
// ```cpp
// nn::Sequential network;
// network.add<nn::Linear>(4, 3);
// network.add<nn::ReLU>();
// RandomSource random(1);
// network.initialize(random);
// const Tensor x = random.normal("x", {2, 4});
// const std::string bytes = onnx::write_model(onnx::export_module(network, x));
// const onnx::Model model(onnx::parse_model(bytes, "network.onnx"), "network.onnx");
// assert(same_bits(model.run(x), network.evaluate(x)));
// const Tensor more = random.normal("more", {7, 4});
// assert(same_bits(model.run(more), network.evaluate(more)));
// ```
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tessera/interchange/onnx_graph.h"
#include "tessera/nn/module.h"
#include "tessera/runs/safetensors.h"

namespace tessera::onnx {

struct ExportOptions {
  std::string name = "network";                 // of the graph
  std::vector<std::string> inputs = {"input"};  // names, one per input
  std::vector<std::string> outputs = {"output"};
  // Names of the axes whose lengths are open: the first one is axis 0 of every input, which counts samples; the others are axes 1, 2, ... of the
  // first input. None: the model is for inputs of the samples' shapes.
  std::vector<std::string> open_axes = {"samples"};
  std::map<std::string, std::string> metadata = {};  // e.g. the names of the classes
};

// `sample` is an input of the network with at least one sample.
ModelFile export_module(nn::Module& module, const Tensor& sample, const ExportOptions& options = {});

// Any function of tensors that is made of operations. `named` are tensors that it uses: they become initializers under these names; what
// else it uses is called constant_1, constant_2, ...
using Function = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;
ModelFile export_function(const Function& function, const std::vector<Tensor>& samples,
                          const std::vector<runs::NamedTensor>& named, const ExportOptions& options);
// Likewise, with a context for the modules that it runs: what reads sequences of words needs this one.
using ContextFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&, nn::Context&)>;
ModelFile export_function(const ContextFunction& function, const std::vector<Tensor>& samples,
                          const std::vector<runs::NamedTensor>& named, const ExportOptions& options);

}  // namespace tessera::onnx
