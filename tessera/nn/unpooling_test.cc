#include "tessera/nn/unpooling.h"

#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/nn/layers.h"

namespace tessera::nn {
namespace {

// torch.nn.MaxPool2d(2, return_indices=True) and torch.nn.MaxUnpool2d(2) on 0 ... 15 in rows of four: the documentation's example.
TEST(Unpooling, PutsMaximaBackWhereTheyWere) {
  use_default_backend();
  Sequential network;
  auto& pool = network.add<SwitchedMaxPool2d>();
  network.add<MaxUnpool2d>(pool, 4, 4);
  const Tensor x = reshape(arange(16), {1, 1, 4, 4}).to(DType::kFloat32) + 1.0F;
  EXPECT_EQ(network.evaluate(x).to_vector<float>(),
            (std::vector<float>{0, 0, 0, 0, 0, 6, 0, 8, 0, 0, 0, 0, 0, 14, 0, 16}));
  EXPECT_EQ(pool.evaluate(x).to_vector<float>(), MaxPool2d().evaluate(x).to_vector<float>());
  EXPECT_EQ(network.output_shape({3, 2, 4, 4}), (Shape{3, 2, 4, 4}));
}

TEST(Unpooling, ShapesThatDoNotBelongTogetherAreSaid) {
  use_default_backend();
  SwitchedMaxPool2d pool;
  MaxUnpool2d unpool(pool, 4, 4);
  EXPECT_THROW(unpool.evaluate(zeros({1, 1, 2, 2})), Error);  // the pooling has not been asked
  pool.evaluate(zeros({2, 1, 4, 4}));
  EXPECT_THROW(unpool.evaluate(zeros({1, 1, 2, 2})), Error);  // about another batch
  EXPECT_THROW((void)unpool.output_shape({1, 1, 3, 2}), Error);
  EXPECT_NO_THROW(unpool.evaluate(zeros({2, 1, 2, 2})));
}

}  // namespace
}  // namespace tessera::nn
