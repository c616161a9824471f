// Reductions.
#include "tessera/base/error.h"
#include "tessera/interchange/onnx_exporter.h"

namespace tessera::onnx {
namespace {

std::string reduced(const ExportStep& step, const char* name, const std::string& x, bool keep) {
  const std::vector<int>& axes = step.attributes<ReduceAttributes>().axes;
  return step.emit(name, {x, step.exporter.integers({axes.begin(), axes.end()})},
                   {attribute("keepdims", std::int64_t{keep ? 1 : 0})});
}

// ONNX takes an empty list for all axes; over none of them every element is its own reduction.
void reduce_row(const ExportStep& step) {
  const auto& attributes = step.attributes<ReduceAttributes>();
  std::string x = step.in(0);
  const DType dtype = step.op.inputs[0].dtype();
  if (dtype != step.op.output.dtype())
    x = step.emit("Cast", {x},
                  {attribute("to", static_cast<std::int64_t>(element_type_of(step.op.output.dtype())))});
  if (attributes.axes.empty()) {
    if (step.op.op == Op::kVariance) fail("export: the variance over no axes");
    return step.done(step.op.op == Op::kSumSquares ? step.emit("Mul", {x, x}) : x);
  }
  switch (step.op.op) {
    case Op::kSum:
      return step.done(reduced(step, "ReduceSum", x, attributes.keep_axes));
    case Op::kSumSquares:
      return step.done(reduced(step, "ReduceSumSquare", x, attributes.keep_axes));
    case Op::kMean:
      return step.done(reduced(step, "ReduceMean", x, attributes.keep_axes));
    case Op::kMax:
      return step.done(reduced(step, "ReduceMax", x, attributes.keep_axes));
    case Op::kMin:
      return step.done(reduced(step, "ReduceMin", x, attributes.keep_axes));
    default:
      break;
  }
  const std::string apart = step.emit("Sub", {x, reduced(step, "ReduceMean", x, true)});
  step.done(reduced(step, "ReduceMean", step.emit("Mul", {apart, apart}), attributes.keep_axes));
}

void argmax_row(const ExportStep& step) {
  const auto& attributes = step.attributes<ReduceAttributes>();
  step.done(step.emit("ArgMax", {step.in(0)},
                      {attribute("axis", std::int64_t{attributes.axes[0]}),
                       attribute("keepdims", std::int64_t{attributes.keep_axes ? 1 : 0})}));
}

}  // namespace

void add_reduction_translators(TranslatorTable& table) {
  for (const Op op : {Op::kSum, Op::kSumSquares, Op::kMean, Op::kVariance, Op::kMax, Op::kMin})
    at(table, op) = reduce_row;
  at(table, Op::kArgMax) = argmax_row;
}

}  // namespace tessera::onnx
