// Softmax and what brings values to mean 0 and variance 1.
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"
#include "tessera/tensor/batch_norm.h"

namespace tessera::onnx {
namespace {

// Until version 12 the axes from the given one on were one axis.
Tensor softmax_like(const NodeCall& call, Tensor (*function)(const Operand&, std::int64_t)) {
  const Shape& shape = call[0].shape();
  if (call.opset() >= 13) return function(call[0], call.integer("axis", -1));
  const int axis = normalize_axis(call.integer("axis", 1), shape);
  std::int64_t rows = 1, columns = 1;
  for (int i = 0; i < shape.rank(); ++i) (i < axis ? rows : columns) *= shape[i];
  return reshape(function(reshape(call[0], {rows, columns}), 1), shape);
}

// [C] along axis 1 of x.
Tensor per_channel(const Tensor& values, const Tensor& x) {
  if (x.rank() < 2) fail("expected [N, C, ...], found {}", x.shape().to_string());
  Shape shape = Shape::filled(x.rank() - 1, 1);
  shape[0] = x.size(1);
  return reshape(values, shape);
}

// As nn's layers compute it.
Tensor normalized(const Tensor& x, const Tensor& center, const Tensor& spread, double epsilon) {
  return (x - center) * (1 / sqrt(spread + epsilon));
}

Tensor statistics_of(const Tensor& center, const Tensor& spread) {
  const auto row = [](const Tensor& values) { return reshape(values, {1, values.elements()}); };
  return concatenate({row(center), row(spread)}, 0);
}

// In training the statistics are the batch's, and the running ones move towards them.
Outputs batch_normalization(const NodeCall& call) {
  const Tensor& x = call[0];
  const double epsilon = call.real("epsilon", 1e-5), momentum = call.real("momentum", 0.9);
  if (call.integer("spatial", 1) == 0) call.unsupported("statistics per element");
  const bool training = call.integer("training_mode", 0) != 0;
  if (!training && call.opset() < 14 && call.wants_output(1)) call.unsupported("training before version 14");
  if (!training)
    return {
        batch_norm(x, statistics_of(call[3], call[4]), call[1], call[2], {.epsilon = epsilon, .own = false})};
  const Tensor found = batch_statistics(x), center = slice(found, {0}), spread = slice(found, {1});
  return {batch_norm(x, found, call[1], call[2], {.epsilon = epsilon}),
          call[3] * momentum + center * (1 - momentum), call[4] * momentum + spread * (1 - momentum)};
}

Outputs layer_normalization(const NodeCall& call) {
  const Tensor& x = call[0];
  const int axis = normalize_axis(call.integer("axis", -1), x.shape());
  const double epsilon = call.real("epsilon", 1e-5);
  Shape row;
  std::vector<std::int64_t> axes;
  for (int i = axis; i < x.rank(); ++i) {
    row.append(x.size(i));
    axes.push_back(i);
  }
  const auto whole = [&](const Tensor& values) {
    return values.shape() == row ? values : copy(broadcast_to(values, row));
  };
  const Tensor shift = call.has(2) ? whole(call[2]) : zeros(row, x.dtype());
  Outputs outputs = {layer_norm(x, whole(call[1]), shift, epsilon)};
  if (call.wants_output(1) || call.wants_output(2)) {
    outputs.push_back(mean(x, axes, true));
    outputs.push_back(1 / sqrt(variance(x, axes, true) + epsilon));
  }
  return outputs;
}

// Each sample's channels in groups; every group has statistics of its own.
Tensor in_groups(const Tensor& x, std::int64_t groups, double epsilon) {
  if (x.rank() < 3) fail("expected [N, C, ...], found {}", x.shape().to_string());
  if (groups < 1 || x.size(1) % groups != 0) fail("{} channels in {} groups", x.size(1), groups);
  if (x.elements() == 0) return x;
  const Tensor rows = reshape(x, {x.size(0), groups, x.elements() / (x.size(0) * groups)});
  return reshape(normalized(rows, mean(rows, {2}, true), variance(rows, {2}, true), epsilon), x.shape());
}

// Until version 20 there was a scale per group, since then per channel.
Tensor group_normalization(const NodeCall& call) {
  const Tensor& x = call[0];
  const std::int64_t groups = call.integer("num_groups", 0);
  const Tensor rows = in_groups(x, groups, call.real("epsilon", 1e-5));
  const auto of_channels = [&](const Tensor& values) {
    if (call.opset() >= 21) return per_channel(values, x);
    const std::int64_t channels = x.size(1) / groups;
    return per_channel(copy(broadcast_to(reshape(values, {groups, 1}), {groups, channels})), x);
  };
  return rows * of_channels(call[1]) + of_channels(call[2]);
}

// The channels of all samples are the channels of one sample's batch normalisation.
Tensor instance_normalization(const NodeCall& call) {
  const Tensor& x = call[0];
  if (x.rank() < 3) fail("expected [N, C, ...], found {}", x.shape().to_string());
  if (x.elements() == 0) return x;
  const std::int64_t rows = x.size(0) * x.size(1);
  const auto repeated = [&](const Tensor& values) {
    return reshape(broadcast_to(values, {x.size(0), x.size(1)}), {rows});
  };
  const Tensor lists = reshape(x, {1, rows, x.elements() / rows});
  return reshape(batch_norm(lists, batch_statistics(lists), repeated(call[1]), repeated(call[2]),
                            {.epsilon = call.real("epsilon", 1e-5)}),
                 x.shape());
}

// Divided by a power of the squares of the neighbouring channels (Krizhevsky et al., 2012).
Tensor local_response(const NodeCall& call) {
  const Tensor& x = call[0];
  const std::int64_t size = call.integer("size", 0);
  if (x.rank() < 2 || size < 1 || size > 100'000) fail("LRN: {} channels of {}", size, x.shape().to_string());
  std::vector<std::int64_t> before(static_cast<std::size_t>(x.rank()), 0), after = before;
  before[1] = (size - 1) / 2;
  after[1] = size - 1 - before[1];
  const Tensor squares = padded(x * x, before, after, 0);
  Tensor sums = zeros(x.shape(), x.dtype());
  for (std::int64_t i = 0; i < size; ++i)
    sums = sums + slice(squares, {Range::all(), Range(i, i + x.size(1))});
  const double factor = call.real("alpha", 1e-4) / static_cast<double>(size);
  return x / pow(sums * factor + call.real("bias", 1), call.real("beta", 0.75));
}

Tensor mean_variance(const NodeCall& call) {
  const Tensor& x = call[0];
  const std::vector<std::int64_t> axes = call.integers("axes").value_or(std::vector<std::int64_t>{0, 2, 3});
  return (x - mean(x, axes, true)) / (sqrt(variance(x, axes, true)) + 1e-9);
}

// Outside training the values as they are; ONNX's own random numbers in training are not ours.
Outputs dropout(const NodeCall& call) {
  const bool training = call.has(2) && reshape(call[2], {}).item<bool>();
  const double ratio = call.has(1) ? reshape(call[1], {}).item_as_double() : 0.5;
  if (training && ratio != 0) call.unsupported("dropping at random");
  return {call[0], full(call[0].shape(), 1, DType::kBool)};
}

}  // namespace

void add_normalization_operators(OperatorTable& table) {
  add_operator(table, "Softmax", [](const NodeCall& call) { return softmax_like(call, softmax); });
  add_operator(table, "LogSoftmax", [](const NodeCall& call) { return softmax_like(call, log_softmax); });
  table[{"", "BatchNormalization"}] = batch_normalization;
  table[{"", "LayerNormalization"}] = layer_normalization;
  add_operator(table, "GroupNormalization", group_normalization);
  add_operator(table, "InstanceNormalization", instance_normalization);
  add_operator(table, "LRN", local_response);
  add_operator(table, "MeanVarianceNormalization", mean_variance);
  table[{"", "Dropout"}] = dropout;
}

}  // namespace tessera::onnx
