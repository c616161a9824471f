#include "tessera/tensor/op.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "tessera/base/error.h"
#include "tessera/tensor/backend.h"
#include "tessera/tensor/views.h"
#include "tessera/tensor/widening.h"

namespace tessera {
namespace {

constexpr OpInfo kInfos[] = {
#define TESSERA_OP(Id, name, arity, Class, differentiable, definition) \
  {#name, arity, OpClass::k##Class, (differentiable) != 0, definition},
#include "tessera/tensor/ops.def"
#undef TESSERA_OP
};

thread_local std::vector<OpObserver*> observers;
std::atomic<internal::FaultPlanter*> fault_planter = nullptr;

internal::FaultPlanter* planter() {
  return fault_planter.load(std::memory_order_relaxed);
}

void tell_observers(const OpEvent& event) {
  if (auto* faults = planter()) faults->on_op(event);
  // By position: an observer may install another one while it is told.
  for (std::size_t i = 0; i < observers.size(); ++i) observers[i]->on_op(event);
}

void run_kernel(Op op, std::span<const TensorView> inputs, const Tensor& output,
                const Attributes& attributes) {
  if (output.elements() == 0) return;
  if (internal::needs_widening(op, inputs, output.dtype()))
    internal::run_widened(op, inputs, output, attributes);
  else
    backend_for(output.device().kind).run({op, inputs, output.view(), attributes});
}

TensorView broadcast_view(const TensorView& view, const Shape& shape) {
  if (view.shape == shape) return view;
  return {view.data, view.dtype, shape, internal::broadcast_strides(view.shape, view.strides, shape)};
}

// The batch axes of a matrix product: those of the output, then the matrix's own two.
TensorView broadcast_batch(const TensorView& view, const Shape& output) {
  if (output.rank() == 2) return view;
  Shape shape = output;
  for (int back = 1; back <= 2; ++back) shape[output.rank() - back] = view.shape[view.shape.rank() - back];
  return broadcast_view(view, shape);
}

// The input as kernels of this row may expect it (backend.h). A copy that this takes lives in `kept` and is no event: it is
// how the operation is carried out, not a step of the program.
TensorView kernel_input(Op op, std::size_t position, const Tensor& input, const Shape& output,
                        std::vector<Tensor>& kept) {
  const TensorView view = input.view();
  const OpClass op_class = op_info(op).op_class;
  if (op_class == OpClass::kBinary || op_class == OpClass::kCompare || op_class == OpClass::kSelect)
    return broadcast_view(view, output);
  if (op == Op::kMatrixMultiply) return broadcast_batch(view, output);
  const bool is_index = op_class == OpClass::kIndex && position == 1;
  const bool is_labels = (op == Op::kCrossEntropy || op == Op::kCrossEntropyGradient) && position == 1;
  if ((is_index || is_labels) && !view.contiguous()) {
    const Tensor dense = Tensor::allocate(input.shape(), input.dtype(), input.device());
    run_kernel(Op::kCopy, {&view, 1}, dense, NoAttributes{});
    kept.push_back(dense);
    return dense.view();
  }
  return view;
}

Tensor compute(Op op, std::span<const Tensor> inputs, const Attributes& attributes, const TensorSpec& spec) {
  const Device device = inputs.empty() ? Device{} : inputs[0].device();
  Tensor output = Tensor::allocate(spec.shape, spec.dtype, device);
  if (auto* faults = planter()) faults->before_kernel(op, output);
  std::vector<Tensor> kept;
  constexpr std::size_t kUsualInputs = 3;
  if (inputs.size() <= kUsualInputs) {
    std::array<TensorView, kUsualInputs> views;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      views[i] = kernel_input(op, i, inputs[i], spec.shape, kept);
    run_kernel(op, {views.data(), inputs.size()}, output, attributes);
  } else {
    std::vector<TensorView> views;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      views.push_back(kernel_input(op, i, inputs[i], spec.shape, kept));
    run_kernel(op, views, output, attributes);
  }
  return output;
}

Tensor apply_view(Op op, const Tensor& input, const Attributes& attributes, const Shape& shape,
                  SourceLocation where) {
  if (const auto view = internal::make_view_of(op, input, shape, attributes)) {
    tell_observers({op, {&input, 1}, *view, attributes, where, OpScope::current()});
    return *view;
  }
  // A reshape that strides cannot express is two rows of the table: a copy, then a reshape.
  const Tensor dense = apply(Op::kCopy, {&input, 1}, NoAttributes{}, where);
  return apply_view(op, dense, attributes, shape, where);
}

}  // namespace

const OpInfo& op_info(Op op) {
  return kInfos[static_cast<std::size_t>(op)];
}

Tensor apply(Op op, std::span<const Tensor> inputs, const Attributes& attributes, SourceLocation where) {
  const TensorSpec spec = infer(op, inputs, attributes);
  if (op_info(op).op_class == OpClass::kView) return apply_view(op, inputs[0], attributes, spec.shape, where);
  Tensor output = compute(op, inputs, attributes, spec);
  tell_observers({op, inputs, output, attributes, where, OpScope::current()});
  return output;
}

ObserveOps::ObserveOps(OpObserver* observer) : observer_(observer) {
  observers.push_back(observer);
}

// The last one installed: one observer may be installed in nested scopes.
ObserveOps::~ObserveOps() {
  const auto found = std::find(observers.rbegin(), observers.rend(), observer_);
  if (found != observers.rend()) observers.erase(std::next(found).base());
}

bool observed() {
  return !observers.empty() || planter() != nullptr;
}

namespace internal {

void tell_of_host_tensor(const Tensor& made, SourceLocation where) {
  if (auto* faults = planter()) faults->on_host_tensor(made, where);
  for (std::size_t i = 0; i < observers.size(); ++i) observers[i]->on_host_tensor(made, where);
}

void set_fault_planter(FaultPlanter* planter) {
  fault_planter.store(planter);
}

}  // namespace internal
}  // namespace tessera
