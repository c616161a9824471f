// The cpu backend gives the reference backend's bits: random shapes, strides and awkward values for every
// operation, on 1, 2, 3 and 7 threads and every vector width that this processor has. RapidCheck shrinks what
// fails; the message names operation and example.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/backends/random_tensors_test.h"
#include "tessera/backends/selftest.h"
#include "tessera/backends/selftest_cases.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

// Inputs are drawn before a property chooses its first backend.
class ChooseBackend : public ::testing::Environment {
  void SetUp() override { use_backend("reference"); }
};
[[maybe_unused]] const auto* const kChooseBackend = ::testing::AddGlobalTestEnvironment(new ChooseBackend);

struct Example {
  Op op;
  std::vector<Tensor> inputs;
  Attributes attributes;
};

// A result, or the fact that the operation refused the values.
struct Outcome {
  Tensor result;
  std::string error;
};

Outcome outcome_of(const Example& example) {
  try {
    return {apply(example.op, example.inputs, example.attributes), ""};
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

std::string describe(const Example& example) {
  std::string text(op_info(example.op).name);
  for (const Tensor& input : example.inputs)
    text += fmt::format(" {}{} strides {}", dtype_name(input.dtype()), input.shape().to_string(),
                        input.strides().to_string());
  return text;
}

void check_same(const Outcome& expected, const Outcome& found, const std::string& what) {
  // Both refuse the same values; where several are wrong, they may name another one.
  if (found.error.empty() != expected.error.empty())
    RC_FAIL(fmt::format("{}: found error '{}', expected '{}'", what, found.error, expected.error));
  if (expected.error.empty() && !same_bits(expected.result, found.result)) RC_FAIL(what);
}

// Runs the examples on the reference backend, then on the cpu backend in every configuration.
void check_all(const std::vector<Example>& examples) {
  use_backend("reference");
  std::vector<Outcome> expected;
  expected.reserve(examples.size());
  for (const Example& example : examples) expected.push_back(outcome_of(example));
  use_backend("cpu");
  std::vector<std::string> levels = available_simd_levels();
  if (levels.empty()) levels.emplace_back("");
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    for (const std::string& level : levels) {
      use_simd_level(level);
      for (std::size_t i = 0; i < examples.size(); ++i)
        check_same(expected[i], outcome_of(examples[i]),
                   fmt::format("{}, {} threads, {}", describe(examples[i]), threads, level));
    }
  }
  use_simd_level("");
  set_thread_count(2);
}

// ---- Random examples of every row, class by class ----

std::vector<Op> ops_of(OpClass op_class) {
  std::vector<Op> ops;
  for (int i = 0; i < kOpCount; ++i)
    if (op_info(static_cast<Op>(i)).op_class == op_class) ops.push_back(static_cast<Op>(i));
  return ops;
}

std::vector<Example> random_unary() {
  const Tensor x = draw_tensor(draw_shape(0, 4, 20000), draw_dtype());
  std::vector<Example> examples;
  for (const Op op : ops_of(OpClass::kUnary)) examples.push_back({op, {x}, {}});
  return examples;  // what has no integer form is refused by both backends
}

std::vector<Example> random_binary_and_compare() {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(0, 4, 20000);
  const bool left = *rc::gen::arbitrary<bool>();
  const Tensor whole = draw_tensor(shape, dtype), part = draw_tensor(draw_broadcastable(shape), dtype);
  const std::vector<Tensor> inputs =
      left ? std::vector<Tensor>{whole, part} : std::vector<Tensor>{part, whole};
  std::vector<Example> examples;
  for (const OpClass op_class : {OpClass::kBinary, OpClass::kCompare})
    for (const Op op : ops_of(op_class)) examples.push_back({op, inputs, {}});
  if (dtype == DType::kInt64) {  // most of the others have a zero among the divisors, and are refused
    const Tensor divisor = select(equal(inputs[1], 0), ones({}, dtype), inputs[1]);
    examples.push_back({Op::kDivide, {inputs[0], divisor}, {}});
  }
  return examples;
}

std::vector<Example> random_select_cast_and_copy() {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(0, 4, 20000);
  const Tensor x = draw_tensor(shape, dtype);
  std::vector<Example> examples = {{Op::kSelect,
                                    {draw_tensor(draw_broadcastable(shape), DType::kBool), x,
                                     draw_tensor(draw_broadcastable(shape), dtype)},
                                    {}},
                                   {Op::kCopy, {x}, {}}};
  for (const DType to :
       {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool, DType::kBFloat16})
    examples.push_back({Op::kCast, {x}, CastAttributes{to}});
  return examples;
}

std::vector<Example> random_create_and_random() {
  const Shape shape = draw_shape(0, 3, 20000);
  const auto key = draw_key();
  const auto step = *rc::gen::arbitrary<std::uint32_t>();
  // At the beginning of a stream, or where the number of the block grows beyond 32 bits.
  const auto offset = *rc::gen::element<std::uint64_t>(0, (std::uint64_t{1} << 34) - 500) +
                      *rc::gen::inRange<std::uint64_t>(0, 1000);
  const Tensor numbers = draw_tensor({2}, DType::kFloat64);
  const double start = numbers.to_vector<double>()[0], stride = numbers.to_vector<double>()[1];
  std::vector<Example> examples;
  for (const DType dtype :
       {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool, DType::kBFloat16}) {
    examples.push_back({Op::kFill, {}, FillAttributes{shape, dtype, start, 0}});
    examples.push_back({Op::kArange, {}, FillAttributes{{shape.elements()}, dtype, start, stride}});
    for (const Op op : {Op::kRandomBits, Op::kRandomUniform, Op::kRandomNormal})
      examples.push_back({op, {}, RandomAttributes{shape, dtype, key.k0, key.k1, step, offset}});
  }
  examples.push_back({Op::kRandomPermutation,
                      {},
                      RandomAttributes{{shape.elements()}, DType::kInt64, key.k0, key.k1, step, 0}});
  return examples;
}

std::vector<Example> random_embed_and_concatenate() {
  const DType dtype = draw_dtype();
  const Shape full = draw_shape(1, 4, 20000);
  SliceAttributes attributes{{}, full};
  Shape sliced;
  for (int axis = 0; axis < full.rank(); ++axis) {
    const auto start = *rc::gen::inRange<std::int64_t>(-5, full[axis] + 5),
               stop = *rc::gen::inRange<std::int64_t>(-5, full[axis] + 5);
    const auto step = *rc::gen::element<std::int64_t>(1, 2, 3, -1, -2);
    attributes.ranges.push_back(Range(start, stop, step).resolve(full[axis], axis));
    sliced.append(attributes.ranges.back().length);
  }
  const int axis = draw_axis(full);
  std::vector<Tensor> parts;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    Shape shape = full;
    shape[axis] = *rc::gen::inRange<std::int64_t>(0, 9);
    parts.push_back(draw_tensor(shape, dtype));
  }
  return {{Op::kEmbed, {draw_tensor(sliced, dtype)}, attributes},
          {Op::kConcatenate, parts, AxisAttributes{axis}}};
}

