#include "tessera/interchange/onnx_model.h"

#include <algorithm>
#include <limits>
#include <set>

#include "tessera/base/files.h"
#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {
namespace {

// The range of an integer type, as int64.
std::pair<std::int64_t, std::int64_t> range_of(ElementType type) {
  switch (type) {
    case ElementType::kInt8:
      return {-128, 127};
    case ElementType::kUInt8:
      return {0, 255};
    case ElementType::kInt16:
      return {-32768, 32767};
    case ElementType::kUInt16:
      return {0, 65535};
    case ElementType::kInt32:
      return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case ElementType::kUInt32:
      return {0, std::numeric_limits<std::uint32_t>::max()};
    case ElementType::kUInt64:
      return {0, std::numeric_limits<std::int64_t>::max()};
    default:
      return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  }
}

constexpr std::int64_t kNewestOperatorSet = 21;  // the meanings of later ones are not known here

// How a value is held inside the graph.
Tensor held(const Tensor& tensor) {
  return tensor.dtype() == DType::kUInt8 ? cast(tensor, DType::kInt64) : tensor;
}

std::string described(const Dimension& dimension) {
  if (dimension.length) return std::to_string(*dimension.length);
  return dimension.name.empty() ? "?" : dimension.name;
}

std::string described(const std::vector<Dimension>& dimensions) {
  std::string text;
  for (const Dimension& dimension : dimensions) {
    if (!text.empty()) text += ", ";
    text += described(dimension);
  }
  return fmt::format("[{}]", text);
}

}  // namespace

Tensor check_integer_range(const Tensor& values, ElementType type) {
  if (values.elements() == 0 || values.dtype() != DType::kInt64) return values;
  const auto [lowest, highest] = range_of(type);
  const std::int64_t least = min(values).item<std::int64_t>(), most = max(values).item<std::int64_t>();
  if (least < lowest || most > highest)
    fail("the value {} is outside of {}, in which ONNX leaves the result open", least < lowest ? least : most,
         element_type_name(type));
  return values;
}

Model Model::read(const std::string& path) {
  return Model(parse_model(read_regular_file(path), path), path);
}

Model::Model(ModelFile file, std::string where) : file_(std::move(file)), where_(std::move(where)) {
  check_operator_set();
  std::set<std::string> initialized;
  for (TensorEntry& entry : file_.graph.initializers) {
    if (entry.tensor.defined()) entry.tensor = held(entry.tensor);
    initialized.insert(entry.name);
  }
  for (const ValueInfo& info : file_.graph.inputs)
    if (!initialized.contains(info.name)) inputs_.push_back(info);
  std::set<std::string> needed;
  for (const ValueInfo& info : file_.graph.outputs) needed.insert(info.name);
  last_uses_.resize(file_.graph.nodes.size());
  for (std::size_t i = file_.graph.nodes.size(); i-- > 0;)
    for (const auto* names : {&file_.graph.nodes[i].inputs, &file_.graph.nodes[i].outputs})
      for (const std::string& name : *names)
        if (needed.insert(name).second) last_uses_[i].push_back(name);
}

std::int64_t Model::opset_of(const std::string& domain) const {
  const auto found = file_.opsets.find(domain);
  return found == file_.opsets.end() ? 0 : found->second;
}

// Which version it is decides what an operator means.
void Model::check_operator_set() const {
  const auto is_own = [](const Node& node) { return node.domain.empty(); };
  if (std::none_of(file_.graph.nodes.begin(), file_.graph.nodes.end(), is_own)) return;
  if (!file_.opsets.contains(""))
    fail(
        "{}: the model does not say of which version ONNX's operator set is, expected an opset_import of 1 "
        "to {}",
        where_, kNewestOperatorSet);
  if (const std::int64_t version = opset_of(""); version < 1 || version > kNewestOperatorSet)
    throw UnsupportedOperator(fmt::format("{}: ONNX's operator set is of version {}, expected 1 to {}",
                                          where_, version, kNewestOperatorSet));
}

std::vector<std::string> Model::unsupported() const {
  std::set<std::string> names;
  for (const Node& node : file_.graph.nodes)
    if (!operator_table().contains({node.domain, node.op_type})) names.insert(node.op_type);
  return {names.begin(), names.end()};
}

