// The operators of ONNX that the operations table covers, beside the answers of ONNX's backend tests (and of
// PyTorch, for the second file). A node that asks for something Tessera does not have is counted as
// unsupported; the numbers are printed and bounded below.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/backends/backends.h"
#include "tessera/backends/reference/oracle_data_test.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using Json = nlohmann::json;

struct Unsupported {};  // thrown for what the table does not have

// One node with the values of its inputs.
struct Node {
  const Json& json;
  const std::map<std::string, Tensor>& values;

  std::size_t inputs() const { return json["inputs"].size(); }
  bool has_input(std::size_t i) const { return i < inputs() && json["inputs"][i] != ""; }
  Tensor operator[](std::size_t i) const {
    if (!has_input(i)) throw Unsupported{};
    const auto value = values.find(json["inputs"][i]);
    if (value == values.end()) throw Unsupported{};
    return value->second;
  }
  bool has(const char* attribute) const { return json["attrs"].contains(attribute); }
  std::int64_t integer(const char* attribute, std::int64_t otherwise) const {
    return has(attribute) ? json["attrs"][attribute].get<std::int64_t>() : otherwise;
  }
  double real(const char* attribute, double otherwise) const {
    return has(attribute) ? json["attrs"][attribute].get<double>() : otherwise;
  }
  std::vector<std::int64_t> integers(const char* attribute) const { return json["attrs"][attribute]; }
};

// Axes come as a second input or as an attribute; none means all.
Tensor reduce(const Node& node, Tensor (*function)(const Operand&, const std::vector<std::int64_t>&, bool)) {
  std::vector<std::int64_t> axes;
  if (node.has_input(1)) axes = node[1].to_vector<std::int64_t>();
  if (node.has("axes")) axes = node.integers("axes");
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return node[0];
  if (axes.empty())
    for (int axis = 0; axis < node[0].rank(); ++axis) axes.push_back(axis);
  return function(node[0], axes, node.integer("keepdims", 1) != 0);
}

WindowAttributes window_of(const Node& node, const std::vector<std::int64_t>& kernel) {
  const std::size_t axes = kernel.size();
  if (axes > kMaxSpatialAxes || (node.has("auto_pad") && node.json["attrs"]["auto_pad"] != "NOTSET"))
    throw Unsupported{};
  WindowAttributes window;
  window.axes = static_cast<int>(axes);
  for (std::size_t axis = 0; axis < axes; ++axis) {
    window.kernel[axis] = kernel[axis];
    if (node.has("strides")) window.stride[axis] = node.integers("strides")[axis];
    if (node.has("dilations")) window.dilation[axis] = node.integers("dilations")[axis];
    if (!node.has("pads")) continue;
    window.padding[axis] = node.integers("pads")[axis];
    if (node.integers("pads")[axis + axes] != window.padding[axis]) throw Unsupported{};
  }
  window.groups = node.integer("group", 1);
  window.round_up = node.integer("ceil_mode", 0) != 0;
  return window;
}

Tensor product_of(const Node& node, const WindowAttributes& window) {
  const std::vector<Tensor> inputs = {node[0], node[1]};
  if (window.axes == 1)
    return conv1d(inputs[0], inputs[1],
                  {window.stride[0], window.padding[0], window.dilation[0], window.groups});
  return apply(window.axes == 2 ? Op::kConv2d : Op::kConv3d, inputs, window);
}

Tensor convolution(const Node& node) {
  if (node[0].rank() < 3 || node[0].rank() > 5) throw Unsupported{};
  std::vector<std::int64_t> kernel;
  for (int axis = 2; axis < node[1].rank(); ++axis) kernel.push_back(node[1].size(axis));
  const Tensor result = product_of(node, window_of(node, kernel));
  if (!node.has_input(2)) return result;
  Shape bias = Shape::filled(node[0].rank() - 1, 1);
  bias[0] = node[2].size(0);
  return result + node[2].reshape(bias);
}