std::vector<Example> random_gather_and_index_add() {
  const DType dtype = draw_dtype();
  Shape shape = draw_shape(1, 4, 8000);
  const int axis = draw_axis(shape);
  shape[axis] = std::max<std::int64_t>(1, shape[axis]);
  const std::int64_t count = draw_length(300);
  const bool outside = *rc::gen::weightedElement<bool>({{15, false}, {1, true}});  // which both refuse
  const Tensor index = draw_indices(count, shape[axis] + (outside ? 1 : 0));
  Shape source = shape;
  source[axis] = count;
  const Tensor x = draw_tensor(shape, dtype);
  return {{Op::kGather, {x, index}, AxisAttributes{axis}},
          {Op::kIndexAdd, {x, index, draw_tensor(source, dtype)}, AxisAttributes{axis}}};
}

std::vector<Example> random_along() {
  const DType dtype = draw_dtype();
  Shape shape = draw_shape(1, 4, 8000);
  const int axis = draw_axis(shape);
  shape[axis] = std::max<std::int64_t>(1, shape[axis]);
  Shape places = shape;
  places[axis] = draw_length(300);
  const bool outside = *rc::gen::weightedElement<bool>({{15, false}, {1, true}});
  const Tensor index = draw_indices(places.elements(), shape[axis] + (outside ? 1 : 0)).reshape(places);
  const Tensor x = draw_tensor(shape, dtype);
  std::vector<Example> examples = {
      {Op::kTakeAlong, {x, index}, AxisAttributes{axis}},
      {Op::kScatterAdd, {x, index, draw_tensor(places, dtype)}, AxisAttributes{axis}}};
  // Long lines are sorted by all threads together.
  const Shape long_line{*rc::gen::inRange<std::int64_t>(1, 90'000)};
  const Tensor line = draw_tensor(long_line, dtype);
  for (const Op op : {Op::kSort, Op::kArgSort})
    for (const bool descending : {false, true}) {
      examples.push_back({op, {x}, SortAttributes{axis, descending}});
      examples.push_back({op, {line}, SortAttributes{0, descending}});
    }
  return examples;
}

std::vector<Example> random_matrix_product() {
  const DType dtype = draw_floating();
  const std::int64_t m = draw_length(600), k = draw_length(900);
  const std::int64_t n = draw_length(std::clamp<std::int64_t>(3'000'000 / (m * k + 1), 9, 600));
  const Shape batch = draw_shape(0, 2, 6), other = draw_broadcastable(batch);
  Shape a = batch, b = other;
  for (const std::int64_t length : {m, k}) a.append(length);
  for (const std::int64_t length : {k, n}) b.append(length);
  return {{Op::kMatrixMultiply, {draw_tensor(a, dtype), draw_tensor(b, dtype)}, {}}};
}

struct Convolved {
  WindowAttributes window;
  Shape input, weight, output;
};

// Images a little longer than the least on which the window fits.
void draw_spatial_axes(Convolved& c, std::int64_t longer) {
  const WindowAttributes& window = c.window;
  for (int axis = 0; axis < window.axes; ++axis) {
    const std::int64_t least =
        window.dilation[axis] * (window.kernel[axis] - 1) + 1 - 2 * window.padding[axis];
    c.input.append(std::max<std::int64_t>(1, least) + *rc::gen::inRange<std::int64_t>(0, longer + 1));
    c.weight.append(window.kernel[axis]);
    c.output.append(window_output_size(c.input[2 + axis], window, axis));
  }
}

void draw_any_window(WindowAttributes& window) {
  for (int axis = 0; axis < window.axes; ++axis) {
    window.kernel[axis] = *rc::gen::inRange<std::int64_t>(1, window.axes == 2 ? 5 : 4);
    window.stride[axis] = *rc::gen::inRange<std::int64_t>(1, 4);
    window.padding[axis] = *rc::gen::inRange<std::int64_t>(0, 3);
    window.dilation[axis] = *rc::gen::inRange<std::int64_t>(1, 3);
  }
}

// What kernels of their own are for comes often enough to meet every combination of strides and paddings.
void draw_depthwise_window(WindowAttributes& window) {
  const bool stencil = *rc::gen::arbitrary<bool>();
  for (int axis = 0; axis < window.axes; ++axis) {
    window.kernel[axis] = stencil ? 3 : *rc::gen::inRange<std::int64_t>(1, 6);
    window.dilation[axis] = stencil ? 1 : *rc::gen::inRange<std::int64_t>(1, 3);
    window.stride[axis] = *rc::gen::element<std::int64_t>(1, 1, 1, 2, 3, 4, 5);
    window.padding[axis] = *rc::gen::element<std::int64_t>(0, 0, 1, 2);
  }
}

// Half of the time one channel and one filter to a group: those have kernels of their own, whose vectors and boxes
// take longer images to fill. None of either is a convolution, too.
Convolved draw_convolution() {
  Convolved c;
  const bool depthwise = *rc::gen::arbitrary<bool>();
  const auto draw_count = [&]() -> std::int64_t {
    if (*rc::gen::inRange(0, 30) == 0) return 0;
    return depthwise ? 1 : *rc::gen::inRange<std::int64_t>(1, 40);
  };
  c.window.axes = *rc::gen::element(2, 2, 3);
  c.window.groups =
      depthwise ? *rc::gen::inRange<std::int64_t>(1, 21) : *rc::gen::element<std::int64_t>(1, 1, 1, 2, 3);
  const std::int64_t channels = draw_count(), filters = draw_count();
  c.input = {*rc::gen::inRange<std::int64_t>(1, 4), channels * c.window.groups};
  c.weight = {filters * c.window.groups, channels};
  c.output = {c.input[0], c.weight[0]};
  if (depthwise) {
    draw_depthwise_window(c.window);
    draw_spatial_axes(c, c.window.axes == 2 ? 60 : 14);
  } else {
    draw_any_window(c.window);
    draw_spatial_axes(c, c.window.axes == 2 ? 11 : 4);
  }
  return c;
}

std::vector<Example> random_convolution() {
  const DType dtype = draw_floating();
  const Convolved c = draw_convolution();
  const Tensor x = draw_tensor(c.input, dtype), w = draw_tensor(c.weight, dtype),
               gradient = draw_tensor(c.output, dtype);
  WindowAttributes to_input = c.window, to_weight = c.window;
  to_input.input_shape = c.input;
  to_weight.input_shape = c.weight;
  const bool volumes = c.window.axes == 3;
  return {{volumes ? Op::kConv3d : Op::kConv2d, {x, w}, c.window},
          {volumes ? Op::kConv3dInputGradient : Op::kConv2dInputGradient, {gradient, w}, to_input},
          {volumes ? Op::kConv3dWeightGradient : Op::kConv2dWeightGradient, {gradient, x}, to_weight}};
}

std::vector<Example> random_pooling() {
  const DType dtype = draw_floating();
  WindowAttributes window;
  window.count_padding = *rc::gen::arbitrary<bool>();
  window.round_up = *rc::gen::arbitrary<bool>();
  Shape input{*rc::gen::inRange<std::int64_t>(1, 4), *rc::gen::inRange<std::int64_t>(1, 20)};
  for (const int axis : {0, 1}) {
    window.kernel[axis] = *rc::gen::inRange<std::int64_t>(1, 5);
    window.stride[axis] = *rc::gen::inRange<std::int64_t>(1, 4);
    window.padding[axis] = *rc::gen::inRange<std::int64_t>(0, window.kernel[axis] / 2 + 1);
    input.append(window.kernel[axis] + *rc::gen::inRange<std::int64_t>(0, 15));
  }
  const Shape output{input[0], input[1], window_output_size(input[2], window, 0),
                     window_output_size(input[3], window, 1)};
  const Tensor x = draw_tensor(input, dtype), any = draw_tensor(input, draw_dtype());
  WindowAttributes back = window, dilated = window;
  back.input_shape = input;
  for (const int axis : {0, 1}) {  // as far as the window fits; some then lie beside the image
    const std::int64_t room = input[axis + 2] + 2 * window.padding[axis] - 1;
    const std::int64_t most = room / std::max<std::int64_t>(1, window.kernel[axis] - 1);
    dilated.dilation[axis] = *rc::gen::inRange<std::int64_t>(1, std::max<std::int64_t>(1, most) + 1);
  }
  return {
      {Op::kMaxPool2d, {x}, window},     {Op::kMaxPool2dIndices, {x}, window},
      {Op::kMaxPool2d, {any}, window},   {Op::kMaxPool2dIndices, {any}, window},
      {Op::kMaxPool2d, {x}, dilated},    {Op::kMaxPool2dIndices, {x}, dilated},
      {Op::kAveragePool2d, {x}, window}, {Op::kAveragePool2dGradient, {draw_tensor(output, dtype)}, back}};
}

std::vector<Example> random_reductions() {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(1, 4, 40000);
  const Tensor x = draw_tensor(shape, dtype);
  ReduceAttributes attributes{{}, *rc::gen::arbitrary<bool>()};
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (*rc::gen::arbitrary<bool>()) attributes.axes.push_back(axis);
  std::vector<Example> examples;
  for (const Op op : ops_of(OpClass::kReduce)) {
    const ReduceAttributes one{{draw_axis(shape)}, attributes.keep_axes};
    examples.push_back({op, {x}, op == Op::kArgMax ? one : attributes});
  }
  return examples;
}

std::vector<Example> random_softmax_and_cross_entropy() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(1, 4, 20000);
  const Tensor x = draw_tensor(shape, dtype);
  const AxisAttributes axis{draw_axis(shape)};
  const std::int64_t samples = draw_length(300), classes = std::max<std::int64_t>(1, draw_length(1100));
  return {{Op::kSoftmax, {x}, axis},
          {Op::kLogSoftmax, {x}, axis},
          {Op::kSoftmaxGradient, {x, draw_tensor(shape, dtype)}, axis},
          {Op::kLogSoftmaxGradient, {x, draw_tensor(shape, dtype)}, axis},
          {Op::kCrossEntropy, {draw_tensor({samples, classes}, dtype), draw_indices(samples, classes)}, {}},
          {Op::kCrossEntropyGradient,
           {draw_tensor({samples, classes}, dtype), draw_indices(samples, classes),
            draw_tensor({samples}, dtype)},
           {}}};
}

std::vector<Example> random_layer_norm() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(1, 4, 20000);
  const LayerNormAttributes attributes{*rc::gen::inRange(1, shape.rank() + 1),
                                       *rc::gen::element(0.0, 1e-5, 0.5)};
  Shape row;
  for (int axis = shape.rank() - attributes.axes; axis < shape.rank(); ++axis) row.append(shape[axis]);
  const Tensor x = draw_tensor(shape, dtype), g = draw_tensor(shape, dtype), scale = draw_tensor(row, dtype);
  return {{Op::kLayerNorm, {x, scale, draw_tensor(row, dtype)}, attributes},
          {Op::kLayerNormInputGradient, {g, x, scale}, attributes},
          {Op::kLayerNormScaleGradient, {g, x}, attributes}};
}

