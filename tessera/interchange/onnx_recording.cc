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

std::vector<Tensor> needed_inputs(const Recording& recording, const RecordedOp& op) {
  std::vector<Tensor> inputs = op.inputs;
  if (op.op != Op::kGru && op.op != Op::kLstm) return inputs;
  const RecurrentParts parts = recurrent_parts(recording, op);
  inputs[0] = parts.x;
  inputs.push_back(parts.weight);
  return inputs;
}

}  // namespace tessera::onnx
