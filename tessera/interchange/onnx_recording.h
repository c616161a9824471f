// What a forward pass did, as a list of operations. Internal to this room.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tessera/interchange/onnx_export.h"
#include "tessera/tensor/op.h"

namespace tessera::onnx {

struct RecordedOp {
  Op op;
  std::vector<Tensor> inputs;
  Tensor output;
  Attributes attributes;
  std::string scope;
};

struct Recording {
  std::vector<Tensor> inputs, outputs;
  std::vector<RecordedOp> ops;
  std::map<const void*, std::size_t> makers;  // by identity of the output: position in ops
  // The lengths that were announced (nn::Context::announce_lengths), with the number of operations before.
  std::vector<std::pair<std::size_t, Tensor>> announced;

  const RecordedOp* maker(const Tensor& tensor) const;  // nullptr: not made by an operation of the pass
};

Recording record(const ContextFunction& function, const std::vector<Tensor>& inputs);

// A recurrent row's input is the product of the sequence with the input weight; ONNX's operators want the two themselves. A run from the last time
// to the first one is one of a sequence that was turned.
struct RecurrentParts {
  Tensor x, weight;  // [T, N, I] as it was before it was turned, [G H, I]
  bool reverse = false;
  Tensor lengths = {};  // [N], those that were announced; undefined: all times
};
RecurrentParts recurrent_parts(const Recording& recording, const RecordedOp& op);

// A slice of all elements with the first axis backwards.
bool turns_times(const RecordedOp& op);

// batch_norm's statistics [2, C] taken apart as nn's layers put them together; nothing if they were made otherwise.
struct StatisticsParts {
  bool own = false;       // batch_statistics of x
  Tensor mean, variance;  // [C] each, unless own
};
std::optional<StatisticsParts> statistics_parts(const Recording& recording, const RecordedOp& op);

// The tensors that ONNX's operator for this operation needs.
std::vector<Tensor> needed_inputs(const Recording& recording, const RecordedOp& op);

}  // namespace tessera::onnx
