#include "fuzz/fuzz.h"
#include "tessera/data/point_cloud.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  TESSERA_CHECK(data::parse_xyz(bytes, "x.xyz").points.size(1) == 3,
                "points of other than three coordinates");
}

}  // namespace tessera::fuzz