std::vector<Example> random_optimizer_steps() {
  const DType dtype = draw_floating();
  std::vector<Shape> shapes;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i) shapes.push_back(draw_shape(0, 3, 40000));
  const auto lists = [&](int kinds, std::int64_t factors) {
    std::vector<Tensor> inputs;
    for (int kind = 0; kind < kinds; ++kind)
      for (const Shape& shape : shapes) inputs.push_back(draw_tensor(shape, dtype));
    inputs.push_back(draw_tensor({factors}, dtype == DType::kFloat64 ? dtype : DType::kFloat32));
    return inputs;
  };
  const bool decay = *rc::gen::arbitrary<bool>(), nesterov = *rc::gen::arbitrary<bool>();
  return {{Op::kSgdStep, lists(2, 3), OptimizerAttributes{.decay = decay}},
          {Op::kSgdStep, lists(3, 3),
           OptimizerAttributes{.momentum = true, .nesterov = nesterov, .decay = decay}},
          {Op::kAdamStep, lists(4, 7), OptimizerAttributes{.decay = decay, .decoupled = !decay && nesterov}}};
}

std::vector<Example> random_recurrent() {
  const DType dtype = draw_floating();
  const std::int64_t times = *rc::gen::inRange<std::int64_t>(0, 5), samples = draw_length(40),
                     hidden = draw_length(samples * times > 60 ? 40 : 300);
  const auto layer = [&](std::int64_t gates, int states) {
    std::vector<Tensor> inputs = {draw_tensor({times, samples, gates * hidden}, dtype)};
    for (int state = 0; state < states; ++state) inputs.push_back(draw_tensor({samples, hidden}, dtype));
    inputs.push_back(draw_tensor({gates * hidden, hidden}, dtype));
    for (int bias = 0; bias < 2; ++bias) inputs.push_back(draw_tensor({gates * hidden}, dtype));
    return inputs;
  };
  const auto backwards = [&](std::vector<Tensor> inputs, const Shape& gradient, std::int64_t parts) {
    inputs.insert(inputs.begin(), draw_tensor(gradient, dtype));
    inputs.push_back(draw_tensor({parts, times, samples, hidden}, dtype));
    return inputs;
  };
  const std::vector<Tensor> gru = layer(3, 1), lstm = layer(4, 2), rnn = layer(1, 1);
  std::vector<Tensor> rnn_backwards = rnn;
  rnn_backwards.insert(rnn_backwards.begin(), draw_tensor({times, samples, hidden}, dtype));
  rnn_backwards.push_back(draw_tensor({times, samples, hidden}, dtype));
  const RecurrentAttributes nonlinearity{*rc::gen::element(Activation::kTanh, Activation::kRelu)};
  return {{Op::kGru, gru, {}},
          {Op::kLstm, lstm, {}},
          {Op::kGruGradient, backwards(gru, {times, samples, hidden}, 5), {}},
          {Op::kLstmGradient, backwards(lstm, {2, times, samples, hidden}, 7), {}},
          {Op::kRnn, rnn, nonlinearity},
          {Op::kRnnGradient, rnn_backwards, nonlinearity}};
}

