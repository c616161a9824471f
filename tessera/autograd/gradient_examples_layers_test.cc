// Rows that are whole layers, as examples for their gradients.
#include <array>

#include "tessera/autograd/gradient_examples_test.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/batch_norm.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/recurrent.h"

namespace tessera::gradient_examples {

void add_layer_norm(Examples& all) {
  for (const int axes : {1, 2}) {
    const LayerNormAttributes attributes{axes, 0.1};
    const Shape shape = {2, 3, 4}, row = axes == 1 ? Shape{4} : Shape{3, 4};
    const auto example = [&](Op op, const Inputs& inputs) {
      all[op].push_back({"axes " + std::to_string(axes),
                         [=](const Inputs& in) { return apply(op, in, attributes); }, inputs});
    };
    const Tensor x = numbers(shape), g = numbers(shape, -1, 1, 2), scale = numbers(row, 0.5, 2, 3);
    example(Op::kLayerNorm, {x, scale, numbers(row, -1, 1, 4)});
    example(Op::kLayerNormInputGradient, {g, x, scale});
    example(Op::kLayerNormScaleGradient, {g, x});
    example(Op::kLayerNormGradient, {g, x, scale});
  }
}

void add_batch_norm(Examples& all) {
  for (const bool own : {true, false}) {
    const BatchNormAttributes attributes{0.1, own};
    const Tensor x = numbers({3, 2, 4}), g = numbers({3, 2, 4}, -1, 1, 2), scale = numbers({2}, 0.5, 2, 3);
    const Tensor constants = numbers({2, 2}, 0.5, 2, 5);
    const auto with = [=](const Inputs& in) { return own ? batch_statistics(in[1]) : in[3]; };
    const auto sums = [=](const Inputs& in) {
      return apply(Op::kBatchNormSums, std::array{in[0], in[1], with(in)}, attributes);
    };
    const std::string name = own ? "own statistics" : "constant statistics";
    all[Op::kBatchNorm].push_back({name,
                                   [=](const Inputs& in) {
                                     return batch_norm(in[1], with(in), in[2], in[0],
                                                       {.epsilon = 0.1, .own = own});
                                   },
                                   {numbers({2}, -1, 1, 4), x, scale, constants}});
    all[Op::kBatchNormSums].push_back({name, sums, {g, x, scale, constants}});
    all[Op::kBatchNormInputGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return apply(Op::kBatchNormInputGradient, std::array{in[0], in[1], with(in), in[2], sums(in)},
                        attributes);
         },
         {g, x, scale, constants}});
  }
}

void add_group_norm(Examples& all) {
  const GroupNormAttributes attributes{2, 0.1};
  const Tensor x = numbers({3, 4, 5}), g = numbers({3, 4, 5}, -1, 1, 2), scale = numbers({4}, 0.5, 2, 3);
  const auto example = [&](Op op, const Inputs& inputs) {
    all[op].push_back({"", [=](const Inputs& in) { return apply(op, in, attributes); }, inputs});
  };
  example(Op::kGroupNorm, {x, scale, numbers({4}, -1, 1, 4)});
  example(Op::kGroupNormGradient, {g, x, scale});
}

void add_activate(Examples& all) {
  for (const Curve curve : {Curve::kLeakyRelu, Curve::kElu, Curve::kSoftplus, Curve::kGelu, Curve::kGeluTanh,
                            Curve::kSilu, Curve::kMish}) {
    const std::string name = "curve " + std::to_string(static_cast<int>(curve));
    const Inputs inputs = {numbers({3, 4}, -1, 1, 2), numbers({3, 4}, -2, 2, 3)};
    all[Op::kActivate].push_back(
        {name, [=](const Inputs& in) { return activate(in[1], curve, 0.3) * in[0]; }, inputs});
    all[Op::kActivateGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return apply(Op::kActivateGradient, in, CurveAttributes{curve, 0.3});
         },
         inputs});
  }
}

namespace {

// x, h0, (c0,) input weight, hidden weight, biases; two times, two samples, two hidden features.
Inputs recurrent_inputs(std::int64_t gates, int states) {
  Inputs inputs = {numbers({2, 2, 3})};
  for (int state = 0; state < states; ++state) inputs.push_back(numbers({2, 2}, -1, 1, 2 + state));
  for (const Shape& shape : {Shape{gates * 2, 3}, Shape{gates * 2, 2}, Shape{gates * 2}, Shape{gates * 2}})
    inputs.push_back(numbers(shape, -1, 1, static_cast<int>(inputs.size()) + 5));
  return inputs;
}

// The row of a gradient, of the inputs of its layer's row; what the layer computed is made of them.
Tensor gradient_row(Op layer, Op gradient, const Inputs& in, const Attributes& attributes = {}) {
  Inputs inputs = in;
  inputs.push_back(apply(layer, std::span(in).subspan(1), attributes));
  return apply(gradient, inputs, attributes);
}

}  // namespace

