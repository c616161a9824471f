// The cpu backend gives the reference backend's bits: random shapes, strides and awkward values for every
// operation, on 1, 2, 3 and 7 threads and every vector width that this processor has. RapidCheck shrinks what
// fails; the message names operation and example.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/backends/selftest.h"
#include "tessera/backends/selftest_cases.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using selftest::Layout;
using selftest::make_input;
using selftest::Values;

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

// ---- Random parts of examples ----

// Mostly short axes, sometimes one beyond vectors, chunks and blocks.
std::int64_t draw_length(std::int64_t largest) {
  const auto shorter = rc::gen::inRange<std::int64_t>(0, std::min<std::int64_t>(largest, 9) + 1);
  const auto middle = rc::gen::inRange<std::int64_t>(1, std::min<std::int64_t>(largest, 70) + 1);
  return *rc::gen::weightedOneOf<std::int64_t>(
      {{4, shorter}, {3, middle}, {1, rc::gen::inRange<std::int64_t>(1, largest + 1)}});
}

Shape draw_shape(int least_rank, int most_rank, std::int64_t most_elements) {
  Shape shape;
  std::int64_t left = most_elements;
  for (int axis = *rc::gen::inRange(least_rank, most_rank + 1); axis > 0; --axis) {
    shape.append(draw_length(left));
    left = std::max<std::int64_t>(1, left / std::max<std::int64_t>(1, shape[shape.rank() - 1]));
  }
  return shape;
}

Layout draw_layout() {
  return *rc::gen::elementOf(
      std::vector<Layout>(std::begin(selftest::kLayouts), std::end(selftest::kLayouts)));
}

Values draw_values() {
  return *rc::gen::element(Values::kOrdinary, Values::kSmall, Values::kAwkward);
}

numerics::PhiloxKey draw_key() {
  return {*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint32_t>()};
}

Tensor draw_tensor(const Shape& shape, DType dtype) {
  return make_input(draw_key(), shape, dtype, draw_values(), draw_layout());
}

DType draw_floating() {
  return *rc::gen::element(DType::kFloat32, DType::kFloat64);
}
DType draw_dtype() {
  return *rc::gen::element(DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool);
}
DType draw_number() {
  return *rc::gen::element(DType::kFloat32, DType::kFloat64, DType::kInt64);
}

int draw_axis(const Shape& shape) {
  return *rc::gen::inRange(0, shape.rank());
}

// The shape with some axes replaced by length 1, or leading axes left out.
Shape draw_broadcastable(const Shape& shape) {
  Shape result;
  for (int axis = *rc::gen::inRange(0, shape.rank() + 1); axis < shape.rank(); ++axis)
    result.append(*rc::gen::weightedElement<bool>({{1, true}, {3, false}}) ? 1 : shape[axis]);
  return result;
}

std::vector<Op> ops_of(OpClass op_class) {
  std::vector<Op> ops;
  for (int i = 0; i < kOpCount; ++i)
    if (op_info(static_cast<Op>(i)).op_class == op_class) ops.push_back(static_cast<Op>(i));
  return ops;
}

// ---- Properties, one per class ----

RC_GTEST_PROP(BackendBits, Unary, ()) {
  const DType dtype = draw_number();
  const Tensor x = draw_tensor(draw_shape(0, 4, 20000), dtype);
  std::vector<Example> examples;
  for (const Op op : ops_of(OpClass::kUnary)) examples.push_back({op, {x}, {}});
  check_all(examples);  // functions that have no integer form refuse it on both
}

RC_GTEST_PROP(BackendBits, BinaryAndCompare, ()) {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(0, 4, 20000);
  const bool left = *rc::gen::arbitrary<bool>();
  const Tensor whole = draw_tensor(shape, dtype), part = draw_tensor(draw_broadcastable(shape), dtype);
  const std::vector<Tensor> inputs =
      left ? std::vector<Tensor>{whole, part} : std::vector<Tensor>{part, whole};
  std::vector<Example> examples;
  for (const OpClass op_class : {OpClass::kBinary, OpClass::kCompare})
    for (const Op op : ops_of(op_class)) examples.push_back({op, inputs, {}});
  check_all(examples);
}

RC_GTEST_PROP(BackendBits, SelectCastAndCopy, ()) {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(0, 4, 20000);
  const Tensor x = draw_tensor(shape, dtype);
  std::vector<Example> examples = {{Op::kSelect,
                                    {draw_tensor(draw_broadcastable(shape), DType::kBool), x,
                                     draw_tensor(draw_broadcastable(shape), dtype)},
                                    {}},
                                   {Op::kCopy, {x}, {}}};
  for (const DType to : {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool})
    examples.push_back({Op::kCast, {x}, CastAttributes{to}});
  check_all(examples);
}

RC_GTEST_PROP(BackendBits, CreateAndRandom, ()) {
  const Shape shape = draw_shape(0, 3, 20000);
  const auto key = draw_key();
  const auto step = *rc::gen::arbitrary<std::uint32_t>();
  const auto offset = *rc::gen::inRange<std::uint64_t>(0, 1000);
  std::vector<Example> examples;
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kInt64}) {
    examples.push_back({Op::kFill, {}, FillAttributes{shape, dtype, 3.7, 0}});
    examples.push_back({Op::kArange, {}, FillAttributes{{shape.elements()}, dtype, -2, 0.3}});
    for (const Op op : {Op::kRandomBits, Op::kRandomUniform, Op::kRandomNormal})
      if ((op == Op::kRandomBits) == (dtype == DType::kInt64))
        examples.push_back({op, {}, RandomAttributes{shape, dtype, key.k0, key.k1, step, offset}});
  }
  examples.push_back({Op::kRandomPermutation,
                      {},
                      RandomAttributes{{shape.elements()}, DType::kInt64, key.k0, key.k1, step, 0}});
  check_all(examples);
}

