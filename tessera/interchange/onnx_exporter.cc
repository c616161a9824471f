#include "tessera/interchange/onnx_exporter.h"

#include <algorithm>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

constexpr std::int64_t kOpset = 18;
constexpr std::int64_t kSmall = 64;  // bytes; constants up to this size are shared

const TranslatorTable& translators() {
  static const TranslatorTable table = [] {
    TranslatorTable all{};
    add_elementwise_translators(all);
    add_activation_translators(all);
    add_shape_translators(all);
    add_reduction_translators(all);
    add_normalization_translators(all);
    add_product_translators(all);
    add_recurrent_translators(all);
    return all;
  }();
  return table;
}

// Rows of ops.def that no model has; every other one has a translator.
constexpr const char *kRandom = "ONNX draws other random numbers",
                     *kTraining = "it belongs to training, and models are exported without",
                     *kUnobserved = "it stands for another row where nobody observes, and an export does";
struct Reason {
  Op op;
  const char* text;
};
constexpr Reason kReasons[] = {{Op::kRandomBits, kRandom},
                               {Op::kRandomUniform, kRandom},
                               {Op::kRandomNormal, kRandom},
                               {Op::kRandomPermutation, kRandom},
                               {Op::kConv2dWeightGradient, kTraining},
                               {Op::kConv3dWeightGradient, kTraining},
                               {Op::kAveragePool2dGradient, kTraining},
                               {Op::kSoftmaxGradient, kTraining},
                               {Op::kLogSoftmaxGradient, kTraining},
                               {Op::kCrossEntropyGradient, kTraining},
                               {Op::kLayerNormInputGradient, kTraining},
                               {Op::kLayerNormScaleGradient, kTraining},
                               {Op::kLayerNormGradient, kTraining},
                               {Op::kBatchNormSums, kTraining},
                               {Op::kBatchNormInputGradient, kTraining},
                               {Op::kGroupNormGradient, kTraining},
                               {Op::kSgdStep, kTraining},
                               {Op::kAdamStep, kTraining},
                               {Op::kRmspropStep, kTraining},
                               {Op::kAdagradStep, kTraining},
                               {Op::kAdadeltaStep, kTraining},
                               {Op::kGruPlain, kUnobserved},
                               {Op::kLstmPlain, kUnobserved},
                               {Op::kGruGradient, kTraining},
                               {Op::kLstmGradient, kTraining},
                               {Op::kRnnGradient, kTraining},
                               {Op::kFinishGradient, kTraining},
                               {Op::kActivateGradient, kTraining}};

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
const char* why_not_exported(Op op) {
  for (const Reason& reason : kReasons)
    if (reason.op == op) return reason.text;
  return "";
}

bool has_translator(Op op) {
  return translators()[static_cast<std::size_t>(op)] != nullptr;
}

Attribute attribute(std::string name, std::vector<std::string> values) {
  return {.name = std::move(name), .type = Attribute::Type::kStrings, .texts = std::move(values)};
}
Attribute attribute(std::string name, std::vector<std::int64_t> values) {
  return {.name = std::move(name), .type = Attribute::Type::kInts, .integers = std::move(values)};
}

