#include "tessera/data/idx.h"

#include "fuzz/fuzz.h"
#include "tessera/base/files.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  const Tensor array = data::parse_idx(unpack_maybe_gzip(std::string(bytes), "x.idx"), "x.idx");
  TESSERA_CHECK(array.defined(), "an array without a value");
}

}  // namespace tessera::fuzz