RC_GTEST_PROP(BackendBits, EmbedAndConcatenate, ()) {
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
  check_all({{Op::kEmbed, {draw_tensor(sliced, dtype)}, attributes},
             {Op::kConcatenate, parts, AxisAttributes{axis}}});
}

RC_GTEST_PROP(BackendBits, GatherAndIndexAdd, ()) {
  const DType dtype = draw_number();
  Shape shape = draw_shape(1, 4, 8000);
  const int axis = draw_axis(shape);
  shape[axis] = std::max<std::int64_t>(1, shape[axis]);
  const std::int64_t count = draw_length(300);
  const Tensor index = selftest::make_indices(draw_key(), count, shape[axis]);
  Shape source = shape;
  source[axis] = count;
  const Tensor x = draw_tensor(shape, dtype);
  check_all({{Op::kGather, {x, index}, AxisAttributes{axis}},
             {Op::kIndexAdd, {x, index, draw_tensor(source, dtype)}, AxisAttributes{axis}}});
}

RC_GTEST_PROP(BackendBits, MatrixProduct, ()) {
  const DType dtype = draw_floating();
  const std::int64_t m = draw_length(150), k = draw_length(900), n = draw_length(150);
  const Shape batch = draw_shape(0, 2, 6), other = draw_broadcastable(batch);
  Shape a = batch, b = other;
  for (const std::int64_t length : {m, k}) a.append(length);
  for (const std::int64_t length : {k, n}) b.append(length);
  check_all({{Op::kMatrixMultiply, {draw_tensor(a, dtype), draw_tensor(b, dtype)}, {}}});
}

RC_GTEST_PROP(BackendBits, Convolution, ()) {
  const DType dtype = draw_floating();
  WindowAttributes window;
  window.groups = *rc::gen::element<std::int64_t>(1, 1, 1, 2, 3);
  const std::int64_t channels = *rc::gen::inRange<std::int64_t>(1, 40),
                     filters = *rc::gen::inRange<std::int64_t>(1, 20);
  Shape input{*rc::gen::inRange<std::int64_t>(1, 4), channels * window.groups};
  Shape weight{filters * window.groups, channels};
  for (const int axis : {0, 1}) {
    window.kernel[axis] = *rc::gen::inRange<std::int64_t>(1, 5);
    window.stride[axis] = *rc::gen::inRange<std::int64_t>(1, 4);
    window.padding[axis] = *rc::gen::inRange<std::int64_t>(0, 3);
    window.dilation[axis] = *rc::gen::inRange<std::int64_t>(1, 3);
    const std::int64_t least =
        window.dilation[axis] * (window.kernel[axis] - 1) + 1 - 2 * window.padding[axis];
    input.append(std::max<std::int64_t>(1, least) + *rc::gen::inRange<std::int64_t>(0, 12));
    weight.append(window.kernel[axis]);
  }
  const Shape output{input[0], weight[0], window_output_size(input[2], window, 0),
                     window_output_size(input[3], window, 1)};
  const Tensor x = draw_tensor(input, dtype), w = draw_tensor(weight, dtype),
               gradient = draw_tensor(output, dtype);
  WindowAttributes to_input = window, to_weight = window;
  to_input.input_shape = input;
  to_weight.input_shape = weight;
  check_all({{Op::kConv2d, {x, w}, window},
             {Op::kConv2dInputGradient, {gradient, w}, to_input},
             {Op::kConv2dWeightGradient, {gradient, x}, to_weight}});
}

RC_GTEST_PROP(BackendBits, Pooling, ()) {
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
  const Tensor x = draw_tensor(input, dtype);
  WindowAttributes back = window, dilated = window;
  back.input_shape = input;
  for (const int axis : {0, 1})  // as far as the window fits; some then lie beside the image
    dilated.dilation[axis] =
        *rc::gen::inRange<std::int64_t>(1, (input[axis + 2] + 2 * window.padding[axis] - 1) /
                                                   std::max<std::int64_t>(1, window.kernel[axis] - 1) +
                                               1);
  check_all({{Op::kMaxPool2d, {x}, window},
             {Op::kMaxPool2dIndices, {x}, window},
             {Op::kMaxPool2d, {x}, dilated},
             {Op::kMaxPool2dIndices, {x}, dilated},
             {Op::kAveragePool2d, {x}, window},
             {Op::kAveragePool2dGradient, {draw_tensor(output, dtype)}, back}});
}

RC_GTEST_PROP(BackendBits, Reductions, ()) {
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
  check_all(examples);
}

RC_GTEST_PROP(BackendBits, SoftmaxAndCrossEntropy, ()) {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(1, 4, 20000);
  const Tensor x = draw_tensor(shape, dtype);
  const AxisAttributes axis{draw_axis(shape)};
  const std::int64_t samples = draw_length(300), classes = std::max<std::int64_t>(1, draw_length(1100));
  check_all({{Op::kSoftmax, {x}, axis},
             {Op::kLogSoftmax, {x}, axis},
             {Op::kCrossEntropy,
              {draw_tensor({samples, classes}, dtype), selftest::make_indices(draw_key(), samples, classes)},
              {}}});
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
