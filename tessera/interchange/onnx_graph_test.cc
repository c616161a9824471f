#include "tessera/interchange/onnx_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/interchange/onnx_model.h"
#include "tessera/interchange/wire.h"

namespace tessera::onnx {
namespace {

using interchange::WireWriter;
using testing::HasSubstr;

class OnnxGraph : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }

  static ModelFile small_model() {
    ModelFile model;
    model.opsets[""] = 18;
    model.producer = "tests";
    model.metadata["key"] = "value";
    model.graph.name = "small";
    model.graph.inputs = {
        {.name = "x", .element_type = ElementType::kFloat, .dimensions = {{{}, "n"}, {2, ""}, {{}, ""}}}};
    model.graph.outputs = {{.name = "y", .element_type = ElementType::kFloat, .has_shape = false}};
    model.graph.initializers = {{"w", ElementType::kFloat, Tensor::from<float>({1, 2}, {2, 1})}};
    Attribute value{.name = "v", .type = Attribute::Type::kTensor};
    value.tensor = {"", ElementType::kInt64, Tensor::scalar<std::int64_t>(-3)};
    model.graph.nodes = {
        {.op_type = "Mul", .name = "first", .inputs = {"x", "w"}, .outputs = {"z"}},
        {.op_type = "Other",
         .domain = "somebody.else",
         .inputs = {"z", ""},
         .outputs = {"y"},
         .attributes = {{.name = "f", .type = Attribute::Type::kFloat, .real = 0.25F},
                        {.name = "i", .type = Attribute::Type::kInt, .integer = -7},
                        {.name = "s", .type = Attribute::Type::kString, .text = "text"},
                        {.name = "fs", .type = Attribute::Type::kFloats, .reals = {1, 2}},
                        {.name = "is", .type = Attribute::Type::kInts, .integers = {1, -2}},
                        {.name = "ss", .type = Attribute::Type::kStrings, .texts = {"a", ""}},
                        value}}};
    return model;
  }

