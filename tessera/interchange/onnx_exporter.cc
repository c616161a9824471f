#include "tessera/interchange/onnx_exporter.h"

#include <algorithm>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

constexpr std::int64_t kOpset = 18;
constexpr std::int64_t kSmall = 64;  // bytes; constants up to this size are shared

std::string place_of(const RecordedOp& op) {
  return op.scope.empty() ? std::string(op_info(op.op).name)
                          : fmt::format("{} in {}", op_info(op.op).name, op.scope);
}

}  // namespace

Attribute attribute(std::string name, std::int64_t value) {
  return {.name = std::move(name), .type = Attribute::Type::kInt, .integer = value};
}
Attribute attribute(std::string name, double value) {
  return {.name = std::move(name), .type = Attribute::Type::kFloat, .real = static_cast<float>(value)};
}
Attribute attribute(std::string name, std::string value) {
  return {.name = std::move(name), .type = Attribute::Type::kString, .text = std::move(value)};
}
Attribute attribute(std::string name, std::vector<std::string> values) {
  return {.name = std::move(name), .type = Attribute::Type::kStrings, .texts = std::move(values)};
}
Attribute attribute(std::string name, std::vector<std::int64_t> values) {
  return {.name = std::move(name), .type = Attribute::Type::kInts, .integers = std::move(values)};
}

Exporter::Exporter(const Everywhere<Recording>& recordings, const std::vector<runs::NamedTensor>& named,
                   const ExportOptions& options)
    : recordings_(recordings), options_(options) {
  const Recording& one = recording();
  if (options.inputs.size() != one.inputs.size() || options.outputs.size() != one.outputs.size())
    fail("export: {} inputs and {} outputs, but {} and {} names", one.inputs.size(), one.outputs.size(),
         options.inputs.size(), options.outputs.size());
  for (const auto* names : {&options.inputs, &options.outputs})
    for (const std::string& name : *names)
      if (name.empty() || !taken_.insert(name).second) fail("export: two values are named '{}'", name);
  for (const runs::NamedTensor& tensor : named) {
    if (!taken_.insert(tensor.name).second) fail("export: two values are named '{}'", tensor.name);
    own_names_[tensor.tensor.identity()] = tensor.name;
  }
}

std::set<std::size_t> Exporter::live_ops() const {
  std::set<std::size_t> live;
  std::vector<Tensor> waiting = recording().outputs;
  while (!waiting.empty()) {
    const Tensor tensor = waiting.back();
    waiting.pop_back();
    const auto made = recording().makers.find(tensor.identity());
    if (made == recording().makers.end() || !live.insert(made->second).second) continue;
    for (const Tensor& input : needed_inputs(recording(), recording().ops[made->second]))
      waiting.push_back(input);
  }
  return live;
}

void Exporter::count_uses(const std::set<std::size_t>& live) {
  for (const Tensor& output : recording().outputs) ++uses_[output.identity()];
  for (const std::size_t position : live)
    for (const Tensor& input : needed_inputs(recording(), recording().ops[position]))
      ++uses_[input.identity()];
}

// ---- Names and nodes ----

std::string Exporter::fresh(const std::string& stem) {
  for (std::size_t i = 1;; ++i) {
    std::string name = fmt::format("{}_{}", stem, i);
    if (taken_.insert(name).second) return name;
  }
}

std::string Exporter::initializer(const std::string& name, const Tensor& tensor) {
  model_.graph.initializers.push_back({name, element_type_of(tensor.dtype()), tensor});
  return name;
}

std::string Exporter::constant(const Tensor& tensor) {
  if (tensor.elements() * dtype_size(tensor.dtype()) > kSmall) return initializer(fresh("constant"), tensor);
  const std::string key = fmt::format("{} {} {}", dtype_name(tensor.dtype()), tensor.shape().to_string(),
                                      as_text(tensor.canonical_bytes()));
  std::string& name = small_constants_[key];
  if (name.empty()) name = initializer(fresh("constant"), tensor);
  return name;
}

std::string Exporter::integers(const std::vector<std::int64_t>& values) {
  return constant(Tensor::from(values, {static_cast<std::int64_t>(values.size())}));
}

std::string Exporter::name_of(const Tensor& tensor) {
  const auto known = names_.find(tensor.identity());
  if (known != names_.end()) return known->second;
  if (const RecordedOp* maker = recording().maker(tensor); maker != nullptr)
    fail("export: {}: ONNX's operator does not give this part of the result", place_of(*maker));
  const auto own = own_names_.find(tensor.identity());
  std::string name;
  if (own != own_names_.end()) {
    name = initializer(own->second, tensor);
  } else {
    const Everywhere<Tensor>& everywhere = counterparts(tensor);
    if (!std::all_of(everywhere.begin(), everywhere.end(),
                     [&](const Tensor& other) { return same_bits(tensor, other); }))
      fail("export: {} uses a tensor of the program's own memory that depends on {}",
           place_of(recording().ops[position_]), open_axes_text(options_));
    name = constant(tensor);
  }
  names_[tensor.identity()] = name;
  return name;
}