Tensor Model::checked_input(const ValueInfo& info, const Tensor& given,
                            std::map<std::string, std::int64_t>& lengths) const {
  if (!given.defined()) fail("{}: the input '{}' is an undefined tensor", where_, info.name);
  const auto expected = dtype_of(info.element_type);
  if (info.element_type != ElementType::kUndefined && !expected)
    throw UnsupportedOperator(fmt::format("{}: the input '{}' is of {}, which is not supported", where_,
                                          info.name, element_type_name(info.element_type)));
  const Tensor tensor = held(given);
  const DType inside = expected == DType::kUInt8 ? DType::kInt64 : expected.value_or(tensor.dtype());
  if (tensor.dtype() != inside)
    fail("{}: the input '{}' is {}, expected {}", where_, info.name, dtype_name(given.dtype()),
         element_type_name(info.element_type));
  bool fits = !info.has_shape || static_cast<std::size_t>(tensor.rank()) == info.dimensions.size();
  for (int axis = 0; fits && info.has_shape && axis < tensor.rank(); ++axis) {
    const Dimension& dimension = info.dimensions[static_cast<std::size_t>(axis)];
    if (dimension.length) fits = *dimension.length == tensor.size(axis);
    if (!dimension.length && !dimension.name.empty())
      fits = lengths.emplace(dimension.name, tensor.size(axis)).first->second == tensor.size(axis);
  }
  if (!fits)
    fail("{}: the input '{}' has shape {}, expected {}", where_, info.name, tensor.shape().to_string(),
         described(info.dimensions));
  return check_integer_range(tensor, info.element_type);
}

Tensor Model::checked_output(const ValueInfo& info, const Tensor& made) const {
  const auto expected = dtype_of(info.element_type);
  if (!expected) return made;
  const DType inside = *expected == DType::kUInt8 ? DType::kInt64 : *expected;
  if (made.dtype() != inside)
    fail("{}: the output '{}' is said to be {}, but the graph gives {}", where_, info.name,
         element_type_name(info.element_type), dtype_name(made.dtype()));
  check_integer_range(made, info.element_type);
  return made.dtype() == *expected ? made : cast(made, *expected);
}

void Model::run_node(std::size_t position, Values& values) const {
  const Node& node = file_.graph.nodes[position];
  const std::string place = fmt::format("{}: node {} ({}{})", where_, position, node.op_type,
                                        node.name.empty() ? "" : fmt::format(" '{}'", node.name));
  std::vector<Tensor> inputs(node.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i].empty()) continue;
    const auto found = values.find(node.inputs[i]);
    if (found == values.end())
      fail("{}: no input, initializer or earlier node gives '{}'", place, node.inputs[i]);
    inputs[i] = found->second;
    if (!inputs[i].defined())
      throw UnsupportedOperator(
          fmt::format("{}: '{}' is of an element type that is not supported", place, node.inputs[i]));
  }
  const auto row = operator_table().find({node.domain, node.op_type});
  if (row == operator_table().end())
    throw UnsupportedOperator(fmt::format("{}: the operator is not supported", place));
  Outputs outputs;
  try {
    outputs = row->second(NodeCall(node, inputs, opset_of(node.domain)));
  } catch (const UnsupportedOperator& error) {
    throw UnsupportedOperator(fmt::format("{}: {}", place, error.what()));
  } catch (const Error& error) {
    fail("{}: {}", place, error.what());
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    if (i >= outputs.size() || !outputs[i].defined())
      throw UnsupportedOperator(fmt::format("{}: output {} is not supported", place, i));
    values[node.outputs[i]] = outputs[i];
  }
}

Model::Values Model::run(const Values& inputs) const {
  Values values;
  for (const TensorEntry& entry : file_.graph.initializers) values[entry.name] = entry.tensor;
  std::map<std::string, std::int64_t> lengths;
  std::size_t used = 0;
  for (const ValueInfo& info : file_.graph.inputs) {
    const auto given = inputs.find(info.name);
    if (given == inputs.end() && values.contains(info.name)) continue;
    if (given == inputs.end()) fail("{}: the input '{}' is missing", where_, info.name);
    values[info.name] = checked_input(info, given->second, lengths);
    ++used;
  }
  if (used != inputs.size())
    for (const auto& [name, tensor] : inputs)
      if (!values.contains(name)) fail("{}: there is no input '{}'", where_, name);
  for (std::size_t i = 0; i < file_.graph.nodes.size(); ++i) {
    run_node(i, values);
    for (const std::string& name : last_uses_[i]) values.erase(name);
  }
  Values outputs;
  for (const ValueInfo& info : file_.graph.outputs) {
    const auto made = values.find(info.name);
    if (made == values.end()) fail("{}: nothing gives the output '{}'", where_, info.name);
    if (!made->second.defined())
      throw UnsupportedOperator(fmt::format("{}: the output '{}' is of {}, which is not supported", where_,
                                            info.name, element_type_name(info.element_type)));
    outputs[info.name] = checked_output(info, made->second);
  }
  return outputs;
}

Tensor Model::run(const Tensor& input) const {
  if (inputs_.size() != 1 || file_.graph.outputs.empty())
    fail("{}: the model has {} inputs and {} outputs, expected one input; give them by name", where_,
         inputs_.size(), file_.graph.outputs.size());
  return run(Values{{inputs_[0].name, input}}).at(file_.graph.outputs[0].name);
}

}  // namespace tessera::onnx