void add_recurrent(Examples& all) {
  all[Op::kGru].push_back({"",
                           [](const Inputs& in) {
                             return gru(in[0], in[1], {in[2], in[3], in[4], in[5]});
                           },
                           recurrent_inputs(3, 1)});
  all[Op::kLstm].push_back({"",
                            [](const Inputs& in) {
                              const auto [h, c] = lstm(in[0], in[1], in[2], {in[3], in[4], in[5], in[6]});
                              return h * 2 + c * h;
                            },
                            recurrent_inputs(4, 2)});
  all[Op::kGruPlain].push_back(
      {"",
       [](const Inputs& in) {
         const Tensor products = matmul(in[0], transpose(in[2]));
         return apply(Op::kGruPlain, std::array{products, in[1], in[3], in[4], in[5]}, {});
       },
       recurrent_inputs(3, 1)});
  all[Op::kLstmPlain].push_back({"",
                                 [](const Inputs& in) {
                                   const Tensor products = matmul(in[0], transpose(in[3]));
                                   const Tensor states =
                                       apply(Op::kLstmPlain,
                                             std::array{products, in[1], in[2], in[4], in[5], in[6]}, {});
                                   return slice(states, {0}) * 2 + slice(states, {1}) * slice(states, {0});
                                 },
                                 recurrent_inputs(4, 2)});
  const Tensor g = numbers({2, 2, 2}, -1, 1, 9), both = numbers({2, 2, 2, 2}, -1, 1, 9);
  const Tensor bias3 = numbers({6}, -1, 1, 3), bias4 = numbers({8}, -1, 1, 3);
  all[Op::kGruGradient].push_back(
      {"",
       [](const Inputs& in) { return gradient_row(Op::kGru, Op::kGruGradient, in); },
       {g, numbers({2, 2, 6}), numbers({2, 2}), numbers({6, 2}, -1, 1, 2), bias3, bias3 * 0.5}});
  all[Op::kLstmGradient].push_back(
      {"",
       [](const Inputs& in) { return gradient_row(Op::kLstm, Op::kLstmGradient, in); },
       {both, numbers({2, 2, 8}), numbers({2, 2}), numbers({2, 2}, -1, 1, 4), numbers({8, 2}, -1, 1, 2),
        bias4, bias4 * 0.5}});
  const Tensor bias1 = numbers({2}, -1, 1, 3);
  for (const Activation activation : {Activation::kTanh, Activation::kRelu}) {
    const std::string name = activation == Activation::kTanh ? "tanh" : "relu";
    all[Op::kRnn].push_back({name,
                             [=](const Inputs& in) {
                               return rnn(in[0], in[1], {in[2], in[3], in[4], in[5]}, activation);
                             },
                             recurrent_inputs(1, 1)});
    all[Op::kRnnGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return gradient_row(Op::kRnn, Op::kRnnGradient, in, RecurrentAttributes{activation});
         },
         {g, numbers({2, 2, 2}), numbers({2, 2}), numbers({2, 2}, -1, 1, 2), bias1, bias1 * 0.5}});
  }
}

void add_finish(Examples& all) {
  const Tensor draws = cast(numbers({2, 3, 2}, 0, 1, 4), DType::kFloat32);
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid}) {
    const std::string name = "activation " + std::to_string(static_cast<int>(activation));
    const Inputs inputs = {numbers({2, 3, 2}), numbers({3}, -1, 1, 3)};
    all[Op::kFinish].push_back(
        {name,
         [=](const Inputs& in) {
           return finish(in[0],
                         {.bias = in[1], .activation = activation, .draws = draws, .drop = 0.3, .scale = 2}) *
                  in[0];
         },
         inputs});
    all[Op::kFinish].push_back({name + " alone",
                                [=](const Inputs& in) { return finish(in[0], {.activation = activation}); },
                                {inputs[0]}});
    const FinishAttributes attributes{
        .activation = activation, .bias = true, .drops = true, .drop = 0.3, .scale = 2};
    all[Op::kFinishGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return apply(Op::kFinishGradient, std::array{in[0], in[1], in[2], draws}, attributes);
         },
         {numbers({2, 3, 2}, -1, 1, 8), inputs[0], inputs[1]}});
  }
}

}  // namespace tessera::gradient_examples
