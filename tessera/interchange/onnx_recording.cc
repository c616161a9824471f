#include "tessera/interchange/onnx_recording.h"

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

Recording record(const Function& function, const std::vector<Tensor>& inputs) {
  Recording recording;
  recording.inputs = inputs;
  Recorder recorder(recording);
  const ObserveOps observing(&recorder);
  recording.outputs = function(inputs);
  return recording;
}

RecurrentParts recurrent_parts(const Recording& recording, const RecordedOp& op) {
  const auto made_by = [&](const Tensor& tensor, Op expected) -> const RecordedOp& {
    const RecordedOp* maker = recording.maker(tensor);
    if (maker == nullptr || maker->op != expected)
      fail("{}: ONNX's operator takes a sequence and its weight, but the input is no product of the two",
           op_info(op.op).name);
    return *maker;
  };
  const RecordedOp& product = made_by(made_by(op.inputs[0], Op::kReshape).inputs[0], Op::kMatrixMultiply);
  return {made_by(product.inputs[0], Op::kReshape).inputs[0],
          made_by(product.inputs[1], Op::kPermute).inputs[0]};
}

namespace {

// The operation's input of this number, if an operation of this kind made it.
const RecordedOp* made_by(const Recording& recording, const RecordedOp* op, std::size_t input, Op expected) {
  if (op == nullptr) return nullptr;
  const RecordedOp* maker = recording.maker(op->inputs[input]);
  return maker != nullptr && maker->op == expected ? maker : nullptr;
}

// The operation's second input, if it is a vector with one element per channel: the vector.
std::optional<Tensor> per_channel(const Recording& recording, const RecordedOp* op) {
  const RecordedOp* reshape = made_by(recording, op, 1, Op::kReshape);
  if (reshape == nullptr || reshape->inputs[0].rank() != 1 || reshape->output.rank() < 2) return std::nullopt;
  if (reshape->output.rank() != op->output.rank() || reshape->output.size(1) != reshape->inputs[0].size(0))
    return std::nullopt;
  return reshape->inputs[0];
}

}  // namespace

// (x - mean) * (1 / sqrt(variance + epsilon)) * scale + shift, where no operation makes the statistics.
std::optional<BatchNormParts> batch_norm_of(const Recording& recording, const RecordedOp& op) {
  const RecordedOp* scaled = made_by(recording, &op, 0, Op::kMultiply);
  const RecordedOp* normalized = made_by(recording, scaled, 0, Op::kMultiply);
  const RecordedOp* centered = made_by(recording, normalized, 0, Op::kSubtract);
  if (centered == nullptr) return std::nullopt;
  const auto shift = per_channel(recording, &op), scale = per_channel(recording, scaled),
             inverse = per_channel(recording, normalized), mean = per_channel(recording, centered);
  if (!shift || !scale || !inverse || !mean) return std::nullopt;
  const RecordedOp* divide = recording.maker(*inverse);
  if (divide == nullptr || divide->op != Op::kDivide) return std::nullopt;
  const RecordedOp* widened = made_by(recording, made_by(recording, divide, 1, Op::kSqrt), 0, Op::kAdd);
  if (widened == nullptr) return std::nullopt;
  const Tensor &one = divide->inputs[0], &variance = widened->inputs[0], &epsilon = widened->inputs[1];
  const bool constants = one.elements() == 1 && one.item_as_double() == 1 && epsilon.elements() == 1 &&
                         recording.maker(*mean) == nullptr && recording.maker(variance) == nullptr;
  if (!constants) return std::nullopt;
  return BatchNormParts{centered->inputs[0], *scale, *shift, *mean, variance, epsilon.item_as_double()};
}

std::vector<Tensor> needed_inputs(const Recording& recording, const RecordedOp& op) {
  std::vector<Tensor> inputs = op.inputs;
  if (op.op != Op::kGru && op.op != Op::kLstm) return inputs;
  const RecurrentParts parts = recurrent_parts(recording, op);
  inputs[0] = parts.x;
  inputs.push_back(parts.weight);
  return inputs;
}

}  // namespace tessera::onnx
