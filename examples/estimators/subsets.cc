// All subsets of {1, 2, 3} as bit masks, in the order of the masks; and how many a search through all subsets of n features has to try.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  for (const std::uint64_t mask : learn::subsets(3)) {
    std::printf("%llu = %d%d%d  {", static_cast<unsigned long long>(mask), int(mask >> 2 & 1),
                int(mask >> 1 & 1), int(mask & 1));
    const char* separator = "";
    for (const std::int64_t element : learn::elements_of(mask)) {
      std::printf("%s%lld", separator, static_cast<long long>(element + 1));
      separator = ", ";
    }
    std::printf("}\n");
  }
  for (const std::int64_t features : {5, 10, 20})
    std::printf("%lld features: %llu subsets\n", static_cast<long long>(features),
                static_cast<unsigned long long>(learn::subsets(features).size()));
}
