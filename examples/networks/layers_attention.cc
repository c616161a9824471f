// Attention: where each position looks. A causal mask hides what comes later, padding is seen by nobody, and neither changes a bit of what remains.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void print_weights(const char* title, const Tensor& weights) {  // of the first sample and head
  std::printf("%s\n", title);
  for (std::int64_t i = 0; i < weights.size(2); ++i) {
    for (std::int64_t j = 0; j < weights.size(3); ++j) std::printf("%7.3f", weights.at<float>({0, 0, i, j}));
    std::printf("\n");
  }
}

int main() {
  use_default_backend();
  RandomSource random(1);
  nn::Embedding words(100, 16, {.padding_index = 0});
  nn::MultiheadAttention attention(16, 4);
  words.initialize(random);
  attention.initialize(random);
  const Tensor sentence = Tensor::from<std::int64_t>({7, 42, 13, 99, 0, 0}, {1, 6});  // two of padding
  const Tensor x = words.evaluate(sentence), padding = equal(sentence, 0);

  print_weights("no mask", attention.attend(x, x, x).weights);
  print_weights("padding hidden", attention.attend(x, x, x, {.key_padding = padding}).weights);
  print_weights("padding and what comes later hidden",
                attention.attend(x, x, x, {.key_padding = padding, .causal = true}).weights);

  const Tensor four = x.slice({Range::all(), Range(0, 4)});
  const Tensor masked = attention.attend(four, x, x, {.key_padding = padding}).output;
  std::printf("\nfour words alone and beside hidden padding: %s\n",
              same_bits(masked, attention.attend(four, four, four).output) ? "the same bits" : "other bits");

  const Tensor one_hot = cast(equal(reshape(sentence, {6, 1}), arange(100)), DType::kFloat32);
  std::printf(
      "an embedding and one-hot rows times its matrix: %s\n",
      same_bits(reshape(x, {6, 16}), matmul(one_hot, words.weight().value)) ? "the same bits" : "other bits");
}