std::vector<Example> random_finish() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(1, 4, 40000);
  FinishAttributes finish{.axis = draw_axis(shape), .drop = 0.4, .scale = 1 / 0.6};
  finish.activation =
      *rc::gen::element(Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid);
  finish.bias = *rc::gen::arbitrary<bool>();
  finish.drops = *rc::gen::arbitrary<bool>();
  std::vector<Tensor> inputs = {draw_tensor(shape, dtype)};
  if (finish.bias) inputs.push_back(draw_tensor({shape[finish.axis]}, dtype));
  if (finish.drops) inputs.push_back(draw_tensor(shape, DType::kFloat32));
  std::vector<Tensor> backwards = inputs;
  backwards.insert(backwards.begin(), draw_tensor(shape, dtype));
  return {{Op::kFinish, inputs, finish}, {Op::kFinishGradient, backwards, finish}};
}

// ---- The properties ----

RC_GTEST_PROP(BackendBits, Unary, ()) {
  check_all(random_unary());
}
RC_GTEST_PROP(BackendBits, BinaryAndCompare, ()) {
  check_all(random_binary_and_compare());
}
RC_GTEST_PROP(BackendBits, SelectCastAndCopy, ()) {
  check_all(random_select_cast_and_copy());
}
RC_GTEST_PROP(BackendBits, CreateAndRandom, ()) {
  check_all(random_create_and_random());
}
RC_GTEST_PROP(BackendBits, EmbedAndConcatenate, ()) {
  check_all(random_embed_and_concatenate());
}
RC_GTEST_PROP(BackendBits, GatherAndIndexAdd, ()) {
  check_all(random_gather_and_index_add());
}
RC_GTEST_PROP(BackendBits, AlongAnAxis, ()) {
  check_all(random_along());
}
RC_GTEST_PROP(BackendBits, MatrixProduct, ()) {
  check_all(random_matrix_product());
}
RC_GTEST_PROP(BackendBits, Convolution, ()) {
  check_all(random_convolution());
}
RC_GTEST_PROP(BackendBits, Pooling, ()) {
  check_all(random_pooling());
}
RC_GTEST_PROP(BackendBits, Reductions, ()) {
  check_all(random_reductions());
}
RC_GTEST_PROP(BackendBits, SoftmaxAndCrossEntropy, ()) {
  check_all(random_softmax_and_cross_entropy());
}
RC_GTEST_PROP(BackendBits, LayerNorm, ()) {
  check_all(random_layer_norm());
}
RC_GTEST_PROP(BackendBits, Recurrent, ()) {
  check_all(random_recurrent());
}
RC_GTEST_PROP(BackendBits, Finish, ()) {
  check_all(random_finish());
}
RC_GTEST_PROP(BackendBits, OptimizerSteps, ()) {
  check_all(random_optimizer_steps());
}

