#include "tessera/backends/tail_examples_test.h"

#include <utility>

#include "tessera/backends/selftest_cases.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera {
namespace {

using selftest::Layout;
using selftest::Values;

constexpr DType kAll[] = {DType::kFloat32, DType::kFloat64, DType::kInt64,
                          DType::kUInt8,   DType::kBool,    DType::kBFloat16};

// Draws the inputs of the examples of one dtype and length, and collects them.
class Tails {
 public:
  Tails(DType dtype, std::int64_t length) : dtype_(dtype), n(length) {}

  Tensor draw(const Shape& shape, DType dtype, Layout layout = Layout::kContiguous,
              Values values = Values::kSmall) {
    return selftest::make_input({next_++, 7}, shape, dtype, values, layout);
  }
  Tensor draw(const Shape& shape, Layout layout = Layout::kContiguous) { return draw(shape, dtype_, layout); }
  Tensor indices(const Shape& shape, std::int64_t bound) {
    return selftest::make_indices({next_++, 7}, shape.elements(), bound).reshape(shape);
  }
  void add(Op op, std::vector<Tensor> inputs, Attributes attributes = NoAttributes{}) {
    examples_.push_back({op, std::move(inputs), std::move(attributes)});
  }
  std::vector<Example> take() { return std::move(examples_); }
  DType dtype() const { return dtype_; }

 private:
  DType dtype_;
  std::uint32_t next_ = 1;
  std::vector<Example> examples_;

 public:
  const std::int64_t n;
};

// ---- Elementwise ----

void add_elementwise(Tails& tails, const Shape& shape, Layout layout) {
  const DType dtype = tails.dtype();
  const Tensor x = tails.draw(shape, dtype, layout, Values::kAwkward), other = tails.draw(shape, layout),
               number = tails.draw({}), choice = tails.draw(shape, DType::kBool, layout);
  for (const Op op : ops_of(OpClass::kUnary)) tails.add(op, {x});
  for (const OpClass op_class : {OpClass::kBinary, OpClass::kCompare})
    for (const Op op : ops_of(op_class)) {
      const bool divides = op == Op::kDivide && dtype == DType::kInt64;  // a zero would be refused
      const auto divisor = [&](const Tensor& y) {
        return divides ? select(equal(y, 0), ones({}, dtype), y) : y;
      };
      tails.add(op, {x, divisor(other)});
      tails.add(op, {x, divisor(number)});
      tails.add(op, {number, divisor(x)});
    }
  tails.add(Op::kSelect, {choice, x, other});
  tails.add(Op::kSelect, {choice, number, other});
  for (const DType to : kAll) tails.add(Op::kCast, {x}, CastAttributes{to});
  tails.add(Op::kCopy, {x});
}

void add_elementwise(Tails& tails) {
  add_elementwise(tails, {tails.n}, Layout::kContiguous);
  add_elementwise(tails, {tails.n}, Layout::kReversed);
  add_elementwise(tails, {3, tails.n}, Layout::kSliced);
  add_elementwise(tails, {3, tails.n}, Layout::kTransposed);
  add_elementwise(tails, {3, tails.n}, Layout::kBroadcast);
  const Tensor rows = tails.draw({3, tails.n}), row = tails.draw({tails.n}), column = tails.draw({3, 1});
  for (const Op op : {Op::kAdd, Op::kMultiply, Op::kLess}) {
    tails.add(op, {rows, row});
    tails.add(op, {column, rows});
  }
}

void add_finish(Tails& tails) {
  const Shape shape{3, tails.n};
  const Tensor x = tails.draw(shape), g = tails.draw(shape), draws = tails.draw(shape, DType::kFloat32);
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid})
    for (const int axis : {-1, 0, 1})
      for (const bool drops : {false, true}) {
        std::vector<Tensor> inputs;
        inputs.reserve(4);
        inputs.push_back(x);
        if (axis >= 0) inputs.push_back(tails.draw({shape[axis]}));
        if (drops) inputs.push_back(draws);
        const FinishAttributes finish{.activation = activation,
                                      .bias = axis >= 0,
                                      .axis = std::max(axis, 0),
                                      .drops = drops,
                                      .drop = 0.3,
                                      .scale = 1 / 0.7};
        tails.add(Op::kFinish, inputs, finish);
        inputs.insert(inputs.begin(), g);
        tails.add(Op::kFinishGradient, inputs, finish);
      }
}

void add_made(Tails& tails) {
  const Shape shape{tails.n};
  const DType dtype = tails.dtype();
  tails.add(Op::kFill, {}, FillAttributes{shape, dtype, 1, 0});
  tails.add(Op::kArange, {}, FillAttributes{shape, dtype, 1, 1});
  for (const Op op : ops_of(OpClass::kRandom))
    for (const std::uint64_t offset : {0, 3})
      if (offset == 0 || op != Op::kRandomPermutation)
        tails.add(op, {}, RandomAttributes{shape, dtype, 5, 6, 7, offset});
}

