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
#include "tessera/tensor/finish.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/optimizer_steps.h"
#include "tessera/tensor/random.h"
#include "tessera/tensor/recurrent.h"

namespace {

using tessera::Tensor;

struct Kernel {
  std::string name;
  std::function<void()> run;
};

// The kernel alone, and with its gradients in `inputs`.
void add_both(std::vector<Kernel>& kernels, const std::string& name, const std::string& sizes,
              const std::vector<Tensor>& inputs, const std::function<Tensor()>& result) {
  kernels.push_back({name + " " + sizes, [=] { result(); }});
  kernels.push_back({name + " with gradients " + sizes, [=] {
                       tessera::Tape tape;
                       tape.watch(inputs);
                       tape.gradient(sum(result()), inputs);
                     }});
}

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
  return {{"matmul 128x128x128", [=] { matmul(square, square); }},
          {"matmul 1x512x512", [=] { matmul(row, wide); }}};
}

std::vector<Kernel> convolutions() {
  std::vector<Kernel> kernels;
  const Tensor image = normal("image", {2, 16, 14, 14}), filters = normal("filters", {16, 16, 3, 3});
  const tessera::Conv2dOptions same{.padding = {1, 1}};
  add_both(kernels, "conv2d", "2x16x14x14 filters 16x3x3", {image, filters},
           [=] { return conv2d(image, filters, same); });
  const Tensor channels = normal("channels", {2, 32, 14, 14}), of_each = normal("of each", {32, 1, 3, 3});
  const tessera::Conv2dOptions depthwise{.padding = {1, 1}, .groups = 32};
  add_both(kernels, "conv2d depthwise", "2x32x14x14 filters 3x3", {channels, of_each},
           [=] { return conv2d(channels, of_each, depthwise); });
  const Tensor volume = normal("volume", {1, 8, 6, 10, 10}), cubes = normal("cubes", {8, 8, 3, 3, 3});
  const tessera::Conv3dOptions around{.padding = {1, 1, 1}};
  add_both(kernels, "conv3d", "1x8x6x10x10 filters 8x3x3x3", {volume, cubes},
           [=] { return conv3d(volume, cubes, around); });
  return kernels;
}

// What a network calls beside products and convolutions.
std::vector<Kernel> layers() {
  std::vector<Kernel> kernels;
  const Tensor rows = normal("samples", {64, 256}), scale = normal("scale", {256}),
               shift = normal("shift", {256});
  add_both(kernels, "layer_norm", "64x256", {rows, scale, shift},
           [=] { return layer_norm(rows, scale, shift); });
  const Tensor draws = tessera::RandomSource(1).uniform("draws", {64, 256});
  add_both(kernels, "finish bias, tanh, dropout", "64x256", {rows, shift}, [=] {
    return finish(rows, {.bias = shift,
                         .activation = tessera::Activation::kTanh,
                         .draws = draws,
                         .drop = 0.25,
                         .scale = 4.0 / 3});
  });
  constexpr std::int64_t kHidden = 64;
  const Tensor sequence = normal("sequence", {5, 8, kHidden}), state = normal("state", {8, kHidden});
  const tessera::RecurrentWeights weights{
      normal("of input", {3 * kHidden, kHidden}), normal("of hidden", {3 * kHidden, kHidden}),
      normal("input bias", {3 * kHidden}), normal("hidden bias", {3 * kHidden})};
  add_both(kernels, "gru", "5 times, 8 samples, 64 -> 64",
           {sequence, weights.input, weights.hidden, weights.input_bias, weights.hidden_bias},
           [=] { return gru(sequence, state, weights); });
  return kernels;
}

std::vector<Kernel> optimizer_steps() {
  std::vector<std::vector<Tensor>> lists(5);
  for (std::size_t kind = 0; kind < lists.size(); ++kind)
    for (const tessera::Shape& shape : {tessera::Shape{64, 64}, tessera::Shape{64}, tessera::Shape{37}})
      lists[kind].push_back(absolute(normal(std::to_string(kind) + shape.to_string(), shape)));
  const Tensor of_sgd = Tensor::from<float>({0.1F, 0.9F, 0}, {3});
  const Tensor of_adam = Tensor::from<float>({0.1F, 1e-8F, 0.9F, 0.1F, 0.999F, 0.001F, 0}, {7});
  const Tensor of_rmsprop = Tensor::from<float>({0.1F, 1e-8F, 0.9F, 0.1F, 0.9F, 0}, {6});
  const Tensor of_adagrad = Tensor::from<float>({0.1F, 1e-8F, 0}, {3});
  const Tensor of_adadelta = Tensor::from<float>({0.1F, 1e-6F, 0.9F, 0.1F, 0}, {5});
  const auto step = [=](tessera::Op op, int states, const Tensor& factors,
                        const tessera::OptimizerAttributes& attributes) {
    const std::vector<std::vector<Tensor>> taken(lists.begin(), lists.begin() + 2 + states);
    return [=] { tessera::OptimizerStep(op, taken, factors, attributes); };
  };
  const std::string size = ", 4197 elements of 3 tensors";
  return {{"sgd_step with momentum" + size, step(tessera::Op::kSgdStep, 1, of_sgd, {.momentum = true})},
          {"adam_step" + size, step(tessera::Op::kAdamStep, 2, of_adam, {})},
          {"adam_step with amsgrad" + size, step(tessera::Op::kAdamStep, 3, of_adam, {.amsgrad = true})},
          {"rmsprop_step centered with momentum" + size,
           step(tessera::Op::kRmspropStep, 3, of_rmsprop, {.momentum = true, .centered = true})},
          {"adagrad_step" + size, step(tessera::Op::kAdagradStep, 1, of_adagrad, {})},
          {"adadelta_step" + size, step(tessera::Op::kAdadeltaStep, 2, of_adadelta, {})}};
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
          {"sort 16384", [=] { sort(many); }},
          {"argsort rows 64x1024", [=] { argsort(rows); }},
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
    for (const auto& make : {products, convolutions, layers, optimizer_steps, others})
      for (const Kernel& kernel : make()) count(kernel);
  } catch (const tessera::Error& error) {
    std::fprintf(stderr, "instruction_counts: %s\n", error.what());
    return 1;
  }
  return 0;
}
