// Adding at places that an index names: sums per group (index_add), counts per row (scatter_add), and why both are gradients: each is the
// adjoint of the operation that reads at those places. Elements that meet are added in the order of the index, always.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

double dot(const Tensor& a, const Tensor& b) {
  return sum(a * b).item<double>();
}

int main() {
  use_default_backend();

  // Six payments of three customers.
  const Tensor customer = Tensor::from<std::int64_t>({2, 0, 2, 1, 0, 2}, {6});
  const Tensor payment = Tensor::from<double>({5, 1, 7, 10, 2, 30}, {6});
  const Tensor total = index_add(zeros({3}, DType::kFloat64), customer, payment);
  const Tensor number = index_add(zeros({3}, DType::kFloat64), customer, ones({6}, DType::kFloat64));
  std::printf("total per customer %s\nmean per customer  %s\n\n", total.to_string().c_str(),
              (total / number).to_string().c_str());

  // Throws of two dice, counted per die.
  const Tensor throws = Tensor::from<std::int64_t>({0, 3, 3, 5, 1, 3, 2, 2, 0, 0, 0, 4}, {2, 6});
  std::printf(
      "counts of each face, per die\n%s\n\n",
      scatter_add(zeros({2, 6}, DType::kInt64), throws, ones({2, 6}, DType::kInt64), 1).to_string().c_str());

  // <gather(x), y> = <x, index_add(0, y)>, and so for take_along and scatter_add.
  RandomSource random(5);
  const Tensor x = random.normal("x", {3, 4}, DType::kFloat64),
               y = random.normal("y", {6, 4}, DType::kFloat64);
  std::printf("<gather(x), y>         %.12f\n<x, index_add(y)>      %.12f\n", dot(gather(x, customer), y),
              dot(x, index_add(zeros({3, 4}, DType::kFloat64), customer, y)));
  const Tensor u = random.normal("u", {2, 6}, DType::kFloat64),
               v = random.normal("v", {2, 6}, DType::kFloat64);
  std::printf("<take_along(u), v>    %.12f\n<u, scatter_add(v)>   %.12f\n\n",
              dot(take_along(u, throws, 1), v),
              dot(u, scatter_add(zeros({2, 6}, DType::kFloat64), throws, v, 1)));

  // A million numbers for a hundred places, on any number of threads.
  const Tensor many = random.normal("many", {1000000});
  const Tensor places = cast(random.uniform("places", {1000000}) * 100.0F, DType::kInt64);
  set_thread_count(1);
  const Tensor alone = index_add(zeros({100}), places, many);
  set_thread_count(7);
  std::printf("1 thread and 7: %s\n",
              same_bits(alone, index_add(zeros({100}), places, many)) ? "the same bits" : "different");
}
