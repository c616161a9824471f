// Convolution with both gradients, pooling and losses beside PyTorch's answers in float64.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tessera/backends/backends.h"
#include "tessera/backends/reference/oracle_data_test.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using testing_data::tensor_from;

void set_pair(std::int64_t (&pair)[kMaxSpatialAxes], const nlohmann::json& meta, const char* key) {
  if (!meta.contains(key)) return;
  for (const std::size_t i : {0, 1}) pair[i] = meta[key].is_array() ? meta[key][i] : meta[key];
}

WindowAttributes window_from(const nlohmann::json& meta) {
  WindowAttributes window;
  set_pair(window.kernel, meta, "kernel");
  set_pair(window.stride, meta, "stride");
  set_pair(window.padding, meta, "padding");
  set_pair(window.dilation, meta, "dilation");
  window.groups = meta.value("groups", 1);
  window.round_up = meta.value("ceil_mode", false);
  window.count_padding = meta.value("count_include_pad", true);
  return window;
}

void expect_close(const Tensor& found, const nlohmann::json& expected, const std::string& what) {
  EXPECT_EQ(testing_data::difference(found, *tensor_from(expected), 1e-12, 1e-13), "") << what;
}

void check_conv2d(const nlohmann::json& test) {
  const std::string name = test["name"];
  const Tensor x = *tensor_from(test["inputs"]["x"]), weight = *tensor_from(test["params"]["m.weight"]);
  const Tensor gradient = *tensor_from(test["grad_outputs"]["y"]);
  WindowAttributes window = window_from(test["meta"]);
  Tensor y = apply(Op::kConv2d, std::vector<Tensor>{x, weight}, window);
  if (test["params"].contains("m.bias")) y = y + tensor_from(test["params"]["m.bias"])->reshape({-1, 1, 1});
  expect_close(y, test["outputs"]["y"], name);
  window.input_shape = x.shape();
  expect_close(apply(Op::kConv2dInputGradient, std::vector<Tensor>{gradient, weight}, window),
               test["grad_inputs"]["x"], name + ", input gradient");
  window.input_shape = weight.shape();
  expect_close(apply(Op::kConv2dWeightGradient, std::vector<Tensor>{gradient, x}, window),
               test["grad_params"]["m.weight"], name + ", weight gradient");
}

void check_pool(const nlohmann::json& test, Op op) {
  const Tensor x = *tensor_from(test["inputs"]["x"]);
  WindowAttributes window = window_from(test["meta"]);
  expect_close(apply(op, std::vector<Tensor>{x}, window), test["outputs"]["y"], test["name"]);
  const Tensor gradient = *tensor_from(test["grad_outputs"]["y"]);
  if (op == Op::kAveragePool2d) {
    window.input_shape = x.shape();
    expect_close(apply(Op::kAveragePool2dGradient, std::vector<Tensor>{gradient}, window),
                 test["grad_inputs"]["x"], test["name"]);
  } else {  // the gradient goes to the positions that max_pool2d_indices names
    const Tensor indices = apply(Op::kMaxPool2dIndices, std::vector<Tensor>{x}, window).reshape({-1});
    const Tensor result = index_add(zeros({x.elements()}, x.dtype()), indices, gradient.reshape({-1}));
    expect_close(result.reshape(x.shape()), test["grad_inputs"]["x"], test["name"]);
  }
}

TEST(ReferenceTorch, ConvolutionPoolingAndLossesAgree) {
  const auto data = testing_data::folder();
  if (!data) GTEST_SKIP() << "TESSERA_DATA is not set";
  use_backend("reference");
  int checked = 0;
  testing_data::for_each_case(*data + "/torch/torch_grad.jsonl.gz", [&](const nlohmann::json& test) {
    if (!test.contains("meta")) return;
    const std::string op = test["meta"].value("op", "");
    if (op == "conv2d") {
      check_conv2d(test);
    } else if (op == "maxpool2d") {
      check_pool(test, Op::kMaxPool2d);
    } else if (op == "avgpool2d") {
      check_pool(test, Op::kAveragePool2d);
    } else if (op == "softmax" || op == "log_softmax") {
      const Tensor x = *tensor_from(test["inputs"]["x"]);
      expect_close(op == "softmax" ? softmax(x) : log_softmax(x), test["outputs"]["y"], op);
    } else if (test["name"] == "cross_entropy_0") {
      const Tensor loss = cross_entropy(*tensor_from(test["inputs"]["x"]), *tensor_from(test["inputs"]["t"]));
      expect_close(mean(loss), test["outputs"]["y"], op);
    } else {
      return;
    }
    ++checked;
  });
  EXPECT_GE(checked, 17);  // 7 convolutions, 4 + 3 pools, 3 losses
}

}  // namespace
}  // namespace tessera
