// All of PyTorch's cases, layer by layer, loss by loss, optimiser by optimiser: passed, failed and unsupported by kind.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/nn/torch_case_kinds_test.h"

namespace tessera::nn {

using torch_cases::Json;
using torch_cases::NamedTensors;

double torch_distance(const Json& test, const TorchFunction& function) {
  NamedTensors in = torch_cases::tensors_of(test["inputs"]);
  in.merge(torch_cases::tensors_of(test["params"]));
  Tape tape;
  for (const auto& [name, tensor] : in)
    if (is_floating(tensor.dtype())) tape.watch(tensor);
  const NamedTensors outputs = function(in), slopes = torch_cases::tensors_of(test["grad_outputs"]);
  double largest = 0;
  const auto compare = [&](const Tensor& found, const Tensor& expected) {
    const double distance = torch_cases::distance(found, expected);
    if (!(distance <= largest)) largest = distance;
  };
  Tensor weighted = zeros({}, DType::kFloat64);  // whose gradients are those of the case
  for (const auto& [name, expected] : torch_cases::tensors_of(test["outputs"])) {
    compare(outputs.at(name), expected);
    if (slopes.contains(name)) weighted = weighted + sum(outputs.at(name) * slopes.at(name));
  }
  for (const char* kind : {"grad_inputs", "grad_params"})
    for (const auto& [name, expected] : torch_cases::tensors_of(test[kind]))
      compare(tape.gradient(weighted, {in.at(name)})[0], expected);
  return largest;
}

void take_parameters(Module& layer, const NamedTensors& in) {
  for (Parameter* parameter : layer.parameters()) parameter->value = in.at("m." + parameter->name);
  for (Parameter* buffer : layer.buffers())
    if (const auto found = in.find("m." + buffer->name); found != in.end()) buffer->value = found->second;
}

namespace {

constexpr double kTolerance = 1e-10;

struct Counts {
  int passed = 0, failed = 0, unsupported = 0;
};

// "conv2d_3" is of the kind "conv2d".
std::string kind_of(const std::string& name, const TorchCaseKind* kind) {
  return kind != nullptr ? kind->prefix : name;
}

Counts print(const std::map<std::string, Counts>& counts) {
  Counts all;
  std::printf("%-24s %6s %6s %11s\n", "PyTorch's cases", "passed", "failed", "unsupported");
  for (const auto& [kind, count] : counts) {
    std::printf("%-24s %6d %6d %11d\n", kind.c_str(), count.passed, count.failed, count.unsupported);
    all.passed += count.passed;
    all.failed += count.failed;
    all.unsupported += count.unsupported;
  }
  std::printf("%-24s %6d %6d %11d\n", "all", all.passed, all.failed, all.unsupported);
  return all;
}

class TorchCases : public ::testing::TestWithParam<const char*> {};

TEST_P(TorchCases, AgreeByKind) {
  const auto cases = torch_cases::read();
  if (!cases) GTEST_SKIP() << "TESSERA_DATA is not set";
  use_backend(GetParam());
  std::vector<TorchCaseKind> kinds;
  for (const auto& table : {layer_cases(), recurrent_cases(), loss_cases(), optimizer_cases()})
    kinds.insert(kinds.end(), table.begin(), table.end());
  std::map<std::string, Counts> counts;
  for (const Json& test : *cases) {
    const std::string name = test["name"];
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const TorchCaseKind& k) { return name.starts_with(k.prefix); });
    Counts& count = counts[kind_of(name, kind == kinds.end() ? nullptr : &*kind)];
    if (kind == kinds.end()) {
      ++count.unsupported;
      continue;
    }
    const double distance = kind->distance(test);
    EXPECT_LE(distance, kTolerance) << name;
    ++(distance <= kTolerance ? count.passed : count.failed);
  }
  const Counts all = print(counts);
  EXPECT_EQ(all.passed, 61);
  EXPECT_EQ(all.unsupported, 0);
}

INSTANTIATE_TEST_SUITE_P(Backends, TorchCases, ::testing::Values("reference", "cpu"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace tessera::nn
