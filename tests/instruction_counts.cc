// Runs small kernels of the cpu backend on one thread, for instruction_counts.py, which counts their instructions under callgrind.
//
// Each kernel is called twice: the first call makes what is kept for later ones, the second is counted. Outside callgrind the program does the
// same and counts nothing.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace {

using tessera::Tensor;

struct Kernel {
  std::string name;
  std::function<void()> run;
};

Tensor normal(const std::string& name, const tessera::Shape& shape) {
  static tessera::RandomSource random(1);
  return random.normal(name, shape);
}

Tensor positions(std::int64_t count, std::int64_t below) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(i * 7919 % below);
  return Tensor::from(values, {count});
}

std::vector<Kernel> products() {
  const Tensor square = normal("square", {128, 128}), row = normal("row", {1, 512}),
               wide = normal("wide", {512, 512});
  const Tensor image = normal("image", {2, 16, 14, 14}), filters = normal("filters", {16, 16, 3, 3});
  tessera::Conv2dOptions same;
  same.padding[0] = same.padding[1] = 1;
  return {{"matmul 128x128x128", [=] { matmul(square, square); }},
          {"matmul 1x512x512", [=] { matmul(row, wide); }},
          {"conv2d 2x16x14x14 filters 16x3x3", [=] { conv2d(image, filters, same); }},
          {"conv2d with gradients 2x16x14x14 filters 16x3x3", [=] {
             tessera::Tape tape;
             tape.watch({image, filters});
             tape.gradient(sum(conv2d(image, filters, same)), {image, filters});
           }}};
}

std::vector<Kernel> others() {
  const Tensor many = normal("many", {16384}), rows = normal("rows", {64, 1024}),
               table = normal("table", {256, 64});
  const Tensor index = positions(512, 256), source = normal("source", {512, 64});
  return {{"exp 16384", [=] { exp(many); }},
          {"tanh 16384", [=] { tanh(many); }},
          {"add 16384", [=] { add(many, many); }},
          {"sum 64x1024 inner axis", [=] { sum(rows, {1}); }},
          {"sum 64x1024 outer axis", [=] { sum(rows, {0}); }},
          {"softmax 64x1024", [=] { softmax(rows); }},
          {"gather 512 rows of 256x64", [=] { gather(table, index, 0); }},
          {"index_add 512 rows to 256x64", [=] { index_add(table, index, source, 0); }},
          {"random_normal 16384", [=] { tessera::RandomSource(1).normal("n", {16384}); }}};
}

void count(const Kernel& kernel) {
  kernel.run();
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  kernel.run();
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS_AT(kernel.name.c_str());
}

}  // namespace

int main() {
  try {
    tessera::use_default_backend();
    tessera::set_thread_count(1);
    std::printf("%s\n", tessera::active_simd_level().c_str());
    for (const auto& make : {products, others})
      for (const Kernel& kernel : make()) count(kernel);
  } catch (const tessera::Error& error) {
    std::fprintf(stderr, "instruction_counts: %s\n", error.what());
    return 1;
  }
  return 0;
}
