// Sequential computes an activation in the layer before it: fewer operations, the same bits, in gradients of gradients, too.
#include <gtest/gtest.h>

#include <map>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/nn/layers.h"

namespace tessera::nn {
namespace {

class Fusion : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

struct Counts : OpObserver {
  std::map<Op, int> of;
  void on_op(const OpEvent& event) override { ++of[event.op]; }
};

void fill(Sequential& network, DType dtype) {
  network.add<Conv3d>(2, 5, Conv3dSettings{.kernel = {2, 3, 3}, .padding = {0, 1, 1}, .dtype = dtype});
  network.add<ReLU>();
  network.add<ConvTranspose3d>(5, 3, ConvTranspose3dSettings{.stride = {1, 2, 2}, .dtype = dtype});
  network.add<ReLU>();
  network.add<Flatten>();
  network.add<Linear>(3 * 5 * 9 * 9, 7, LinearSettings{.dtype = dtype});
  network.add<Tanh>();
  network.add<Linear>(7, 4, LinearSettings{.bias = false, .dtype = dtype});
  network.add<Sigmoid>();
}

// The output, its gradients, and the gradients of the sum of their squares.
std::vector<Tensor> answers(Sequential& network, const Tensor& x, bool apart) {
  std::vector<Tensor> leaves = {x};
  for (const Parameter* parameter : network.parameters()) leaves.push_back(parameter->value);
  Tape tape;
  tape.watch(leaves);
  Context context;
  Tensor y = x;
  if (apart)
    for (const auto& layer : network.children()) y = layer->forward(y, context);
  else
    y = network.forward(x, context);
  std::vector<Tensor> all = {y};
  const std::vector<Tensor> slopes = tape.gradient(sum(y * y), leaves);
  Tensor total = sum_squares(slopes[0]);
  for (std::size_t i = 1; i < slopes.size(); ++i) total = total + sum_squares(slopes[i]);
  all.insert(all.end(), slopes.begin(), slopes.end());
  const std::vector<Tensor> curvatures = tape.gradient(total, leaves);
  all.insert(all.end(), curvatures.begin(), curvatures.end());
  return all;
}

TEST_F(Fusion, ChangesNoBit) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kBFloat16}) {
    Sequential network;
    fill(network, dtype);
    RandomSource random(3);
    network.initialize(random);
    const Tensor x = cast(random.normal("x", {3, 2, 4, 4, 4}), dtype);
    const std::vector<Tensor> together = answers(network, x, false), apart = answers(network, x, true);
    for (std::size_t i = 0; i < apart.size(); ++i)
      EXPECT_TRUE(same_bits(together[i], apart[i])) << dtype_name(dtype) << " answer " << i;
  }
}

TEST_F(Fusion, TakesFewerOperationsButInBfloat16) {
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16}) {
    Sequential network;
    fill(network, dtype);
    RandomSource random(3);
    network.initialize(random);
    const Tensor x = cast(random.normal("x", {3, 2, 4, 4, 4}), dtype);
    Counts counts;
    const ObserveOps observed(&counts);
    network.evaluate(x);
    const bool apart = dtype == DType::kBFloat16;
    EXPECT_EQ(counts.of[Op::kFinish], apart ? 0 : 2);
    EXPECT_EQ(counts.of[Op::kRelu], apart ? 2 : 0);
    EXPECT_EQ(counts.of[Op::kAdd], apart ? 2 : 0);
    EXPECT_EQ(counts.of[Op::kLinear], 1);
    EXPECT_EQ(counts.of[Op::kTanh], apart ? 1 : 0);
    EXPECT_EQ(counts.of[Op::kSigmoid], 1);  // behind a product without a bias
  }
}

}  // namespace
}  // namespace tessera::nn