Tensor pool(const Node& node, Op op) {
  if (node[0].rank() != 4) throw Unsupported{};
  WindowAttributes window = window_of(node, node.integers("kernel_shape"));
  window.count_padding = node.integer("count_include_pad", 0) != 0;
  if (op == Op::kAveragePool2d && window.dilation[0] * window.dilation[1] != 1) throw Unsupported{};
  return apply(op, std::vector<Tensor>{node[0]}, window);
}

Tensor slice_node(const Node& node) {
  const auto starts = node[1].to_vector<std::int64_t>(), ends = node[2].to_vector<std::int64_t>();
  std::vector<Range> ranges(static_cast<std::size_t>(node[0].rank()), Range::all());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis =
        node.has_input(3) ? node[3].to_vector<std::int64_t>()[i] : static_cast<std::int64_t>(i);
    const std::int64_t step = node.has_input(4) ? node[4].to_vector<std::int64_t>()[i] : 1;
    ranges[static_cast<std::size_t>(normalize_axis(axis, node[0].shape()))] = Range(starts[i], ends[i], step);
  }
  return node[0].slice(ranges);
}

Tensor gather_node(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  const Tensor indices = node[1];
  if (indices.rank() == 1) return gather(node[0], indices, axis);
  throw Unsupported{};
}

// Negative indices count from the back.
Tensor index_from_front(const Node& node, std::int64_t length) {
  return select(less(node[1], 0), node[1] + length, node[1]);
}

Tensor gather_elements(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  return take_along(node[0], index_from_front(node, node[0].size(axis)), axis);
}

// Tessera's scatter_add adds: to write values instead, what stood there is taken away first. Different places only.
Tensor scatter_elements(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  if (node.has("reduction")) throw Unsupported{};
  Shape whole = node[0].shape();
  whole[normalize_axis(axis, whole)] = node[1].size(axis);
  if (whole != node[1].shape()) throw Unsupported{};
  const Tensor index = index_from_front(node, node[0].size(axis));
  const Tensor cleared = scatter_add(node[0], index, -take_along(node[0], index, axis), axis);
  return scatter_add(cleared, index, node[2], axis);
}

Tensor top_k(const Node& node) {
  const std::int64_t axis = node.integer("axis", -1), k = node[1].reshape({}).item<std::int64_t>();
  const Tensor sorted = sort(node[0], axis, node.integer("largest", 1) != 0);
  std::vector<Range> ranges(static_cast<std::size_t>(sorted.rank()), Range::all());
  ranges[static_cast<std::size_t>(normalize_axis(axis, sorted.shape()))] = Range(0, k);
  return sorted.slice(ranges);
}

Tensor gemm(const Node& node) {
  const Tensor a = node.integer("transA", 0) != 0 ? transpose(node[0]) : node[0];
  const Tensor b = node.integer("transB", 0) != 0 ? transpose(node[1]) : node[1];
  const Tensor product = matmul(a, b) * node.real("alpha", 1);
  return node.has_input(2) ? product + node[2] * node.real("beta", 1) : product;
}

Tensor fold(const Node& node, Tensor (*function)(const Operand&, const Operand&)) {
  Tensor result = node[0];
  for (std::size_t i = 1; i < node.inputs(); ++i) result = function(result, node[i]);
  return result;
}

Tensor transpose_node(const Node& node) {
  if (!node.has("perm")) return node[0].transpose();
  const auto order = node.integers("perm");
  return permute(node[0], std::vector<int>(order.begin(), order.end()));
}

Tensor argmax_node(const Node& node) {
  if (node.integer("select_last_index", 0) != 0) throw Unsupported{};
  return argmax(node[0], node.integer("axis", 0), node.integer("keepdims", 1) != 0);
}

Tensor concatenate_node(const Node& node) {
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < node.inputs(); ++i) parts.push_back(node[i]);
  return concatenate(parts, node.integer("axis", 0));
}

