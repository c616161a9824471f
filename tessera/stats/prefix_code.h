// Source coding: codewords over an alphabet of N letters, none the beginning of another one, as short as can be on average.
//
// `huffman` makes an optimal code (Huffman, "A method for the construction of minimum-redundancy codes", 1952): N at a time, the least probable are joined; symbols of
// weight 0 are added first, until (n - 1) mod (N - 1) = 0, so that no place near the root stays empty. Of equal weights the one that came first
// is taken, so the code is the same everywhere. Codewords are canonical: shorter ones first, equally long ones in the order of their symbols.
//
//   Kraft       a prefix code with lengths l exists if and only if sum N^-l <= 1; kraft_sum is this sum, as an exact fraction
//   Shannon     H_N <= L < H_N + 1 for the mean length L of an optimal code and the entropy in base N, when all probabilities are positive and there are
//               two symbols at least. (A single symbol gets one letter, since no letters cannot be told from no message.)
//
// Letters are written 0-9 and a-z. Errors: no symbols, weights that are negative or not finite, N outside of 2 to 36, a message that cannot be read: the error says where.
// Thread-safety: a code does not change.
//
// ```cpp
// const std::vector<double> p = {0.5, 0.25, 0.125, 0.125};
// const stats::PrefixCode code = stats::PrefixCode::huffman(p);
// assert(code.codeword(0) == "0" && code.codeword(3) == "111" && code.mean_length(p) == 1.75);
// assert(code.encode({0, 3, 1}) == "011110" && code.decode("011110") == (std::vector<std::int64_t>{0, 3, 1}));
// assert(code.kraft_sum() == (stats::Fraction{1, 1}) && code.is_prefix_free());
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tessera::stats {

struct Fraction {
  std::uint64_t numerator = 0, denominator = 1;
  bool operator==(const Fraction&) const = default;
};

class PrefixCode {
 public:
  // Weights are probabilities or counts: they need not add to 1.
  static PrefixCode huffman(std::span<const double> weights, int letters = 2);
  // The canonical code of these lengths (at least 1). An Error when Kraft's sum is above 1.
  static PrefixCode from_lengths(std::span<const std::int64_t> lengths, int letters = 2);

  int letters() const { return letters_; }
  std::int64_t symbols() const { return static_cast<std::int64_t>(words_.size()); }
  const std::string& codeword(std::int64_t symbol) const;
  double mean_length(std::span<const double> probabilities) const;
  Fraction kraft_sum() const;  // in powers of the alphabet, reduced; an Error where 64 bits do not hold it
  bool is_prefix_free() const;

  std::string encode(const std::vector<std::int64_t>& message) const;
  std::vector<std::int64_t> decode(std::string_view text) const;

 private:
  PrefixCode(std::vector<std::string> words, int letters);
  int letters_;
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int64_t> symbol_of_;
};

}  // namespace tessera::stats
