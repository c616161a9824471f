// Comparisons, conditions and what is made of nothing.
#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {
namespace {

using Binary = Tensor (*)(const Operand&, const Operand&);

Tensor logical(const NodeCall& call, Binary function) {
  const Tensor &a = call[0], &b = call[1];
  if (a.dtype() != DType::kBool || b.dtype() != DType::kBool)
    fail("expected bool, found {} and {}", dtype_name(a.dtype()), dtype_name(b.dtype()));
  return function(a, b);
}

Tensor both(const Operand& a, const Operand& b) {
  return select(a, b, a);
}
Tensor either(const Operand& a, const Operand& b) {
  return select(a, a, b);
}

Tensor constant(const NodeCall& call) {
  if (call.find("value") != nullptr) return call.tensor("value");
  if (const Attribute* one = call.find("value_float")) return Tensor::scalar(one->real);
  if (const Attribute* one = call.find("value_int")) return Tensor::scalar(one->integer);
  if (const auto values = call.integers("value_ints")) return as_shape(*values);
  if (const Attribute* many = call.find("value_floats"))
    return Tensor::from(many->reals, {static_cast<std::int64_t>(many->reals.size())});
  call.unsupported("a constant that is text or sparse");
}

Tensor constant_of_shape(const NodeCall& call) {
  const Shape shape = shape_from(call.input_integers(0));
  if (call.find("value") == nullptr) return zeros(shape);
  return copy(broadcast_to(reshape(call.tensor("value"), {}), shape));
}

Tensor range(const NodeCall& call) {
  const DType dtype = call[0].dtype();
  const double start = call[0].item_as_double(), limit = call[1].item_as_double(),
               step = call[2].item_as_double();
  if (!(step != 0)) fail("Range: the step is {}", step);
  const double steps = (limit - start) / step;
  if (!(steps < 1e9)) fail("Range: from {} to {} by {} is too long", start, limit, step);
  std::int64_t length = steps > 0 ? static_cast<std::int64_t>(steps) : 0;
  if (static_cast<double>(length) < steps) ++length;
  const FillAttributes attributes{.shape = {length}, .dtype = dtype, .value = start, .step = step};
  return apply(Op::kArange, {}, attributes);
}

// One on the diagonal k of a matrix.
Tensor eye_like(const NodeCall& call) {
  if (call[0].rank() != 2) fail("EyeLike: expected a matrix, found {}", call[0].shape().to_string());
  const auto type = static_cast<ElementType>(
      call.integer("dtype", static_cast<std::int64_t>(element_type_of(call[0].dtype()))));
  const auto dtype = dtype_of(type);
  if (!dtype) call.unsupported("a matrix of {}", element_type_name(type));
  const std::int64_t rows = call[0].size(0), columns = call[0].size(1);
  const Tensor row = reshape(arange(rows), {rows, 1}), column = arange(columns);
  return cast(equal(column, row + call.integer("k", 0)), *dtype == DType::kUInt8 ? DType::kInt64 : *dtype);
}

// The part above or below the diagonal k of every matrix.
Tensor triangle(const NodeCall& call) {
  const Tensor& x = call[0];
  if (x.rank() < 2) fail("Trilu: expected matrices, found {}", x.shape().to_string());
  const std::int64_t rows = x.size(-2), columns = x.size(-1);
  const std::int64_t k = call.has(1) ? reshape(call[1], {}).item<std::int64_t>() : 0;
  const Tensor row = reshape(arange(rows), {rows, 1}) + k, column = arange(columns);
  const bool upper = call.integer("upper", 1) != 0;
  return select(upper ? greater_equal(column, row) : less_equal(column, row), x, zeros({}, x.dtype()));
}

}  // namespace

void add_logic_operators(OperatorTable& table) {
  const std::pair<const char*, Binary> comparisons[] = {{"Equal", equal},
                                                        {"Greater", greater},
                                                        {"GreaterOrEqual", greater_equal},
                                                        {"Less", less},
                                                        {"LessOrEqual", less_equal}};
  for (const auto& [name, function] : comparisons)
    add_operator(table, name,
                 [function = function](const NodeCall& call) { return function(call[0], call[1]); });
  const std::pair<const char*, Binary> logics[] = {{"And", both}, {"Or", either}, {"Xor", not_equal}};
  for (const auto& [name, function] : logics)
    add_operator(table, name,
                 [function = function](const NodeCall& call) { return logical(call, function); });
  add_operator(table, "Not", [](const NodeCall& call) { return equal(call[0], false); });
  add_operator(table, "Where", [](const NodeCall& call) { return select(call[0], call[1], call[2]); });
  add_operator(table, "Constant", constant);
  add_operator(table, "ConstantOfShape", constant_of_shape);
  add_operator(table, "Range", range);
  add_operator(table, "EyeLike", eye_like);
  add_operator(table, "Trilu", triangle);
}

}  // namespace tessera::onnx
