// Random examples of reductions, normalisations, optimiser steps and recurrent layers.
#include <algorithm>

#include "tessera/backends/random_examples_test.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera {
Examples random_reductions() {
  const DType dtype = draw_dtype();
  const Shape shape = draw_shape(1, 4, 40000);
  const Tensor x = draw_tensor(shape, dtype);
  ReduceAttributes attributes{{}, *rc::gen::arbitrary<bool>()};
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (*rc::gen::arbitrary<bool>()) attributes.axes.push_back(axis);
  Examples examples;
  for (const Op op : ops_of(OpClass::kReduce)) {
    const ReduceAttributes one{{draw_axis(shape)}, attributes.keep_axes};
    examples.push_back({op, {x}, op == Op::kArgMax ? one : attributes});
  }
  return examples;
}

Examples random_softmax_and_cross_entropy() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(1, 4, 20000);
  const Tensor x = draw_tensor(shape, dtype);
  const AxisAttributes axis{draw_axis(shape)};
  const std::int64_t samples = draw_length(300), classes = std::max<std::int64_t>(1, draw_length(1100));
  return {{Op::kSoftmax, {x}, axis},
          {Op::kLogSoftmax, {x}, axis},
          {Op::kSoftmaxGradient, {x, draw_tensor(shape, dtype)}, axis},
          {Op::kLogSoftmaxGradient, {x, draw_tensor(shape, dtype)}, axis},
          {Op::kCrossEntropy, {draw_tensor({samples, classes}, dtype), draw_indices(samples, classes)}, {}},
          {Op::kCrossEntropyGradient,
           {draw_tensor({samples, classes}, dtype), draw_indices(samples, classes),
            draw_tensor({samples}, dtype)},
           {}}};
}

Examples random_layer_norm() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(1, 4, 20000);
  const LayerNormAttributes attributes{*rc::gen::inRange(1, shape.rank() + 1),
                                       *rc::gen::element(0.0, 1e-5, 0.5)};
  Shape row;
  for (int axis = shape.rank() - attributes.axes; axis < shape.rank(); ++axis) row.append(shape[axis]);
  const Tensor x = draw_tensor(shape, dtype), g = draw_tensor(shape, dtype), scale = draw_tensor(row, dtype);
  return {{Op::kLayerNorm, {x, scale, draw_tensor(row, dtype)}, attributes},
          {Op::kLayerNormInputGradient, {g, x, scale}, attributes},
          {Op::kLayerNormScaleGradient, {g, x}, attributes},
          {Op::kLayerNormGradient, {g, x, scale}, attributes}};
}

Examples random_batch_norm() {
  const DType dtype = draw_floating();
  const Shape shape = draw_shape(2, 4, 20000);
  const std::int64_t channels = shape[1];
  const BatchNormAttributes attributes{*rc::gen::element(0.0, 1e-5, 0.5), *rc::gen::arbitrary<bool>()};
  const Tensor x = draw_tensor(shape, dtype), g = draw_tensor(shape, dtype),
               scale = draw_tensor({channels}, dtype), statistics = draw_tensor({2, channels}, dtype);
  return {{Op::kBatchStatistics, {x}, NoAttributes{}},
          {Op::kBatchNorm, {x, statistics, scale, draw_tensor({channels}, dtype)}, attributes},
          {Op::kBatchNormSums, {g, x, statistics}, attributes},
          {Op::kBatchNormInputGradient,
           {g, x, statistics, scale, draw_tensor({2, channels}, dtype)},
           attributes}};
}

Examples random_group_norm() {
  const DType dtype = draw_floating();
  Shape shape = draw_shape(2, 4, 20000);
  const std::int64_t groups = *rc::gen::element(1, 2, 5);
  shape[1] = *rc::gen::element<std::int64_t>(0, 1, 3) * groups;
  const GroupNormAttributes attributes{groups, *rc::gen::element(0.0, 1e-5, 0.5)};
  const Tensor x = draw_tensor(shape, dtype), scale = draw_tensor({shape[1]}, dtype);
  return {{Op::kGroupNorm, {x, scale, draw_tensor({shape[1]}, dtype)}, attributes},
          {Op::kGroupNormGradient, {draw_tensor(shape, dtype), x, scale}, attributes}};
}

Examples random_optimizer_steps() {
  const DType dtype = draw_floating();
  std::vector<Shape> shapes;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i) shapes.push_back(draw_shape(0, 3, 40000));
  const auto step = [&](Op op, const OptimizerAttributes& attributes) {
    const OptimizerParts parts = optimizer_parts(op, attributes);
    Example example{op, {}, attributes};
    for (std::size_t list = 0; list < 2 + parts.states; ++list)
      for (const Shape& shape : shapes) example.inputs.push_back(draw_tensor(shape, dtype));
    example.inputs.push_back(
        draw_tensor({parts.factors}, dtype == DType::kFloat64 ? dtype : DType::kFloat32));
    return example;
  };
  const bool decay = *rc::gen::arbitrary<bool>(), one = *rc::gen::arbitrary<bool>(),
             other = *rc::gen::arbitrary<bool>();
  return {step(Op::kSgdStep, {.decay = decay}),
          step(Op::kSgdStep, {.momentum = true, .nesterov = one, .decay = decay}),
          step(Op::kAdamStep, {.decay = decay, .decoupled = !decay && one, .amsgrad = other}),
          step(Op::kRmspropStep, {.momentum = one, .decay = decay, .centered = other}),
          step(Op::kAdagradStep, {.decay = decay}),
          step(Op::kAdadeltaStep, {.decay = decay})};
}

Examples random_recurrent() {
  const DType dtype = draw_floating();
  const std::int64_t times = *rc::gen::inRange<std::int64_t>(0, 5), samples = draw_length(40),
                     hidden = draw_length(samples * times > 60 ? 40 : 300);
  const auto layer = [&](std::int64_t gates, int states) {
    std::vector<Tensor> inputs = {draw_tensor({times, samples, gates * hidden}, dtype)};
    for (int state = 0; state < states; ++state) inputs.push_back(draw_tensor({samples, hidden}, dtype));
    inputs.push_back(draw_tensor({gates * hidden, hidden}, dtype));
    for (int bias = 0; bias < 2; ++bias) inputs.push_back(draw_tensor({gates * hidden}, dtype));
    return inputs;
  };
  const auto backwards = [&](std::vector<Tensor> inputs, const Shape& gradient, std::int64_t parts) {
    inputs.insert(inputs.begin(), draw_tensor(gradient, dtype));
    inputs.push_back(draw_tensor({parts, times, samples, hidden}, dtype));
    return inputs;
  };
  const std::vector<Tensor> gru = layer(3, 1), lstm = layer(4, 2), rnn = layer(1, 1);
  std::vector<Tensor> rnn_backwards = rnn;
  rnn_backwards.insert(rnn_backwards.begin(), draw_tensor({times, samples, hidden}, dtype));
  rnn_backwards.push_back(draw_tensor({times, samples, hidden}, dtype));
  const RecurrentAttributes nonlinearity{*rc::gen::element(Activation::kTanh, Activation::kRelu)};
  return {{Op::kGru, gru, {}},
          {Op::kLstm, lstm, {}},
          {Op::kGruPlain, gru, {}},
          {Op::kLstmPlain, lstm, {}},
          {Op::kGruGradient, backwards(gru, {times, samples, hidden}, 5), {}},
          {Op::kLstmGradient, backwards(lstm, {2, times, samples, hidden}, 7), {}},
          {Op::kRnn, rnn, nonlinearity},
          {Op::kRnnGradient, rnn_backwards, nonlinearity}};
}

}  // namespace tessera
