#include <fmt/core.h>

#include <chrono>

#include "bench/cases/tools.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

namespace bench {

using tessera::DType;
using tessera::Op;
using tessera::Shape;
using tessera::Tensor;

namespace {

// Another step of the stream at each call, so that nothing can be remembered.
Case random_case(Op op, std::int64_t count, DType dtype, const std::string& suffix = "") {
  return lazy(fmt::format("{} {}{}", op_info(op).name, count, suffix), [=] {
    return [=, step = 0U]() mutable {
      tessera::apply(op, {}, tessera::RandomAttributes{{count}, dtype, 1, 2, step++, 0});
    };
  });
}

// Numbers with no order in them, below `bound`.
Tensor scattered(std::int64_t count, std::int64_t bound) {
  std::vector<std::int64_t> values;
  for (std::uint64_t i = 0, state = 1; i < static_cast<std::uint64_t>(count); ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    values.push_back(static_cast<std::int64_t>(state >> 20) % bound);
  }
  return Tensor::from(values, {count});
}

Case sort_case(const std::string& name, const Shape& shape, int axis) {
  return lazy(name, [=] { return [=, x = normal(shape)] { tessera::sort(x, axis); }; });
}

std::vector<Case> sorts() {
  return {sort_case("sort 1048576", {1048576}, 0),
          sort_case("sort rows of 1024x1024", {1024, 1024}, 1),
          sort_case("sort columns of 1024x1024", {1024, 1024}, 0),
          sort_case("sort rows of 65536x32", {65536, 32}, 1),
          lazy("sort 1048576 int64",
               [] { return [x = scattered(1048576, std::int64_t{1} << 40)] { tessera::sort(x); }; }),
          lazy("argsort 1048576", [] { return [x = normal({1048576})] { tessera::argsort(x); }; }),
          lazy("argsort 1048576 int64",
               [] { return [x = scattered(1048576, std::int64_t{1} << 40)] { tessera::argsort(x); }; })};
}

// A vocabulary and a batch of words.
struct Embedding {
  Tensor table = normal({50000, 256}), words = scattered(4096, 50000), gradient = normal({4096, 256});

  void look_up() const { tessera::gather(table, words); }
  void add_gradient() const {
    tessera::index_add(tessera::broadcast_to(tessera::zeros({}), table.shape()), words, gradient);
  }
};

Case along_case(const std::string& name, int axis, bool adds) {
  return lazy(name, [=] {
    const Tensor x = normal({1024, 1024});
    return [=, index = tessera::argsort(normal({1024, 1024}), axis), zero = tessera::zeros({})] {
      if (adds)
        tessera::scatter_add(tessera::broadcast_to(zero, x.shape()), index, x, axis);
      else
        tessera::take_along(x, index, axis);
    };
  });
}

std::vector<Case> lookups() {
  return {lazy("gather 4096 of 50000x256", [] { return [e = Embedding()] { e.look_up(); }; }),
          lazy("gather gradient 4096 of 50000x256", [] { return [e = Embedding()] { e.add_gradient(); }; }),
          along_case("take_along rows of 1024x1024", 1, false),
          along_case("take_along columns of 1024x1024", 0, false),
          along_case("scatter_add rows of 1024x1024", 1, true),
          along_case("scatter_add columns of 1024x1024", 0, true),
          lazy("fill 12800000", [] { return [] { tessera::zeros({12800000}); }; })};
}

// Two tasks whose length is known: what goes beyond it, on two threads, is the thread pool's.
Case tasks_case() {
  return {"parallel_for 2 tasks of 50 microseconds", [] {
            tessera::parallel_for(2, [](std::int64_t) {
              const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
              while (std::chrono::steady_clock::now() < end) {
              }
            });
          }};
}

}  // namespace

std::vector<Case> index_cases() {
  std::vector<Case> cases = {random_case(Op::kRandomNormal, 1048576, DType::kFloat32),
                             random_case(Op::kRandomNormal, 1048576, DType::kFloat64, " float64"),
                             random_case(Op::kRandomUniform, 1048576, DType::kFloat32),
                             random_case(Op::kRandomBits, 1048576, DType::kInt64),
                             random_case(Op::kRandomPermutation, 1048576, DType::kInt64)};
  for (auto& more : {sorts(), lookups()}) cases.insert(cases.end(), more.begin(), more.end());
  cases.push_back(tasks_case());
  return cases;
}

}  // namespace bench
