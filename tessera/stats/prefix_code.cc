#include "tessera/stats/prefix_code.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/reduce.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";

void check_letters(int letters) {
  if (letters < 2 || letters > 36) fail("prefix code: an alphabet of {} letters, expected 2 to 36", letters);
}

struct Node {
  double weight;
  std::size_t number;  // leaves first, then joined nodes in the order of their making
  bool operator>(const Node& other) const {
    return weight != other.weight ? weight > other.weight : number > other.number;
  }
};

// The parent of each node; the root is the last one. Nodes 0 ... weights.size() - 1 are the symbols.
std::vector<std::size_t> joined(std::span<const double> weights, std::size_t letters) {
  std::priority_queue<Node, std::vector<Node>, std::greater<>> waiting;
  std::size_t nodes = 0;
  for (const double weight : weights) waiting.push({weight, nodes++});
  while ((waiting.size() - 1) % (letters - 1) != 0) waiting.push({0, nodes++});
  std::vector<std::size_t> parents(nodes);
  while (waiting.size() > 1) {
    double weight = 0;
    for (std::size_t i = 0; i < letters; ++i) {
      weight = weight + waiting.top().weight;
      parents[waiting.top().number] = nodes;
      waiting.pop();
    }
    waiting.push({weight, nodes++});
    parents.push_back(0);
  }
  return parents;
}

// The next word in the order of words, `length` letters long; `word` is empty before the first one. False when there is none.
bool advance(std::string& word, std::size_t length, std::string_view letters) {
  if (word.empty()) {
    word.assign(length, letters.front());
    return true;
  }
  std::size_t i = word.size();
  while (i > 0 && word[i - 1] == letters.back()) word[--i] = letters.front();
  if (i == 0) return false;
  word[i - 1] = letters[letters.find(word[i - 1]) + 1];
  word.append(length - word.size(), letters.front());
  return true;
}

}  // namespace

PrefixCode::PrefixCode(std::vector<std::string> words, int letters)
    : letters_(letters), words_(std::move(words)) {
  for (std::size_t i = 0; i < words_.size(); ++i) symbol_of_.emplace(words_[i], static_cast<std::int64_t>(i));
}

PrefixCode PrefixCode::huffman(std::span<const double> weights, int letters) {
  const FloatEnvironment contract;
  check_letters(letters);
  if (weights.empty()) fail("huffman: there are no symbols, expected at least one");
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!(weights[i] >= 0) || !std::isfinite(weights[i]))
      fail("huffman: weight {} is {}, expected a finite number that is not negative", i, weights[i]);
  if (weights.size() == 1) return from_lengths(std::vector<std::int64_t>{1}, letters);
  const std::vector<std::size_t> parents = joined(weights, static_cast<std::size_t>(letters));
  std::vector<std::int64_t> depth(parents.size(), 0);
  for (std::size_t node = parents.size() - 1; node > 0; --node)
    depth[node - 1] = depth[parents[node - 1]] + 1;
  return from_lengths(std::span(depth).first(weights.size()), letters);
}

PrefixCode PrefixCode::from_lengths(std::span<const std::int64_t> lengths, int letters) {
  check_letters(letters);
  if (lengths.empty()) fail("prefix code: there are no symbols, expected at least one");
  std::vector<std::size_t> order(lengths.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] < lengths[b]; });
  std::vector<std::string> words(lengths.size());
  std::string word;
  for (const std::size_t symbol : order) {
    if (lengths[symbol] < 1 || lengths[symbol] > 1000000)
      fail("prefix code: the length of symbol {} is {}, expected 1 to 1,000,000", symbol, lengths[symbol]);
    if (!advance(word, static_cast<std::size_t>(lengths[symbol]),
                 kLetters.substr(0, static_cast<std::size_t>(letters))))
      fail("prefix code: Kraft's sum of the lengths is above 1, so no prefix code over {} letters has them",
           letters);
    words[symbol] = word;
  }
  return {std::move(words), letters};
}

const std::string& PrefixCode::codeword(std::int64_t symbol) const {
  if (symbol < 0 || symbol >= symbols())
    fail("prefix code: symbol {} of {} was asked for", symbol, symbols());
  return words_[static_cast<std::size_t>(symbol)];
}

double PrefixCode::mean_length(std::span<const double> probabilities) const {
  const FloatEnvironment contract;
  check_probabilities("mean_length", probabilities);
  if (probabilities.size() != words_.size())
    fail("mean_length: {} probabilities for {} symbols", probabilities.size(), words_.size());
  std::vector<double> terms;
  for (std::size_t i = 0; i < words_.size(); ++i)
    terms.push_back(probabilities[i] * static_cast<double>(words_[i].size()));
  return numerics::sum(terms);
}

Fraction PrefixCode::kraft_sum() const {
  std::size_t longest = 0;
  for (const std::string& word : words_) longest = std::max(longest, word.size());
  std::vector<std::uint64_t> words_of(longest + 1, 0);
  for (const std::string& word : words_) ++words_of[word.size()];
  // N words of one length weigh as much as one that is a letter shorter: carried upwards until something is left over.
  const auto letters = static_cast<std::uint64_t>(letters_);
  while (longest > 0 && words_of[longest] % letters == 0) {
    words_of[longest - 1] += words_of[longest] / letters;
    --longest;
  }
  Fraction sum{0, 1};
  for (std::size_t length = 0; length <= longest; ++length) {
    if (length > 0 && (__builtin_mul_overflow(sum.denominator, letters, &sum.denominator) ||
                       __builtin_mul_overflow(sum.numerator, letters, &sum.numerator)))
      fail("kraft_sum: words of {} letters over an alphabet of {} give a fraction of more than 64 bits",
           longest, letters_);
    sum.numerator += words_of[length];
  }
  return sum;
}

bool PrefixCode::is_prefix_free() const {
  std::vector<std::string> ordered = words_;
  std::sort(ordered.begin(), ordered.end());
  for (std::size_t i = 1; i < ordered.size(); ++i)
    if (ordered[i].starts_with(ordered[i - 1])) return false;
  return true;
}

std::string PrefixCode::encode(const std::vector<std::int64_t>& message) const {
  std::string text;
  for (const std::int64_t symbol : message) text += codeword(symbol);
  return text;
}

std::vector<std::int64_t> PrefixCode::decode(std::string_view text) const {
  std::size_t longest = 0;
  for (const std::string& word : words_) longest = std::max(longest, word.size());
  std::vector<std::int64_t> message;
  std::string word;
  for (std::size_t i = 0; i < text.size(); ++i) {
    word += text[i];
    if (const auto found = symbol_of_.find(word); found != symbol_of_.end()) {
      message.push_back(found->second);
      word.clear();
    } else if (word.size() >= longest) {
      fail("decode: letters {} to {} of the text, '{}', begin no codeword", i + 1 - word.size(), i, word);
    }
  }
  if (!word.empty()) fail("decode: the text ends within a codeword, behind '{}'", word);
  return message;
}

}  // namespace tessera::stats