Tensor clip(const Node& node) {
  if (node.has("min") || node.has("max")) throw Unsupported{};
  Tensor result = node[0];
  if (node.has_input(1)) result = maximum(result, node[1]);
  if (node.has_input(2)) result = minimum(result, node[2]);
  return result;
}

// Mean loss over samples, without weights.
Tensor cross_entropy_node(const Node& node) {
  if (node.inputs() != 2 || node[0].rank() != 2 || node.has("ignore_index")) throw Unsupported{};
  const Tensor losses = cross_entropy(node[0], node[1]);
  const std::string reduction = node.json["attrs"].value("reduction", "mean");
  return reduction == "none" ? losses : reduction == "sum" ? sum(losses) : mean(losses);
}

Tensor reshape_node(const Node& node) {
  const auto lengths = node[1].to_vector<std::int64_t>();
  Shape shape{std::span<const std::int64_t>(lengths)};
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 0) throw Unsupported{};  // ONNX: keep the input's length
  return node[0].reshape(shape);
}

using Operator = std::function<Tensor(const Node&)>;

Operator unary(Tensor (*function)(const Operand&)) {
  return [function](const Node& node) { return function(node[0]); };
}
Operator binary(Tensor (*function)(const Operand&, const Operand&)) {
  return [function](const Node& node) { return function(node[0], node[1]); };
}
Operator reduction(Tensor (*function)(const Operand&, const std::vector<std::int64_t>&, bool)) {
  return [function](const Node& node) { return reduce(node, function); };
}

const std::map<std::string, Operator>& operators() {
  static const std::map<std::string, Operator> table = {
      {"Abs", unary(absolute)},
      {"Cos", unary(cos)},
      {"Erf", unary(erf)},
      {"Exp", unary(exp)},
      {"Log", unary(log)},
      {"Neg", unary(negate)},
      {"Relu", unary(relu)},
      {"Sigmoid", unary(sigmoid)},
      {"Sign", unary(sign)},
      {"Sin", unary(sin)},
      {"Sqrt", unary(sqrt)},
      {"Tanh", unary(tanh)},
      {"Identity", unary(copy)},
      {"Add", binary(add)},
      {"Sub", binary(subtract)},
      {"Mul", binary(multiply)},
      {"Div", binary(divide)},
      {"Pow", binary(pow)},
      {"Equal", binary(equal)},
      {"Greater", binary(greater)},
      {"GreaterOrEqual", binary(greater_equal)},
      {"Less", binary(less)},
      {"LessOrEqual", binary(less_equal)},
      {"MatMul", binary(matmul)},
      {"Max", [](const Node& node) { return fold(node, maximum); }},
      {"Min", [](const Node& node) { return fold(node, minimum); }},
      {"Sum", [](const Node& node) { return fold(node, add); }},
      {"Mean", [](const Node& node) { return fold(node, add) / static_cast<double>(node.inputs()); }},
      {"ReduceSum", reduction(sum)},
      {"ReduceMean", reduction(mean)},
      {"ReduceMax", reduction(max)},
      {"ReduceMin", reduction(min)},
      {"ReduceSumSquare", reduction(sum_squares)},
      {"ReduceL2", [](const Node& node) { return sqrt(reduce(node, sum_squares)); }},
      {"ArgMax", argmax_node},
      {"Concat", concatenate_node},
      {"Gather", gather_node},
      {"GatherElements", gather_elements},
      {"ScatterElements", scatter_elements},
      {"TopK", top_k},
      {"Slice", slice_node},
      {"Transpose", transpose_node},
      {"Reshape", reshape_node},
      {"Gemm", gemm},
      {"Conv", convolution},
      {"MaxPool", [](const Node& node) { return pool(node, Op::kMaxPool2d); }},
      {"AveragePool", [](const Node& node) { return pool(node, Op::kAveragePool2d); }},
      {"GlobalAveragePool",
       [](const Node& node) {
         return mean(node[0], {2, 3}, true);
       }},
      {"GlobalMaxPool",
       [](const Node& node) {
         return max(node[0], {2, 3}, true);
       }},
      {"Softmax", [](const Node& node) { return softmax(node[0], node.integer("axis", -1)); }},
      {"LogSoftmax", [](const Node& node) { return log_softmax(node[0], node.integer("axis", -1)); }},
      {"Where", [](const Node& node) { return select(node[0], node[1], node[2]); }},
      {"SoftmaxCrossEntropyLoss", cross_entropy_node},
      {"Clip", clip},
  };
  return table;
}

