// Reveals from numerical outputs alone the order in which reducing kernels add, and compares it with the order
// that docs/numerics.md prescribes. The method is that of "FPRev: Revealing the Order of Floating-Point
// Summation in Software and Hardware" (Xie, Gao, Shi, 2024): with a huge M at i, -M at j and ones elsewhere,
// the result counts the ones that are not below the lowest common ancestor of i and j.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using Summation = std::function<double(const std::vector<float>&)>;

// ---- Revealed ----

// Leaves below the lowest common ancestor of i and j.
std::size_t leaves_below(const Summation& summation, std::vector<float>& ones, std::size_t i, std::size_t j) {
  ones[i] = 0x1p60F;
  ones[j] = -0x1p60F;
  const double outside = std::round(summation(ones));
  ones[i] = ones[j] = 1;
  return ones.size() - static_cast<std::size_t>(outside);
}

// The tree over the leaves as text, at each node the child that holds the lowest leaf first.
std::string reveal(const Summation& summation, std::vector<float>& ones,
                   const std::vector<std::size_t>& leaves) {
  const std::size_t first = leaves.front();
  std::map<std::size_t, std::vector<std::size_t>> met;  // leaves by where they meet the first one
  for (std::size_t i = 1; i < leaves.size(); ++i)
    met[leaves_below(summation, ones, first, leaves[i])].push_back(leaves[i]);
  std::string tree = std::to_string(first);
  std::size_t size = 1;
  for (const auto& [below, group] : met) {
    size += group.size();
    // A sum of more than two terms in one step: no such thing is prescribed.
    const char* mark = below == size ? "" : "!";
    tree = fmt::format("({} {}{})", tree, reveal(summation, ones, group), mark);
  }
  return tree;
}

std::string reveal(const Summation& summation, std::size_t count) {
  std::vector<float> ones(count, 1);
  std::vector<std::size_t> leaves(count);
  std::iota(leaves.begin(), leaves.end(), std::size_t{0});
  return reveal(summation, ones, leaves);
}

// ---- Prescribed ----

struct Tree {
  std::size_t lowest = 0;
  std::string text;  // "" for no leaf: +0
};

Tree join(const Tree& a, const Tree& b) {
  if (a.text.empty() || b.text.empty()) return a.text.empty() ? b : a;
  const bool ordered = a.lowest < b.lowest;
  const Tree &low = ordered ? a : b, &high = ordered ? b : a;
  return {low.lowest, fmt::format("({} {})", low.text, high.text)};
}

Tree chain(std::size_t first, std::size_t end, std::size_t step = 1) {
  Tree tree;
  for (std::size_t i = first; i < end; i += step) tree = join(tree, {i, std::to_string(i)});
  return tree;
}

// Rule 2: chunks of 256, each a chain, added in ascending order.
std::string product_tree(std::size_t count) {
  Tree tree;
  for (std::size_t at = 0; at < count; at += 256) tree = join(tree, chain(at, std::min(count, at + 256)));
  return tree.text;
}

// Rule 3: blocks of 1,024 in 16 lanes, then T over the blocks.
Tree block_tree(std::size_t first, std::size_t end) {
  std::vector<Tree> lanes;
  for (std::size_t lane = 0; lane < 16; ++lane) lanes.push_back(chain(first + lane, end, 16));
  for (std::size_t step = 8; step > 0; step /= 2)
    for (std::size_t lane = 0; lane < step; ++lane) lanes[lane] = join(lanes[lane], lanes[lane + step]);
  return lanes[0];
}

Tree balanced(const std::vector<Tree>& blocks, std::size_t first, std::size_t count) {
  if (count == 1) return blocks[first];
  std::size_t half = 1;
  while (half * 2 < count) half *= 2;
  return join(balanced(blocks, first, half), balanced(blocks, first + half, count - half));
}

std::string reduction_tree(std::size_t count) {
  std::vector<Tree> blocks;
  for (std::size_t at = 0; at < count; at += 1024)
    blocks.push_back(block_tree(at, std::min(count, at + 1024)));
  return balanced(blocks, 0, blocks.size()).text;
}

// ---- Kernels ----

void for_each_backend(const std::function<void()>& check) {
  use_backend("reference");
  {
    SCOPED_TRACE("reference");
    check();
  }
  use_backend("cpu");
  set_thread_count(2);
  for (const std::string& level : available_simd_levels()) {
    use_simd_level(level);
    SCOPED_TRACE(level);
    check();
  }
  use_simd_level("");
}