// A row of ops.def with one of its dtypes, as "add/float32".
std::string row_of(const Example& example, const Tensor& result) {
  const std::size_t typed = example.op == Op::kSelect ? 1 : 0;
  const DType dtype = example.inputs.empty() ? result.dtype() : example.inputs[typed].dtype();
  return fmt::format("{}/{}", op_info(example.op).name, dtype_name(dtype));
}

// Every row with every dtype that the selftest has it for, but the views, which have no kernel.
std::set<std::string> rows_of_the_selftest() {
  std::set<std::string> rows;
  for (int i = 0; i < kOpCount; ++i) {
    if (op_info(static_cast<Op>(i)).op_class == OpClass::kView) continue;
    for (const selftest::Case& a_case : selftest::cases_of(static_cast<Op>(i)))
      rows.insert(fmt::format("{}/{}", a_case.op, a_case.name.substr(0, a_case.name.find('/'))));
  }
  return rows;
}

TEST(BackendBits, EveryRowAndDtypeIsReached) {
  use_backend("reference");
  std::set<std::string> missing = rows_of_the_selftest();
  EXPECT_GT(missing.size(), 150u);
  for (const auto draw :
       {random_unary, random_binary_and_compare, random_select_cast_and_copy, random_create_and_random,
        random_embed_and_concatenate, random_gather_and_index_add, random_along, random_matrix_product,
        random_convolution, random_pooling, random_reductions, random_softmax_and_cross_entropy,
        random_optimizer_steps, random_recurrent, random_finish, random_layer_norm}) {
    const auto examples = rc::gen::exec(draw);
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
      for (const Example& example : examples(rc::Random(seed), 20).value())
        if (const Outcome outcome = outcome_of(example); outcome.error.empty())
          missing.erase(row_of(example, outcome.result));
  }
  EXPECT_EQ(fmt::format("{}", fmt::join(missing, " ")), "") << "no property computes these";
}

// ---- The selftest in every configuration ----

void expect_selftest_passes(const std::string& configuration) {
  const SelftestResult result = run_selftest();
  EXPECT_GT(result.cases, 500);
  EXPECT_EQ(result.failures.size(), 0u) << configuration;
  for (std::size_t i = 0; i < std::min<std::size_t>(5, result.failures.size()); ++i) {
    const SelftestFailure& failure = result.failures[i];
    ADD_FAILURE() << configuration << ": " << failure.op << "/" << failure.name << ": expected '"
                  << failure.expected << "', found '" << failure.found << "'";
  }
}

TEST(Selftest, ReferenceAgreesWithTheCommittedTable) {
  use_backend("reference");
  expect_selftest_passes("reference");
}

TEST(Selftest, EveryVectorWidthAgreesWithTheCommittedTable) {
  use_backend("cpu");
  int threads = 1;
  for (const std::string& level : available_simd_levels()) {
    set_thread_count(threads);
    use_simd_level(level);
    expect_selftest_passes(fmt::format("{}, {} threads", level, threads));
    threads += 2;
  }
  use_simd_level("");
  set_thread_count(2);
}

}  // namespace
}  // namespace tessera