Tensor run_node(const Node& node) {
  const auto found = operators().find(node.json["op"]);
  if (found == operators().end() || node.json["domain"] != "") throw Unsupported{};
  for (std::size_t i = 0; i < node.inputs(); ++i)  // a dtype that Tessera does not have
    if (node.has_input(i)) (void)node[i];
  return found->second(node);
}

// Runs the nodes in order; returns the first declared output.
Tensor run_graph(const Json& test) {
  // Opset below 13: softmax flattens to a matrix, axes and clipping bounds are attributes.
  const bool old = test["opset"].value("ai.onnx", 0) < 11;
  std::map<std::string, Tensor> values;
  for (const char* group : {"inputs", "initializers"})
    for (const Json& value : test[group])
      if (const auto tensor = testing_data::tensor_from(value)) values[value["name"]] = *tensor;
  for (const Json& node : test["nodes"]) {
    const std::string op = node["op"];
    if (old && (op == "Softmax" || op == "LogSoftmax") && test["inputs"][0]["shape"].size() > 2)
      throw Unsupported{};
    values[node["outputs"][0]] = run_node({node, values});
  }
  const auto output = values.find(test["outputs"][0]["name"]);
  if (output == values.end()) throw Unsupported{};
  return output->second;
}

// What Tessera refuses on purpose, with a sentence: byte arithmetic, padding beyond half a window, mixed types, an
// extreme of nothing.
const std::set<std::string> kRefused = {"test_add_uint8", "test_averagepool_2d_pads",
                                        "test_pow_types_float32_int64", "test_pow_types_int64_float32",
                                        "test_reduce_min_empty_set"};

void check_file(const std::string& path, int least_passed) {
  use_backend("reference");
  int passed = 0, unsupported = 0, refused = 0;
  testing_data::for_each_case(path, [&](const Json& test) {
    const std::string name = test["name"];
    try {
      const Tensor found = run_graph(test);
      const auto expected = testing_data::tensor_from(test["outputs"][0]);
      if (!expected) throw Unsupported{};
      const std::string difference = testing_data::difference(found, *expected, 1e-5, 1e-6);
      EXPECT_EQ(difference, "") << name;
      passed += difference.empty();
    } catch (const Unsupported&) {
      ++unsupported;
    } catch (const Error& error) {
      ++refused;
      EXPECT_TRUE(kRefused.contains(name)) << name << ": " << error.what();
    }
  });
  std::printf("%s: %d passed, %d unsupported, %d refused\n", path.substr(path.rfind('/') + 1).c_str(), passed,
              unsupported, refused);
  EXPECT_GE(passed, least_passed);
}

TEST(ReferenceOnnx, NodeTests) {
  const auto data = testing_data::folder();
  if (!data) GTEST_SKIP() << "TESSERA_DATA is not set";
  check_file(*data + "/onnx/node.jsonl.gz", 141);
}

TEST(ReferenceOnnx, PyTorchTests) {
  const auto data = testing_data::folder();
  if (!data) GTEST_SKIP() << "TESSERA_DATA is not set";
  check_file(*data + "/onnx/pytorch.jsonl.gz", 34);
}

}  // namespace
}  // namespace tessera