Exporter::Exporter(const Recording& one, const Recording& more, const std::vector<runs::NamedTensor>& named,
                   const ExportOptions& options)
    : one_(one), more_(more), options_(options) {
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

// ---- The two recordings side by side ----

void Exporter::pair_up() {
  const auto pair = [&](const std::vector<Tensor>& one, const std::vector<Tensor>& more) {
    for (std::size_t i = 0; i < one.size(); ++i) counterparts_[one[i].identity()] = more[i];
  };
  bool same = one_.ops.size() == more_.ops.size() && one_.outputs.size() == more_.outputs.size();
  for (std::size_t i = 0; same && i < one_.ops.size(); ++i)
    same = one_.ops[i].op == more_.ops[i].op && one_.ops[i].inputs.size() == more_.ops[i].inputs.size();
  if (!same)
    fail(
        "export: the operations of the network depend on the number of samples, so there is no model for any "
        "number of them");
  pair(one_.inputs, more_.inputs);
  pair(one_.outputs, more_.outputs);
  for (std::size_t i = 0; i < one_.ops.size(); ++i) {
    pair(one_.ops[i].inputs, more_.ops[i].inputs);
    counterparts_[one_.ops[i].output.identity()] = more_.ops[i].output;
  }
}

const Tensor& Exporter::counterpart(const Tensor& tensor) const {
  return counterparts_.at(tensor.identity());
}

std::set<std::size_t> Exporter::live_ops() const {
  std::set<std::size_t> live;
  std::vector<Tensor> waiting = one_.outputs;
  while (!waiting.empty()) {
    const Tensor tensor = waiting.back();
    waiting.pop_back();
    const auto made = one_.makers.find(tensor.identity());
    if (made == one_.makers.end() || !live.insert(made->second).second) continue;
    for (const Tensor& input : needed_inputs(one_, one_.ops[made->second])) waiting.push_back(input);
  }
  return live;
}

void Exporter::count_uses(const std::set<std::size_t>& live) {
  for (const Tensor& output : one_.outputs) ++uses_[output.identity()];
  for (const std::size_t position : live)
    for (const Tensor& input : needed_inputs(one_, one_.ops[position])) ++uses_[input.identity()];
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
  if (const RecordedOp* maker = one_.maker(tensor); maker != nullptr)
    fail("export: {}: ONNX's operator does not give this part of the result", place_of(*maker));
  const auto own = own_names_.find(tensor.identity());
  std::string name;
  if (own != own_names_.end()) {
    name = initializer(own->second, tensor);
  } else {
    if (!same_bits(tensor, counterpart(tensor)))
      fail("export: {} uses a tensor of the program's own memory that depends on the number of samples",
           place_of(one_.ops[position_]));
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
  const std::string& scope = one_.ops[position_].scope;
  node.name = scope.empty() ? node.outputs[0] : fmt::format("{}/{}", scope, node.outputs[0]);
  model_.graph.nodes.push_back(node);
  return node.outputs;
}

std::string Exporter::emit(const std::string& op_type, const std::vector<std::string>& inputs,
                           std::vector<Attribute> attributes) {
  return emit_several(op_type, inputs, std::move(attributes), 1)[0];
}

void Exporter::output_is(const std::string& name) {
  names_[one_.ops[position_].output.identity()] = name;
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

// ---- Lengths that depend on the number of samples ----

std::string Exporter::samples() {
  if (samples_.empty())
    samples_ = emit("Shape", {options_.inputs[0]},
                    {attribute("start", std::int64_t{0}), attribute("end", std::int64_t{1})});
  return samples_;
}

std::string Exporter::lengths(const std::vector<std::int64_t>& one, const std::vector<std::int64_t>& more) {
  if (one == more) return integers(one);
  const std::int64_t count = one_.inputs[0].size(0);
  std::vector<std::string> parts;
  std::vector<std::int64_t> fixed;
  const auto end_fixed = [&] {
    if (!fixed.empty()) parts.push_back(integers(fixed));
    fixed.clear();
  };
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i] == more[i]) {
      fixed.push_back(one[i]);
      continue;
    }
    end_fixed();
    const std::int64_t factor = more[i] - one[i], rest = one[i] - factor * count;
    std::string value = samples();
    if (factor != 1) value = emit("Mul", {value, integers({factor})});
    if (rest != 0) value = emit("Add", {value, integers({rest})});
    parts.push_back(value);
  }
  end_fixed();
  return parts.size() == 1 ? parts[0] : emit("Concat", parts, {attribute("axis", std::int64_t{0})});
}

std::string Exporter::lengths(const Shape& one, const Shape& more) {
  return lengths(std::vector<std::int64_t>(one.begin(), one.end()),
                 std::vector<std::int64_t>(more.begin(), more.end()));
}