// ---- Moves and indices ----

void add_moves(Tails& tails) {
  const Shape full{5, 2 * tails.n + 1};
  SliceAttributes embed{{Range(1, 4).resolve(5, 0), Range::step(-2).resolve(full[1], 1)}, full};
  tails.add(Op::kEmbed, {tails.draw({3, tails.n + 1})}, embed);
  embed.ranges[1] = Range(tails.n, 2 * tails.n).resolve(full[1], 1);
  tails.add(Op::kEmbed, {tails.draw({3, tails.n})}, embed);
  for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
    tails.add(Op::kConcatenate, {tails.draw({3, tails.n}, layout), tails.draw({3, 5})}, AxisAttributes{1});
    tails.add(Op::kConcatenate, {tails.draw({2, tails.n}, layout), tails.draw({3, tails.n})},
              AxisAttributes{0});
  }
  for (const Op op : {Op::kMaxPool2d, Op::kMaxPool2dIndices, Op::kAveragePool2d})
    for (const std::int64_t kernel : {2, 3}) {
      WindowAttributes window;
      for (const int axis : {0, 1}) window.kernel[axis] = kernel, window.padding[axis] = kernel - 2;
      window.stride[1] = 4 - kernel;
      tails.add(op, {tails.draw({2, 3, 4, tails.n + 1})}, window);
      if (op != Op::kAveragePool2d) continue;
      window.input_shape = {2, 3, 4, tails.n + 1};
      const Shape pooled{2, 3, window_output_size(4, window, 0), window_output_size(tails.n + 1, window, 1)};
      tails.add(Op::kAveragePool2dGradient, {tails.draw(pooled)}, window);
    }
}

void add_indices(Tails& tails) {
  const std::int64_t n = tails.n;
  for (const auto& [shape, axis] : {std::pair<Shape, int>{{7, n}, 0}, {{n, 3}, 0}, {{3, n}, 1}})
    for (const std::int64_t count : {std::int64_t{5}, n}) {
      Shape picked = shape;
      picked[axis] = count;
      const Tensor x = tails.draw(shape), source = tails.draw(picked),
                   index = tails.indices({count}, shape[axis]), places = tails.indices(picked, shape[axis]);
      tails.add(Op::kGather, {x, index}, AxisAttributes{axis});
      tails.add(Op::kIndexAdd, {x, index, source}, AxisAttributes{axis});
      tails.add(Op::kTakeAlong, {x, places}, AxisAttributes{axis});
      tails.add(Op::kScatterAdd, {x, places, source}, AxisAttributes{axis});
      for (const Op op : {Op::kSort, Op::kArgSort}) tails.add(op, {x}, SortAttributes{axis, count == n});
    }
}

// ---- Products ----

void add_matmul(Tails& tails) {
  const std::int64_t n = tails.n;
  struct Size {
    std::int64_t m, k, n;
  };
  for (const Size& size : {Size{n, 5, 7}, Size{5, n, 7}, Size{5, 7, n}, Size{n, n, n}, Size{1, n, n},
                           Size{n, n, 1}, Size{1, 70, n}, Size{n, 70, 1}, Size{33, n, 17}})
    for (const auto& [a, b] : {std::pair{Layout::kContiguous, Layout::kContiguous},
                               {Layout::kContiguous, Layout::kTransposed},
                               {Layout::kTransposed, Layout::kContiguous},
                               {Layout::kSliced, Layout::kSliced}})
      tails.add(Op::kMatrixMultiply, {tails.draw({size.m, size.k}, a), tails.draw({size.k, size.n}, b)});
  for (const Size& size :
       {Size{n, 5, 7}, Size{5, n, 7}, Size{5, 7, n}, Size{n, n, n}, Size{1, n, n}, Size{n, n, 1}})
    for (const Activation activation :
         {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid})
      tails.add(Op::kLinear,
                {tails.draw({size.m, size.k}), tails.draw({size.n, size.k}), tails.draw({size.n})},
                FinishAttributes{.activation = activation});
}

void add_convolution(Tails& tails, const Shape& input, const Shape& weight, WindowAttributes window) {
  const bool volumes = window.axes == 3;
  Shape output{input[0], weight[0]};
  for (int axis = 0; axis < window.axes; ++axis) {
    window.kernel[axis] = weight[axis + 2];
    output.append(window_output_size(input[axis + 2], window, axis));
  }
  const Tensor x = tails.draw(input), w = tails.draw(weight), g = tails.draw(output);
  tails.add(volumes ? Op::kConv3d : Op::kConv2d, {x, w}, window);
  window.input_shape = input;
  tails.add(volumes ? Op::kConv3dInputGradient : Op::kConv2dInputGradient, {g, w}, window);
  window.input_shape = weight;
  tails.add(volumes ? Op::kConv3dWeightGradient : Op::kConv2dWeightGradient, {g, x}, window);
}

