// For tests: which of PyTorch's 61 cases (torch_grad.jsonl.gz) are computed by which part of nn. Each family states a table of kinds;
// torch_cases_test.cc runs them all and prints passed, failed and unsupported by kind. To add a kind: a row in one of the tables.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tessera/autograd/torch_cases_test.h"
#include "tessera/nn/module.h"

namespace tessera::nn {

struct TorchCaseKind {
  std::string prefix;  // of the case's name
  // The largest difference from PyTorch's outputs, gradients and buffers.
  std::function<double(const torch_cases::Json&)> distance;
};

std::vector<TorchCaseKind> layer_cases();      // torch_cases_layers_test.cc
std::vector<TorchCaseKind> recurrent_cases();  // torch_cases_training_test.cc
std::vector<TorchCaseKind> loss_cases();
std::vector<TorchCaseKind> optimizer_cases();

// The outputs as a function of the case's named tensors (inputs and "m." parameters), all of which a tape watches. The distance is that of
// outputs and of the gradients that PyTorch's output gradients lead to.
using TorchFunction = std::function<torch_cases::NamedTensors(const torch_cases::NamedTensors& in)>;
double torch_distance(const torch_cases::Json& test, const TorchFunction& function);

// The parameters and buffers of a layer take the values of the case's tensors "m.NAME".
void take_parameters(Module& layer, const torch_cases::NamedTensors& in);

}  // namespace tessera::nn
