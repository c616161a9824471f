#include "tessera/tensor/widening.h"

#include <algorithm>
#include <vector>

#include "tessera/tensor/backend.h"

namespace tessera::internal {
namespace {

void convert(const TensorView& from, const Tensor& to) {
  if (to.elements() == 0) return;
  const Attributes attributes = CastAttributes{to.dtype()};
  backend_for(to.device().kind).run({Op::kCast, {&from, 1}, to.view(), attributes});
}

// Fill and arange are defined in float64, everything else in float32.
DType computed_in(Op op) {
  return op_info(op).op_class == OpClass::kCreate ? DType::kFloat64 : DType::kFloat32;
}

// What the row is told of its dtype must agree with what it is given.
Attributes with_dtype(const Attributes& attributes, DType dtype) {
  Attributes changed = attributes;
  if (auto* fill = std::get_if<FillAttributes>(&changed)) fill->dtype = dtype;
  return changed;
}

// The view in float32, its repeated axes (stride 0) repeated as before rather than written out.
TensorView widen(const TensorView& view, Device device, std::vector<Tensor>& kept) {
  if (view.dtype != DType::kBFloat16) return view;
  TensorView once = view;
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    if (view.strides[axis] == 0 && view.shape[axis] > 1) once.shape[axis] = 1;
  kept.push_back(Tensor::allocate(once.shape, DType::kFloat32, device));
  convert(once, kept.back());
  TensorView wide = kept.back().view();
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    if (wide.shape[axis] != view.shape[axis]) wide.strides[axis] = 0;
  wide.shape = view.shape;
  return wide;
}

}  // namespace

bool needs_widening(Op op, std::span<const TensorView> inputs, DType output) {
  if (op == Op::kCast || op == Op::kCopy) return false;
  return output == DType::kBFloat16 || std::any_of(inputs.begin(), inputs.end(), [](const TensorView& view) {
           return view.dtype == DType::kBFloat16;
         });
}

void run_widened(Op op, std::span<const TensorView> inputs, const Tensor& output,
                 const Attributes& attributes) {
  const Device device = output.device();
  std::vector<Tensor> kept;
  std::vector<TensorView> wide;
  for (const TensorView& input : inputs) wide.push_back(widen(input, device, kept));
  const bool narrows = output.dtype() == DType::kBFloat16;
  const Tensor result = narrows ? Tensor::allocate(output.shape(), computed_in(op), device) : output;
  backend_for(device.kind).run({op, wide, result.view(), with_dtype(attributes, result.dtype())});
  if (narrows) convert(result.view(), output);
}

}  // namespace tessera::internal
