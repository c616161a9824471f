#include "tessera/nn/embedding.h"

#include <gtest/gtest.h>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

TEST(Embedding, IsOneHotTimesMatrixToTheBit) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    RandomSource random(3);
    Embedding layer(300, 24);  // more entries than one chunk of a product's sum
    layer.initialize(random);
    const Tensor bits = random.bits("x", {6, 11}), x = bits - bits / 300 * 300;
    const Tensor one_hot = cast(equal(reshape(x, {6, 11, 1}), arange(300)), DType::kFloat32);
    const Tensor& table = layer.weight().value;
    EXPECT_TRUE(same_bits(layer.evaluate(x), matmul(one_hot, table)));

    Tape tape;
    tape.watch(table);
    const Tensor y = layer.evaluate(x), product = matmul(one_hot, table),
                 slope = random.normal("slope", y.shape());
    const Tensor gathered = tape.gradient(y, {table}, slope)[0],
                 multiplied = tape.gradient(product, {table}, slope)[0];
    EXPECT_LT(max(absolute(gathered - multiplied)).item<float>(), 1e-6F);
  }
}

TEST(Embedding, ThePaddingIndexIsZeroAndLearnsNothing) {
  use_backend("reference");
  RandomSource random(3);
  Embedding layer(5, 2, {.padding_index = 1});
  layer.initialize(random);
  const Tensor x = Tensor::from<std::int64_t>({0, 1, 1, 4}, {2, 2});
  const Tensor& table = layer.weight().value;
  EXPECT_EQ(slice(table, {1}).to_vector<float>(), (std::vector<float>{0, 0}));
  EXPECT_GT(min(absolute(slice(table, {0}))).item<float>(), 0);
  Tape tape;
  tape.watch(table);
  const Tensor slope = tape.gradient(sum(layer.evaluate(x)), {table})[0];
  EXPECT_EQ(slope.to_vector<float>(), (std::vector<float>{1, 1, 0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(layer.describe(), "Embedding(5 -> 2, padding index 1)");
}

TEST(Embedding, Errors) {
  use_backend("reference");
  Embedding layer(5, 2);
  const auto message = [&](const Tensor& x) -> std::string {
    try {
      layer.evaluate(x);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(zeros({3})), "Embedding(5 -> 2): the input is float32 [3], expected int64 indices");
  EXPECT_TRUE(message(Tensor::from<std::int64_t>({7}, {1})).starts_with("Embedding(5 -> 2): gather: "))
      << message(Tensor::from<std::int64_t>({7}, {1}));
  EXPECT_THROW(Embedding(5, 2, {.padding_index = 5}), Error);
}

}  // namespace
}  // namespace tessera::nn
