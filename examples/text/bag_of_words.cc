// A bag of words: what is said how often, and nothing of the order.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  for (const auto& [word, count] : data::bag_of_words(data::words_of("Harry had had enough.")))
    std::printf("%s %lld\n", word.c_str(), static_cast<long long>(count));
}
