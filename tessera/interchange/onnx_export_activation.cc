// Activations: the one that ends a product, and the curves that are several operations on each element.
#include "tessera/interchange/onnx_exporter.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

// A curve's nodes, in the order of activate.h.
struct Curves {
  const ExportStep& step;
  DType dtype;  // that it is computed in

  std::string number(double value) const { return step.exporter.constant(full({}, value, dtype)); }
  std::string times(const std::string& x, double factor) const {
    return step.emit("Mul", {x, number(factor)});
  }

  // ONNX's alpha is float32: another parameter is a factor of its own.
  std::string bent(const char* name, const std::string& x, double parameter) const {
    const bool fits =
        dtype == DType::kFloat32 || static_cast<double>(static_cast<float>(parameter)) == parameter;
    if (fits) return step.emit(name, {x}, {attribute("alpha", parameter)});
    const std::string below = step.emit(name, {x}, {attribute("alpha", 1.0)});
    return step.emit("Where", {step.emit("Greater", {x, number(0)}), x, times(below, parameter)});
  }

  // ONNX has an operator of this name since version 20 only.
  std::string gelu(const std::string& x, bool exact) const {
    std::string level;
    if (exact) {
      level = step.emit("Erf", {times(x, kSqrtHalf)});
    } else {
      const std::string cube = step.emit("Mul", {step.emit("Mul", {x, x}), x});
      level = step.emit("Tanh", {times(step.emit("Add", {x, times(cube, kGeluCubic)}), kSqrt2OverPi)});
    }
    return step.emit("Mul", {times(x, 0.5), step.emit("Add", {level, number(1)})});
  }

  std::string of(const std::string& x, const CurveAttributes& attributes) const {
    switch (attributes.curve) {
      case Curve::kLeakyRelu:
        return bent("LeakyRelu", x, attributes.parameter);
      case Curve::kElu:
        return bent("Elu", x, attributes.parameter);
      case Curve::kSoftplus:
        return step.emit("Softplus", {x});
      case Curve::kSilu:
        return step.emit("Mul", {x, step.emit("Sigmoid", {x})});
      case Curve::kMish:
        return step.emit("Mish", {x});
      case Curve::kGelu:
      case Curve::kGeluTanh:
        break;
    }
    return gelu(x, attributes.curve == Curve::kGelu);
  }
};

std::string cast_to(const ExportStep& step, const std::string& x, DType dtype) {
  return step.emit("Cast", {x}, {attribute("to", static_cast<std::int64_t>(element_type_of(dtype)))});
}

// In bfloat16 the row computes in float32 and rounds once, and most of ONNX's operators do not take it.
void activate_row(const ExportStep& step) {
  const auto& attributes = step.attributes<CurveAttributes>();
  const DType dtype = step.op.output.dtype();
  if (dtype != DType::kBFloat16) return step.done(Curves{step, dtype}.of(step.in(0), attributes));
  const std::string x = cast_to(step, step.in(0), DType::kFloat32);
  step.done(cast_to(step, Curves{step, DType::kFloat32}.of(x, attributes), dtype));
}

}  // namespace

std::string activated(const ExportStep& step, const std::string& value, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return step.emit("Relu", {value});
    case Activation::kTanh:
      return step.emit("Tanh", {value});
    case Activation::kSigmoid:
      return step.emit("Sigmoid", {value});
    case Activation::kNone:
      break;
  }
  return value;
}

void add_activation_translators(TranslatorTable& table) {
  at(table, Op::kActivate) = activate_row;
}

}  // namespace tessera::onnx