void add_convolutions(Tails& tails) {
  const std::int64_t n = tails.n;
  for (const std::int64_t stride : {1, 2})
    for (const std::int64_t padding : {0, 1}) {
      WindowAttributes window;
      for (const int axis : {0, 1}) window.stride[axis] = stride, window.padding[axis] = padding;
      add_convolution(tails, {2, 3, 5, n + 2}, {4, 3, 3, 3}, window);
      window.groups = 3;
      add_convolution(tails, {2, 3, 5, n + 2}, {3, 1, 3, 3}, window);
    }
  WindowAttributes volume, depthwise, deep_volume;
  volume.axes = 3;
  depthwise.groups = n;
  deep_volume.axes = 3;
  deep_volume.groups = n;
  add_convolution(tails, {2, n, 3, 4}, {5, n, 1, 1}, {});
  add_convolution(tails, {2, 5, 3, 4}, {n, 5, 1, 1}, {});
  add_convolution(tails, {1, n, 4, 5}, {7, n, 3, 3}, {});
  add_convolution(tails, {1, 2, 4, 5}, {n, 2, 3, 3}, {});
  add_convolution(tails, {2, n, 4, 5}, {n, 1, 3, 3}, depthwise);
  add_convolution(tails, {1, 2, 3, 4, n + 2}, {3, 2, 2, 3, 3}, volume);
  add_convolution(tails, {1, n, 2, 3, 4}, {n, 1, 2, 3, 3}, deep_volume);
}

// ---- Rows ----

void add_reductions(Tails& tails) {
  const std::int64_t n = tails.n;
  for (const Layout layout : {Layout::kContiguous, Layout::kTransposed, Layout::kSliced}) {
    const Tensor wide = tails.draw({3, n}, layout), tall = tails.draw({n, 3}, layout),
                 middle = tails.draw({2, n, 3}, layout);
    for (const Op op : ops_of(OpClass::kReduce)) {
      for (const int axis : {0, 1})
        for (const Tensor& x : {wide, tall, middle}) tails.add(op, {x}, ReduceAttributes{{axis}, false});
      if (op != Op::kArgMax) tails.add(op, {wide}, ReduceAttributes{{0, 1}, false});
    }
  }
}

void add_normalizations(Tails& tails) {
  const std::int64_t n = tails.n;
  for (const Shape& shape : {Shape{3, n}, Shape{n, 3}, Shape{n, 17}})
    for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
      const Tensor x = tails.draw(shape, layout), g = tails.draw(shape, layout),
                   scale = tails.draw({shape[1]}), shift = tails.draw({shape[1]});
      for (const int axis : {0, 1})
        for (const Op op : {Op::kSoftmax, Op::kLogSoftmax}) {
          const bool plain = op == Op::kSoftmax;
          tails.add(op, {x}, AxisAttributes{axis});
          tails.add(plain ? Op::kSoftmaxGradient : Op::kLogSoftmaxGradient, {x, g}, AxisAttributes{axis});
        }
      const Tensor labels = tails.indices({shape[0]}, shape[1]);
      tails.add(Op::kCrossEntropy, {x, labels});
      tails.add(Op::kCrossEntropyGradient, {x, labels, tails.draw({shape[0]})});
      tails.add(Op::kLayerNorm, {x, scale, shift}, LayerNormAttributes{});
      tails.add(Op::kLayerNormInputGradient, {g, x, scale}, LayerNormAttributes{});
      tails.add(Op::kLayerNormScaleGradient, {g, x}, LayerNormAttributes{});
      tails.add(Op::kLayerNormGradient, {g, x, scale}, LayerNormAttributes{});
    }
}

void add_batch_norms(Tails& tails) {
  const std::int64_t n = tails.n;
  for (const Shape& shape : {Shape{3, n}, Shape{n, 17}, Shape{2, 3, n}, Shape{n, 2, 5}})
    for (const bool own : {true, false}) {
      const BatchNormAttributes attributes{1e-5, own};
      const Tensor x = tails.draw(shape), g = tails.draw(shape), pair = tails.draw({2, shape[1]}),
                   vector = tails.draw({shape[1]});
      tails.add(Op::kBatchStatistics, {x});
      tails.add(Op::kBatchNorm, {x, pair, vector, vector}, attributes);
      tails.add(Op::kBatchNormSums, {g, x, pair}, attributes);
      tails.add(Op::kBatchNormInputGradient, {g, x, pair, vector, pair}, attributes);
    }
}

