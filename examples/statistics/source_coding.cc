// Huffman codes with two, three and four letters: their words, Kraft's sum, and their mean length between the entropy and the entropy plus one. Letters are as many as
// symbols ask for: with three letters and six symbols one place stays empty, and Kraft's sum is below 1.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  const std::string names = "etaoin";
  const std::vector<double> p = {0.30, 0.22, 0.18, 0.14, 0.10, 0.06};
  for (const int letters : {2, 3, 4}) {
    const stats::PrefixCode code = stats::PrefixCode::huffman(p, letters);
    std::printf("%d letters:", letters);
    for (std::int64_t i = 0; i < code.symbols(); ++i)
      std::printf("  %c %s", names[static_cast<std::size_t>(i)], code.codeword(i).c_str());
    const stats::Fraction kraft = code.kraft_sum();
    std::printf("\n  Kraft's sum %llu/%llu, prefix-free: %s\n",
                static_cast<unsigned long long>(kraft.numerator),
                static_cast<unsigned long long>(kraft.denominator), code.is_prefix_free() ? "yes" : "no");
    const double entropy = stats::entropy(p, letters);
    std::printf("  entropy %.4f <= mean length %.4f < %.4f\n", entropy, code.mean_length(p), entropy + 1);
  }

  const stats::PrefixCode code = stats::PrefixCode::huffman(p);
  const std::vector<std::int64_t> note = {5, 3, 1, 0};  // "note"
  const std::string text = code.encode(note);
  std::printf("\n\"note\" is %s, and that is \"", text.c_str());
  for (const std::int64_t symbol : code.decode(text))
    std::printf("%c", names[static_cast<std::size_t>(symbol)]);
  std::printf("\"\n");
  try {
    code.decode(text + "1");
  } catch (const Error& error) {
    std::printf("one letter too many: %s\n", error.what());
  }
}