std::vector<std::string> Exporter::emit_several(const std::string& op_type,
                                                const std::vector<std::string>& inputs,
                                                std::vector<Attribute> attributes, std::size_t outputs) {
  Node node{.op_type = op_type, .inputs = inputs, .attributes = std::move(attributes)};
  std::string stem = op_type;
  for (char& c : stem) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(fresh(stem));
  const std::string& scope = recording().ops[position_].scope;
  node.name = scope.empty() ? node.outputs[0] : fmt::format("{}/{}", scope, node.outputs[0]);
  model_.graph.nodes.push_back(node);
  return node.outputs;
}

std::string Exporter::emit(const std::string& op_type, const std::vector<std::string>& inputs,
                           std::vector<Attribute> attributes) {
  return emit_several(op_type, inputs, std::move(attributes), 1)[0];
}

void Exporter::output_is(const std::string& name) {
  names_[recording().ops[position_].output.identity()] = name;
}

Node* Exporter::extendable(const std::string& name) {
  int uses = 0;
  for (const auto& [identity, value] : names_)
    if (value == name) uses += uses_[identity];
  if (uses != 1) return nullptr;
  for (auto node = model_.graph.nodes.rbegin(); node != model_.graph.nodes.rend(); ++node)
    if (std::find(node->outputs.begin(), node->outputs.end(), name) != node->outputs.end()) return &*node;
  return nullptr;
}

// ---- The whole ----

void Exporter::translate(std::size_t position) {
  position_ = position;
  const RecordedOp& op = recording().ops[position];
  const Translator translator = translator_of(op.op);
  if (translator == nullptr) fail("export: {}: {}", place_of(op), why_not_exported(op.op));
  translator({*this, op, position});
}

// The value that a node gives is called so from now on; false if no node gives it.
bool Exporter::rename(const std::string& value, const std::string& name) {
  std::vector<Node>& nodes = model_.graph.nodes;
  const bool given = std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
    return std::find(node.outputs.begin(), node.outputs.end(), value) != node.outputs.end();
  });
  if (!given) return false;
  for (Node& node : nodes)
    for (auto* names : {&node.inputs, &node.outputs}) std::replace(names->begin(), names->end(), value, name);
  return true;
}

// The graph's outputs have names of their own.
void Exporter::name_outputs() {
  for (std::size_t i = 0; i < recording().outputs.size(); ++i) {
    const Tensor& output = recording().outputs[i];
    const std::string value = name_of(output), &name = options_.outputs[i];
    const bool is_output =
        std::find(options_.outputs.begin(), options_.outputs.end(), value) != options_.outputs.end();
    if (!is_output && rename(value, name)) {
      names_[output.identity()] = name;  // for another output that is the same value
    } else {
      model_.graph.nodes.push_back(
          {.op_type = "Identity", .name = name, .inputs = {value}, .outputs = {name}});
    }
    model_.graph.outputs.push_back(value_info(name, counterparts(output)));
  }
}

// Backwards from the outputs: nodes that became a part of others, and constants that nothing uses.
void Exporter::remove_dead_nodes() {
  std::set<std::string> needed(options_.outputs.begin(), options_.outputs.end());
  std::vector<Node>& nodes = model_.graph.nodes;
  std::vector<Node> kept;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const bool used = std::any_of(node->outputs.begin(), node->outputs.end(),
                                  [&](const std::string& name) { return needed.contains(name); });
    if (!used) continue;
    needed.insert(node->inputs.begin(), node->inputs.end());
    kept.push_back(std::move(*node));
  }
  nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  std::erase_if(model_.graph.initializers,
                [&](const TensorEntry& entry) { return !needed.contains(entry.name); });
}

ModelFile Exporter::run() {
  pair_up();
  const std::set<std::size_t> live = live_ops();
  count_uses(live);
  for (std::size_t i = 0; i < recording().inputs.size(); ++i) {
    names_[recording().inputs[i].identity()] = options_.inputs[i];
    model_.graph.inputs.push_back(value_info(options_.inputs[i], counterparts(recording().inputs[i])));
  }
  for (const std::size_t position : live) translate(position);
  name_outputs();
  remove_dead_nodes();
  model_.graph.name = options_.name;
  model_.opsets[""] = kOpset;
  model_.producer = "tessera";
  model_.metadata = options_.metadata;
  return std::move(model_);
}

}  // namespace tessera::onnx
