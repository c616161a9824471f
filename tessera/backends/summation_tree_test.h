// Reveals from numerical outputs alone the order in which a kernel adds, and writes down the order that docs/numerics.md
// prescribes. Two methods:
//   - Terms of either sign, after "FPRev: Revealing the Order of Floating-Point Summation in Software and Hardware" (Xie, Gao,
//     Shi, 2024): with a huge M at i, -M at j and ones elsewhere, the result counts the ones that are not below the lowest common
//     ancestor of i and j. This finds the tree.
//   - Terms that cannot be negative (squares, exponentials): with 1 at c, half an ulp of 1 at a and b, and nothing elsewhere, the
//     result is above 1 exactly if a and b meet before they meet c. A binary tree is the only one with its triples ab|c, one for
//     each inner node below the root (the algorithm of Aho, Sagiv, Szymanski and Ullman, SIAM Journal on Computing 10, 1981,
//     rebuilds it from them). This confirms the tree.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace tessera {

using Summation = std::function<double(const std::vector<float>&)>;

// ---- Revealed ----

// Leaves below the lowest common ancestor of i and j.
inline std::size_t leaves_below(const Summation& summation, std::vector<float>& ones, std::size_t i,
                                std::size_t j) {
  ones[i] = 0x1p60F;
  ones[j] = -0x1p60F;
  const double outside = std::round(summation(ones));
  ones[i] = ones[j] = 1;
  return ones.size() - static_cast<std::size_t>(outside);
}

// The tree over the leaves as text, at each node the child that holds the lowest leaf first.
inline std::string reveal(const Summation& summation, std::vector<float>& ones,
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

inline std::string reveal(const Summation& summation, std::size_t count) {
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

inline Tree join(const Tree& a, const Tree& b) {
  if (a.text.empty() || b.text.empty()) return a.text.empty() ? b : a;
  const bool ordered = a.lowest < b.lowest;
  const Tree &low = ordered ? a : b, &high = ordered ? b : a;
  return {low.lowest, fmt::format("({} {})", low.text, high.text)};
}

inline Tree chain(std::size_t first, std::size_t end, std::size_t step = 1) {
  Tree tree;
  for (std::size_t i = first; i < end; i += step) tree = join(tree, {i, std::to_string(i)});
  return tree;
}

// Rule 2: chunks of 256, each a chain, added in ascending order.
inline std::string product_tree(std::size_t count) {
  Tree tree;
  for (std::size_t at = 0; at < count; at += 256) tree = join(tree, chain(at, std::min(count, at + 256)));
  return tree.text;
}

// Rule 3: blocks of 1,024 in 16 lanes, then T over the blocks.
inline Tree block_tree(std::size_t first, std::size_t end) {
  std::vector<Tree> lanes;
  for (std::size_t lane = 0; lane < 16; ++lane) lanes.push_back(chain(first + lane, end, 16));
  for (std::size_t step = 8; step > 0; step /= 2)
    for (std::size_t lane = 0; lane < step; ++lane) lanes[lane] = join(lanes[lane], lanes[lane + step]);
  return lanes[0];
}

inline Tree balanced(const std::vector<Tree>& blocks, std::size_t first, std::size_t count) {
  if (count == 1) return blocks[first];
  std::size_t half = 1;
  while (half * 2 < count) half *= 2;
  return join(balanced(blocks, first, half), balanced(blocks, first + half, count - half));
}

inline std::string reduction_tree(std::size_t count) {
  std::vector<Tree> blocks;
  for (std::size_t at = 0; at < count; at += 1024)
    blocks.push_back(block_tree(at, std::min(count, at + 1024)));
  return balanced(blocks, 0, blocks.size()).text;
}

// ---- Confirmed ----

struct Triple {
  std::size_t a, b, c;  // a and b meet before c
};

// Of the node at text[at]: the lowest leaves of its two sides (of a leaf: twice itself). Moves `at` behind it.
inline std::pair<std::size_t, std::size_t> collect_triples(const std::string& text, std::size_t& at,
                                                           std::vector<Triple>& triples) {
  if (text[at] != '(') {
    std::size_t digits = 0;
    const std::size_t leaf = std::stoul(text.substr(at, 20), &digits);
    at += digits;
    return {leaf, leaf};
  }
  ++at;  // (
  const auto left = collect_triples(text, at, triples);
  ++at;  // the space
  const auto right = collect_triples(text, at, triples);
  ++at;  // )
  if (left.first != left.second) triples.push_back({left.first, left.second, right.first});
  if (right.first != right.second) triples.push_back({right.first, right.second, left.first});
  return {left.first, right.first};
}

inline std::vector<Triple> triples_of(const std::string& tree) {
  std::vector<Triple> triples;
  std::size_t at = 0;
  collect_triples(tree, at, triples);
  return triples;
}

// What a term has to be for the sum to take 0, half an ulp of 1 (or a little less), or 1 from it.
struct Terms {
  float nothing, half, one;
};

// The first triple that `above_one`, told the terms and where c is, contradicts; "" if there is none.
inline std::string contradicted(
    const std::string& tree, std::size_t count, const Terms& terms,
    const std::function<bool(const std::vector<float>&, std::size_t)>& above_one) {
  std::vector<float> x(count, terms.nothing);
  for (const auto& [a, b, c] : triples_of(tree)) {
    x[a] = x[b] = terms.half;
    x[c] = terms.one;
    if (!above_one(x, c)) return fmt::format("{} and {} before {}", a, b, c);
    x[a] = x[b] = x[c] = terms.nothing;
  }
  return "";
}

}  // namespace tessera
