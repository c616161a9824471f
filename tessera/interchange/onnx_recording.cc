#include "tessera/interchange/onnx_recording.h"

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::onnx {
namespace {

class Recorder : public OpObserver {
 public:
  explicit Recorder(Recording& recording) : recording_(recording) {}
  void on_op(const OpEvent& event) override {
    recording_.makers[event.output.identity()] = recording_.ops.size();
    recording_.ops.push_back({event.op,
                              {event.inputs.begin(), event.inputs.end()},
                              event.output,
                              event.attributes,
                              scope_text(event.scope)});
  }

 private:
  Recording& recording_;
};

}  // namespace

const RecordedOp* Recording::maker(const Tensor& tensor) const {
  const auto found = makers.find(tensor.identity());
  return found == makers.end() ? nullptr : &ops[found->second];
}

Recording record(const ContextFunction& function, const std::vector<Tensor>& inputs) {
  Recording recording;
  recording.inputs = inputs;
  Recorder recorder(recording);
  const ObserveOps observing(&recorder);
  nn::Context context;
  context.announce_lengths = [&](const Tensor& lengths) {
    recording.announced.emplace_back(recording.ops.size(), lengths);
  };
  recording.outputs = function(inputs, context);
  return recording;
}

bool turns_times(const RecordedOp& op) {
  if (op.op != Op::kSlice) return false;
  const std::vector<Range::Resolved>& ranges = std::get<SliceAttributes>(op.attributes).ranges;
  return ranges[0].step == -1 && op.output.shape() == op.inputs[0].shape() &&
         std::all_of(ranges.begin() + 1, ranges.end(), [](const auto& range) { return range.step == 1; });
}

namespace {

Tensor lengths_of(const Recording& recording, const RecordedOp& op) {
  const auto position = static_cast<std::size_t>(&op - recording.ops.data());
  Tensor lengths;
  for (const auto& [before, announced] : recording.announced)
    if (before <= position) lengths = announced;
  const std::int64_t samples = op.inputs[0].size(1);
  if (lengths.defined() && lengths.shape() != Shape{samples})
    fail("export: {} of {} sequences, but the lengths that were announced have shape {}", op_info(op.op).name,
         samples, lengths.shape().to_string());
  return lengths;
}

}  // namespace

RecurrentParts recurrent_parts(const Recording& recording, const RecordedOp& op) {
  const auto made_by = [&](const Tensor& tensor, Op expected) -> const RecordedOp& {
    const RecordedOp* maker = recording.maker(tensor);
    if (maker == nullptr || maker->op != expected)
      fail("{}: ONNX's operator takes a sequence and its weight, but the input is no product of the two",
           op_info(op.op).name);
    return *maker;
  };
  const RecordedOp& product = made_by(made_by(op.inputs[0], Op::kReshape).inputs[0], Op::kMatrixMultiply);
  RecurrentParts parts{.x = made_by(product.inputs[0], Op::kReshape).inputs[0],
                       .weight = made_by(product.inputs[1], Op::kPermute).inputs[0],
                       .lengths = lengths_of(recording, op)};
  const RecordedOp* maker = recording.maker(parts.x);
  while (maker != nullptr && maker->op == Op::kCopy) maker = recording.maker(maker->inputs[0]);
  if (maker != nullptr && turns_times(*maker)) {
    parts.x = maker->inputs[0];
    parts.reverse = true;
  }
  return parts;
}

std::optional<StatisticsParts> statistics_parts(const Recording& recording, const RecordedOp& op) {
  const RecordedOp* maker = recording.maker(op.inputs[1]);
  if (maker == nullptr) return std::nullopt;
  if (maker->op == Op::kBatchStatistics && maker->inputs[0].identity() == op.inputs[0].identity())
    return StatisticsParts{.own = true, .mean = {}, .variance = {}};
  if (maker->op != Op::kConcatenate || maker->inputs.size() != 2) return std::nullopt;
  std::vector<Tensor> rows;
  for (const Tensor& row : maker->inputs) {
    const RecordedOp* reshape = recording.maker(row);
    const bool vector = reshape != nullptr && reshape->op == Op::kReshape && reshape->inputs[0].rank() == 1 &&
                        row.shape() == Shape{1, op.inputs[0].size(1)};
    if (!vector) return std::nullopt;
    rows.push_back(reshape->inputs[0]);
  }
  return StatisticsParts{.mean = rows[0], .variance = rows[1]};
}

std::vector<Tensor> needed_inputs(const Recording& recording, const RecordedOp& op) {
  std::vector<Tensor> inputs = op.inputs;
  if (op.op == Op::kGru || op.op == Op::kLstm || op.op == Op::kRnn) {
    const RecurrentParts parts = recurrent_parts(recording, op);
    inputs[0] = parts.x;
    inputs.push_back(parts.weight);
    if (parts.lengths.defined()) inputs.push_back(parts.lengths);
  }
  if (op.op != Op::kBatchNorm) return inputs;
  if (const auto parts = statistics_parts(recording, op)) {
    inputs.erase(inputs.begin() + 1);
    if (!parts->own) inputs.insert(inputs.end(), {parts->mean, parts->variance});
  }
  return inputs;
}

}  // namespace tessera::onnx
