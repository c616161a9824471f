// A vocabulary by minimum count: five times is in, four times is out; equal counts stand in the order of their bytes.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  data::WordCounts counts;
  const std::pair<const char*, int> words[] = {
      {"lungs", 9}, {"fever", 5}, {"cough", 5}, {"stridor", 4}, {"rales", 1}};
  for (const auto& [word, count] : words)
    for (int i = 0; i < count; ++i) counts.add({word});
  const data::Vocabulary vocabulary = data::Vocabulary::build(counts, {.min_count = 5});
  for (std::int64_t id = data::Vocabulary::kFirstWord; id < vocabulary.size(); ++id)
    std::printf("%lld %s %lld\n", static_cast<long long>(id), vocabulary.word(id).c_str(),
                static_cast<long long>(vocabulary.count(id)));
  std::printf("stridor (4 times) has the id of unknown words: %lld, as has croup: %lld\n",
              static_cast<long long>(vocabulary.id("stridor")),
              static_cast<long long>(vocabulary.id("croup")));
  std::printf("unknown words were counted %lld times\ndigest %.16s...\n",
              static_cast<long long>(vocabulary.count(1)), vocabulary.digest().c_str());
}
