// Rows that work element by element.
#include "tessera/base/error.h"
#include "tessera/interchange/onnx_exporter.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

// The operator of the same meaning, where its name is all there is to say.
struct NameRow {
  Op op;
  const char* name;
};
constexpr NameRow kNames[] = {{Op::kNegate, "Neg"},
                              {Op::kAbsolute, "Abs"},
                              {Op::kSign, "Sign"},
                              {Op::kSqrt, "Sqrt"},
                              {Op::kExp, "Exp"},
                              {Op::kLog, "Log"},
                              {Op::kTanh, "Tanh"},
                              {Op::kSigmoid, "Sigmoid"},
                              {Op::kErf, "Erf"},
                              {Op::kSin, "Sin"},
                              {Op::kCos, "Cos"},
                              {Op::kRelu, "Relu"},
                              {Op::kSubtract, "Sub"},
                              {Op::kMultiply, "Mul"},
                              {Op::kDivide, "Div"},
                              {Op::kPow, "Pow"},
                              {Op::kMaximum, "Max"},
                              {Op::kMinimum, "Min"},
                              {Op::kEqual, "Equal"},
                              {Op::kLess, "Less"},
                              {Op::kLessEqual, "LessOrEqual"},
                              {Op::kGreater, "Greater"},
                              {Op::kGreaterEqual, "GreaterOrEqual"},
                              {Op::kSelect, "Where"},
                              {Op::kMatrixMultiply, "MatMul"}};

void by_name(const ExportStep& step) {
  for (const NameRow& row : kNames) {
    if (row.op != step.op.op) continue;
    std::vector<std::string> inputs;
    for (std::size_t i = 0; i < step.op.inputs.size(); ++i) inputs.push_back(step.in(i));
    return step.done(step.emit(row.name, inputs));
  }
}

std::string one_of(const ExportStep& step) {
  return step.exporter.constant(ones({}, step.op.inputs[0].dtype()));
}

// [C] or [C, 1, 1] beside [N, C, ...]: is `addend` the bias of a convolution, and which tensor is it?
const Tensor* channel_bias(const ExportStep& step, const Tensor& addend) {
  const RecordedOp* maker = step.exporter.recording().maker(addend);
  if (maker == nullptr || maker->op != Op::kReshape) return nullptr;
  const Tensor& bias = maker->inputs[0];
  const bool fits =
      bias.rank() == 1 && addend.size(0) == bias.size(0) && addend.rank() == step.op.output.rank() - 1;
  return fits ? &bias : nullptr;
}

void add_row(const ExportStep& step) {
  const Tensor& addend = step.op.inputs[1];
  if (addend.rank() == 1 && step.op.output.rank() == 2)
    return step.done(with_bias(step, step.in(0), addend, 1));
  if (const Tensor* bias = channel_bias(step, addend))
    return step.done(with_bias(step, step.in(0), *bias, 1));
  step.done(step.emit("Add", {step.in(0), step.in(1)}));
}

void cast_row(const ExportStep& step) {
  const auto type = element_type_of(step.attributes<CastAttributes>().dtype);
  step.done(step.emit("Cast", {step.in(0)}, {attribute("to", static_cast<std::int64_t>(type))}));
}

void finish_row(const ExportStep& step) {
  const auto& attributes = step.attributes<FinishAttributes>();
  if (attributes.drops) fail("export: dropout at random belongs to training");
  std::string value = step.in(0);
  if (attributes.bias) value = with_bias(step, value, step.op.inputs[1], attributes.axis);
  step.done(activated(step, value, attributes.activation));
}

}  // namespace

// A convolution takes a bias along axis 1; a product of matrices with a transposed weight and a bias per column is a Gemm.
std::string with_bias(const ExportStep& step, const std::string& product, const Tensor& bias, int axis) {
  Exporter& exporter = step.exporter;
  const std::string name = exporter.name_of(bias);
  const int rank = step.op.output.rank();
  Node* node = exporter.extendable(product);
  const bool convolution = node != nullptr && (node->op_type == "Conv" || node->op_type == "ConvTranspose");
  if (convolution && node->inputs.size() == 2 && axis == 1 && exporter.recording().maker(bias) == nullptr) {
    node->inputs.push_back(name);
    return product;
  }
  if (node != nullptr && node->op_type == "MatMul" && axis == 1 && rank == 2) {
    const Tensor& matrix = step.op.inputs[0];
    const RecordedOp* maker = exporter.recording().maker(matrix);
    const RecordedOp* turned = maker != nullptr && maker->op == Op::kMatrixMultiply
                                   ? exporter.recording().maker(maker->inputs[1])
                                   : nullptr;
    if (turned != nullptr && turned->op == Op::kPermute && maker->inputs[0].rank() == 2 &&
        turned->inputs[0].rank() == 2)
      return exporter.emit("Gemm",
                           {exporter.name_of(maker->inputs[0]), exporter.name_of(turned->inputs[0]), name},
                           {attribute("transB", std::int64_t{1})});
  }
  std::vector<std::int64_t> shape = {bias.size(0)};
  for (int i = axis + 1; i < rank; ++i) shape.push_back(1);
  const std::string along =
      shape.size() == 1 ? name : exporter.emit("Reshape", {name, exporter.integers(shape)});
  return exporter.emit("Add", {product, along});
}

void add_elementwise_translators(TranslatorTable& table) {
  for (const NameRow& row : kNames) at(table, row.op) = by_name;
  at(table, Op::kAdd) = add_row;
  at(table, Op::kCast) = cast_row;
  at(table, Op::kFinish) = finish_row;
  at(table, Op::kNotEqual) = [](const ExportStep& step) {
    step.done(step.emit("Not", {step.emit("Equal", {step.in(0), step.in(1)})}));
  };
  at(table, Op::kExpm1) = [](const ExportStep& step) {
    step.done(step.emit("Sub", {step.emit("Exp", {step.in(0)}), one_of(step)}));
  };
  at(table, Op::kLog1p) = [](const ExportStep& step) {
    step.done(step.emit("Log", {step.emit("Add", {step.in(0), one_of(step)})}));
  };
}

}  // namespace tessera::onnx
