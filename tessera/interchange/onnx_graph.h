// An ONNX file as values: what a model holds, read from and written as bytes (https://onnx.ai/onnx/repo-docs/IR.html).
//
// Tensors are Tessera's. Of ONNX's element types float, double, bfloat16, bool and uint8 are Tessera's own; the other integers are read
// as int64, which holds every value of them (a uint64 from 2^63 on is an Error), float16 as float32; the remaining types (text, complex
// numbers, four and eight bits) make a tensor that is only named: `TensorEntry::tensor` is undefined, and `element_type` says why.
// Subgraphs (If, Loop, Scan), sparse tensors, functions and quantisation are passed over; data in other files (external_data) are an
// Error. The writer is canonical: same values, same bytes.
//
// Errors: Error that names the file and the place, for anything malformed. Memory: in proportion to the file. Thread-safety: pure
// functions.
//
// ```cpp
// onnx::ModelFile model;
// model.graph.nodes.push_back({.op_type = "Relu", .inputs = {"x"}, .outputs = {"y"}});
// model.graph.inputs.push_back({.name = "x", .element_type = onnx::ElementType::kFloat, .dimensions = {{{}, "batch"}, {4, ""}}});
// const onnx::ModelFile again = onnx::parse_model(onnx::write_model(model), "relu.onnx");
// assert(again.graph.nodes[0].op_type == "Relu" && again.graph.inputs[0].dimensions[1].length == 4);
// ```
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::onnx {

enum class ElementType : std::int32_t {  // ONNX's numbers
  kUndefined = 0,
  kFloat = 1,
  kUInt8 = 2,
  kInt8 = 3,
  kUInt16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUInt32 = 12,
  kUInt64 = 13,
  kBFloat16 = 16
};
std::string element_type_name(ElementType type);  // "float", "int32", ...; "type 17" for others
ElementType element_type_of(DType dtype);
std::optional<DType> dtype_of(ElementType type);  // how Tessera holds it; nothing if it does not

struct TensorEntry {
  std::string name;
  ElementType element_type = ElementType::kUndefined;
  Tensor tensor;  // undefined: of a type that Tessera does not have
};

struct Attribute {
  enum class Type : std::int32_t {  // ONNX's numbers
    kUndefined = 0,
    kFloat = 1,
    kInt = 2,
    kString = 3,
    kTensor = 4,
    kGraph = 5,
    kFloats = 6,
    kInts = 7,
    kStrings = 8,
    kOther = 9  // and above: not read
  };
  std::string name;
  Type type = Type::kUndefined;
  float real = 0;
  std::int64_t integer = 0;
  std::string text = {};
  TensorEntry tensor = {};
  std::vector<float> reals = {};
  std::vector<std::int64_t> integers = {};
  std::vector<std::string> texts = {};
};

struct Node {
  std::string op_type;
  std::string domain = {};  // empty: ONNX's own
  std::string name = {};
  std::vector<std::string> inputs = {};  // empty name: an optional input that is left out
  std::vector<std::string> outputs = {};
  std::vector<Attribute> attributes = {};
};

struct Dimension {  // a length, a name for a length that may vary, or neither
  std::optional<std::int64_t> length = {};
  std::string name = {};
};

struct ValueInfo {
  std::string name;
  ElementType element_type = ElementType::kUndefined;  // kUndefined: not a tensor, or not said
  std::vector<Dimension> dimensions = {};
  bool has_shape = true;
};

struct Graph {
  std::string name;
  std::vector<Node> nodes = {};  // each after those that it needs
  std::vector<TensorEntry> initializers = {};
  std::vector<ValueInfo> inputs = {}, outputs = {};
};

struct ModelFile {
  std::int64_t ir_version = 8;
  std::map<std::string, std::int64_t> opsets = {};  // by domain; "" is ONNX's own
  std::string producer, producer_version;
  std::string documentation;
  Graph graph;
  std::map<std::string, std::string> metadata = {};
};

ModelFile parse_model(std::string_view bytes, const std::string& where);
std::string write_model(const ModelFile& model);

// One tensor alone, as ONNX's test data have it (.pb).
TensorEntry parse_tensor(std::string_view bytes, const std::string& where);
std::string write_tensor(const TensorEntry& tensor);

}  // namespace tessera::onnx
