// An embedding looks rows up in a table. It is the product of a one-hot matrix with the table, and so is its gradient: here both are
// computed both ways, and not a bit differs. Then: which words are nearest to one, by a stable sort.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(11);
  const Tensor table = random.normal("table", {12, 4});
  const Tensor words = Tensor::from<std::int64_t>({3, 0, 7, 3, 3, 11}, {6});
  const Tensor one_hot = cast(equal(words.reshape({6, 1}), arange(12)), DType::kFloat32);

  const auto looked_up = [&](const Tensor& t) { return gather(t, words); };
  const auto multiplied = [&](const Tensor& t) { return matmul(one_hot, t); };
  std::printf("embedding == one-hot x table: %s\n",
              same_bits(looked_up(table), multiplied(table)) ? "the same bits" : "different");

  // Word 3 occurs three times: its row of the gradient is the sum of three rows, added in the order of the words.
  const Tensor weights = random.normal("weights", {6, 4});
  const Tensor by_rows = grad([&](const Tensor& t) { return sum(looked_up(t) * weights); }, table);
  const Tensor by_product = grad([&](const Tensor& t) { return sum(multiplied(t) * weights); }, table);
  std::printf("their gradients: %s\n", same_bits(by_rows, by_product) ? "the same bits" : "different");
  std::printf("rows with a gradient: %lld of 12\n\n",
              static_cast<long long>(
                  sum(cast(greater(sum_squares(by_rows, {1}), 0), DType::kInt64)).item<std::int64_t>()));

  const Tensor distances = sqrt(sum_squares(table - table.slice({3}), {1}));
  const Tensor order = argsort(distances);
  std::printf("words by their distance to word 3:\n%s\n%s\n", order.to_string().c_str(),
              take_along(distances, order, 0).to_string().c_str());
}
