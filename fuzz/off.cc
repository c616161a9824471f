#include "fuzz/fuzz.h"
#include "tessera/base/files.h"
#include "tessera/data/mesh.h"
#include "tessera/tensor/ops.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  const data::Mesh mesh = data::parse_off(unpack_maybe_gzip(std::string(bytes), "x.off"), "x.off");
  if (mesh.triangles.elements() == 0) return;
  TESSERA_CHECK(max(mesh.triangles).item<std::int64_t>() < mesh.vertices.size(0),
                "a corner without a vertex");
}

}  // namespace tessera::fuzz