  template <typename Body>
  static std::string refusal(const Body& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  static std::string tensor_refusal(const WireWriter& writer) {
    return refusal([&] { parse_tensor(writer.bytes(), "t.pb"); });
  }

  // What is said when one node of a graph with the input x = [1, 2] is refused.
  static std::string refusal_of_node(const Node& node, std::int64_t version) {
    ModelFile file;
    file.opsets[""] = version;
    file.graph.inputs = {{.name = "x", .element_type = ElementType::kFloat, .dimensions = {{2, ""}}}};
    file.graph.nodes = {node};
    return refusal([&] { Model(file, "m.onnx").run({{"x", Tensor::from<float>({1, 2}, {2})}}); });
  }
};

TEST_F(OnnxGraph, ReadsWhatItWrites) {
  const std::string bytes = write_model(small_model());
  const ModelFile model = parse_model(bytes, "small.onnx");
  EXPECT_EQ(write_model(model), bytes);
  const Node& node = model.graph.nodes[1];
  EXPECT_EQ(node.domain, "somebody.else");
  EXPECT_EQ(node.attributes[0].real, 0.25F);
  EXPECT_EQ(node.attributes[1].integer, -7);
  EXPECT_EQ(node.attributes[4].integers, (std::vector<std::int64_t>{1, -2}));
  EXPECT_EQ(node.attributes[5].texts, (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(node.attributes[6].tensor.tensor.item<std::int64_t>(), -3);
  EXPECT_EQ(model.graph.inputs[0].dimensions[0].name, "n");
  EXPECT_EQ(model.graph.inputs[0].dimensions[1].length, 2);
  EXPECT_FALSE(model.graph.outputs[0].has_shape);
  EXPECT_EQ(model.metadata.at("key"), "value");
}

// Every beginning of a file is refused or read, and never runs past the end (which the sanitizers see).
TEST_F(OnnxGraph, CutFilesAreRefused) {
  const std::string bytes = write_model(small_model());
  int refused = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length)
    refused += refusal([&] { parse_model(bytes.substr(0, length), "cut.onnx"); }).empty() ? 0 : 1;
  EXPECT_GT(refused,
            static_cast<int>(bytes.size()) - 30);  // what follows the graph may be missing between two fields
}

TEST_F(OnnxGraph, NarrowElementTypes) {
  const auto read = [](ElementType type, const std::string& raw, std::int64_t length) {
    WireWriter writer;
    writer.packed(1, std::vector<std::int64_t>{length});
    writer.integer(2, static_cast<std::int64_t>(type));
    writer.text(9, raw);
    return parse_tensor(writer.bytes(), "t.pb").tensor;
  };
  EXPECT_EQ(read(ElementType::kInt8, "\x80\x7f", 2).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{-128, 127}));
  EXPECT_EQ(read(ElementType::kUInt16, "\xff\xff", 1).item<std::int64_t>(), 65535);
  EXPECT_EQ(read(ElementType::kInt16, "\xff\xff", 1).item<std::int64_t>(), -1);
  EXPECT_EQ(read(ElementType::kInt32, "\xfe\xff\xff\xff", 1).item<std::int64_t>(), -2);
  EXPECT_EQ(read(ElementType::kUInt32, "\xfe\xff\xff\xff", 1).item<std::int64_t>(), 4294967294);
  // 1, the smallest positive, the largest, minus infinity: IEEE-754 binary16.
  EXPECT_EQ(
      read(ElementType::kFloat16, std::string("\x00\x3c\x01\x00\xff\x7b\x00\xfc", 8), 4).to_vector<float>(),
      (std::vector<float>{1, 0x1p-24F, 65504, -std::numeric_limits<float>::infinity()}));
  EXPECT_FALSE(read(ElementType::kString, "", 0).defined());
}

TEST_F(OnnxGraph, TensorsThatDoNotAddUpAreRefused) {
  WireWriter shape, huge, negative, external, flag;
  shape.packed(1, std::vector<std::int64_t>{3});
  shape.integer(2, 1);
  shape.text(9, "12345678");
  EXPECT_THAT(tensor_refusal(shape),
              HasSubstr("has shape [3], which needs 3 elements of 4 bytes, but 8 bytes of data"));
  huge.packed(1, std::vector<std::int64_t>{1LL << 40, 1LL << 40});
  huge.integer(2, 1);
  EXPECT_THAT(tensor_refusal(huge), HasSubstr("is too large"));
  negative.packed(1, std::vector<std::int64_t>{-1});
  EXPECT_THAT(tensor_refusal(negative), HasSubstr("has an axis of length -1"));
  external.integer(14, 1);
  EXPECT_THAT(tensor_refusal(external), HasSubstr("in another file"));
  flag.packed(1, std::vector<std::int64_t>{1});
  flag.integer(2, 9);
  flag.text(9, "\x02");
  EXPECT_THAT(tensor_refusal(flag), HasSubstr("is of bool, but has an element 2"));
}

// ---- Running ----

TEST_F(OnnxGraph, WhatDoesNotFitAModelIsSaid) {
  const Model model(small_model(), "small.onnx");
  EXPECT_EQ(model.unsupported(), (std::vector<std::string>{"Other"}));
  const Tensor x = Tensor::from<float>({1, 2, 3, 4}, {1, 2, 2});
  EXPECT_EQ(refusal([&] { model.run(x); }), "small.onnx: node 1 (Other): the operator is not supported");
  EXPECT_EQ(refusal([&] { model.run(Model::Values{}); }), "small.onnx: the input 'x' is missing");
  EXPECT_EQ(refusal([&] { model.run({{"x", x}, {"u", x}}); }), "small.onnx: there is no input 'u'");
  EXPECT_EQ(refusal([&] {
              model.run(x.reshape({2, 1, 2}));
            }),
            "small.onnx: the input 'x' has shape [2, 1, 2], expected [n, 2, ?]");
  EXPECT_EQ(refusal([&] {
              model.run(Tensor::from<double>({1, 2}, {1, 2, 1}));
            }),
            "small.onnx: the input 'x' is float64, expected float");
}

TEST_F(OnnxGraph, IntegersThatLeaveTheirTypeAreRefused) {
  ModelFile file;
  file.opsets[""] = 18;
  file.graph.inputs = {{.name = "x", .element_type = ElementType::kUInt8, .dimensions = {{1, ""}}}};
  file.graph.outputs = {{.name = "y", .element_type = ElementType::kUInt8, .dimensions = {{1, ""}}}};
  file.graph.nodes = {{.op_type = "Add", .inputs = {"x", "x"}, .outputs = {"y"}}};
  const Model model(file, "bytes.onnx");
  EXPECT_EQ(model.run(Tensor::from<std::uint8_t>({100}, {1})).item<std::uint8_t>(), 200);
  EXPECT_THAT(refusal([&] { model.run(Tensor::from<std::uint8_t>({200}, {1})); }),
              HasSubstr("the value 400 is outside of uint8"));
}

TEST_F(OnnxGraph, AGraphOutOfOrderIsRefused) {
  ModelFile file = small_model();
  std::swap(file.graph.nodes[0], file.graph.nodes[1]);
  EXPECT_EQ(refusal([&] {
              Model(file, "m.onnx").run(Tensor::from<float>({1, 2}, {1, 2, 1}));
            }),
            "m.onnx: node 0 (Other): no input, initializer or earlier node gives 'z'");
}

TEST_F(OnnxGraph, OperatorSetsOfUnknownMeaningAreRefused) {
  const auto made = [](std::map<std::string, std::int64_t> opsets) {
    ModelFile file = small_model();
    file.opsets = std::move(opsets);
    return refusal([&] { const Model model(file, "m.onnx"); });
  };
  EXPECT_EQ(made({{"", 22}}), "m.onnx: ONNX's operator set is of version 22, expected 1 to 21");
  EXPECT_EQ(made({{"", 0}}), "m.onnx: ONNX's operator set is of version 0, expected 1 to 21");
  EXPECT_THAT(made({{"somebody.else", 1}}), HasSubstr("m.onnx: the model does not say of which version"));
  for (const std::int64_t version : {1, 21}) {
    ModelFile file = small_model();
    file.opsets[""] = version;
    EXPECT_EQ(Model(file, "m.onnx").inputs().size(), 1U);
  }
}

TEST_F(OnnxGraph, SplitWithoutOutputsIsRefused) {
  EXPECT_THAT(refusal_of_node({.op_type = "Split", .inputs = {"x"}}, 18),
              HasSubstr("Split: there is no output, expected at least one"));
}

TEST_F(OnnxGraph, PadsThatLeaveNothingOrOverflowAreRefused) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min(),
                         kMost = std::numeric_limits<std::int64_t>::max();
  for (const auto& [before, after] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {kLeast, 0}, {0, kLeast}, {kLeast, kLeast}, {kLeast, kMost}, {kMost, 0}, {-2, -1}, {-3, 0}}) {
    Node node{.op_type = "Pad", .inputs = {"x"}, .outputs = {"y"}};
    node.attributes = {{.name = "pads", .type = Attribute::Type::kInts, .integers = {before, after}}};
    EXPECT_THAT(refusal_of_node(node, 9),
                HasSubstr(fmt::format("Pad: {} before and {} after", before, after)));
  }
}

}  // namespace
}  // namespace tessera::onnx
