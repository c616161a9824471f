// Arithmetic and functions, element by element.
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {
namespace {

using Unary = Tensor (*)(const Operand&);
using Binary = Tensor (*)(const Operand&, const Operand&);

// Before version 7 the second input's axes began at a given axis of the first one.
Tensor aligned(const NodeCall& call) {
  const Tensor& b = call[1];
  if (call.opset() >= 7 || call.integer("broadcast", 0) == 0 || call.find("axis") == nullptr) return b;
  const int first = normalize_axis(call.integer("axis", 0), call[0].shape());
  if (first + b.rank() > call[0].rank()) fail("the second input does not fit the axis {}", first);
  Shape shape = b.shape();
  while (first + shape.rank() < call[0].rank()) shape.append(1);
  return reshape(b, shape);
}

std::function<Tensor(const NodeCall&)> binary(Binary function) {
  return [function](const NodeCall& call) { return function(call[0], aligned(call)); };
}

std::function<Tensor(const NodeCall&)> unary(Unary function) {
  return [function](const NodeCall& call) { return function(call[0]); };
}

// From version 8 on any number of inputs broadcast together.
Tensor fold(const NodeCall& call, Binary function) {
  Tensor result = call[0];
  for (std::size_t i = 1; i < call.inputs(); ++i) result = function(result, call[i]);
  return result;
}

// base^exponent modulo 2^64 by repeated squaring; ONNX leaves negative exponents open.
Tensor integer_power(const Tensor& base, const Tensor& exponent) {
  if (exponent.elements() > 0 && min(exponent).item<std::int64_t>() < 0)
    fail("Pow: a negative exponent of an integer, which ONNX leaves open");
  Tensor result = full(broadcast_shapes(base.shape(), exponent.shape()), 1, DType::kInt64);
  Tensor square = base, rest = exponent;
  while (rest.elements() > 0 && max(rest).item<std::int64_t>() > 0) {
    const Tensor half = rest / 2;
    result = select(equal(rest - half * 2, 1), result * square, result);
    square = square * square;
    rest = half;
  }
  return result;
}

// The result has the first input's type; exponents may be of another one.
Tensor power(const NodeCall& call) {
  const Tensor &base = call[0], exponent = aligned(call);
  if (is_floating(base.dtype())) return pow(base, cast(exponent, base.dtype()));
  if (!is_floating(exponent.dtype())) return integer_power(base, exponent);
  return cast(pow(cast(base, DType::kFloat64), cast(exponent, DType::kFloat64)), base.dtype());
}

// fmod is exact, so the processor's own function gives the same bits everywhere.
Tensor real_remainder(const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast_shapes(a.shape(), b.shape());
  const auto wide = [&](const Tensor& x) {
    return cast(broadcast_to(x, shape), DType::kFloat64).to_vector<double>();
  };
  std::vector<double> left = wide(a);
  const std::vector<double> right = wide(b);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = std::fmod(left[i], right[i]);
  return cast(Tensor::from(left, shape), a.dtype());
}

// The sign is the divisor's, as in Python, or with fmod the dividend's, as in C.
Tensor modulo(const NodeCall& call) {
  const Tensor &a = call[0], &b = call[1];
  const bool as_in_c = call.integer("fmod", 0) != 0;
  if (is_floating(a.dtype())) {
    if (!as_in_c) fail("Mod: of real numbers only with fmod = 1");
    return real_remainder(a, b);
  }
  Tensor remainder = a - (a / b) * b;
  if (as_in_c) return remainder;
  return select(less(remainder * sign(b), 0), remainder + b, remainder);
}

Tensor clip(const NodeCall& call) {
  Tensor result = call[0];
  const Attribute *lowest = call.find("min"), *highest = call.find("max");
  if (call.has(1)) result = maximum(result, reshape(call[1], {}));
  if (lowest != nullptr) result = maximum(result, call.real("min", 0));
  if (call.has(2)) result = minimum(result, reshape(call[2], {}));
  if (highest != nullptr) result = minimum(result, call.real("max", 0));
  return result;
}

// Halves go to the even neighbour.
Tensor round(const Tensor& x) {
  const Tensor below = floor(x), over = x - below;
  const Tensor odd = not_equal(below, floor(below * 0.5) * 2);
  const Tensor up = select(equal(over, 0.5), odd, greater(over, 0.5));
  return select(up, below + 1, below);
}

// In double where the argument is single, since the formulas below cancel or divide.
Tensor in_double(const Tensor& x, Tensor (*function)(const Tensor&)) {
  return cast(function(cast(x, DType::kFloat64)), x.dtype());
}
std::function<Tensor(const NodeCall&)> widened(Tensor (*function)(const Tensor&)) {
  return [function](const NodeCall& call) { return in_double(call[0], function); };
}

Tensor sinh(const Tensor& x) {
  const Tensor positive = expm1(absolute(x));
  return sign(x) * ((positive + positive / (positive + 1)) * 0.5);
}
Tensor cosh(const Tensor& x) {
  const Tensor e = exp(absolute(x));
  return (e + 1 / e) * 0.5;
}
Tensor tan(const Tensor& x) {
  return sin(x) / cos(x);
}
Tensor asinh(const Tensor& x) {
  const Tensor a = absolute(x), square = a * a;
  const Tensor near = log1p(a + square / (sqrt(square + 1) + 1)), far = log(a) + 0.6931471805599453;
  return sign(x) * select(less(a, 1e9), near, far);
}
Tensor acosh(const Tensor& x) {
  const Tensor t = x - 1, near = log1p(t + sqrt(t * 2 + t * t)), far = log(x) + 0.6931471805599453;
  return select(less(x, 1e9), near, far);
}
Tensor atanh(const Tensor& x) {
  return log1p(x * 2 / (1 - x)) * 0.5;
}

DType target_type(const NodeCall& call, ElementType type) {
  const auto dtype = dtype_of(type);
  if (!dtype || type == ElementType::kFloat16)
    call.unsupported("a conversion to {}", element_type_name(type));
  return *dtype == DType::kUInt8 ? DType::kInt64 : *dtype;
}

Tensor cast_node(const NodeCall& call) {
  const auto type = static_cast<ElementType>(call.integer("to", 0));
  return check_integer_range(cast(call[0], target_type(call, type)), type);
}

Tensor is_infinite(const NodeCall& call) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor up = equal(call[0], infinity), down = equal(call[0], -infinity);
  const bool positive = call.integer("detect_positive", 1) != 0,
             negative = call.integer("detect_negative", 1) != 0;
  if (positive && negative) return select(up, up, down);
  if (positive || negative) return positive ? up : down;
  return not_equal(up, up);
}

}  // namespace