void add_group_norms(Tails& tails) {
  const std::int64_t n = tails.n;
  for (const Shape& shape : {Shape{3, 2 * n}, Shape{n, 6}, Shape{2, 6, n}, Shape{n, 2, 5}}) {
    const GroupNormAttributes attributes{2, 1e-5};
    const Tensor x = tails.draw(shape), scale = tails.draw({shape[1]});
    tails.add(Op::kGroupNorm, {x, scale, tails.draw({shape[1]})}, attributes);
    tails.add(Op::kGroupNormGradient, {tails.draw(shape), x, scale}, attributes);
  }
}

void add_activations(Tails& tails) {
  const Tensor x = tails.draw({3, tails.n}), g = tails.draw({3, tails.n});
  for (int curve = 0; curve < 7; ++curve) {
    const CurveAttributes attributes{static_cast<Curve>(curve), 0.3};
    tails.add(Op::kActivate, {x}, attributes);
    tails.add(Op::kActivateGradient, {g, x}, attributes);
  }
}

void add_optimizer_steps(Tails& tails) {
  const auto add = [&](Op op, const OptimizerAttributes& attributes) {
    const OptimizerParts parts = optimizer_parts(op, attributes);
    std::vector<Tensor> inputs;
    for (std::size_t list = 0; list < 2 + parts.states; ++list)
      for (const Shape& shape : {Shape{tails.n}, Shape{3, tails.n}, Shape{}})
        inputs.push_back(tails.draw(shape));
    inputs.push_back(
        tails.draw({parts.factors}, tails.dtype() == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32));
    tails.add(op, inputs, attributes);
  };
  add(Op::kSgdStep, {});
  add(Op::kSgdStep, {.momentum = true, .nesterov = true, .decay = true});
  add(Op::kAdamStep, {.decay = true});
  add(Op::kAdamStep, {.decoupled = true});
  add(Op::kAdamStep, {.amsgrad = true});
  add(Op::kRmspropStep, {});
  add(Op::kRmspropStep, {.momentum = true, .decay = true, .centered = true});
  add(Op::kAdagradStep, {.decay = true});
  add(Op::kAdadeltaStep, {.decay = true});
}

void add_recurrent(Tails& tails, std::int64_t samples, std::int64_t hidden) {
  constexpr std::int64_t kTimes = 2;
  for (const bool is_lstm : {false, true}) {
    const std::int64_t gates = is_lstm ? 4 : 3;
    std::vector<Tensor> inputs = {tails.draw({kTimes, samples, gates * hidden}),
                                  tails.draw({samples, hidden})};
    if (is_lstm) inputs.push_back(tails.draw({samples, hidden}));
    inputs.push_back(tails.draw({gates * hidden, hidden}));
    for (int bias = 0; bias < 2; ++bias) inputs.push_back(tails.draw({gates * hidden}));
    tails.add(is_lstm ? Op::kLstm : Op::kGru, inputs);
    tails.add(is_lstm ? Op::kLstmPlain : Op::kGruPlain, inputs);
    inputs.insert(inputs.begin(),
                  is_lstm ? tails.draw({2, kTimes, samples, hidden}) : tails.draw({kTimes, samples, hidden}));
    inputs.push_back(tails.draw({is_lstm ? 7 : 5, kTimes, samples, hidden}));
    tails.add(is_lstm ? Op::kLstmGradient : Op::kGruGradient, inputs);
  }
  for (const Activation nonlinearity : {Activation::kTanh, Activation::kRelu}) {
    std::vector<Tensor> inputs = {tails.draw({kTimes, samples, hidden}), tails.draw({samples, hidden}),
                                  tails.draw({hidden, hidden}), tails.draw({hidden}), tails.draw({hidden})};
    tails.add(Op::kRnn, inputs, RecurrentAttributes{nonlinearity});
    inputs.insert(inputs.begin(), tails.draw({kTimes, samples, hidden}));
    inputs.push_back(tails.draw({kTimes, samples, hidden}));
    tails.add(Op::kRnnGradient, inputs, RecurrentAttributes{nonlinearity});
  }
}

}  // namespace

std::vector<Example> long_tail_examples(DType dtype, std::int64_t length) {
  Tails tails(dtype, length);
  add_elementwise(tails);
  add_finish(tails);
  add_made(tails);
  add_moves(tails);
  add_indices(tails);
  add_reductions(tails);
  add_normalizations(tails);
  add_batch_norms(tails);
  add_group_norms(tails);
  add_activations(tails);
  add_optimizer_steps(tails);
  return tails.take();
}

std::vector<Example> tail_examples(DType dtype, std::int64_t length) {
  std::vector<Example> examples = long_tail_examples(dtype, length);
  Tails tails(dtype, length);
  add_matmul(tails);
  add_convolutions(tails);
  add_recurrent(tails, 3, length);
  add_recurrent(tails, length, 5);
  for (Example& example : tails.take()) examples.push_back(std::move(example));
  return examples;
}

}  // namespace tessera
