// A note into sentences and words: lower case, digits masked, so that dates and ages keep their form and lose their value.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  const std::string note =
      "1. Seen on 2017-03-13 with Dr. Sample. Fever of 38.5, pulse 96/min.\n\nIMPRESSION: NO focal "
      "pneumonia; follow up in 2 weeks.";
  for (const data::TextSpan& sentence : data::split_sentences(note)) {
    const std::string text = note.substr(sentence.begin, sentence.end - sentence.begin);
    std::printf("%s\n   ", text.c_str());
    for (const std::string& word : data::words_of(text)) std::printf(" %s", word.c_str());
    std::printf("\n");
  }
  std::printf("2017-03-13 -> %s\n", data::mask_digits("2017-03-13").c_str());
}