void add_elementwise_operators(OperatorTable& table) {
  const std::pair<const char*, Unary> unaries[] = {{"Abs", absolute}, {"Cos", cos}, {"Erf", erf},
                                                   {"Exp", exp},      {"Log", log}, {"Neg", negate},
                                                   {"Sign", sign},    {"Sin", sin}, {"Sqrt", sqrt}};
  for (const auto& [name, function] : unaries) add_operator(table, name, unary(function));
  const std::pair<const char*, Binary> binaries[] = {
      {"Add", add}, {"Sub", subtract}, {"Mul", multiply}, {"Div", divide}};
  for (const auto& [name, function] : binaries) add_operator(table, name, binary(function));
  const std::pair<const char*, Tensor (*)(const Tensor&)> wide[] = {
      {"Sinh", sinh}, {"Cosh", cosh}, {"Tan", tan}, {"Asinh", asinh}, {"Acosh", acosh}, {"Atanh", atanh}};
  for (const auto& [name, function] : wide) add_operator(table, name, widened(function));
  add_operator(table, "Pow", power);
  add_operator(table, "Mod", modulo);
  add_operator(table, "Clip", clip);
  add_operator(table, "Cast", cast_node);
  add_operator(table, "CastLike", [](const NodeCall& call) { return cast(call[0], call[1].dtype()); });
  add_operator(table, "IsInf", is_infinite);
  add_operator(table, "IsNaN", [](const NodeCall& call) { return not_equal(call[0], call[0]); });
  add_operator(table, "Floor", [](const NodeCall& call) { return floor(call[0]); });
  add_operator(table, "Ceil", [](const NodeCall& call) { return -floor(-call[0]); });
  add_operator(table, "Round", [](const NodeCall& call) { return round(call[0]); });
  add_operator(table, "Reciprocal", [](const NodeCall& call) { return 1 / call[0]; });
  add_operator(table, "Max", [](const NodeCall& call) { return fold(call, maximum); });
  add_operator(table, "Min", [](const NodeCall& call) { return fold(call, minimum); });
  add_operator(table, "Sum", [](const NodeCall& call) { return fold(call, add); });
  add_operator(table, "Mean",
               [](const NodeCall& call) { return fold(call, add) / static_cast<double>(call.inputs()); });
}

}  // namespace tessera::onnx
