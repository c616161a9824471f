// The recurrent rows as ONNX's RNN, GRU and LSTM. ONNX stacks the gates in another order (z, r, n instead of r, z, n; i, o, f, g instead of
// i, f, g, o): nodes bring them there, so that the initializers stay the network's own parameters; readers fold such nodes away.
#include <limits>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_exporter.h"

namespace tessera::onnx {
namespace {

std::vector<std::string> gates_of(const ExportStep& step, const std::string& stacked,
                                  const std::vector<int>& order) {
  if (order.size() == 1) return {stacked};
  const std::vector<std::string> gates = step.exporter.emit_several(
      "Split", {stacked},
      {attribute("axis", std::int64_t{0}), attribute("num_outputs", static_cast<std::int64_t>(order.size()))},
      order.size());
  std::vector<std::string> result;
  result.reserve(order.size());
  for (const int gate : order) result.push_back(gates[static_cast<std::size_t>(gate)]);
  return result;
}

std::string with_direction_axis(const ExportStep& step, const std::string& value) {
  return step.emit("Unsqueeze", {value, step.exporter.integers({0})});
}

std::string stacked(const ExportStep& step, const std::vector<std::string>& parts) {
  if (parts.size() == 1) return with_direction_axis(step, parts[0]);
  return with_direction_axis(step, step.emit("Concat", parts, {attribute("axis", std::int64_t{0})}));
}

// Zeros are ONNX's own initial state.
std::string initial_state(const ExportStep& step, const Tensor& state) {
  const RecordedOp* maker = step.exporter.recording().maker(state);
  if (maker != nullptr && maker->op == Op::kFill && std::get<FillAttributes>(maker->attributes).value == 0)
    return "";
  return with_direction_axis(step, step.exporter.name_of(state));
}

// What ONNX's operator has that the others do not.
struct Kind {
  const char* name;
  std::vector<int> gates;  // ONNX's order, by their places in the row's
  std::size_t states;      // h0, c0
  std::vector<Attribute> attributes;
};

Kind kind_of(const ExportStep& step) {
  if (step.op.op == Op::kLstm) return {"LSTM", {0, 3, 1, 2}, 2, {}};
  if (step.op.op == Op::kGru)
    return {"GRU", {1, 0, 2}, 1, {attribute("linear_before_reset", std::int64_t{1})}};
  const bool relu = step.attributes<RecurrentAttributes>().nonlinearity == Activation::kRelu;
  return {"RNN", {0}, 1, {attribute("activations", std::vector<std::string>{relu ? "Relu" : "Tanh"})}};
}

// int32 [N] or "".
std::string sequence_lengths(const ExportStep& step, const Tensor& lengths) {
  if (!lengths.defined()) return "";
  constexpr auto kInt32 = static_cast<std::int64_t>(ElementType::kInt32);
  return step.emit("Cast", {step.exporter.name_of(lengths)}, {attribute("to", kInt32)});
}

// The other way along the times that each sequence has.
std::string turned(const ExportStep& step, const std::string& states, const Tensor& lengths) {
  Exporter& exporter = step.exporter;
  constexpr std::int64_t kBefore = std::numeric_limits<std::int64_t>::min();
  if (!lengths.defined())
    return step.emit("Slice", {states, exporter.integers({-1}), exporter.integers({kBefore}),
                               exporter.integers({0}), exporter.integers({-1})});
  return step.emit("ReverseSequence", {states, exporter.name_of(lengths)},
                   {attribute("time_axis", std::int64_t{0}), attribute("batch_axis", std::int64_t{1})});
}

void recurrent_row(const ExportStep& step) {
  const Kind kind = kind_of(step);
  const std::size_t states = kind.states;
  const RecurrentParts parts = recurrent_parts(step.exporter.recording(), step.op);
  const std::string x = step.exporter.name_of(parts.x);
  const std::string input = stacked(step, gates_of(step, step.exporter.name_of(parts.weight), kind.gates));
  const std::string hidden = stacked(step, gates_of(step, step.in(1 + states), kind.gates));
  std::vector<std::string> biases = gates_of(step, step.in(2 + states), kind.gates);
  for (const std::string& gate : gates_of(step, step.in(3 + states), kind.gates)) biases.push_back(gate);
  std::vector<std::string> inputs = {x, input, hidden, stacked(step, biases),
                                     sequence_lengths(step, parts.lengths)};
  for (std::size_t i = 0; i < states; ++i) inputs.push_back(initial_state(step, step.op.inputs[1 + i]));
  while (inputs.back().empty()) inputs.pop_back();
  std::vector<Attribute> attributes = {attribute("hidden_size", step.op.inputs[1].size(1))};
  attributes.insert(attributes.end(), kind.attributes.begin(), kind.attributes.end());
  if (parts.reverse) attributes.push_back(attribute("direction", std::string("reverse")));
  const std::vector<std::string> outputs =
      step.exporter.emit_several(kind.name, inputs, std::move(attributes), 1 + states);
  const std::string h = step.emit("Squeeze", {outputs[0], step.exporter.integers({1})});
  Exporter::RecurrentNames names{
      .h = h, .turned = "", .last_h = outputs[1], .last_c = states > 1 ? outputs[2] : ""};
  if (parts.reverse) {
    names.turned = h;
    names.h = turned(step, h, parts.lengths);
  }
  if (step.op.op != Op::kRnn) {
    step.exporter.recurrent[step.op.output.identity()] = names;
    return;
  }
  step.exporter.states[step.op.output.identity()] = names;
  step.done(names.h);
}

bool is_last(const ExportStep& step, const Range::Resolved& range) {
  return range.removes_axis && range.start == step.shape(0)[0] - 1;
}

// Of all times' hidden states: those in the order of the sequence, or the last ones.
bool part_of_states(const ExportStep& step, const Exporter::RecurrentNames& names) {
  const auto& ranges = step.attributes<SliceAttributes>().ranges;
  if (!names.turned.empty() && turns_times(step.op)) {
    step.done(names.turned);
    return true;
  }
  const bool whole_rows = step.op.output.rank() == 2 && step.op.output.size(0) == step.shape(0)[1] &&
                          step.op.output.size(1) == step.shape(0)[2];
  if (!whole_rows || !is_last(step, ranges[0])) return false;
  step.done(step.emit("Squeeze", {names.last_h, step.exporter.integers({0})}));
  return true;
}

}  // namespace

bool recurrent_part(const ExportStep& step) {
  Exporter& exporter = step.exporter;
  const Range::Resolved& first = step.attributes<SliceAttributes>().ranges[0];
  const void* base = step.op.inputs[0].identity();
  if (const auto cells = exporter.last_cells.find(base); cells != exporter.last_cells.end()) {
    if (!is_last(step, first)) fail("export: ONNX's LSTM gives the cell state after the last time only");
    step.done(step.emit("Squeeze", {cells->second, exporter.integers({0})}));
    return true;
  }
  if (const auto states = exporter.states.find(base); states != exporter.states.end())
    return part_of_states(step, states->second);
  const auto part = exporter.recurrent.find(base);
  if (part == exporter.recurrent.end()) return false;
  const Exporter::RecurrentNames& names = part->second;
  if (!first.removes_axis || first.start > 1 || (first.start == 1 && names.last_c.empty()))
    fail("export: ONNX's recurrent operators give the states only, not the gates");
  if (first.start == 0) {
    exporter.states[step.op.output.identity()] = names;
    step.done(names.h);
  } else {
    exporter.last_cells[step.op.output.identity()] = names.last_c;
  }
  return true;
}

void add_recurrent_translators(TranslatorTable& table) {
  at(table, Op::kGru) = recurrent_row;
  at(table, Op::kLstm) = recurrent_row;
  at(table, Op::kRnn) = recurrent_row;
}

}  // namespace tessera::onnx
