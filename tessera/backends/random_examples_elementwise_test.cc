// Random examples of the rows that work element by element, and of those that make tensors from nothing.
#include "tessera/backends/random_examples_test.h"

namespace tessera {
Examples random_unary() {
  const Tensor x = draw_tensor(draw_shape(0, 4, 20000), draw_dtype());
  Examples examples;
  for (const Op op : ops_of(OpClass::kUnary)) examples.push_back({op, {x}, {}});
  return examples;  // what has no integer form is refused by both backends
}

Examples random_binary_and_compare() {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(0, 4, 20000);
  const bool left = *rc::gen::arbitrary<bool>();
  const Tensor whole = draw_tensor(shape, dtype), part = draw_tensor(draw_broadcastable(shape), dtype);
  const std::vector<Tensor> inputs =
      left ? std::vector<Tensor>{whole, part} : std::vector<Tensor>{part, whole};
  Examples examples;
  for (const OpClass op_class : {OpClass::kBinary, OpClass::kCompare})
    for (const Op op : ops_of(op_class)) examples.push_back({op, inputs, {}});
  if (dtype == DType::kInt64) {  // most of the others have a zero among the divisors, and are refused
    const Tensor divisor = select(equal(inputs[1], 0), ones({}, dtype), inputs[1]);
    examples.push_back({Op::kDivide, {inputs[0], divisor}, {}});
  }
  return examples;
}

Examples random_select_cast_and_copy() {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(0, 4, 20000);
  const Tensor x = draw_tensor(shape, dtype);
  Examples examples = {{Op::kSelect,
                        {draw_tensor(draw_broadcastable(shape), DType::kBool), x,
                         draw_tensor(draw_broadcastable(shape), dtype)},
                        {}},
                       {Op::kCopy, {x}, {}}};
  for (const DType to :
       {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool, DType::kBFloat16})
    examples.push_back({Op::kCast, {x}, CastAttributes{to}});
  return examples;
}

Examples random_create_and_random() {
  const Shape shape = draw_shape(0, 3, 20000);
  const auto key = draw_key();
  const auto step = *rc::gen::arbitrary<std::uint32_t>();
  // At the beginning of a stream, or where the number of the block grows beyond 32 bits.
  const auto offset = *rc::gen::element<std::uint64_t>(0, (std::uint64_t{1} << 34) - 500) +
                      *rc::gen::inRange<std::uint64_t>(0, 1000);
  const Tensor numbers = draw_tensor({2}, DType::kFloat64);
  const double start = numbers.to_vector<double>()[0], stride = numbers.to_vector<double>()[1];
  Examples examples;
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

Examples random_finish() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(1, 4, 40000);
  FinishAttributes finish{.axis = draw_axis(shape), .drop = 0.4, .scale = 1 / 0.6};
  finish.activation = draw_activation();
  finish.bias = *rc::gen::arbitrary<bool>();
  finish.drops = *rc::gen::arbitrary<bool>();
  std::vector<Tensor> inputs = {draw_tensor(shape, dtype)};
  if (finish.bias) inputs.push_back(draw_tensor({shape[finish.axis]}, dtype));
  if (finish.drops) inputs.push_back(draw_tensor(shape, DType::kFloat32));
  std::vector<Tensor> backwards = inputs;
  backwards.insert(backwards.begin(), draw_tensor(shape, dtype));
  return {{Op::kFinish, inputs, finish}, {Op::kFinishGradient, backwards, finish}};
}

Examples random_activate() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(0, 4, 40000);
  const CurveAttributes activate{static_cast<Curve>(*rc::gen::inRange(0, 7)),
                                 *rc::gen::element(0.0, 0.2, 1.5)};
  const Tensor x = draw_tensor(shape, dtype);
  return {{Op::kActivate, {x}, activate}, {Op::kActivateGradient, {draw_tensor(shape, dtype), x}, activate}};
}

}  // namespace tessera