void expect_tree(const char* what, const Summation& summation, std::size_t count, const std::string& tree) {
  for_each_backend([&] { EXPECT_TRUE(reveal(summation, count) == tree) << what << " of " << count; });
}

float first_of(const Tensor& x) {
  return x.to_vector<float>()[0];
}

TEST(SummationTree, OfSumAndMean) {
  for (const std::size_t count : {1U, 2U, 15U, 17U, 100U, 1025U, 2100U}) {
    const auto n = static_cast<std::int64_t>(count);
    expect_tree(
        "sum", [&](auto& x) { return first_of(sum(Tensor::from(x, {n}))); }, count, reduction_tree(count));
  }
  expect_tree(
      "mean", [](auto& x) { return 300.0 * first_of(mean(Tensor::from(x, {300}))); }, 300,
      reduction_tree(300));
}

TEST(SummationTree, OfMatrixProducts) {
  for (const auto& [m, n] : {std::pair{1, 1}, {1, 40}, {40, 1}, {20, 20}})
    for (const std::int64_t k : {7, 300, 520})
      expect_tree(
          "matmul",
          [&, m = m, n = n](auto& x) {
            const Tensor a = broadcast_to(Tensor::from(x, {1, k}), {m, k});
            return first_of(matmul(a, ones({k, n})));
          },
          static_cast<std::size_t>(k), product_tree(static_cast<std::size_t>(k)));
}

TEST(SummationTree, OfConvolution) {
  WindowAttributes window;
  window.kernel[0] = window.kernel[1] = 3;
  const Summation convolve = [&](const std::vector<float>& x) {
    const std::vector<Tensor> inputs = {Tensor::from(x, {1, 40, 3, 3}), ones({1, 40, 3, 3})};
    return first_of(apply(Op::kConv2d, inputs, window));
  };
  expect_tree("conv2d", convolve, 360, product_tree(360));
}

TEST(SummationTree, OfConvolutionGradients) {
  WindowAttributes window;
  window.kernel[0] = window.kernel[1] = 1;
  window.input_shape = {1, 1, 1, 1};  // of the image, and of the weight
  const Summation to_input = [&](const std::vector<float>& x) {
    const std::vector<Tensor> inputs = {Tensor::from(x, {1, 300, 1, 1}), ones({300, 1, 1, 1})};
    return first_of(apply(Op::kConv2dInputGradient, inputs, window));
  };
  expect_tree("conv2d_input_gradient", to_input, 300, product_tree(300));
  const Summation to_weight = [&](const std::vector<float>& x) {
    const std::vector<Tensor> inputs = {ones({1, 1, 20, 20}), Tensor::from(x, {1, 1, 20, 20})};
    return first_of(apply(Op::kConv2dWeightGradient, inputs, window));
  };
  expect_tree("conv2d_weight_gradient", to_weight, 400, product_tree(400));
}

TEST(SummationTree, OfIndexAddAndAveragePooling) {
  const Summation add_rows = [](const std::vector<float>& x) {
    return first_of(index_add(zeros({1}), zeros({40}, DType::kInt64), Tensor::from(x, {40})));
  };
  expect_tree("index_add", add_rows, 40, chain(0, 40).text);
  WindowAttributes window;
  window.kernel[0] = window.kernel[1] = 3;
  const Summation pool = [&](const std::vector<float>& x) {
    const std::vector<Tensor> inputs = {Tensor::from(x, {1, 1, 3, 3})};
    return 9.0 * first_of(apply(Op::kAveragePool2d, inputs, window));
  };
  expect_tree("average_pool2d", pool, 9, chain(0, 9).text);
}

TEST(SummationTree, AReorderedSumIsSeen) {
  const Summation descending = [](const std::vector<float>& x) {
    volatile float total = 0;
    for (std::size_t i = x.size(); i > 0; --i) total = total + x[i - 1];
    return static_cast<double>(total);
  };
  EXPECT_NE(reveal(descending, 300), product_tree(300));
  EXPECT_NE(reveal(descending, 300), reduction_tree(300));
  EXPECT_EQ(reveal(descending, 3), "(0 (1 2))");
}

}  // namespace
}  // namespace tessera