// ---- The whole ----

void Exporter::translate(std::size_t position) {
  position_ = position;
  const RecordedOp& op = one_.ops[position];
  const Translator translator = translators()[static_cast<std::size_t>(op.op)];
  if (translator == nullptr) fail("export: {}: {}", place_of(op), why_not_exported(op.op));
  translator({*this, op, more_.ops[position]});
}

ValueInfo Exporter::value_info(const std::string& name, const Tensor& one, const Tensor& more) const {
  ValueInfo info{.name = name, .element_type = element_type_of(one.dtype())};
  for (int axis = 0; axis < one.rank(); ++axis) {
    const std::int64_t length = one.size(axis), difference = more.size(axis) - length;
    if (difference == 0) {
      info.dimensions.push_back({length, ""});
    } else {
      info.dimensions.push_back({{}, difference == 1 && length == one_.inputs[0].size(0) ? "samples" : ""});
    }
  }
  return info;
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
  for (std::size_t i = 0; i < one_.outputs.size(); ++i) {
    const Tensor& output = one_.outputs[i];
    const std::string value = name_of(output), &name = options_.outputs[i];
    const bool is_output =
        std::find(options_.outputs.begin(), options_.outputs.end(), value) != options_.outputs.end();
    if (!is_output && rename(value, name)) {
      names_[output.identity()] = name;  // for another output that is the same value
    } else {
      model_.graph.nodes.push_back(
          {.op_type = "Identity", .name = name, .inputs = {value}, .outputs = {name}});
    }
    model_.graph.outputs.push_back(value_info(name, output, counterpart(output)));
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
  for (std::size_t i = 0; i < one_.inputs.size(); ++i) {
    names_[one_.inputs[i].identity()] = options_.inputs[i];
    model_.graph.inputs.push_back(value_info(options_.inputs[i], one_.inputs[i], more_.inputs[i]));
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

// ---- The door ----

namespace {

// One sample more: the first one again.
Tensor with_one_more(const Tensor& samples) {
  if (samples.rank() < 1 || samples.size(0) < 1)
    fail("export: the sample input has shape {}, expected at least one sample along the first axis",
         samples.shape().to_string());
  return concatenate({samples, slice(samples, {Range(0, 1)})}, 0);
}

class TensorNames : public StateVisitor {
 public:
  void tensor(std::string_view name, Tensor& value) override { named.push_back({std::string(name), value}); }
  void integer(std::string_view /*name*/, std::int64_t& /*value*/) override {}
  void real(std::string_view /*name*/, double& /*value*/) override {}
  std::vector<runs::NamedTensor> named;
};

}  // namespace

ModelFile export_function(const Function& function, const std::vector<Tensor>& samples,
                          const std::vector<runs::NamedTensor>& named, const ExportOptions& options) {
  if (samples.empty()) fail("export: there are no inputs");
  std::vector<Tensor> inputs = samples, more;
  if (options.any_batch) {
    // Two samples at least, so that the number of samples cannot be taken for an axis of length 1 that broadcasts.
    for (Tensor& input : inputs)
      if (input.rank() > 0 && input.size(0) == 1) input = with_one_more(input);
    more.reserve(inputs.size());
    for (const Tensor& input : inputs) more.push_back(with_one_more(input));
  }
  const Recording one = record(function, inputs);
  if (!options.any_batch) return Exporter(one, one, named, options).run();
  return Exporter(one, record(function, more), named, options).run();
}

ModelFile export_module(nn::Module& module, const Tensor& sample, const ExportOptions& options) {
  TensorNames names;
  module.visit_state(names);
  const Function function = [&](const std::vector<Tensor>& inputs) {
    return std::vector<Tensor>{module.evaluate(inputs[0])};
  };
  return export_function(function, {sample}, names.named, options);
}

}  // namespace tessera::onnx
