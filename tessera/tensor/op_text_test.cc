#include "tessera/tensor/op_text.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(AttributesText, WhatTheOutputSaysAlreadyIsLeftOut) {
  EXPECT_EQ(attributes_text(NoAttributes{}), "");
  EXPECT_EQ(attributes_text(CastAttributes{DType::kInt64}), "");
  EXPECT_EQ(attributes_text(ShapeAttributes{{2, 3}}), "");
  EXPECT_EQ(attributes_text(FillAttributes{{2}, DType::kFloat32, 0.1, 0}), "value 0.1");
  EXPECT_EQ(attributes_text(FillAttributes{{2}, DType::kFloat32, -2, 0.5}), "value -2; step 0.5");
}

TEST(AttributesText, EveryNumberThatChangesAResultIsThere) {
  EXPECT_EQ(attributes_text(RandomAttributes{{4}, DType::kFloat32, 0xabcU, 7, 36, 128}),
            "key 00000abc 00000007; step 36; offset 128");
  EXPECT_EQ(attributes_text(PermuteAttributes{{1, 0, 2}}), "axes 1,0,2");
  EXPECT_EQ(attributes_text(AxisAttributes{2}), "axis 2");
  EXPECT_EQ(attributes_text(LayerNormAttributes{2, 1e-5}), "axes 2; epsilon 1e-05");
  EXPECT_EQ(attributes_text(BatchNormAttributes{1e-5, false}), "epsilon 1e-05; constant statistics");
  EXPECT_EQ(attributes_text(GroupNormAttributes{3, 1e-5}), "groups 3; epsilon 1e-05");
  EXPECT_EQ(attributes_text(CurveAttributes{Curve::kLeakyRelu, 0.2}), "leaky_relu 0.2");
  EXPECT_EQ(attributes_text(CurveAttributes{Curve::kGeluTanh}), "gelu with tanh");
  EXPECT_EQ(attributes_text(SortAttributes{1, false}), "axis 1");
  EXPECT_EQ(attributes_text(SortAttributes{0, true}), "axis 0; descending");
  EXPECT_EQ(attributes_text(ReduceAttributes{{0, 2}, false}), "axes 0,2");
  EXPECT_EQ(attributes_text(ReduceAttributes{{0, 2}, true}), "axes 0,2; keep_axes");
  const SliceAttributes slice{{Range(1, 5, 2).resolve(6, 0), Range(-1).resolve(3, 1)}, {6, 3}};
  EXPECT_EQ(attributes_text(slice), "ranges 1+2*2, 2 of [6, 3]");
}

TEST(AttributesText, StepsAndFinishesSayWhatTheyHave) {
  EXPECT_EQ(attributes_text(OptimizerAttributes{}), "");
  EXPECT_EQ(attributes_text(OptimizerAttributes{.momentum = true, .nesterov = true, .decay = true}),
            "momentum; nesterov; decay");
  EXPECT_EQ(attributes_text(OptimizerAttributes{.decoupled = true}), "decoupled decay");
  EXPECT_EQ(attributes_text(OptimizerAttributes{.decay = true, .amsgrad = true}), "decay; amsgrad");
  EXPECT_EQ(attributes_text(OptimizerAttributes{.momentum = true, .centered = true}), "momentum; centered");
  EXPECT_EQ(attributes_text(FinishAttributes{}), "");
  EXPECT_EQ(attributes_text(FinishAttributes{
                .activation = Activation::kRelu, .bias = true, .axis = 3, .drops = true, .drop = 0.25}),
            "bias along axis 3; relu; drop 0.25");
}

TEST(AttributesText, WindowsSayWhatIsNotUsual) {
  WindowAttributes window;
  EXPECT_EQ(attributes_text(window), "kernel 1,1; stride 1,1");
  window.kernel[0] = 3;
  window.padding[1] = 2;
  window.dilation[0] = 4;
  window.groups = 5;
  window.count_padding = false;
  window.round_up = true;
  window.input_shape = {1, 2, 8, 8};
  EXPECT_EQ(attributes_text(window),
            "kernel 3,1; stride 1,1; padding 0,2; dilation 4,1; groups 5; without padding; round_up; to [1, "
            "2, 8, 8]");
}

}  // namespace
}  // namespace tessera
