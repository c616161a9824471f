#include "tessera/tensor/widening.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "tessera/base/thread_pool.h"
#include "tessera/tensor/backend.h"

namespace tessera::internal {
namespace {

// Elements that are widened at a time: with their results in the second-level cache, and enough to pay for their calls.
constexpr std::int64_t kBlock = 1 << 14;
constexpr std::size_t kMostOperands = 3;  // of an operation that works element by element

void convert(const TensorView& from, const TensorView& to, Backend& backend) {
  if (to.elements() == 0) return;
  const Attributes attributes = CastAttributes{to.dtype};
  backend.run({Op::kCast, {&from, 1}, to, attributes});
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

// The view without its repetitions (axes of stride 0).
TensorView without_repetitions(const TensorView& view) {
  TensorView once = view;
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    if (view.strides[axis] == 0 && view.shape[axis] > 1) once.shape[axis] = 1;
  return once;
}

// `wide`, which holds that view's elements, repeated as the view is.
TensorView repeated_as(const TensorView& view, TensorView wide) {
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    if (wide.shape[axis] != view.shape[axis]) wide.strides[axis] = 0;
  wide.shape = view.shape;
  return wide;
}

// The view in float32, its repeated axes repeated as before rather than written out.
TensorView widen(const TensorView& view, Device device, std::vector<Tensor>& kept) {
  if (view.dtype != DType::kBFloat16) return view;
  const TensorView once = without_repetitions(view);
  kept.push_back(Tensor::allocate(once.shape, DType::kFloat32, device));
  convert(once, kept.back().view(), backend_for(device.kind));
  return repeated_as(view, kept.back().view());
}

// ---- Element by element: block by block, so that what is widened stays in the near caches ----

// Whether every element of the result depends on the elements at its own place, and the operands have the result's shape (backend.h).
bool works_by_element(Op op) {
  switch (op_info(op).op_class) {
    case OpClass::kUnary:
    case OpClass::kBinary:
    case OpClass::kCompare:
    case OpClass::kSelect:
      return true;
    default:
      return op == Op::kActivate || op == Op::kActivateGradient;
  }
}

// A shape cut along one axis, all axes before it into single places, so that a block is a stretch of the row-major result.
struct Blocks {
  explicit Blocks(const Shape& shape) : rank(shape.rank()) {
    std::int64_t inner = shape.elements();
    for (axis = 0; axis < rank; ++axis) {
      inner /= shape[axis];
      if (inner <= kBlock) break;
    }
    if (rank == 0) return;
    const std::int64_t most = std::max<std::int64_t>(1, kBlock / inner),
                       parts = (shape[axis] + most - 1) / most;
    places = (shape[axis] + parts - 1) / parts;
    per_axis = (shape[axis] + places - 1) / places;
    count = shape.elements() / (inner * shape[axis]) * per_axis;
  }

  // The block of a view of the whole shape.
  TensorView of(const TensorView& view, std::int64_t block) const {
    if (rank == 0) return view;
    const std::int64_t begin = block % per_axis * places;
    std::int64_t rest = block / per_axis, offset = begin * view.strides[axis];
    TensorView part = view;
    part.shape[axis] = std::min(places, view.shape[axis] - begin);
    for (int before = axis - 1; before >= 0; --before) {
      offset += rest % view.shape[before] * view.strides[before];
      rest /= view.shape[before];
      part.shape[before] = 1;
    }
    part.data = view.as<char>() + offset * dtype_size(view.dtype);
    return part;
  }

  int rank, axis = 0;
  std::int64_t places = 1, per_axis = 1, count = 1;  // of the axis in a block; blocks along it; blocks
};

// Of one block at a time. Each thread keeps its 256 KB: too much for the stack of a thread that somebody made small.
class BlockMemory {
 public:
  TensorView next(const Shape& shape) {
    return {elements_of_thread().of[used_++], DType::kFloat32, shape, row_major_strides(shape)};
  }

 private:
  struct alignas(64) Elements {
    float of[kMostOperands + 1][kBlock];
  };
  static Elements& elements_of_thread() {
    thread_local const auto kept = std::make_unique_for_overwrite<Elements>();
    return *kept;
  }

  std::size_t used_ = 0;
};

void run_block(Op op, std::span<const TensorView> inputs, const TensorView& output,
               const Attributes& attributes, Backend& backend) {
  BlockMemory memory;
  TensorView wide[kMostOperands];
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    wide[i] = inputs[i];
    if (inputs[i].dtype != DType::kBFloat16) continue;
    const TensorView once = without_repetitions(inputs[i]), widened = memory.next(once.shape);
    convert(once, widened, backend);
    wide[i] = repeated_as(inputs[i], widened);
  }
  const bool narrows = output.dtype == DType::kBFloat16;
  const TensorView result = narrows ? memory.next(output.shape) : output;
  backend.run({op, {wide, inputs.size()}, result, attributes});
  if (narrows) convert(result, output, backend);
}

void run_in_blocks(Op op, std::span<const TensorView> inputs, const Tensor& output,
                   const Attributes& attributes) {
  const TensorView whole = output.view();
  const Blocks blocks(whole.shape);
  Backend& backend = backend_for(output.device().kind);
  parallel_for(blocks.count, [&](std::int64_t block) {
    TensorView parts[kMostOperands];
    for (std::size_t i = 0; i < inputs.size(); ++i) parts[i] = blocks.of(inputs[i], block);
    run_block(op, {parts, inputs.size()}, blocks.of(whole, block), attributes, backend);
  });
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
  if (works_by_element(op)) return run_in_blocks(op, inputs, output, attributes);
  const Device device = output.device();
  std::vector<Tensor> kept;
  std::vector<TensorView> wide;
  for (const TensorView& input : inputs) wide.push_back(widen(input, device, kept));
  const bool narrows = output.dtype() == DType::kBFloat16;
  const Tensor result = narrows ? Tensor::allocate(output.shape(), computed_in(op), device) : output;
  backend_for(device.kind).run({op, wide, result.view(), with_dtype(attributes, result.dtype())});
  if (narrows) convert(result.view(), output.view(), backend_for(device.kind));
}

}  // namespace tessera::internal
