// Runs ONNX models with Tessera's operations: the same bits on every machine and with any number of threads, which ONNX itself leaves open.
//
// An operator of ONNX becomes the operations that mean the same (docs/interchange.md lists which there are, and what is refused).
// float, double, bfloat16 and bool are computed in their own type. Integers of every width are computed as int64: exact as long as no
// value leaves its ONNX type, which is checked where integers leave the graph and at conversions; an output of uint8 is given as uint8, of
// every other integer type as int64. float16 is computed as float32, and not rounded. Versions of the operator set are followed where they differ in meaning.
//
// Errors: Error that names the file and the node, for inputs that are missing, of another type or shape, and for whatever an operation
// refuses; UnsupportedOperator, which is an Error, for what Tessera has no operations for. `unsupported` says beforehand which operators a
// model has that are not known at all. A model with operators of ONNX's own that names no version of the operator set, or one outside of 1 to 21, is
// refused when it is made.
// Thread-safety: a model is not changed by running it; any number of threads may use one.
//
// ```cpp
// onnx::ModelFile file;
// file.opsets[""] = 18;
// file.graph.inputs = {{.name = "x", .element_type = onnx::ElementType::kFloat, .dimensions = {{{}, "batch"}, {2, ""}}}};
// file.graph.outputs = {{.name = "y", .element_type = onnx::ElementType::kFloat, .has_shape = false}};
// file.graph.nodes = {{.op_type = "Relu", .inputs = {"x"}, .outputs = {"y"}}};
// const onnx::Model model(file, "relu.onnx");
// assert(model.run(Tensor::from<float>({-1, 2}, {1, 2})).to_vector<float>() == (std::vector<float>{0, 2}));
// ```
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_graph.h"
#include "tessera/tensor/tensor.h"

namespace tessera::onnx {

class UnsupportedOperator : public Error {
 public:
  using Error::Error;
};

class Model {
 public:
  using Values = std::map<std::string, Tensor>;

  static Model read(const std::string& path);
  // `where` begins the messages: usually the path.
  Model(ModelFile file, std::string where);

  // Every input by its name -> every output by its name.
  Values run(const Values& inputs) const;
  // For a model of one input; its first output.
  Tensor run(const Tensor& input) const;

  // What run is to be given; initializers that are listed as inputs, too (old files do so) are not among them, but may be given.
  const std::vector<ValueInfo>& inputs() const { return inputs_; }
  const std::vector<ValueInfo>& outputs() const { return file_.graph.outputs; }
  std::vector<std::string> unsupported() const;  // operators of the graph, sorted; empty: all are known
  const ModelFile& file() const { return file_; }

 private:
  Tensor checked_input(const ValueInfo& info, const Tensor& given,
                       std::map<std::string, std::int64_t>& lengths) const;
  Tensor checked_output(const ValueInfo& info, const Tensor& made) const;
  void run_node(std::size_t position, Values& values) const;
  void check_operator_set() const;
  std::int64_t opset_of(const std::string& domain) const;

  ModelFile file_;
  std::string where_;
  std::vector<ValueInfo> inputs_;
  std::vector<std::vector<std::string>> last_uses_;  // by node: values that no later node needs
};

// The operators that there are operations for, sorted: "Add", "Adam" (of the domain ai.onnx.preview.training), ...
std::vector<std::string> supported_operators();

}  // namespace tessera::onnx
