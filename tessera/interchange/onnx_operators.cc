#include "tessera/interchange/onnx_operators.h"

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::onnx {

const OperatorTable& operator_table() {
  static const OperatorTable table = [] {
    OperatorTable all;
    add_elementwise_operators(all);
    add_logic_operators(all);
    add_activation_operators(all);
    add_shape_operators(all);
    add_index_operators(all);
    add_reduction_operators(all);
    add_product_operators(all);
    add_pooling_operators(all);
    add_normalization_operators(all);
    add_recurrent_operators(all);
    add_training_operators(all);
    return all;
  }();
  return table;
}

std::vector<std::string> supported_operators() {
  std::vector<std::string> names;
  names.reserve(operator_table().size());
  for (const auto& [key, function] : operator_table()) names.push_back(key.second);
  std::sort(names.begin(), names.end());
  return names;
}

void add_operator(OperatorTable& table, const std::string& name,
                  std::function<Tensor(const NodeCall&)> function) {
  table[{"", name}] = [function = std::move(function)](const NodeCall& call) {
    return Outputs{function(call)};
  };
}

// ---- NodeCall ----

const Tensor& NodeCall::operator[](std::size_t i) const {
  if (!has(i)) fail("input {} is missing", i);
  return inputs_[i];
}

std::vector<std::int64_t> NodeCall::input_integers(std::size_t i) const {
  const Tensor& input = (*this)[i];
  if (input.dtype() != DType::kInt64 || input.rank() > 1)
    fail("input {} is {} {}, expected a list of integers", i, dtype_name(input.dtype()),
         input.shape().to_string());
  return input.to_vector<std::int64_t>();
}

const Attribute* NodeCall::find(std::string_view name) const {
  for (const Attribute& attribute : node_.attributes)
    if (attribute.name == name) return &attribute;
  return nullptr;
}

const Attribute* NodeCall::find(std::string_view name, Attribute::Type type) const {
  const Attribute* attribute = find(name);
  if (attribute != nullptr && attribute->type != type)
    fail("the attribute '{}' is of type {}, expected {}", name, static_cast<int>(attribute->type),
         static_cast<int>(type));
  return attribute;
}

std::int64_t NodeCall::integer(std::string_view name, std::int64_t otherwise) const {
  const Attribute* attribute = find(name, Attribute::Type::kInt);
  return attribute == nullptr ? otherwise : attribute->integer;
}

double NodeCall::real(std::string_view name, double otherwise) const {
  const Attribute* attribute = find(name, Attribute::Type::kFloat);
  return attribute == nullptr ? otherwise : static_cast<double>(attribute->real);
}

std::string NodeCall::text(std::string_view name, std::string_view otherwise) const {
  const Attribute* attribute = find(name, Attribute::Type::kString);
  return attribute == nullptr ? std::string(otherwise) : attribute->text;
}

std::optional<std::vector<std::int64_t>> NodeCall::integers(std::string_view name) const {
  const Attribute* attribute = find(name, Attribute::Type::kInts);
  if (attribute == nullptr) return std::nullopt;
  return attribute->integers;
}

std::vector<std::string> NodeCall::texts(std::string_view name) const {
  const Attribute* attribute = find(name, Attribute::Type::kStrings);
  return attribute == nullptr ? std::vector<std::string>{} : attribute->texts;
}

Tensor NodeCall::tensor(std::string_view name) const {
  const Attribute* attribute = find(name, Attribute::Type::kTensor);
  if (attribute == nullptr) fail("the attribute '{}' is missing", name);
  const TensorEntry& entry = attribute->tensor;
  if (!entry.tensor.defined())
    unsupported("'{}' is of {}, which is not supported", name, element_type_name(entry.element_type));
  return entry.tensor.dtype() == DType::kUInt8 ? cast(entry.tensor, DType::kInt64) : entry.tensor;
}

std::optional<std::vector<std::int64_t>> NodeCall::integers(std::string_view name, std::size_t input) const {
  if (has(input)) return input_integers(input);
  return integers(name);
}

// ---- What several operators need ----

Tensor as_shape(const std::vector<std::int64_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

Shape shape_from(const std::vector<std::int64_t>& lengths) {
  std::int64_t elements = 1;
  for (const std::int64_t length : lengths) {
    if (length < 0) fail("a shape has the length {}, expected at least 0", length);
    if (__builtin_mul_overflow(elements, std::max<std::int64_t>(length, 1), &elements))
      fail("a shape of {} elements and more is too large", elements);
  }
  return Shape(std::span<const std::int64_t>(lengths));
}

Tensor index_from_front(const Tensor& index, std::int64_t length) {
  return select(less(index, 0), index + length, index);
}

Tensor padded(const Tensor& x, std::span<const std::int64_t> before, std::span<const std::int64_t> after,
              double value) {
  Tensor result = x;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    std::vector<Tensor> parts;
    const auto strip = [&](std::int64_t length) {
      Shape shape = result.shape();
      shape[axis] = length;
      if (length > 0) parts.push_back(full(shape, value, x.dtype()));
    };
    strip(before[i]);
    parts.push_back(result);
    strip(after[i]);
    if (parts.size() > 1) result = concatenate(parts, axis);
  }
  return result;
}

// Beyond 2^51 (2^23 in float32) every number is whole; conversion to int64 is exact below, and cutting off goes towards 0.
Tensor floor(const Tensor& x) {
  if (!is_floating(x.dtype())) return x;
  const Tensor cut = cast(cast(x, DType::kInt64), x.dtype());
  const Tensor down = select(greater(cut, x), cut - 1, cut);
  return select(less(absolute(x), 4503599627370496.0), down, x);  // NaN and what is too large stay
}

}  // namespace tessera::onnx
