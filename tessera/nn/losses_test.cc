#include "tessera/nn/losses.h"

#include <gtest/gtest.h>

#include "tessera/autograd/torch_cases_test.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

TEST(Losses, AgreeWithPyTorch) {
  const auto cases = torch_cases::read();
  if (!cases) GTEST_SKIP() << "TESSERA_DATA is not set";
  use_backend("reference");
  int checked = 0;
  for (const auto& test : *cases) {
    const bool is_mse = test["name"] == "mse_0";
    if (!is_mse && test["name"] != "cross_entropy_0") continue;
    const Tensor x = torch_cases::tensor_of(test["inputs"]["x"]),
                 t = torch_cases::tensor_of(test["inputs"]["t"]);
    const Tensor loss = is_mse ? mse_loss(x, t) : cross_entropy_loss(x, t);
    EXPECT_LE(torch_cases::distance(loss, torch_cases::tensor_of(test["outputs"]["y"])), 1e-14);
    ++checked;
  }
  EXPECT_EQ(checked, 2);
}

TEST(Losses, ShardsAddUpToTheBatch) {
  use_backend("reference");
  // Multiples of 1/8, so that the sums are exact.
  const Tensor x = Tensor::from<double>({1, -2, 0.5, 3, 0.25, -1, 2, 2}, {4, 2}), t = x * 0.5 + 1;
  const auto part = [](const Tensor& all, std::int64_t begin, std::int64_t end) {
    return slice(all, {Range(begin, end)});
  };
  const double parts = mse_loss(part(x, 0, 1), part(t, 0, 1), 4).item<double>() +
                       mse_loss(part(x, 1, 4), part(t, 1, 4), 4).item<double>();
  EXPECT_EQ(parts, mse_loss(x, t).item<double>());
  EXPECT_EQ(mse_loss(part(x, 2, 2), part(t, 2, 2), 4).item<double>(), 0);  // an empty shard
}

TEST(Losses, Errors) {
  use_backend("reference");
  EXPECT_THROW(mse_loss(zeros({2, 3}), zeros({3, 2})), Error);
  EXPECT_THROW(mse_loss(zeros({2, 3}), zeros({2, 3}), 1), Error);
  EXPECT_THROW(mse_loss(zeros({0, 3}), zeros({0, 3})), Error);
  EXPECT_THROW(cross_entropy_loss(zeros({2, 3}), Tensor::from<std::int64_t>({0, 3}, {2})), Error);
}

// What the layers of two shards add is what those of the whole batch add.
TEST(Losses, AddedLossesAreMeansOverTheBatch) {
  const auto added = [](const std::vector<double>& values, std::int64_t batch) {
    Context context;
    const auto samples = static_cast<std::int64_t>(values.size());
    context.add_loss(Tensor::from<double>(values, {samples}));
    context.add_loss(full({samples}, 8, DType::kFloat64));
    return with_added_losses(zeros({}, DType::kFloat64), context, batch).item<double>();
  };
  EXPECT_EQ(added({1, 2, 6, 7}, 0), 4 + 8);
  EXPECT_EQ(added({1, 2, 6}, 4) + added({7}, 4), added({1, 2, 6, 7}, 0));
  EXPECT_EQ(with_added_losses(ones({}, DType::kFloat64), Context()).item<double>(), 1);
}

}  // namespace
}  // namespace tessera::nn
