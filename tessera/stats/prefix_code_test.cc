// Huffman codes: Shannon's bounds, Kraft's sum, optimality against every code there is, messages there and back.
#include "tessera/stats/prefix_code.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "tessera/stats/errors_test.h"
#include "tessera/stats/information.h"

namespace tessera::stats {
namespace {

std::vector<double> drawn_probabilities(int least, int most) {
  const auto count = static_cast<std::size_t>(*rc::gen::inRange(least, most + 1));
  const std::vector<int> weights = *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(1, 1000));
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> p;
  for (const int weight : weights) p.push_back(weight / total);
  return p;
}

RC_GTEST_PROP(PrefixCode, MeanLengthIsWithinOneOfTheEntropy, ()) {
  const std::vector<double> p = drawn_probabilities(2, 60);
  for (const int letters : {2, 3, 4}) {
    const PrefixCode code = PrefixCode::huffman(p, letters);
    const double length = code.mean_length(p), least = entropy(p, letters);
    RC_ASSERT(least <= length + 1e-12);
    RC_ASSERT(length < least + 1);
    RC_ASSERT(code.is_prefix_free());
    const Fraction kraft = code.kraft_sum();
    RC_ASSERT(kraft.numerator <= kraft.denominator);
    if (letters == 2) RC_ASSERT(kraft == (Fraction{1, 1}));  // nothing is wasted with two letters
  }
}

// Kraft's sum of an N-ary Huffman code misses 1 by the dummy symbols only: they all have the greatest length.
RC_GTEST_PROP(PrefixCode, KraftMissesOneByTheDummies, ()) {
  const std::vector<double> p = drawn_probabilities(2, 25);
  const int letters = *rc::gen::inRange(2, 7);
  const PrefixCode code = PrefixCode::huffman(p, letters);
  std::size_t longest = 0;
  for (std::int64_t i = 0; i < code.symbols(); ++i) longest = std::max(longest, code.codeword(i).size());
  const auto n = static_cast<int>(p.size());
  const int dummies = ((letters - 1) - (n - 1) % (letters - 1)) % (letters - 1);
  double sum = dummies * std::pow(letters, -static_cast<double>(longest));
  for (std::int64_t i = 0; i < code.symbols(); ++i)
    sum += std::pow(letters, -static_cast<double>(code.codeword(i).size()));
  RC_ASSERT(std::abs(sum - 1) <= 1e-12);
  const Fraction kraft = code.kraft_sum();
  RC_ASSERT(std::abs(static_cast<double>(kraft.numerator) / static_cast<double>(kraft.denominator) - sum +
                     dummies * std::pow(letters, -static_cast<double>(longest))) <= 1e-12);
}

RC_GTEST_PROP(PrefixCode, MessagesComeBack, ()) {
  const std::vector<double> p = drawn_probabilities(1, 30);
  const PrefixCode code = PrefixCode::huffman(p, *rc::gen::inRange(2, 37));
  const std::vector<std::int64_t> message =
      *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, code.symbols()));
  RC_ASSERT(code.decode(code.encode(message)) == message);
}

// Every choice of lengths that Kraft allows, up to `symbols` letters each.
double shortest_mean_length(const std::vector<double>& p, int letters) {
  double best = HUGE_VAL;
  const auto most = static_cast<int>(p.size());
  const std::function<void(std::size_t, double, double)> choose = [&](std::size_t at, double kraft,
                                                                      double mean) {
    if (kraft > 1 + 1e-12 || mean >= best) return;
    if (at == p.size()) {
      best = mean;
      return;
    }
    for (int length = 1; length <= most; ++length)
      choose(at + 1, kraft + std::pow(letters, -length), mean + p[at] * length);
  };
  choose(0, 0, 0);
  return best;
}
RC_GTEST_PROP(PrefixCode, NoCodeIsShorter, ()) {
  const std::vector<double> p = drawn_probabilities(2, 6);
  for (const int letters : {2, 3})
    RC_ASSERT(std::abs(PrefixCode::huffman(p, letters).mean_length(p) - shortest_mean_length(p, letters)) <=
              1e-12);
}

TEST(PrefixCode, KnownCodes) {
  // Cover & Thomas, examples 5.6.1 to 5.6.3: mean lengths 2.3 bits, 1.5 ternary digits, 1.7 ternary digits with a dummy.
  const std::vector<double> five = {0.25, 0.25, 0.2, 0.15, 0.15}, six = {0.25, 0.25, 0.2, 0.1, 0.1, 0.1};
  EXPECT_NEAR(PrefixCode::huffman(five, 2).mean_length(five), 2.3, 1e-15);
  EXPECT_NEAR(PrefixCode::huffman(five, 3).mean_length(five), 1.5, 1e-15);
  EXPECT_NEAR(PrefixCode::huffman(six, 3).mean_length(six), 1.7, 1e-15);
  EXPECT_EQ(PrefixCode::huffman(six, 3).kraft_sum(), (Fraction{26, 27}));
  EXPECT_EQ(PrefixCode::huffman(std::vector<double>{1}).codeword(0), "0");
  // The deepest tree there is. Words of 80 letters do not fit 64 bits, but their sum is 1.
  std::vector<double> doubling = {1};
  while (doubling.size() < 81) doubling.push_back(2 * doubling.back());
  const PrefixCode deep = PrefixCode::huffman(doubling);
  EXPECT_EQ(deep.codeword(0).size(), 80U);
  EXPECT_EQ(deep.kraft_sum(), (Fraction{1, 1}));
}

TEST(PrefixCode, CanonicalCodesOfLengths) {
  const PrefixCode code = PrefixCode::from_lengths(std::vector<std::int64_t>{3, 1, 3, 2});
  EXPECT_EQ(code.codeword(1), "0");
  EXPECT_EQ(code.codeword(3), "10");
  EXPECT_EQ(code.codeword(0), "110");
  EXPECT_EQ(code.codeword(2), "111");
  EXPECT_EQ(PrefixCode::from_lengths(std::vector<std::int64_t>{2, 3}, 16).codeword(1), "010");
  EXPECT_EQ(PrefixCode::from_lengths(std::vector<std::int64_t>{2, 3}).kraft_sum(), (Fraction{3, 8}));
}

TEST(PrefixCode, WrongInputsAreSentences) {
  const std::vector<double> none, negative = {1, -1}, fair = {0.5, 0.5};
  const PrefixCode code = PrefixCode::huffman(std::vector<double>{0.5, 0.25, 0.25});
  expect_error([&] { PrefixCode::huffman(none); }, "huffman: there are no symbols, expected at least one");
  expect_error([&] { PrefixCode::huffman(negative); },
               "huffman: weight 1 is -1, expected a finite number that is not negative");
  expect_error([&] { PrefixCode::huffman(fair, 1); },
               "prefix code: an alphabet of 1 letters, expected 2 to 36");
  expect_error(
      [] {
        PrefixCode::from_lengths(std::vector<std::int64_t>{1, 1, 2});
      },
      "prefix code: Kraft's sum of the lengths is above 1, so no prefix code over 2 letters has them");
  expect_error([&] { code.encode({0, 3}); }, "prefix code: symbol 3 of 3 was asked for");
  expect_error([&] { code.decode("01"); }, "decode: the text ends within a codeword, behind '1'");
  expect_error([&] { code.decode("012"); }, "decode: letters 1 to 2 of the text, '12', begin no codeword");
  expect_error([&] { code.mean_length(fair); }, "mean_length: 2 probabilities for 3 symbols");
}

}  // namespace
}  // namespace tessera::stats
