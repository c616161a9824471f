// The operations as data: their enumeration, what a row of ops.def says, and the attributes that an operation takes beside
// its tensors. `apply` is the one door through which every operation goes: shape rule, backend, observers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/source_location.h"
#include "tessera/tensor/tensor.h"

namespace tessera {

enum class Op : std::uint16_t {
#define TESSERA_OP(Id, ...) k##Id,
#include "tessera/tensor/ops.def"
#undef TESSERA_OP
};

inline constexpr int kOpCount = 0
#define TESSERA_OP(...) +1
#include "tessera/tensor/ops.def"
#undef TESSERA_OP
    ;

enum class OpClass : std::uint8_t {
  kUnary,
  kBinary,
  kCompare,
  kSelect,
  kCast,
  kCreate,
  kRandom,
  kView,
  kMove,
  kProduct,
  kWindow,
  kReduce,
  kIndex,
  kNormalize,
  kOptimizer,
  kRecurrent,
  kFinish
};

struct OpInfo {
  std::string_view name;
  int arity;  // -1: any number
  OpClass op_class;
  bool differentiable;
  std::string_view definition;
};
const OpInfo& op_info(Op op);

// ---- Attributes ----
struct NoAttributes {};
struct CastAttributes {
  DType dtype;
};
struct FillAttributes {  // Fill: value; Arange: value + i * step (int64 exact below 2^53)
  Shape shape;
  DType dtype;
  double value = 0;
  double step = 0;
};
struct RandomAttributes {  // key and counter of contract rule 5
  Shape shape;             // RandomPermutation: [n]
  DType dtype;
  std::uint32_t key0 = 0, key1 = 0;
  std::uint32_t step = 0;
  std::uint64_t offset = 0;  // index of the first element in the stream's fill
};
struct ShapeAttributes {  // Reshape, BroadcastTo
  Shape shape;
};
struct PermuteAttributes {
  std::vector<int> axes;
};
struct SliceAttributes {                // Slice and its adjoint Embed
  std::vector<Range::Resolved> ranges;  // one per axis of the unsliced shape
  Shape full_shape;                     // the unsliced shape
};
struct
    AxisAttributes {  // Concatenate, Gather, IndexAdd, TakeAlong, ScatterAdd, Softmax, LogSoftmax and their gradients
  int axis = 0;
};
struct SortAttributes {  // Sort, ArgSort
  int axis = 0;
  bool descending = false;  // equal elements keep their order, NaN stays last
};
struct ReduceAttributes {
  std::vector<int> axes;  // sorted, without repeats, counted from the front; ArgMax: exactly one
  bool keep_axes = false;
};
inline constexpr int kMaxSpatialAxes = 3;
struct
    WindowAttributes {  // convolution and pooling; per spatial axis: (rows, columns), or (depth, rows, columns) of conv3d
  std::int64_t kernel[kMaxSpatialAxes] = {
      1, 1, 1};  // pooling: the window; convolution gradients: the filter's size
  std::int64_t stride[kMaxSpatialAxes] = {1, 1, 1};
  std::int64_t padding[kMaxSpatialAxes] = {0, 0, 0};
  std::int64_t dilation[kMaxSpatialAxes] = {1, 1, 1};
  std::int64_t groups = 1;
  bool count_padding = true;  // average pooling: divide by the whole window (as PyTorch's default)
  bool round_up = false;      // pooling: ceil instead of floor for the output size
  Shape
      input_shape;  // gradients: the shape that they lead back to (input, or weight for the weight gradient)
  int axes = 2;     // how many spatial axes there are
};

struct OptimizerAttributes {  // SgdStep and the other steps: which terms the step has (optimizer_steps.h)
  bool momentum = false;      // SgdStep, RmspropStep
  bool nesterov = false;      // SgdStep
  bool decay = false;         // weight decay, added to the gradient
  bool decoupled = false;     // AdamStep: weight decay of the value itself; not both
  bool amsgrad = false;       // AdamStep: the largest square so far in the place of the square
  bool centered = false;      // RmspropStep: the square of the mean is subtracted
};

enum class Activation : std::uint8_t { kNone, kRelu, kTanh, kSigmoid };
struct FinishAttributes {  // Finish and its gradient (finish.h); Linear, which has the activation only
  Activation activation = Activation::kNone;
  bool bias = false;
  int axis = 1;  // of x, along which the bias lies
  bool drops = false;
  double drop = 0;   // probability
  double scale = 1;  // of what stays
};

struct RecurrentAttributes {                    // Rnn and its gradient
  Activation nonlinearity = Activation::kTanh;  // or kRelu
};

struct LayerNormAttributes {
  int axes = 1;  // trailing axes that make up a row, at least 1
  double epsilon = 1e-5;
};

struct BatchNormAttributes {  // of batch_norm and its gradients (batch_norm.h)
  double epsilon = 1e-5;
  bool own = true;  // the statistics are those of x, so that the gradient leads through them
};

struct GroupNormAttributes {  // of group_norm and its gradient (batch_norm.h)
  std::int64_t groups = 1;    // of equally many channels
  double epsilon = 1e-5;
};

enum class Curve : std::uint8_t { kLeakyRelu, kElu, kSoftplus, kGelu, kGeluTanh, kSilu, kMish };
struct CurveAttributes {  // Activate and its gradient (activate.h)
  Curve curve = Curve::kGelu;
  double parameter = 0;  // LeakyRelu: slope; Elu: alpha
};

using Attributes =
    std::variant<NoAttributes, CastAttributes, FillAttributes, RandomAttributes, ShapeAttributes,
                 PermuteAttributes, SliceAttributes, AxisAttributes, ReduceAttributes, WindowAttributes,
                 OptimizerAttributes, FinishAttributes, SortAttributes, LayerNormAttributes,
                 BatchNormAttributes, CurveAttributes, RecurrentAttributes, GroupNormAttributes>;

// What an operation will produce.
struct TensorSpec {
  Shape shape;
  DType dtype;
};

// Output size of a window: (input + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded up or down.
std::int64_t window_output_size(std::int64_t input, const WindowAttributes& window, int spatial_axis);

// The shape rule of the row: throws Error that names both shapes and the axis.
TensorSpec infer(Op op, std::span<const Tensor> inputs, const Attributes& attributes);

// Runs one operation: checks, allocates, computes on the backend of the inputs' device, tells the observers.
Tensor apply(Op op, std::span<const Tensor> inputs, const Attributes& attributes,
             SourceLocation where = SourceLocation::current());

// ---- Observers: the tape of autograd, traces ----
struct OpEvent {
  Op op;
  std::span<const Tensor> inputs;
  const Tensor& output;
  const Attributes& attributes;
  SourceLocation where;    // the caller's line
  const ScopePath* scope;  // the place in the program's structure (op_scope.h)
};

class OpObserver {
 public:
  virtual ~OpObserver() = default;
  virtual void on_op(const OpEvent& event) = 0;
  // A tensor was made from values of the program's own memory (Tensor::from and the like, numbers as operands).
  virtual void on_host_tensor(const Tensor& /*made*/, SourceLocation /*where*/) {}
};

// Installs an observer on this thread for the life of the scope. Observers are told in order of installation.
class ObserveOps {
 public:
  explicit ObserveOps(OpObserver* observer);
  ~ObserveOps();
  ObserveOps(const ObserveOps&) = delete;
  ObserveOps& operator=(const ObserveOps&) = delete;

 private:
  OpObserver* observer_;
};

// Whether anybody is told of this thread's operations. Where nobody is, no gradient will be asked for, and what only gradients need can be left
// out, if the results are the same bits.
bool observed();

namespace internal {

void tell_of_host_tensor(const Tensor& made, SourceLocation where);

// Is told of everything before the observers, on every thread, and may change the memory of what was made: for the faults that tests
// plant (fault.h).
class FaultPlanter : public OpObserver {
 public:
  // The output of an operation that has a kernel is allocated, and nothing is computed yet.
  virtual void before_kernel(Op op, const Tensor& output) = 0;
};
// nullptr, outside of tests always: nobody. The planter must outlive its use.
void set_fault_planter(FaultPlanter* planter);

}  // namespace internal
}  // namespace tessera
