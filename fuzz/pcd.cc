#include "fuzz/fuzz.h"
#include "tessera/base/files.h"
#include "tessera/data/point_cloud.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  const data::PointCloud cloud = data::parse_pcd(unpack_maybe_gzip(std::string(bytes), "x.pcd"), "x.pcd");
  for (const auto& [name, values] : cloud.attributes)
    TESSERA_CHECK(values.size(0) == cloud.points.size(0), "field '{}' has another number of points", name);
}

}  // namespace tessera::fuzz
